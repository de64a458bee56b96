/* SPDX-License-Identifier: GPL-3.0-or-later */
/* similar.c - the nearest items, by the model, by who took both, or by what is said of them. */
#include "explain/similar.h"

#include <math.h>

#include "base/mem.h"
#include "base/str.h"
#include "num/rank.h"

void similar_list_done(struct similar_list *l)
{
	mem_free(l->item);
	mem_free(l->score);
	*l = (struct similar_list){ 0 };
}

/* The k highest of likeness[I]; the item itself, zeros (nothing in common) and NaN are no neighbours. */
static bool choose(const float *likeness, uint32_t I, uint32_t item, uint32_t k, struct similar_list *out,
		   struct err *err)
{
	struct topk best;

	if (k > I)
		k = I;
	*out = (struct similar_list){ .item = mem_alloc(k + 1, sizeof(*out->item), err) };
	out->score = out->item ? mem_alloc(k + 1, sizeof(*out->score), err) : NULL;
	if (!out->score) {
		similar_list_done(out);
		return false;
	}
	if (!k)
		return true;
	topk_begin(&best, k, out->score, out->item);
	for (uint32_t i = 0; i < I; i++)
		if (i != item && likeness[i] != 0 && !isnan(likeness[i]))
			topk_push(&best, i, likeness[i]);
	topk_finish(&best);
	out->n = best.n;
	return true;
}

bool similar_by_model(const struct snapshot *s, uint32_t n_items, uint32_t item, uint32_t k,
		      struct similar_list *out, struct err *err)
{
	float *likeness;
	bool done;

	*out = (struct similar_list){ 0 };
	if (!s->ops->similar)
		return err_set(err, ERR_UNSUPPORTED, "%s has no likeness of items of its own; try by=behaviour",
			       s->ops->name);
	likeness = mem_alloc(n_items, sizeof(*likeness), err);
	if (!likeness)
		return false;
	done = s->ops->similar(s->model, item, likeness, err) && choose(likeness, n_items, item, k, out, err);
	mem_free(likeness);
	return done;
}

enum { USERS_A_CHUNK = 4096 }; /* looked at between two questions whether to go on */

/* together[i]: train users who took both.  The train matrix lies by users, so each is asked for the item
 * first. */
static bool count_together(const struct csr *train, uint32_t item, float *together, const struct task *task,
			   struct err *err)
{
	for (uint32_t u = 0; u < train->rows; u++) {
		if (u % USERS_A_CHUNK == 0 && !task_keep_going(task))
			return task_cancelled(err);
		if (!csr_has(train, u, item))
			continue;
		for (size_t k = train->ptr[u]; k < train->ptr[u + 1]; k++)
			together[train->idx[k]]++;
	}
	return true;
}

bool similar_by_behaviour(const struct split *split, uint32_t item, uint32_t k, const struct task *task,
			  struct similar_list *out, struct err *err)
{
	uint32_t I = split->data->n_items;
	float *together = mem_zeroed(I, sizeof(*together), err);
	bool done;

	*out = (struct similar_list){ 0 };
	if (!together)
		return false;
	done = count_together(&split->train, item, together, task, err);
	for (uint32_t i = 0; done && i < I; i++)
		if (together[i] > 0)
			together[i] = (float)((double)together[i] / sqrt((double)split->item_train[i] *
									 (double)split->item_train[item]));
	done = done && choose(together, I, item, k, out, err);
	mem_free(together);
	return done;
}

/* --- By text --------------------------------------------------------------------------- */

const struct item_text *similar_text_of(const struct dataset *d, const struct task *task, struct err *err)
{
	const struct item_text_rule rule = { .min_items = 2, .titles = true, .tags = true, .texts = true };

	return item_text_new(d, &rule, "by=text", task, err);
}

enum { ITEMS_A_LOOK = 4096 };

/* likeness[I] = cosine of the bags; weight[V] holds the item's own, 0 elsewhere. */
static bool compare_bags(const struct csr *bag, uint32_t item, const float *weight, float *likeness,
			 const struct task *task, struct err *err)
{
	double own = 0;

	for (size_t k = bag->ptr[item]; k < bag->ptr[item + 1]; k++)
		own += (double)bag->val[k] * (double)bag->val[k];
	for (uint32_t i = 0; i < bag->rows; i++) {
		double both = 0, other = 0;

		if (i % ITEMS_A_LOOK == 0 && !task_keep_going(task))
			return task_cancelled(err);
		for (size_t k = bag->ptr[i]; k < bag->ptr[i + 1]; k++) {
			both += (double)bag->val[k] * (double)weight[bag->idx[k]];
			other += (double)bag->val[k] * (double)bag->val[k];
		}
		likeness[i] = both > 0 ? (float)(both / sqrt(own * other)) : 0;
	}
	return true;
}

bool similar_by_text(const struct item_text *t, uint32_t item, uint32_t k, const struct task *task,
		     struct similar_list *out, struct err *err)
{
	const struct csr *bag = &t->bag;
	float *likeness = mem_alloc(bag->rows, sizeof(*likeness), err);
	float *weight = likeness ? mem_zeroed((size_t)bag->cols + 1, sizeof(*weight), err) : NULL;
	bool done;

	*out = (struct similar_list){ 0 };
	for (size_t e = bag->ptr[item]; weight && e < bag->ptr[item + 1]; e++)
		weight[bag->idx[e]] = bag->val[e];
	done = weight && compare_bags(bag, item, weight, likeness, task, err) &&
	       choose(likeness, bag->rows, item, k, out, err);
	mem_free(weight);
	mem_free(likeness);
	return done;
}

bool similar_to_text(const struct snapshot *s, uint32_t n_items, const char *text, size_t n, uint32_t k,
		     struct similar_list *out, struct err *err)
{
	struct str can = STR_INIT;
	float *likeness;
	bool done;

	*out = (struct similar_list){ 0 };
	if (!s->ops->similar_text) {
		models_that_can(&can, MODEL_READS_TEXT);
		err_set(err, ERR_UNSUPPORTED, "%s reads no text; %s", s->ops->name, str_text(&can));
		str_done(&can);
		return false;
	}
	likeness = mem_alloc(n_items, sizeof(*likeness), err);
	done = likeness && s->ops->similar_text(s->model, text, n, likeness, err) &&
	       choose(likeness, n_items, NO_ITEM, k, out, err);
	mem_free(likeness);
	return done;
}
