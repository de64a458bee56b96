/* SPDX-License-Identifier: GPL-3.0-or-later */
/* catalogue.c - see catalogue.h. */
#include "explain/catalogue.h"

#include <math.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"

bool catalogue_score(struct catalogue *c, const struct snapshot *s, uint32_t n_items, const struct query *q,
		     const struct rank_options *o, struct scratch *scratch, struct err *err)
{
	const size_t words = bits_words(n_items);

	c->n_items = n_items;
	c->score = mem_alloc((size_t)c->n_items + 1, sizeof(*c->score), err);
	c->skip = c->score ? mem_zeroed(words, sizeof(*c->skip), err) : NULL;
	if (!c->skip || !model_score_all(s->model, q, scratch, c->score, c->n_items, err))
		return false;
	if (o->barred)
		memcpy(c->skip, o->barred, words * sizeof(*c->skip));
	for (uint32_t k = 0; k < q->n && !o->keep_seen; k++)
		bits_add(c->skip, q->items[k]);
	return true;
}

void catalogue_done(struct catalogue *c)
{
	mem_free(c->score);
	mem_free(c->skip);
}

uint32_t catalogue_rank(const struct catalogue *c, uint32_t item)
{
	const float score = c->score[item];
	uint32_t rank = 1;

	if (bits_has(c->skip, item) || isnan(score))
		return 0;
	for (uint32_t i = 0; i < c->n_items; i++)
		if ((c->score[i] > score || (c->score[i] == score && i < item)) && !bits_has(c->skip, i))
			rank++;
	return rank;
}

uint32_t catalogue_best(const struct catalogue *c, uint32_t k, float *score, uint32_t *item)
{
	struct topk best;

	topk_begin(&best, k, score, item);
	topk_offer(&best, c->score, 0, c->n_items, c->skip);
	topk_finish(&best);
	return best.n;
}
