/* SPDX-License-Identifier: GPL-3.0-or-later */
/* topk.c - the k best of many scores; see rank.h.
 *
 * A binary heap with the worst on top: lower score, or the same score and a higher item number.
 */
#include "num/rank.h"

#include <math.h>

#include "base/bits.h"
#include "num/kern.h"

static bool worse(const struct topk *t, uint32_t a, uint32_t b)
{
	return t->score[a] < t->score[b] || (t->score[a] == t->score[b] && t->item[a] > t->item[b]);
}

static void swap(struct topk *t, uint32_t a, uint32_t b)
{
	float s = t->score[a];
	uint32_t i = t->item[a];

	t->score[a] = t->score[b];
	t->item[a] = t->item[b];
	t->score[b] = s;
	t->item[b] = i;
}

static void sift_down(struct topk *t, uint32_t at, uint32_t n)
{
	for (;;) {
		uint32_t child = 2 * at + 1;

		if (child >= n)
			return;
		if (child + 1 < n && worse(t, child + 1, child))
			child++;
		if (!worse(t, child, at))
			return;
		swap(t, child, at);
		at = child;
	}
}

static void sift_up(struct topk *t, uint32_t at)
{
	while (at && worse(t, at, (at - 1) / 2)) {
		swap(t, at, (at - 1) / 2);
		at = (at - 1) / 2;
	}
}

void topk_begin(struct topk *t, uint32_t k, float *score, uint32_t *item)
{
	*t = (struct topk){ .k = k, .threshold = k ? -INFINITY : INFINITY,
			    .score = score, .item = item };
}

void topk_push(struct topk *t, uint32_t item, float score)
{
	if (isnan(score) || !t->k)
		return;
	if (t->n < t->k) {
		t->score[t->n] = score;
		t->item[t->n] = item;
		sift_up(t, t->n++);
	} else {
		if (score < t->score[0] || (score == t->score[0] && item > t->item[0]))
			return;
		t->score[0] = score;
		t->item[0] = item;
		sift_down(t, 0, t->n);
	}
	if (t->n == t->k)
		t->threshold = t->score[0];
}

void topk_finish(struct topk *t)
{
	for (uint32_t n = t->n; n > 1; ) {
		swap(t, 0, --n);
		sift_down(t, 0, n);
	}
}

void topk_offer(struct topk *t, const float *scores, uint32_t lo, uint32_t n, const uint64_t *skip)
{
	const struct kern *k = kern();

	for (uint32_t b = 0; b < n; b += 64) {
		uint64_t bits = k->at_least(scores + b, n - b < 64 ? n - b : 64, t->threshold);

		for (; bits; bits &= bits - 1) {
			uint32_t at = b + (uint32_t)__builtin_ctzll(bits), item = lo + at;

			if (!skip || !bits_has(skip, item))
				topk_push(t, item, scores[at]);
		}
	}
}
