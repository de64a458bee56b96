/* SPDX-License-Identifier: GPL-3.0-or-later */
/* csr_gram.c - X'X of a sparse matrix, itself sparse.
 *
 * Row i is the sum of the rows of x that hold i.  A thread sums it in a dense row of its own, and a set of
 * bits says what is there.  Once to count, once to write.
 */
#include "num/csr.h"

#include <string.h>

#include "base/bits.h"
#include "base/mem.h"

enum { ROWS_A_CHUNK = 16 };

struct gram {
	const struct csr *x, *xt;
	struct csr *out;
	float *sum;      /* [slots][cols], all 0 between rows */
	uint64_t *there; /* [slots][words], likewise */
	size_t words;
	bool counts;
};

static void sum_row(const struct gram *g, uint32_t i, float *sum, uint64_t *there)
{
	for (size_t e = g->xt->ptr[i]; e < g->xt->ptr[i + 1]; e++) {
		uint32_t u = g->xt->idx[e];
		float w = csr_x(g->xt, e);

		for (size_t k = g->x->ptr[u]; k < g->x->ptr[u + 1]; k++) {
			uint32_t j = g->x->idx[k];

			bits_add(there, j);
			sum[j] += w * csr_x(g->x, k);
		}
	}
}

static void take_row(const struct gram *g, uint32_t i, float *sum, uint64_t *there)
{
	size_t n = g->counts ? 0 : g->out->ptr[i];

	for (size_t word = 0; word < g->words; word++) {
		for (uint64_t bits = there[word]; bits; bits &= bits - 1) {
			size_t j = word * 64 + (size_t)__builtin_ctzll(bits);

			if (!g->counts) {
				g->out->idx[n] = (uint32_t)j;
				g->out->val[n] = sum[j];
			}
			sum[j] = 0;
			n++;
		}
		there[word] = 0;
	}
	if (g->counts)
		g->out->ptr[i + 1] = n;
}

static void gram_chunk(void *ctx, size_t chunk, unsigned slot)
{
	const struct gram *g = ctx;
	uint32_t I = g->x->cols, lo = (uint32_t)chunk * ROWS_A_CHUNK, hi = I - lo < ROWS_A_CHUNK ? I : lo + ROWS_A_CHUNK;
	float *sum = g->sum + (size_t)slot * I;
	uint64_t *there = g->there + slot * g->words;

	for (uint32_t i = lo; i < hi; i++) {
		sum_row(g, i, sum, there);
		take_row(g, i, sum, there);
	}
}

static bool pass(struct gram *g, bool counts, const struct task *t, struct err *err)
{
	g->counts = counts;
	return task_chunks(t, ((size_t)g->x->cols + ROWS_A_CHUNK - 1) / ROWS_A_CHUNK, gram_chunk, g) ||
	       task_cancelled(err);
}

static bool make(struct gram *g, const struct task *t, struct err *err)
{
	struct csr *out = g->out;
	size_t n;

	if (!pass(g, true, t, err))
		return false;
	for (uint32_t i = 0; i < out->rows; i++)
		out->ptr[i + 1] += out->ptr[i];
	n = out->ptr[out->rows];
	out->idx = mem_alloc(n ? n : 1, sizeof(*out->idx), err);
	out->val = out->idx ? mem_alloc(n ? n : 1, sizeof(*out->val), err) : NULL;
	return out->val && pass(g, false, t, err);
}

bool csr_gram(struct csr *out, const struct csr *x, const struct csr *xt, const struct task *t, struct err *err)
{
	struct gram g = { .x = x, .xt = xt, .out = out, .words = ((size_t)x->cols + 63) / 64 };
	bool done;

	*out = (struct csr){ .rows = x->cols, .cols = x->cols };
	out->ptr = mem_zeroed((size_t)x->cols + 1, sizeof(*out->ptr), err);
	g.sum = out->ptr ? mem_zeroed((size_t)task_slots(t) * x->cols, sizeof(*g.sum), err) : NULL;
	g.there = g.sum ? mem_zeroed(task_slots(t) * g.words, sizeof(*g.there), err) : NULL;
	done = g.there && make(&g, t, err);
	mem_free(g.sum);
	mem_free(g.there);
	if (!done)
		csr_done(out);
	return done;
}
