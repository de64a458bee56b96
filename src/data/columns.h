/* SPDX-License-Identifier: GPL-3.0-or-later */
/* columns.h - what a column is, by its name.  Case, blanks, '_' and '-' do not matter.  Thread: ANY. */
#ifndef DATA_COLUMNS_H
#define DATA_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>

enum column {
	COL_USER, COL_ITEM, COL_VALUE, COL_TIME, COL_ORDER, COL_EVENT, COL_TITLE, COL_TEXT, COL_TAGS,
	COL_TAG /* one tag of one use */, COL_TAG_ID, COL_TAG_NAME, COL_FRIEND, COL_ID, N_COLUMNS,
};

/* The best of n names for a column, -1 when none fits.  Names early in the list win over later ones. */
int column_find(enum column c, const char *const *names, size_t n);
bool column_is(enum column c, const char *name);
/* The name of what tells things apart (an id, a code, a place in an order, a time) and measures nothing. */
bool column_is_key(const char *name);
/* Any of the kinds above: the name looks like a header's. */
bool column_known(const char *name);

#endif
