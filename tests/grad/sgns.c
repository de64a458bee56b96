/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sgns.c - a step of skip-gram with negative sampling, held against the numeric gradient of its loss. */
#include "grad_case.h"

enum { D = 20, K = 11 };

static double *in, *out; /* [D], [K][D] */

static double loss(void *ctx)
{
	double sum = 0;

	(void)ctx;
	for (size_t k = 0; k < K; k++) {
		double y = 0;

		for (size_t d = 0; d < D; d++)
			y += in[d] * out[k * D + d];
		sum += log1p(exp(k ? y : -y));
	}
	return sum;
}

static void test(const char *kernels)
{
	const float lr = 0x1p-9f; /* small beside the numbers, large beside their rounding */
	float *inf, *outf, *in_was, *out_was;
	uint32_t row = 0, c[K];
	uint8_t n = K;
	struct kern_sgns s = { .D = D, .in = &row, .out = c, .n_out = &n, .n = 1, .most = K, .lr = lr };
	double worst;

	in = grad_numbers(&inf, D);
	out = grad_numbers(&outf, (size_t)K * D);
	in_was = case_zeroed(D, 4), out_was = case_zeroed((size_t)K * D, 4);
	for (uint32_t k = 0; k < K; k++)
		c[k] = k;
	s.in_table = inf;
	s.out_table = outf;
	memcpy(in_was, inf, D * sizeof(float));
	memcpy(out_was, outf, (size_t)K * D * sizeof(float));
	kern()->sgns_steps(&s);
	ok(fabs(s.loss - loss(NULL)) < 1e-5 * s.loss, "%s: the loss is the naive one", kernels);
	for (size_t d = 0; d < D; d++)
		inf[d] = (in_was[d] - inf[d]) / lr;
	for (size_t d = 0; d < (size_t)K * D; d++)
		outf[d] = (out_was[d] - outf[d]) / lr;
	worst = fmax(grad_error(in, D, inf, NULL, loss, NULL), grad_error(out, (size_t)K * D, outf, NULL, loss, NULL));
	grad_ok(worst, kernels, "the step");
	mem_free(in), mem_free(out), mem_free(inf), mem_free(outf), mem_free(in_was), mem_free(out_was);
}

int main(void)
{
	CASE_EACH_TABLE(name)
		test(name);
	ok(mem_bytes_now() == 0, "nothing is held at the end");
	return done_testing();
}
