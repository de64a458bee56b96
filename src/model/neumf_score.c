/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neumf_score.c - see neumf_score.h. */
#include "model/neumf_score.h"

#include <string.h>

#include "base/mem.h"
#include "num/kern.h"

enum { T = NEUMF_PANEL };

struct neumf_panels {
	size_t rows; /* L_1 of the first layer, then G of g_i */
	float *v;    /* [panels][rows][T] */
};

static size_t panels_of(const struct neumf_net *n)
{
	return ((size_t)n->I + T - 1) / T;
}

/* Of making a panel: its items' rows, and those turned. */
static size_t making_floats(const struct neumf_net *n)
{
	return 2 * (size_t)n->D * T;
}

/* The items of panel k, beyond the last ones 0, turned: [D][T]. */
static float *turn_items(const struct neumf_net *n, size_t k, float *making)
{
	uint32_t lo = (uint32_t)(k * T), count = n->I - lo < T ? n->I - lo : T;
	float *rows = making + (size_t)n->D * T, *turned = making;
	struct packed items = neumf_items(n);

	memset(rows, 0, (size_t)n->D * T * sizeof(*rows));
	for (uint32_t i = 0; i < count; i++)
		packed_row(&items, lo + i, rows + (size_t)i * n->D);
	for (size_t d = 0; d < n->D; d++)
		for (uint32_t i = 0; i < T; i++)
			turned[d * T + i] = rows[(size_t)i * n->D + d];
	return turned;
}

static void fill_panel(const struct neumf_net *n, size_t k, float *panel, float *making)
{
	const float *t = n->t.w, *turned = turn_items(n, k, making);

	kern()->gemm(&(struct kern_gemm){ .c = panel, .ldc = T, .a = t + n->Wi, .a_row = 1, .a_col = n->L[0],
					  .b = turned + (size_t)n->G * T, .ldb = T, .down = t + n->b[0], .m = n->L[0],
					  .n = T, .K = n->M });
	memcpy(panel + (size_t)n->L[0] * T, turned, (size_t)n->G * T * sizeof(*panel));
}

struct neumf_panels *neumf_panels_new(const struct neumf_net *n, struct err *err)
{
	struct neumf_panels *p = mem_zeroed(1, sizeof(*p), err);
	float *making;

	if (!p)
		return NULL;
	p->rows = neumf_query_floats(n);
	if (!n->Q)
		return p;
	p->v = mem_alloc(panels_of(n) * p->rows * T, sizeof(*p->v), err);
	making = p->v ? mem_alloc(making_floats(n), sizeof(*making), err) : NULL;
	if (!making) {
		neumf_panels_free(p);
		return NULL;
	}
	for (size_t k = 0; k < panels_of(n); k++)
		fill_panel(n, k, p->v + k * p->rows * T, making);
	mem_free(making);
	return p;
}

void neumf_panels_free(struct neumf_panels *p)
{
	if (!p)
		return;
	mem_free(p->v);
	mem_free(p);
}

uint64_t neumf_panels_bytes(const struct neumf_net *n)
{
	if (neumf_items(n).precision != PRECISION_F32)
		return sizeof(struct neumf_panels);
	return sizeof(struct neumf_panels) + (uint64_t)panels_of(n) * neumf_query_floats(n) * T * sizeof(float);
}

void neumf_query(const struct neumf_net *n, const float *p, float *query)
{
	const float *t = n->t.w;

	kern()->gemm(&(struct kern_gemm){ .c = query, .ldc = n->L[0], .a = p + n->G, .a_row = n->M, .a_col = 1,
					  .b = t + n->Wu, .ldb = n->L[0], .m = 1, .n = n->L[0], .K = n->M });
	for (size_t d = 0; d < n->G; d++)
		query[n->L[0] + d] = t[n->w + d] * p[d];
}

static size_t widest(const struct neumf_net *n)
{
	size_t most = 0;

	for (unsigned k = 0; k < n->n; k++)
		most = n->L[k] > most ? n->L[k] : most;
	return most;
}

size_t neumf_score_floats(const struct neumf_net *n)
{
	return (2 * widest(n) + 1) * T + (n->Q ? 0 : making_floats(n) + neumf_query_floats(n) * T);
}

/* out [T]; x and y hold a layer each. */
static void score_panel(const struct neumf_net *n, const float *panel, const float *query, float *x, float *y, float *out)
{
	const float *t = n->t.w;
	size_t L = n->L[0];

	kern()->relu_rows(x, panel, query, L, T);
	for (unsigned k = 1; k < n->n; k++) {
		float *swap = x;

		kern()->gemm(&(struct kern_gemm){ .c = y, .ldc = T, .a = t + n->W[k], .a_row = 1, .a_col = n->L[k], .b = x,
						  .ldb = T, .down = t + n->b[k], .m = n->L[k], .n = T, .K = L,
						  .relu = true });
		x = y;
		y = swap;
		L = n->L[k];
	}
	kern()->gemm(&(struct kern_gemm){ .c = out, .ldc = T, .a = t + n->w + n->G, .a_col = 1, .b = x, .ldb = T,
					  .down = t + n->c, .m = 1, .n = T, .K = L });
	kern()->gemm(&(struct kern_gemm){ .c = out, .ldc = T, .a = query + n->L[0], .a_col = 1,
					  .b = panel + (size_t)n->L[0] * T, .ldb = T, .m = 1, .n = T, .K = n->G,
					  .add = true });
}

void neumf_score(const struct neumf_net *n, const struct neumf_panels *panels, const float *queries, size_t B,
		 uint32_t lo, uint32_t hi, float *work, float *out, size_t stride)
{
	float *x = work + T, *y = x + widest(n) * T, *own = y + widest(n) * T;

	for (uint32_t at = lo; at < hi;) {
		uint32_t first = at / T * T, end = hi - first < T ? hi : first + T;
		const float *panel = own;

		if (panels->v)
			panel = panels->v + (size_t)(first / T) * panels->rows * T;
		else
			fill_panel(n, first / T, own, own + panels->rows * T);
		for (size_t b = 0; b < B; b++) {
			score_panel(n, panel, queries + b * panels->rows, x, y, work);
			memcpy(out + b * stride + (at - lo), work + (at - first), (end - at) * sizeof(*out));
		}
		at = end;
	}
}
