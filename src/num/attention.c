/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attention.c - see attention.h.
 *
 * One sequence and head at a time, its probabilities a square of n x n with zeros above the diagonal, so
 * that the products run over whole rows.
 */
#include "num/attention.h"

#include <math.h>
#include <string.h>

#include "num/dropout.h"
#include "num/kern.h"

size_t attention_cache(const uint32_t *start, size_t S, size_t H)
{
	size_t n = 0;

	for (size_t s = 0; s < S; s++) {
		size_t len = start[s + 1] - start[s];

		n += len * len;
	}
	return n * H;
}

/* A head's rows transposed, at most 64 channels at a time, and a square. */
#define CHANNELS 64

size_t attention_work(size_t longest)
{
	return longest * CHANNELS + longest * longest;
}

/* c [n][n] (+)= x y', both [n][ld], of which the columns 0..d-1 count; strip [CHANNELS][n]. */
static void products(float *c, const float *x, size_t ldx, const float *y, size_t ldy, size_t n, size_t d,
		     float *strip)
{
	for (size_t from = 0; from < d; from += CHANNELS) {
		size_t w = d - from < CHANNELS ? d - from : CHANNELS;

		for (size_t j = 0; j < n; j++)
			for (size_t k = 0; k < w; k++)
				strip[k * n + j] = y[j * ldy + from + k];
		kern()->gemm(&(struct kern_gemm){ .c = c, .ldc = n, .a = x + from, .a_row = ldx, .a_col = 1,
						  .b = strip, .ldb = n, .m = n, .n = n, .K = w, .add = from > 0 });
	}
}

static void softmax_causal(float *p, size_t n, float scale)
{
	for (size_t r = 0; r < n; r++) {
		float *row = p + r * n;
		float most = kern()->max(row, r + 1) * scale, sum;

		kern()->scale(row, r + 1, scale);
		sum = kern()->exp_sum(row, r + 1, most);
		kern()->scale(row, r + 1, 1 / sum);
		memset(row + r + 1, 0, (n - r - 1) * sizeof(*row));
	}
}

static void forward_one(const struct attention *a, float *out, float *prob, const uint16_t *mask, const float *q,
			const float *k, const float *v, size_t n, float *work)
{
	size_t d = a->D / a->H;
	const float *used = prob;
	float *square = work + n * CHANNELS;

	products(prob, q, a->ld, k, a->ld, n, d, work);
	softmax_causal(prob, n, 1 / sqrtf((float)d));
	if (mask) {
		dropout_forward(square, prob, mask, n * n, a->p);
		used = square;
	}
	kern()->gemm(&(struct kern_gemm){ .c = out, .ldc = a->D, .a = used, .a_row = n, .a_col = 1, .b = v,
					  .ldb = a->ld, .m = n, .n = d, .K = n });
}

void attention_forward(const struct attention *a, float *out, float *prob, const float *q, const float *k,
		       const float *v, float *work)
{
	size_t d = a->D / a->H, at = 0;

	for (size_t s = 0; s < a->S; s++) {
		size_t r = a->start[s], n = a->start[s + 1] - r;

		for (size_t h = 0; h < a->H; h++, at += n * n)
			forward_one(a, out + r * a->D + h * d, prob + at, a->mask ? a->mask + at : NULL,
				    q + r * a->ld + h * d, k + r * a->ld + h * d, v + r * a->ld + h * d, n, work);
	}
}

/* ds, in place of dp: forward: p = softmax(s * scale), so ds = scale p (dp - sum p dp). */
static void softmax_back(float *dp, const float *p, size_t n, float scale)
{
	for (size_t r = 0; r < n; r++, dp += n, p += n) {
		float mean = kern()->dot(dp, p, r + 1);

		for (size_t c = 0; c <= r; c++)
			dp[c] = scale * p[c] * (dp[c] - mean);
		memset(dp + r + 1, 0, (n - r - 1) * sizeof(*dp));
	}
}

struct head { /* of one sequence: where its parts begin */
	const float *q, *k, *v, *prob, *dout;
	float *dq, *dk, *dv;
	const uint16_t *mask;
};

static void backward_one(const struct attention *a, const struct head *h, size_t n, float *work)
{
	size_t d = a->D / a->H;
	float *square = work + n * CHANNELS;
	const float *used = h->prob;
	struct kern_gemm g = { .a_row = 1, .a_col = n, .ldc = a->ld, .m = n, .n = d, .K = n, .add = true };

	if (h->mask) {
		dropout_forward(square, h->prob, h->mask, n * n, a->p);
		used = square;
	}
	/* forward: out = used v */
	g.c = h->dv, g.a = used, g.b = h->dout, g.ldb = a->D;
	kern()->gemm(&g);
	products(square, h->dout, a->D, h->v, a->ld, n, d, work);
	if (h->mask)
		dropout_backward_in_place(square, h->mask, n * n, a->p);
	softmax_back(square, h->prob, n, 1 / sqrtf((float)d));
	/* forward: s = q k' */
	g.c = h->dk, g.a = square, g.b = h->q, g.ldb = a->ld;
	kern()->gemm(&g);
	g.c = h->dq, g.b = h->k, g.a_row = n, g.a_col = 1;
	kern()->gemm(&g);
}

void attention_backward(const struct attention *a, float *dq, float *dk, float *dv, const float *dout,
			const float *prob, const float *q, const float *k, const float *v, float *work)
{
	size_t d = a->D / a->H, at = 0;

	for (size_t s = 0; s < a->S; s++) {
		size_t n = a->start[s + 1] - a->start[s], r = a->start[s];

		for (size_t h = 0; h < a->H; h++, at += n * n) {
			size_t to = r * a->ld + h * d;
			struct head head = { .q = q + to, .k = k + to, .v = v + to, .prob = prob + at,
					     .dout = dout + r * a->D + h * d, .dq = dq + to, .dk = dk + to,
					     .dv = dv + to, .mask = a->mask ? a->mask + at : NULL };

			backward_one(a, &head, n, work);
		}
	}
}
