/* SPDX-License-Identifier: GPL-3.0-or-later */
/* side_private.h - what the files of side_*.c share while files about items and users are taken in. */
#ifndef DATA_SIDE_PRIVATE_H
#define DATA_SIDE_PRIVATE_H

#include "data/rows.h"
#include "data/side.h"
#include "data/side_tags.h"

/* The items in the order of the rows of a file about them. */
struct item_rows {
	char *name;     /* of the file */
	uint32_t *item; /* [n] NO_ITEM: one without events */
	size_t n;
};

struct side {
	struct dataset *d;
	struct events *e;
	const uint32_t *item_map;
	const struct task *task;
	struct said_texts title, text; /* by item of d */
	struct side_tags tags;
	struct strtab other_ids; /* original ids of a map file, and their items */
	uint32_t *other_item;
	struct strtab genres; /* of u.genre */
	struct rows tag_names;
	size_t tag_id_col, tag_name_col;
	bool have_tag_names;
	struct item_rows *item_rows; /* of the files of items that were taken, and read without a loss */
	size_t n_item_rows;
	const struct side_file *files;
	size_t n_files;
};

uint32_t side_find_item(const struct side *w, const char *id); /* NO_ITEM */
uint32_t side_find_user(const struct side *w, const char *id); /* NO_USER */
/* The column that names most users or items, and how many; -1 when none does. */
bool side_id_column(const struct side *w, const struct rows *r, bool users, int *col, size_t *named, struct err *err);
/* Adds to what is told of the file. */
void side_note(const struct side_file *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void side_not_used(const struct side_file *f, const char *why);

/* side_modality.c.  One more modality, of zeros and nobody's yet.  false: no memory; the name is taken: *out is NULL. */
bool side_add_modality(struct side *w, const char *name, uint32_t dim, struct modality **out, struct err *err);
/* Of the items that have it: v becomes (v - mean) / sd.  false: all have the same value. */
bool side_standardise(struct modality *m, uint32_t n_items);
void side_drop_modality(struct side *w); /* the last one */

/* side_numbers.c: the columns of a file of items that hold numbers.  id: the column of the items' ids;
 * taken[n_cols]: columns that are something else.  names: what was taken, in words. */
bool side_take_numbers(struct side *w, const struct side_file *f, const struct rows *r, size_t id, const bool *taken,
		       struct str *names, struct err *err);
/* side_vectors.c: a file of vectors, one row an item. */
bool side_take_vectors(struct side *w, const struct side_file *f, struct err *err);
/* side_users.c: notes on users. */
bool side_take_users(struct side *w, const struct side_file *f, const struct rows *r, struct err *err);
/* side_friends.c: pairs of users. */
bool side_take_friends(struct side *w, const struct side_file *f, const struct rows *r, struct err *err);

#endif
