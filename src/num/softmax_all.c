/* SPDX-License-Identifier: GPL-3.0-or-later */
/* softmax_all.c - see softmax_all.h. */
#include "num/softmax_all.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "num/kern.h"

enum {
	PANEL = 64,             /* items side by side: [panel][D][PANEL] */
	STRIP_BYTES = 8 << 20,
	LEAST_ROWS = 8, MOST_ROWS = 256,
	ITEMS = 512,            /* a tile of the two products back, which stays in cache for all rows of a strip */
	PACK_CHUNK = 16,        /* panels */
};

struct softmax_all {
	uint32_t I, D;
	float *panels; /* items beyond the last are 0, and are not read back */
	const float *E; /* while packing */
};

static size_t n_panels(uint32_t I)
{
	return ((size_t)I + PANEL - 1) / PANEL;
}

struct softmax_all *softmax_all_new(uint32_t I, uint32_t D, struct err *err)
{
	struct softmax_all *s = mem_zeroed(1, sizeof(*s), err);

	if (!s)
		return NULL;
	s->I = I;
	s->D = D;
	s->panels = mem_zeroed(n_panels(I) * PANEL * D, sizeof(*s->panels), err);
	if (s->panels)
		return s;
	mem_free(s);
	return NULL;
}

void softmax_all_free(struct softmax_all *s)
{
	if (!s)
		return;
	mem_free(s->panels);
	mem_free(s);
}

size_t softmax_all_bytes(uint32_t I, uint32_t D)
{
	return n_panels(I) * PANEL * D * sizeof(float);
}

size_t softmax_all_rows(uint32_t I)
{
	size_t rows = STRIP_BYTES / sizeof(float) / (n_panels(I) * PANEL);

	return rows < LEAST_ROWS ? LEAST_ROWS : rows > MOST_ROWS ? MOST_ROWS : rows;
}

size_t softmax_all_strip(uint32_t I)
{
	return softmax_all_rows(I) * n_panels(I) * PANEL;
}

static void pack_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct softmax_all *s = ctx;
	size_t from = chunk * PACK_CHUNK * PANEL, to = from + PACK_CHUNK * PANEL;

	(void)slot;
	for (size_t i = from; i < to && i < s->I; i++)
		for (size_t d = 0; d < s->D; d++)
			s->panels[(i / PANEL * s->D + d) * PANEL + i % PANEL] = s->E[i * s->D + d];
}

bool softmax_all_pack(struct softmax_all *s, const float *E, const struct task *t)
{
	s->E = E;
	return task_chunks(t, (n_panels(s->I) + PACK_CHUNK - 1) / PACK_CHUNK, pack_chunk, s);
}

/* strip [R][ld] = x E' */
static void make_logits(const struct softmax_all *s, float *strip, size_t ld, const float *x, size_t R)
{
	for (size_t p = 0; p < n_panels(s->I); p++)
		kern()->gemm(&(struct kern_gemm){ .c = strip + p * PANEL, .ldc = ld, .a = x, .a_row = s->D, .a_col = 1,
						  .b = s->panels + p * s->D * PANEL, .ldb = PANEL, .m = R,
						  .n = PANEL, .K = s->D });
}

/* A strip of softmax - target, times the weight; returns the loss. */
static double make_slopes(float *strip, size_t ld, const uint32_t *target, float weight, size_t R, size_t I)
{
	double loss = 0;

	for (size_t r = 0; r < R; r++) {
		float *row = strip + r * ld, most = kern()->max(row, I), of_target = row[target[r]], sum;

		sum = kern()->exp_sum(row, I, most);
		loss += log((double)sum) + (double)most - (double)of_target;
		kern()->scale(row, I, weight / sum);
		row[target[r]] -= weight;
	}
	return loss;
}

static void add_gradients(const struct softmax_all *s, float *dx, float *dE, const float *strip, size_t ld,
			  const float *x, const float *E, size_t R)
{
	for (size_t i = 0; i < s->I; i += ITEMS) {
		size_t n = s->I - i < ITEMS ? s->I - i : ITEMS;
		struct kern_gemm g = { .a = strip + i, .ldb = s->D, .ldc = s->D, .n = s->D, .add = true };

		/* forward: logits = x E' */
		g.c = dx, g.b = E + i * s->D, g.a_row = ld, g.a_col = 1, g.m = R, g.K = n;
		kern()->gemm(&g);
		g.c = dE + i * s->D, g.b = x, g.a_row = 1, g.a_col = ld, g.m = n, g.K = R;
		kern()->gemm(&g);
	}
}

double softmax_all_loss(const struct softmax_all *s, float *dx, float *dE, const float *x, const float *E,
			const uint32_t *target, float weight, size_t R, float *strip)
{
	size_t most = softmax_all_rows(s->I), ld = n_panels(s->I) * PANEL;
	double loss = 0;

	for (size_t r = 0; r < R; r += most) {
		size_t n = R - r < most ? R - r : most;

		make_logits(s, strip, ld, x + r * s->D, n);
		loss += make_slopes(strip, ld, target + r, weight, n, s->I);
		add_gradients(s, dx + r * s->D, dE, strip, ld, x + r * s->D, E, n);
	}
	return loss;
}

void softmax_all_log_sums(const struct softmax_all *s, double *out, const float *x, size_t R, float *strip)
{
	size_t most = softmax_all_rows(s->I), ld = n_panels(s->I) * PANEL;

	for (size_t r = 0; r < R; r += most) {
		size_t n = R - r < most ? R - r : most;

		make_logits(s, strip, ld, x + r * s->D, n);
		for (size_t k = 0; k < n; k++) {
			float *row = strip + k * ld, top = kern()->max(row, s->I);

			out[r + k] = log((double)kern()->exp_sum(row, s->I, top)) + (double)top;
		}
	}
}
