/* SPDX-License-Identifier: GPL-3.0-or-later */
/* knn_best.c - see knn_best.h. */
#include "num/knn_best.h"

size_t knn_best_room(size_t K)
{
	return 4 * K > 256 ? 4 * K : 256;
}

/* The K largest of n come first, in no order (Wirth's selection); 1 <= K < n. */
static void select_largest(uint64_t *v, size_t n, size_t K)
{
	ptrdiff_t lo = 0, hi = (ptrdiff_t)n - 1, k = (ptrdiff_t)K - 1;

	while (lo < hi) {
		uint64_t pivot = v[k];
		ptrdiff_t i = lo, j = hi;

		do {
			while (v[i] > pivot)
				i++;
			while (v[j] < pivot)
				j--;
			if (i <= j) {
				uint64_t swap = v[i];

				v[i++] = v[j];
				v[j--] = swap;
			}
		} while (i <= j);
		if (j < k)
			lo = i;
		if (k < i)
			hi = j;
	}
}

#define BINS 256

/* Which of BINS bins of equal width in key space; rises with the key. */
static unsigned bin_of(uint64_t key, uint64_t lowest, unsigned shift)
{
	return (unsigned)((key - lowest) >> shift);
}

/* Counting into bins tells which keys are surely among the best and which surely not, without a branch
 * to mispredict; only the bin on the brink is selected from. */
void knn_best_cut(struct knn_best *b)
{
	uint64_t lowest = UINT64_MAX, highest = 0, last = UINT64_MAX;
	uint32_t count[BINS] = { 0 };
	size_t kept = 0, brink = 0, above = 0;
	unsigned shift, edge = BINS;

	if (b->n <= b->K)
		return;
	for (size_t t = 0; t < b->n; t++) {
		lowest = b->key[t] < lowest ? b->key[t] : lowest;
		highest = b->key[t] > highest ? b->key[t] : highest;
	}
	shift = highest - lowest < BINS ? 0 : 56u - (unsigned)__builtin_clzll(highest - lowest);
	for (size_t t = 0; t < b->n; t++)
		count[bin_of(b->key[t], lowest, shift)]++;
	while (above < b->K)
		above += count[--edge];
	for (size_t t = 0; t < b->n; t++) {
		uint64_t key = b->key[t];
		unsigned bin = bin_of(key, lowest, shift);

		b->key[kept] = key;
		b->brink[brink] = key;
		kept += bin > edge;
		brink += bin == edge;
	}
	if (brink > b->K - kept)
		select_largest(b->brink, brink, b->K - kept);
	memcpy(b->key + kept, b->brink, (b->K - kept) * sizeof(*b->key));
	for (size_t t = kept; t < b->K; t++)
		last = b->key[t] < last ? b->key[t] : last;
	b->n = b->K;
	b->least = knn_best_sim((uint32_t)(last >> 32));
}

/* Ascending.  Quicksort down to short runs, then insertion: a column has K of them. */
static void sort_keys(uint64_t *v, size_t n)
{
	while (n > 16) {
		uint64_t pivot = v[n / 2];
		ptrdiff_t i = 0, j = (ptrdiff_t)n - 1;

		do {
			while (v[i] < pivot)
				i++;
			while (v[j] > pivot)
				j--;
			if (i <= j) {
				uint64_t swap = v[i];

				v[i++] = v[j];
				v[j--] = swap;
			}
		} while (i <= j);
		if (j + 1 < (ptrdiff_t)n - i) { /* the shorter side by a call, the longer one here */
			sort_keys(v, (size_t)(j + 1));
			v += i;
			n -= (size_t)i;
		} else {
			sort_keys(v + i, n - (size_t)i);
			n = (size_t)(j + 1);
		}
	}
	for (size_t i = 1; i < n; i++) {
		uint64_t x = v[i];
		size_t j = i;

		for (; j && v[j - 1] > x; j--)
			v[j] = v[j - 1];
		v[j] = x;
	}
}

void knn_best_by_number(struct knn_best *b)
{
	for (size_t t = 0; t < b->n; t++)
		b->key[t] = (uint64_t)(uint32_t)~b->key[t] << 32 | b->key[t] >> 32;
	sort_keys(b->key, b->n);
}
