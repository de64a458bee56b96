/* SPDX-License-Identifier: GPL-3.0-or-later */
/* layernorm.c - layer normalisation and its gradients. */
#include "num/layernorm.h"

#include "grad_case.h"

struct layer {
	size_t R, C;
	double *x, *gain, *bias, *w, *y;
	float *xf, *gainf, *biasf, *wf;
};

static void forward(struct layer *l)
{
	for (size_t r = 0; r < l->R; r++) {
		const double *x = l->x + r * l->C;
		double mean = 0, var = 0;

		for (size_t c = 0; c < l->C; c++)
			mean += x[c] / (double)l->C;
		for (size_t c = 0; c < l->C; c++)
			var += (x[c] - mean) * (x[c] - mean) / (double)l->C;
		for (size_t c = 0; c < l->C; c++)
			l->y[r * l->C + c] = (x[c] - mean) / sqrt(var + 1e-8) * l->gain[c] + l->bias[c];
	}
}

static double loss(void *ctx)
{
	struct layer *l = ctx;
	double sum = 0;

	forward(l);
	for (size_t i = 0; i < l->R * l->C; i++)
		sum += l->y[i] * l->w[i];
	return sum;
}

static void test(size_t R, size_t C, const char *kernels)
{
	struct layer l = { .R = R, .C = C };
	float *y = case_zeroed(R * C, sizeof(*y)), *mean = case_zeroed(R, sizeof(*mean));
	float *rstd = case_zeroed(R, sizeof(*rstd)), *dx0 = case_floats(R * C), *dx = case_floats(R * C);
	float *dgain = case_zeroed(C, sizeof(*dgain)), *dbias = case_zeroed(C, sizeof(*dbias));

	l.x = grad_numbers(&l.xf, R * C);
	l.gain = grad_numbers(&l.gainf, C);
	l.bias = grad_numbers(&l.biasf, C);
	l.w = grad_numbers(&l.wf, R * C);
	l.y = case_zeroed(R * C, sizeof(*l.y));
	memcpy(dx, dx0, R * C * sizeof(*dx));
	layernorm_forward(y, mean, rstd, l.xf, l.gainf, l.biasf, R, C);
	forward(&l);
	grad_near(y, l.y, R * C, kernels, "forward");
	layernorm_backward(dx, dgain, dbias, l.wf, l.xf, l.gainf, mean, rstd, R, C);
	grad_ok(grad_error(l.x, R * C, dx, dx0, loss, &l), kernels, "dx");
	grad_ok(grad_error(l.gain, C, dgain, NULL, loss, &l), kernels, "dgain");
	grad_ok(grad_error(l.bias, C, dbias, NULL, loss, &l), kernels, "dbias");
	mem_free(y), mem_free(mean), mem_free(rstd), mem_free(dx0), mem_free(dx), mem_free(dgain), mem_free(dbias);
	mem_free(l.x), mem_free(l.gain), mem_free(l.bias), mem_free(l.w), mem_free(l.y);
	mem_free(l.xf), mem_free(l.gainf), mem_free(l.biasf), mem_free(l.wf);
}

int main(void)
{
	CASE_EACH_TABLE(name) {
		test(5, 64, name);
		test(4, 7, name);
		test(3, 37, name);
	}
	ok(mem_bytes_now() == 0, "nothing is held at the end");
	return done_testing();
}
