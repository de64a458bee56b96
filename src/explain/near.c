/* SPDX-License-Identifier: GPL-3.0-or-later */
/* near.c - see near.h. */
#include "explain/near.h"

#include <math.h>
#include <stdlib.h>

#include "base/mem.h"

#define USERS_A_LOOK 4096

void near_pair_done(struct near_pair *p)
{
	mem_free(p->word);
	mem_free(p->tag);
	*p = (struct near_pair){ 0 };
}

static bool count_users(const struct split *split, uint32_t a, uint32_t b, const struct task *task, struct near_pair *out,
			struct err *err)
{
	const struct csr *train = &split->train;

	for (uint32_t u = 0; u < train->rows; u++) {
		if (u % USERS_A_LOOK == 0 && !task_keep_going(task))
			return task_cancelled(err);
		out->both += csr_has(train, u, a) && csr_has(train, u, b);
	}
	out->users[0] = split->item_train[a];
	out->users[1] = split->item_train[b];
	out->by_chance = (double)out->users[0] * (double)out->users[1] / (double)train->rows;
	if (out->users[0] && out->users[1])
		out->behaviour = (double)out->both / sqrt((double)out->users[0] * (double)out->users[1]);
	return true;
}

static bool ask_model(const struct snapshot *s, uint32_t n_items, uint32_t a, uint32_t b, struct near_pair *out, struct err *err)
{
	float *likeness = mem_alloc(n_items, sizeof(*likeness), err);
	bool done = likeness && s->ops->similar(s->model, a, likeness, err);

	if (done)
		out->model = (double)likeness[b];
	mem_free(likeness);
	return done;
}

static double length_of(const struct csr *bag, uint32_t item)
{
	double sum = 0;

	for (size_t k = bag->ptr[item]; k < bag->ptr[item + 1]; k++)
		sum += (double)bag->val[k] * (double)bag->val[k];
	return sqrt(sum);
}

static int greatest_first(const void *a, const void *b)
{
	const struct near_word *x = a, *y = b;

	if (x->part != y->part)
		return x->part > y->part ? -1 : 1;
	return (x->word > y->word) - (x->word < y->word);
}

/* Both rows of the bag ascend. */
static bool find_words(const struct csr *bag, uint32_t a, uint32_t b, struct near_pair *out, struct err *err)
{
	const double length = length_of(bag, a) * length_of(bag, b);
	size_t i = bag->ptr[a], j = bag->ptr[b];

	out->word = mem_alloc(csr_row_n(bag, a) + 1, sizeof(*out->word), err);
	if (!out->word)
		return false;
	if (!(length > 0)) /* no word, or such as every item has */
		return true;
	out->text = 0;
	while (i < bag->ptr[a + 1] && j < bag->ptr[b + 1]) {
		if (bag->idx[i] < bag->idx[j]) {
			i++;
		} else if (bag->idx[i] > bag->idx[j]) {
			j++;
		} else {
			const double part = (double)bag->val[i] * (double)bag->val[j] / length;

			out->text += part;
			if (part > 0)
				out->word[out->n_words++] = (struct near_word){ bag->idx[i], (float)part };
			i++;
			j++;
		}
	}
	if (out->n_words)
		qsort(out->word, out->n_words, sizeof(*out->word), greatest_first);
	return true;
}

/* A tag that few items have says more. */
static bool find_tags(const struct csr *tags, uint32_t a, uint32_t b, struct near_pair *out, struct err *err)
{
	uint32_t *items = mem_zeroed((size_t)tags->cols + 1, sizeof(*items), err);

	out->tag = items ? mem_alloc(csr_row_n(tags, a) + 1, sizeof(*out->tag), err) : NULL;
	for (size_t k = 0; out->tag && k < tags->ptr[tags->rows]; k++)
		items[tags->idx[k]]++;
	for (size_t k = tags->ptr[a]; out->tag && k < tags->ptr[a + 1]; k++) {
		const uint32_t tag = tags->idx[k];
		size_t at = out->n_tags;

		if (!csr_has(tags, b, tag))
			continue;
		for (; at > 0 && items[out->tag[at - 1]] > items[tag]; at--)
			out->tag[at] = out->tag[at - 1];
		out->tag[at] = tag;
		out->n_tags++;
	}
	mem_free(items);
	return out->tag != NULL;
}

bool near_pair_make(const struct snapshot *s, const struct split *split, const struct item_text *t, uint32_t a, uint32_t b,
		    const struct task *task, struct near_pair *out, struct err *err)
{
	const struct dataset *d = split->data;

	*out = (struct near_pair){ .model = NAN, .behaviour = NAN, .text = NAN };
	if (count_users(split, a, b, task, out, err) &&
	    (!s || !s->ops->similar || ask_model(s, d->n_items, a, b, out, err)) &&
	    (!t || find_words(&t->bag, a, b, out, err)) && (!d->item_tags.ptr || find_tags(&d->item_tags, a, b, out, err)))
		return true;
	near_pair_done(out);
	return false;
}
