/* SPDX-License-Identifier: GPL-3.0-or-later */
/* softmax_all.c - cross-entropy over all items in strips, held against the whole matrix in double. */
#include "num/softmax_all.h"

#include "grad_case.h"

struct layer {
	uint32_t I, D;
	size_t R;
	double *x, *E;
	float *xf, *Ef;
	uint32_t *target;
	double weight;
};

static double loss(void *ctx)
{
	struct layer *l = ctx;
	double total = 0;

	for (size_t r = 0; r < l->R; r++) {
		double z = 0, of_target = 0;

		for (uint32_t i = 0; i < l->I; i++) {
			double logit = 0;

			for (size_t d = 0; d < l->D; d++)
				logit += l->x[r * l->D + d] * l->E[i * l->D + d];
			z += exp(logit);
			if (i == l->target[r])
				of_target = logit;
		}
		total += log(z) - of_target;
	}
	return l->weight * total;
}

static void test(uint32_t I, uint32_t D, size_t R, bool gradient, const char *kernels)
{
	struct err err;
	struct layer l = { .I = I, .D = D, .R = R, .weight = 0.5 };
	struct softmax_all *s = mem_must(softmax_all_new(I, D, &err));
	float *strip = case_floats(softmax_all_strip(I)), *dx = case_zeroed(R * D, sizeof(*dx));
	float *dE = case_zeroed((size_t)I * D, sizeof(*dE));
	double got, want;

	l.x = grad_numbers(&l.xf, R * D);
	l.E = grad_numbers(&l.Ef, (size_t)I * D);
	l.target = case_zeroed(R, sizeof(*l.target));
	for (size_t r = 0; r < R; r++)
		l.target[r] = case_below(I);
	softmax_all_pack(s, l.Ef, &task_null);
	got = softmax_all_loss(s, dx, dE, l.xf, l.Ef, l.target, 0.5f, R, strip);
	want = loss(&l) / l.weight;
	ok(fabs(got - want) < 1e-5 * want, "%s: %u items, %u rows: the loss is the naive one (%g, %g)", kernels,
	   (unsigned)I, (unsigned)R, got, want);
	if (gradient) {
		grad_ok(grad_error(l.x, R * D, dx, NULL, loss, &l), kernels, "dx");
		grad_ok(grad_error(l.E, (size_t)I * D, dE, NULL, loss, &l), kernels, "dE");
	}
	softmax_all_free(s);
	mem_free(strip), mem_free(dx), mem_free(dE), mem_free(l.target);
	mem_free(l.x), mem_free(l.E), mem_free(l.xf), mem_free(l.Ef);
}

int main(void)
{
	CASE_EACH_TABLE(name) {
		test(70, 16, 5, true, name);
		test(33, 5, 3, true, name);
		test(600, 8, 2, true, name);
		test(100, 16, 300, false, name);
	}
	for (uint32_t I = 1; I < 1u << 30; I *= 2)
		if (softmax_all_strip(I) * sizeof(float) > (8u << 20) + 40 * (size_t)I + 20000)
			ok(false, "a strip of %u items is too large", (unsigned)I);
	ok(mem_bytes_now() == 0, "nothing is held at the end");
	return done_testing();
}
