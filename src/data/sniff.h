/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sniff.h - what a file is, by its name and its first bytes: format, columns, role.
 *
 * Nothing is opened; a member's head is enough.  WORKER.
 */
#ifndef DATA_SNIFF_H
#define DATA_SNIFF_H

#include "base/err.h"
#include "base/str.h"
#include "data/columns.h"
#include "data/events.h"
#include "data/load.h"

#define SNIFF_COLUMNS 256
#define TAG_COLUMNS 8

enum role {
	ROLE_NONE, ROLE_EVENTS, ROLE_ITEMS, ROLE_USERS, ROLE_TAGS /* uses of tags */, ROLE_TAG_NAMES, ROLE_GENRES,
	ROLE_ITEM_IDS, ROLE_SOCIAL, ROLE_VECTORS, ROLE_VECTOR_IDS, N_ROLES,
};
extern const char *const role_text[N_ROLES];

enum format { FORMAT_CSV, FORMAT_DAT, FORMAT_ATOMIC, FORMAT_LISTS, FORMAT_SEQUENCE, FORMAT_WORDS /* lists or sequence */,
	      FORMAT_NPY };
extern const char *const format_text[];

/* The first rows of a file, as text. */
struct sample {
	size_t n_rows, n_cols; /* n_cols: of most rows */
	double agreeing;       /* share of the rows with that many */
	size_t *cols, *first;  /* [n_rows] fields of a row, and where they begin in `at` */
	size_t *at;            /* into text, each NUL-terminated */
	size_t n_at, cap_rows, cap_at;
	size_t bad;            /* rows with broken quotes */
	struct str text;
};
const char *sample_cell(const struct sample *s, size_t row, size_t col); /* "" beyond the row */

struct sniffed {
	enum role role;
	enum format format;
	struct table_layout table;
	unsigned n_cols;
	bool header, movielens; /* known by its name */
	char *names[SNIFF_COLUMNS]; /* of the header; free() */
	size_t n_names;
	enum given_part part;
	bool part_said;      /* the name says train, valid or test */
	bool movielens_1m;   /* users.dat with coded ages and occupations */
	size_t of;           /* for ROLE_VECTOR_IDS: the member whose rows it names */
	char *why;           /* for ROLE_NONE: why it is not used; free() */
	struct sample sample;
};

/* Never fails for odd contents (role and why tell); false only for want of memory. */
bool sniff_member(struct sniffed *s, const struct member *m, const struct load_options *o, struct err *err);
void sniffed_done(struct sniffed *s);
/* Beside a file of vectors, x.npy, one named x.ids or x_ids.txt says which item each row is about: finds
 * and marks those among n members. */
void sniff_vector_ids(struct sniffed *s, const struct member *m, size_t n);
/* Who names image.npy means image.ids too: without it the rows could be taken for other items.  Adds it
 * where it lies beside paths[at], just added, and is not among the paths. */
bool sniff_add_vector_ids(struct member_list *l, const char *const *paths, size_t n_paths, size_t at,
			  const struct task *task, struct err *err);

/* Columns of an events file; errors name the columns there are and what to give. */
bool sniff_event_columns(const struct sniffed *s, const struct member *m, const struct load_options *o,
			 struct event_layout *l, struct str *note, struct err *err);

#endif
