/* SPDX-License-Identifier: GPL-3.0-or-later */
/* similar.h - the items nearest to an item: by the model's own likeness, by behaviour (cosine of the binary
 * train columns), or by text (cosine of their words, weighed as item_text.h says); and the items nearest to a
 * text.  The item itself is left out; ties go to the lower number.  ANY thread. */
#ifndef EXPLAIN_SIMILAR_H
#define EXPLAIN_SIMILAR_H

#include "model/item_text.h"
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
bool similar_by_text(const struct item_text *t, uint32_t item, uint32_t k, const struct task *task,
		     struct similar_list *out, struct err *err);
/* The words of the items' titles, tags and texts, as similar_by_text() wants them; a reference. */
const struct item_text *similar_text_of(const struct dataset *d, const struct task *task, struct err *err);
/* In the model's terms; ERR_UNSUPPORTED, naming those that can, when it reads no text. */
bool similar_to_text(const struct snapshot *s, uint32_t n_items, const char *text, size_t n, uint32_t k,
		     struct similar_list *out, struct err *err);
void similar_list_done(struct similar_list *l);

#endif
