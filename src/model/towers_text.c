/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_text.c - see towers_text.h. */
#include "model/towers_text.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "model/word_vectors.h"
#include "num/linalg.h"

static const struct item_text_rule rule = { .min_items = 2, .titles = true, .tags = true, .texts = true };

enum { WORDS_OF_A_TEXT = 256 }; /* of a new one, that count */

static void text_free(struct towers_text *t)
{
	if (!t)
		return;
	item_text_unref(t->words);
	mem_free(t->vectors);
	mem_free(t->mean);
	mem_free(t);
}

const struct towers_text *towers_text_ref(const struct towers_text *t)
{
	if (t)
		((struct towers_text *)(uintptr_t)t)->refs++;
	return t;
}

void towers_text_unref(const struct towers_text *t)
{
	struct towers_text *held = (struct towers_text *)(uintptr_t)t;

	if (held && --held->refs == 0)
		text_free(held);
}

/* The words, and room for the vectors; *out NULL where there are no words. */
static bool begin(const struct dataset *d, uint32_t D, const struct task *task, struct towers_text **out, struct err *err)
{
	struct err none = { 0 };
	struct towers_text *t;

	*out = NULL;
	if (!dataset_has_text(d))
		return true;
	t = mem_zeroed(1, sizeof(*t), err);
	if (!t)
		return false;
	t->refs = 1;
	t->I = d->n_items;
	t->D = D;
	t->words = item_text_new(d, &rule, "towers", task, &none);
	if (!t->words) {
		text_free(t);
		if (none.code == ERR_UNSUPPORTED)
			return true;
		*err = none;
		return false;
	}
	t->vectors = mem_alloc((size_t)t->words->words.n * D, sizeof(*t->vectors), err);
	t->mean = t->vectors ? mem_alloc((size_t)t->I * D, sizeof(*t->mean), err) : NULL;
	if (t->mean) {
		*out = t;
		return true;
	}
	text_free(t);
	return false;
}

static void mean_of_item(const struct towers_text *t, uint32_t item, float *out)
{
	const struct csr *bag = &t->words->bag;

	item_text_mean(csr_row(bag, item), csr_row_val(bag, item), csr_row_n(bag, item), t->vectors, t->D, out);
}

/* What all items have in common, c, leaves every word, and with it every mean. */
static bool take_out_common(struct towers_text *t, struct err *err)
{
	uint32_t D = t->D, V = t->words->words.n, n = 0;
	double *c = mem_zeroed(D, sizeof(*c), err);

	if (!c)
		return false;
	for (uint32_t i = 0; i < t->I; i++) {
		mean_of_item(t, i, t->mean);
		n += csr_row_n(&t->words->bag, i) > 0;
		for (uint32_t d = 0; d < D; d++)
			c[d] += (double)t->mean[d];
	}
	for (size_t w = 0; w < V; w++)
		for (uint32_t d = 0; n && d < D; d++)
			t->vectors[w * D + d] -= (float)(c[d] / n);
	mem_free(c);
	return true;
}

static void scale_by(const struct towers_text *t, float *v)
{
	for (uint32_t d = 0; d < t->D; d++)
		v[d] *= t->scale;
}

static void finish(struct towers_text *t)
{
	double square = 0;
	size_t n = 0;

	for (uint32_t i = 0; i < t->I; i++) {
		float *mean = t->mean + (size_t)i * t->D;

		mean_of_item(t, i, mean);
		square += (double)linalg_dot(mean, mean, t->D);
		n += csr_row_n(&t->words->bag, i) > 0;
	}
	t->scale = square > 0 ? (float)sqrt((double)n / square) : 1;
	for (uint32_t i = 0; i < t->I; i++)
		scale_by(t, t->mean + (size_t)i * t->D);
}

bool towers_text_train(const struct dataset *d, uint32_t D, bool centre, uint64_t seed, const struct task *task,
		       const struct towers_text **out, struct err *err)
{
	const struct sgns_rule how = word_vectors_rule();
	struct towers_text *t;
	bool done = begin(d, D, task, &t, err);

	*out = NULL;
	if (!done || !t)
		return done;
	if (!word_vectors_train(t->words, &how, D, seed, t->vectors, "towers", task, err) ||
	    (centre && !take_out_common(t, err))) {
		text_free(t);
		return false;
	}
	finish(t);
	*out = t;
	return true;
}

bool towers_text_read(const struct dataset *d, uint32_t D, towers_vectors_fn *read, void *ctx, const struct task *task,
		      const struct towers_text **out, struct err *err)
{
	struct towers_text *t;
	bool done = begin(d, D, task, &t, err);

	*out = NULL;
	if (!done || !t)
		return done;
	if (!read(ctx, t->vectors, t->words->words.n, D, err)) {
		text_free(t);
		return false;
	}
	finish(t);
	*out = t;
	return true;
}

/* The mean's sums less those of the word, as item_text_mean() has them. */
void towers_text_without(const struct towers_text *t, uint32_t item, size_t left_out, bool held, float *out)
{
	const struct csr *bag = &t->words->bag;
	const uint32_t *word = csr_row(bag, item);
	const float *weight = csr_row_val(bag, item);
	double sum = 0;

	memset(out, 0, t->D * sizeof(*out));
	for (size_t k = 0; k < csr_row_n(bag, item); k++) {
		if (k != left_out || held)
			sum += (double)weight[k];
		if (k != left_out)
			linalg_axpy(weight[k], t->vectors + (size_t)word[k] * t->D, out, t->D);
	}
	for (uint32_t d = 0; sum > 0 && d < t->D; d++)
		out[d] *= t->scale / (float)sum;
}

bool towers_text_of(const struct towers_text *t, const char *s, size_t n, float *out)
{
	uint32_t word[WORDS_OF_A_TEXT];
	float weight[WORDS_OF_A_TEXT];
	size_t known = item_text_bag_of(t->words, s, n, word, weight, WORDS_OF_A_TEXT);

	item_text_mean(word, weight, known, t->vectors, t->D, out);
	scale_by(t, out);
	return known > 0;
}

size_t towers_text_bytes(const struct towers_text *t)
{
	return t ? sizeof(*t) + item_text_bytes(t->words) +
		   ((size_t)t->words->words.n + t->I) * t->D * sizeof(float) : 0;
}

struct towers_text_size towers_text_guess(const struct dataset *d, uint32_t D)
{
	struct item_text_size size = item_text_guess(d, &rule);
	uint64_t vectors = (uint64_t)size.words * D * sizeof(float), means = (uint64_t)d->n_items * D * sizeof(float);
	uint64_t training = vectors + sgns_core_bytes((uint32_t)size.words, d->n_items, size.longest, word_vectors_rule().window);

	if (!size.words)
		return (struct towers_text_size){ 0 };
	return (struct towers_text_size){ .making = size.bytes + (size.making > vectors + means + training ? size.making
													     : vectors + means + training),
					  .kept = size.bytes + vectors + means, .vectors = vectors };
}

void towers_text_effort(const struct dataset *d, uint32_t D, struct effort *e)
{
	struct item_text_size size = item_text_guess(d, &rule);
	struct sgns_rule how = word_vectors_rule();
	struct effort epoch = { 0 };

	if (!size.words)
		return;
	word_vectors_effort(&size, d->n_items, &how, D, &epoch);
	effort_add(e, &epoch, how.epochs);
	e->alone[EFFORT_DRAW] += 40 * (double)size.standing + 2 * (double)size.words * D;
}
