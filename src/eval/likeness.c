/* SPDX-License-Identifier: GPL-3.0-or-later */
/* likeness.c - cosines between items' binary columns, for the diversity of lists.
 *
 * DESIGN: lists name the same popular items again and again, so a thread remembers the pairs it met (a
 * direct-mapped table: a newer pair takes an older one's place; a cosine is a whole number over a root,
 * the same however it was found).  Columns longer than a bit set of the users are kept as bit sets, all
 * of them together no larger than the matrix: two such columns meet in U/64 words, any other pair in the
 * shorter column's length or a merge of two short ones.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/hash.h"
#include "base/mem.h"
#include "eval/metrics.h"

#define MEMO_SIZE (1u << 18)

struct likeness {
	const struct csr *xt;
	size_t words;
	size_t *bits_at;  /* [I] where a long column's bits start, SIZE_MAX: none */
	uint64_t *bits;
};

struct likeness_memo {
	uint64_t pair[MEMO_SIZE]; /* 0: empty; else i << 32 | j with i < j, so never 0 */
	double cosine[MEMO_SIZE];
};

static bool is_long(const struct likeness *l, uint32_t i)
{
	return csr_row_n(l->xt, i) > 2 * l->words;
}

struct likeness *likeness_new(const struct csr *xt, struct err *err)
{
	struct likeness *l = mem_zeroed(1, sizeof(*l), err);
	size_t n = 0;

	if (!l)
		return NULL;
	l->xt = xt;
	l->words = ((size_t)xt->cols + 63) / 64;
	l->bits_at = mem_alloc((size_t)xt->rows + 1, sizeof(*l->bits_at), err);
	for (uint32_t i = 0; l->bits_at && i < xt->rows; i++) {
		l->bits_at[i] = is_long(l, i) ? n : SIZE_MAX;
		n += is_long(l, i) ? l->words : 0;
	}
	l->bits = l->bits_at ? mem_zeroed(n ? n : 1, sizeof(*l->bits), err) : NULL;
	if (!l->bits) {
		likeness_free(l);
		return NULL;
	}
	for (uint32_t i = 0; i < xt->rows; i++)
		for (size_t k = xt->ptr[i]; l->bits_at[i] != SIZE_MAX && k < xt->ptr[i + 1]; k++)
			l->bits[l->bits_at[i] + xt->idx[k] / 64] |= (uint64_t)1 << xt->idx[k] % 64;
	return l;
}

void likeness_free(struct likeness *l)
{
	if (!l)
		return;
	mem_free(l->bits_at);
	mem_free(l->bits);
	mem_free(l);
}

struct likeness_memo *likeness_memo_new(struct err *err)
{
	return mem_zeroed(1, sizeof(struct likeness_memo), err);
}

void likeness_memo_free(struct likeness_memo *m)
{
	mem_free(m);
}

static size_t meet_bits(const uint64_t *a, const uint64_t *b, size_t words)
{
	size_t n = 0;

	for (size_t w = 0; w < words; w++)
		n += (size_t)__builtin_popcountll(a[w] & b[w]);
	return n;
}

static size_t meet_list_bits(const uint32_t *a, size_t n_a, const uint64_t *b)
{
	size_t n = 0;

	for (size_t k = 0; k < n_a; k++)
		n += bits_has(b, a[k]);
	return n;
}

static size_t meet_lists(const uint32_t *a, size_t n_a, const uint32_t *b, size_t n_b)
{
	size_t n = 0, i = 0, j = 0;

	while (i < n_a && j < n_b) {
		uint32_t x = a[i], y = b[j];

		n += x == y;
		i += x <= y;
		j += y <= x;
	}
	return n;
}

static double cosine(const struct likeness *l, uint32_t i, uint32_t j)
{
	size_t n_i = csr_row_n(l->xt, i), n_j = csr_row_n(l->xt, j), n;
	size_t at_i = l->bits_at[i], at_j = l->bits_at[j];

	if (n_i == 0 || n_j == 0)
		return 0;
	if (at_i != SIZE_MAX && at_j != SIZE_MAX)
		n = meet_bits(l->bits + at_i, l->bits + at_j, l->words);
	else if (at_i != SIZE_MAX)
		n = meet_list_bits(csr_row(l->xt, j), n_j, l->bits + at_i);
	else if (at_j != SIZE_MAX)
		n = meet_list_bits(csr_row(l->xt, i), n_i, l->bits + at_j);
	else
		n = meet_lists(csr_row(l->xt, i), n_i, csr_row(l->xt, j), n_j);
	return (double)n / sqrt((double)n_i * (double)n_j);
}

double likeness_cosine(const struct likeness *l, struct likeness_memo *m, uint32_t i, uint32_t j)
{
	uint64_t pair = i < j ? (uint64_t)i << 32 | j : (uint64_t)j << 32 | i;
	size_t slot = hash_mix(0, pair) % MEMO_SIZE;

	if (i == j || !m)
		return cosine(l, i, j);
	if (m->pair[slot] != pair) {
		m->pair[slot] = pair;
		m->cosine[slot] = cosine(l, i, j);
	}
	return m->cosine[slot];
}

void likeness_pair_sums(const struct likeness *l, struct likeness_memo *m, const uint32_t *item, uint32_t n,
			double *sums)
{
	double sum = 0;

	for (uint32_t b = 0; b < n; b++) {
		for (uint32_t a = 0; a < b; a++)
			sum += 1 - likeness_cosine(l, m, item[a], item[b]);
		sums[b] = sum;
	}
}
