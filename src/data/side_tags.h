/* SPDX-License-Identifier: GPL-3.0-or-later */
/* side_tags.h - tags of items as they are found, and the matrix made of them.  WORKER. */
#ifndef DATA_SIDE_TAGS_H
#define DATA_SIDE_TAGS_H

#include "base/err.h"
#include "base/strtab.h"
#include "num/csr.h"

struct side_tags {
	struct strtab *names; /* borrowed: the dataset's */
	uint64_t *use;        /* [n] item << 32 | tag */
	size_t n, cap;
};

void side_tags_init(struct side_tags *t, struct strtab *names);
void side_tags_done(struct side_tags *t);
bool side_tags_add(struct side_tags *t, uint32_t item, const char *name, struct err *err);
/* "Action|Comedy", "a; b", "['a', 'b']"; with `words` also "Action Comedy". */
bool side_tags_split(struct side_tags *t, uint32_t item, const char *cell, bool words, struct err *err);
/* One row an item; values are the numbers of uses where any tag was used more than once on an item. */
bool side_tags_finish(struct side_tags *t, uint32_t n_items, struct csr *out, struct err *err);

#endif
