/* SPDX-License-Identifier: GPL-3.0-or-later */
/* embedding.c - see embedding.h.  A stable counting sort by row, whose cost follows the entries and not
 * the table; each touched row is then summed by itself.
 */
#include "num/embedding.h"

#include <string.h>

#include "base/mem.h"
#include "num/kern.h"

enum { CHUNK = 1 << 8 }; /* touched rows */

void embedding_forward(float *y, const float *table, const uint32_t *rows, float scale, size_t R, size_t D)
{
	for (size_t r = 0; r < R; r++) {
		const float *from = table + rows[r] * D;

		for (size_t d = 0; d < D; d++)
			y[r * D + d] = scale * from[d];
	}
}

struct row_grads *row_grads_new(uint32_t n_rows, uint32_t D, struct err *err)
{
	struct row_grads *g = mem_zeroed(1, sizeof(*g), err);

	if (!g)
		return NULL;
	g->n_rows = n_rows;
	g->D = D;
	g->place = mem_zeroed(n_rows, sizeof(*g->place), err);
	if (g->place)
		return g;
	row_grads_free(g);
	return NULL;
}

void row_grads_free(struct row_grads *g)
{
	if (!g)
		return;
	mem_free(g->entry);
	mem_free(g->touched);
	mem_free(g->sum);
	mem_free(g->order);
	mem_free(g->begin);
	mem_free(g->place);
	mem_free(g);
}

size_t row_grads_bytes(uint32_t n_rows, uint32_t D, size_t entries)
{
	size_t touched = entries < n_rows ? entries : n_rows;

	return sizeof(struct row_grads) + (size_t)n_rows * sizeof(uint32_t) +
	       entries * (sizeof(struct row_grad) + sizeof(uint32_t)) +
	       touched * (D * sizeof(float) + 2 * sizeof(uint32_t));
}

bool row_grads_begin(struct row_grads *g, size_t n, struct err *err)
{
	g->n = n;
	g->n_touched = 0;
	if (n <= g->cap)
		return true;
	mem_free(g->entry);
	mem_free(g->order);
	g->cap = 0;
	g->order = NULL;
	g->entry = mem_alloc(n, sizeof(*g->entry), err);
	if (g->entry)
		g->order = mem_alloc(n, sizeof(*g->order), err);
	if (!g->order)
		return false;
	g->cap = n;
	return true;
}

static bool room_for_touched(struct row_grads *g, size_t n, struct err *err)
{
	if (n <= g->cap_touched)
		return true;
	n = n + n / 4 < g->n_rows ? n + n / 4 : g->n_rows;
	mem_free(g->touched);
	mem_free(g->begin);
	mem_free(g->sum);
	g->cap_touched = 0;
	g->begin = NULL;
	g->sum = NULL;
	g->touched = mem_alloc(n, sizeof(*g->touched), err);
	if (g->touched)
		g->begin = mem_alloc(n + 1, sizeof(*g->begin), err);
	if (g->begin)
		g->sum = mem_alloc(n * g->D, sizeof(*g->sum), err);
	if (!g->sum)
		return false;
	g->cap_touched = n;
	return true;
}

static void sum_chunk(void *ctx, size_t chunk, unsigned slot)
{
	const struct row_grads *g = ctx;
	size_t from = chunk * CHUNK, to = from + CHUNK < g->n_touched ? from + CHUNK : g->n_touched;

	(void)slot;
	for (size_t k = from; k < to; k++) {
		float *sum = g->sum + k * g->D;

		memset(sum, 0, g->D * sizeof(*sum));
		for (uint32_t e = g->begin[k]; e < g->begin[k + 1]; e++) {
			const struct row_grad *entry = &g->entry[g->order[e]];

			kern()->axpy(entry->coef, entry->from, sum, g->D);
		}
	}
}

/* The touched rows by first appearance, and in begin[k + 1] how many entries each has. */
static void count_entries(struct row_grads *g)
{
	for (size_t e = 0; e < g->n; e++) {
		uint32_t row = g->entry[e].row, k;

		if (row == ROW_GRADS_NONE)
			continue;
		k = g->place[row];
		if (!k) {
			g->touched[g->n_touched++] = row;
			k = g->place[row] = (uint32_t)g->n_touched;
			g->begin[k] = 0;
		}
		g->begin[k]++;
	}
}

/* order: the entries of each touched row together; begin [k]: where those of k begin. */
static void sort_entries(struct row_grads *g)
{
	uint32_t at = 0;

	for (size_t k = 1; k <= g->n_touched; k++) { /* begin[k]: where those of k - 1 go next */
		uint32_t n = g->begin[k];

		g->begin[k] = at;
		at += n;
	}
	g->begin[0] = 0;
	for (size_t e = 0; e < g->n; e++)
		if (g->entry[e].row != ROW_GRADS_NONE)
			g->order[g->begin[g->place[g->entry[e].row]]++] = (uint32_t)e;
	for (size_t k = 0; k < g->n_touched; k++)
		g->place[g->touched[k]] = 0;
}

bool row_grads_sum(struct row_grads *g, const struct task *t, struct err *err)
{
	size_t most = g->n < g->n_rows ? g->n : g->n_rows;

	g->n_touched = 0;
	if (!room_for_touched(g, most, err))
		return false;
	if (!most)
		return true;
	count_entries(g);
	sort_entries(g);
	return task_chunks(t, (g->n_touched + CHUNK - 1) / CHUNK, sum_chunk, g) || task_cancelled(err);
}

void row_grads_add_to(const struct row_grads *g, float *dense)
{
	for (size_t k = 0; k < g->n_touched; k++)
		kern()->axpy(1, g->sum + k * g->D, dense + (size_t)g->touched[k] * g->D, g->D);
}
