/* SPDX-License-Identifier: GPL-3.0-or-later */
/* similar.h - the items nearest to an item: by the model's own likeness, or by behaviour (cosine of the
 * binary train columns).  The item itself is left out; ties go to the lower number.  ANY thread. */
#ifndef EXPLAIN_SIMILAR_H
#define EXPLAIN_SIMILAR_H

#include "model/snapshot.h"

struct similar_list {
	uint32_t n;
	uint32_t *item;
	float *score;
};
bool similar_by_model(const struct snapshot *s, uint32_t n_items, uint32_t item, uint32_t k,
		      struct similar_list *out, struct err *err);
bool similar_by_behaviour(const struct split *split, uint32_t item, uint32_t k, const struct task *task,
			  struct similar_list *out, struct err *err);
void similar_list_done(struct similar_list *l);

#endif
