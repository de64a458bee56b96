/* SPDX-License-Identifier: GPL-3.0-or-later */
/* activation.c - the curves between layers and their slopes, far out too. */
#include "num/activation.h"

#include "grad_case.h"

enum { N = 333 };

static enum activation kind;
static double *weights;

static double curve(double x)
{
	switch (kind) {
	case ACT_RELU:
		return x > 0 ? x : 0;
	case ACT_SIGMOID:
		return 1 / (1 + exp(-x));
	case ACT_TANH:
		return tanh(x);
	case ACT_GELU:
		return x / 2 * (1 + tanh(sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x)));
	default:
		return x;
	}
}

static double loss(void *ctx)
{
	const double *x = ctx;
	double sum = 0;

	for (size_t i = 0; i < N; i++)
		sum += weights[i] * curve(x[i]);
	return sum;
}

static void test(const char *kernels)
{
	float *xf, *wf, y[N], *dx = case_floats(N), *dx0 = case_floats(N);
	double *x = grad_numbers(&xf, N), want[N];
	char what[32];

	weights = grad_numbers(&wf, N);
	for (size_t i = 0; i < N; i++) {
		xf[i] *= i % 5 == 0 ? 100.0f : 4.0f;
		x[i] = (double)xf[i];
		want[i] = curve(x[i]);
	}
	memcpy(dx, dx0, N * sizeof(*dx));
	activation_forward(kind, y, xf, N);
	snprintf(what, sizeof(what), "%s", activation_names[kind]);
	grad_near(y, want, N, kernels, what);
	activation_backward(kind, dx, wf, kind == ACT_GELU ? xf : NULL, y, N);
	snprintf(what, sizeof(what), "%s's slope", activation_names[kind]);
	grad_ok(grad_error(x, N, dx, dx0, loss, x), kernels, what);
	mem_free(dx), mem_free(dx0), mem_free(xf), mem_free(wf), mem_free(x), mem_free(weights);
}

int main(void)
{
	CASE_EACH_TABLE(name) {
		for (int a = 0; a < N_ACTIVATIONS; a++) {
			kind = (enum activation)a;
			test(name);
		}
	}
	ok(mem_bytes_now() == 0, "nothing is held at the end");
	return done_testing();
}
