/* SPDX-License-Identifier: GPL-3.0-or-later */
/* absent.h - items that files name in rows that became no event: what to tell of one that is not there.
 *
 * Of each item the first such row, in the order of reading: rejected (it cannot be read), set aside by a rule, or
 * a row of a file about items where no event names it; and whether the k-core left it out.  An item may be here
 * and in the dataset too, by other rows.  The first ABSENT_KEPT items are kept: some 70 bytes and the id of each.
 * Built by one thread (the pieces of a file have one each, merged in file order, so that the cut does not
 * matter); const and ANY thread afterwards.
 */
#ifndef DATA_ABSENT_H
#define DATA_ABSENT_H

#include "base/err.h"
#include "base/strtab.h"

#define ABSENT_KEPT 100000

struct absent_item {
	const char *aside;  /* fixed text of the rule that set the row aside; NULL: none did */
	bool rejected;      /* the row cannot be read: the report's rejects may tell why */
	bool no_events;     /* only a file about items names it */
	bool outside_core;
	bool has_row;       /* file (index into the report's files) and line (from 1; 0: not known) are told */
	uint32_t file;
	uint64_t line;
};

struct absent {
	struct strtab ids;
	struct absent_item *item; /* [ids.n] */
	size_t cap;
	bool more; /* there were more items than are kept */
};

void absent_init(struct absent *a);
void absent_done(struct absent *a); /* fine on a zeroed struct */
/* What is known of an item stays; only outside_core is added to it. */
bool absent_note(struct absent *a, const char *id, size_t n, struct absent_item what, struct err *err);
/* from: of a piece, whose lines count behind first_line. */
bool absent_merge(struct absent *to, const struct absent *from, uint64_t first_line, struct err *err);
const struct absent_item *absent_find(const struct absent *a, const char *id); /* NULL: nothing is known */
size_t absent_bytes(const struct absent *a);

#endif
