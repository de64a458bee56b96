/* SPDX-License-Identifier: GPL-3.0-or-later */
/* attention.c - causal attention over packed sequences, held against the padded, masked textbook form. */
#include "num/attention.h"

#include "grad_case.h"
#include "num/dropout.h"

enum { S = 5, LONGEST = 17 }; /* more than a vector of any table */
static const uint32_t start[S + 1] = { 0, 1, 4, 4 + LONGEST, 4 + LONGEST, 9 + LONGEST }; /* one is empty */

struct layer {
	struct attention a;
	double *qkv, *w, *out;
	float *qkvf, *wf;
};

static double weight_of(const struct layer *l, size_t at, double p)
{
	double least = floor((double)l->a.p * 65536.0);

	if (!l->a.mask)
		return p;
	return l->a.mask[at] >= least ? p * 65536.0 / (65536.0 - least) : 0;
}

static void one_row(struct layer *l, size_t from, size_t n, size_t t, size_t h, size_t cache)
{
	size_t D = l->a.D, d = D / l->a.H, ld = l->a.ld;
	const double *q = l->qkv + (from + t) * ld + h * d;
	double score[LONGEST], sum = 0;

	for (size_t j = 0; j <= t; j++) {
		const double *k = l->qkv + (from + j) * ld + D + h * d;

		score[j] = 0;
		for (size_t c = 0; c < d; c++)
			score[j] += q[c] * k[c] / sqrt((double)d);
		sum += exp(score[j]);
	}
	for (size_t c = 0; c < d; c++) {
		double *out = &l->out[(from + t) * D + h * d + c];

		*out = 0;
		for (size_t j = 0; j <= t; j++)
			*out += weight_of(l, cache + t * n + j, exp(score[j]) / sum) *
				l->qkv[(from + j) * ld + 2 * D + h * d + c];
	}
}

static void forward(struct layer *l)
{
	size_t cache = 0;

	for (size_t s = 0; s < S; s++) {
		size_t n = start[s + 1] - start[s];

		for (size_t h = 0; h < l->a.H; h++, cache += n * n)
			for (size_t t = 0; t < n; t++)
				one_row(l, start[s], n, t, h, cache);
	}
}

static double loss(void *ctx)
{
	struct layer *l = ctx;
	double sum = 0;

	forward(l);
	for (size_t i = 0; i < start[S] * l->a.D; i++)
		sum += l->out[i] * l->w[i];
	return sum;
}

/* What a table computes; its numeric gradient is the same for all of them. */
static void test_table(struct layer *l, const double *numeric, const char *kernels)
{
	size_t D = l->a.D, P = start[S], ld = l->a.ld, cache = attention_cache(start, S, l->a.H);
	float *out = case_zeroed(P * D, sizeof(*out)), *prob = case_zeroed(cache, sizeof(*prob));
	float *d0 = case_floats(P * ld), *d = case_floats(P * ld), *work = case_floats(attention_work(LONGEST));

	memcpy(d, d0, P * ld * sizeof(*d));
	attention_forward(&l->a, out, prob, l->qkvf, l->qkvf + D, l->qkvf + 2 * D, work);
	forward(l);
	grad_near(out, l->out, P * D, kernels, "forward");
	attention_backward(&l->a, d, d + D, d + 2 * D, l->wf, prob, l->qkvf, l->qkvf + D, l->qkvf + 2 * D, work);
	grad_ok(grad_apart(numeric, P * ld, d, d0), kernels, "dq, dk, dv");
	mem_free(out), mem_free(prob), mem_free(d0), mem_free(d), mem_free(work);
}

static void test(size_t D, size_t H, float p)
{
	size_t P = start[S], ld = 3 * D, cache = attention_cache(start, S, H);
	struct layer l = { .a = { .start = start, .S = S, .D = D, .H = H, .ld = ld, .p = p } };
	struct rng r = rng_stream(3, "test", 0, 0);
	uint16_t *mask = case_zeroed(cache, sizeof(*mask));
	double *numeric;

	dropout_draw(mask, cache, p, &r);
	l.a.mask = p > 0 ? mask : NULL;
	l.qkv = grad_numbers(&l.qkvf, P * ld);
	l.w = grad_numbers(&l.wf, P * D);
	l.out = case_zeroed(P * D, sizeof(*l.out));
	numeric = grad_numeric(l.qkv, P * ld, loss, &l);
	CASE_EACH_TABLE(name)
		test_table(&l, numeric, name);
	mem_free(mask), mem_free(numeric);
	mem_free(l.qkv), mem_free(l.w), mem_free(l.out), mem_free(l.qkvf), mem_free(l.wf);
}

int main(void)
{
	test(16, 1, 0);
	test(12, 3, 0);
	test(70, 1, 0);
	test(8, 2, 0.3f);
	ok(mem_bytes_now() == 0, "nothing is held at the end");
	return done_testing();
}
