/* SPDX-License-Identifier: GPL-3.0-or-later */
/* source_csv.h - the quotes of csv: where they open and close, and the fields of a row that has some.
 *
 * A quote opens only at the start of a field; elsewhere it spoils its row and nothing more.  WORKER.
 */
#ifndef DATA_SOURCE_CSV_H
#define DATA_SOURCE_CSV_H

#include "data/table.h"

/* Walks the quotes of s, which starts at a record. */
struct csv_walk {
	const char *s;
	size_t n, at;     /* looked at so far */
	char delim;
	bool in_quote;
	size_t opened;    /* where the open quote stands */
};
void csv_walk_init(struct csv_walk *w, const char *s, size_t n, char delim);
/* The next stretch outside quotes: [*lo, *hi).  false: the text is used up. */
bool csv_walk_next(struct csv_walk *w, size_t *lo, size_t *hi);

/* The fields of one record without its line end, into x->f.  Returns NULL, or what is wrong with the
 * record; err->code tells whether memory ran out. */
const char *csv_fields(struct table_scratch *x, const char *s, size_t n, char delim, struct err *err);
void csv_scratch_done(struct table_scratch *x);

#endif
