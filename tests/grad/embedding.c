/* SPDX-License-Identifier: GPL-3.0-or-later */
/* embedding.c - rows looked up, and the sparse gradient of the rows touched. */
#include "num/embedding.h"

#include "grad_case.h"

enum { ROWS = 50, D = 24, R = 700 };

static double *table, *weights;
static uint32_t rows[R];

static double loss(void *ctx)
{
	double sum = 0;

	(void)ctx;
	for (size_t r = 0; r < R; r++)
		for (size_t d = 0; d < D; d++)
			sum += 2.5 * table[rows[r] * D + d] * weights[r * D + d];
	return sum;
}

static void fill(struct row_grads *g, const float *dy)
{
	struct err err;

	mem_must(row_grads_begin(g, R + 1, &err) ? g : NULL);
	for (size_t r = 0; r < R; r++)
		g->entry[r] = (struct row_grad){ .from = dy + r * D, .row = rows[r], .coef = 2.5f };
	g->entry[R] = (struct row_grad){ .row = ROW_GRADS_NONE };
}

static void test(const char *kernels)
{
	struct err err;
	struct task two = case_task(2);
	struct row_grads *g = mem_must(row_grads_new(ROWS, D, &err));
	float *tablef, *wf, *y = case_zeroed(R * D, sizeof(*y)), *dense = case_zeroed(ROWS * D, sizeof(*dense));
	float *before;
	bool right = true, distinct = true, seen[ROWS] = { false };

	table = grad_numbers(&tablef, ROWS * D);
	weights = grad_numbers(&wf, R * D);
	for (size_t r = 0; r < R; r++)
		rows[r] = 3 + case_below(ROWS - 10);
	embedding_forward(y, tablef, rows, 2.5f, R, D);
	for (size_t k = 0; k < R * D; k++)
		right = right && y[k] == 2.5f * tablef[rows[k / D] * D + k % D];
	ok(right, "%s: forward looks up and scales", kernels);
	for (int again = 0; again < 2; again++) {
		fill(g, wf);
		ok(row_grads_sum(g, &task_null, &err), "%s: summed", kernels);
	}
	for (size_t k = 0; k < g->n_touched; k++) {
		distinct = distinct && !seen[g->touched[k]];
		seen[g->touched[k]] = true;
	}
	ok(distinct && !seen[0] && !seen[ROWS - 1] && seen[rows[0]], "%s: touched once each, no other", kernels);
	row_grads_add_to(g, dense);
	grad_ok(grad_error(table, ROWS * D, dense, NULL, loss, NULL), kernels, "the sum by rows");
	before = mem_must(mem_alloc(g->n_touched * D, sizeof(float), &err));
	memcpy(before, g->sum, g->n_touched * D * sizeof(float));
	fill(g, wf);
	ok(row_grads_sum(g, &two, &err) && !memcmp(before, g->sum, g->n_touched * D * sizeof(float)),
	   "%s: the same bits on two threads", kernels);
	ok(row_grads_begin(g, 0, &err) && row_grads_sum(g, &two, &err) && g->n_touched == 0, "%s: no entries", kernels);
	row_grads_free(g);
	case_task_done(&two);
	mem_free(before), mem_free(tablef), mem_free(wf), mem_free(y), mem_free(dense), mem_free(table);
	mem_free(weights);
}

int main(void)
{
	CASE_EACH_TABLE(name)
		test(name);
	ok(mem_bytes_now() == 0, "nothing is held at the end");
	return done_testing();
}
