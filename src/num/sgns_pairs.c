/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sgns_pairs.c - see sgns_pairs.h. */
#include "num/sgns_pairs.h"

#include <math.h>

double sgns_kept(double count, double total, double subsample)
{
	double most = subsample * total;

	return subsample > 0 && count > 0 ? fmin(1, (sqrt(count / most) + 1) * most / count) : 1;
}

void sgns_keep(const struct sgns_corpus *c, double subsample, uint32_t *keep)
{
	for (uint32_t w = 0; w < c->V; w++) {
		double p = sgns_kept((double)c->count[w], (double)c->ptr[c->n_sentences], subsample);

		keep[w] = p >= 1 ? UINT32_MAX : (uint32_t)(p * UINT32_MAX);
	}
}

size_t sgns_pairs_most(const struct sgns_corpus *c, uint32_t s, uint32_t window)
{
	size_t n = c->ptr[s + 1] - c->ptr[s], near = 2 * (size_t)window;

	return n ? n * (n - 1 < near ? n - 1 : near) : 0;
}

size_t sgns_pairs_make(const struct sgns_corpus *c, uint32_t s, uint32_t window, const uint32_t *keep,
		       struct rng *rng, uint32_t *room, struct sgns_pair *out)
{
	size_t kept = 0, n = 0;

	if (c->ptr[s + 1] - c->ptr[s] < 2)
		return 0;
	for (size_t k = c->ptr[s]; k < c->ptr[s + 1]; k++) {
		uint32_t w = c->word[k];

		if (keep[w] == UINT32_MAX || (uint32_t)rng_u64(rng) <= keep[w])
			room[kept++] = w;
	}
	for (size_t at = 0; at < kept; at++) {
		size_t b = 1 + rng_below(rng, window);
		size_t lo = at < b ? 0 : at - b, hi = kept - 1 - at < b ? kept - 1 : at + b;

		for (size_t k = lo; k <= hi; k++)
			if (k != at)
				out[n++] = (struct sgns_pair){ room[k], room[at] };
	}
	return n;
}

void alias_make(struct alias_slot *slot, const float *weight, uint32_t n, double *share, uint32_t *stack)
{
	uint32_t poor = 0, rich = n; /* stack[0..poor) have a share below 1, stack[rich..n) the others */
	double sum = 0;

	for (uint32_t k = 0; k < n; k++)
		sum += (double)weight[k];
	for (uint32_t k = 0; k < n; k++) {
		share[k] = (double)weight[k] * n / sum;
		stack[share[k] < 1 ? poor++ : --rich] = k;
	}
	while (poor && rich < n) {
		uint32_t a = stack[--poor], b = stack[rich++];

		slot[a] = (struct alias_slot){ (uint32_t)(share[a] * UINT32_MAX), b };
		share[b] -= 1 - share[a];
		stack[share[b] < 1 ? poor++ : --rich] = b;
	}
	while (poor) { /* what rounding left */
		uint32_t k = stack[--poor];

		slot[k] = (struct alias_slot){ UINT32_MAX, k };
	}
	while (rich < n) {
		uint32_t k = stack[rich++];

		slot[k] = (struct alias_slot){ UINT32_MAX, k };
	}
}

/* Two words d apart are a pair, either way, where the one's window is at least d wide. */
double sgns_pairs_expected(double words, uint32_t window)
{
	double sum = 0;

	for (uint32_t d = 1; d <= window && d < words; d++)
		sum += 2 * (words - d) * (window - d + 1) / window;
	return sum;
}
