/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linear.c - y = x W + b and its gradients, at sizes that do and do not fill the kernels' tiles. */
#include "num/linear.h"

#include "grad_case.h"

struct layer {
	size_t R, K, M;
	double *x, *W, *b, *w; /* w: what weighs the outputs */
	float *xf, *Wf, *bf, *wf;
	double *y;
};

static void forward(struct layer *l)
{
	for (size_t r = 0; r < l->R; r++)
		for (size_t m = 0; m < l->M; m++) {
			double sum = l->b[m];

			for (size_t k = 0; k < l->K; k++)
				sum += l->x[r * l->K + k] * l->W[k * l->M + m];
			l->y[r * l->M + m] = sum;
		}
}

static double loss(void *ctx)
{
	struct layer *l = ctx;
	double sum = 0;

	forward(l);
	for (size_t i = 0; i < l->R * l->M; i++)
		sum += l->y[i] * l->w[i];
	return sum;
}

static void test(size_t R, size_t K, size_t M, const char *kernels)
{
	struct layer l = { .R = R, .K = K, .M = M };
	float *y = case_zeroed(R * M, sizeof(*y)), *dx = case_floats(R * K), *dx0 = case_floats(R * K);
	float *dW0 = case_floats(K * M), *dW = case_floats(K * M), *db0 = case_floats(M), *db = case_floats(M), *y2;

	l.x = grad_numbers(&l.xf, R * K);
	l.W = grad_numbers(&l.Wf, K * M);
	l.b = grad_numbers(&l.bf, M);
	l.w = grad_numbers(&l.wf, R * M);
	l.y = case_zeroed(R * M, sizeof(*l.y));
	memcpy(dx, dx0, R * K * sizeof(*dx));
	memcpy(dW, dW0, K * M * sizeof(*dW));
	memcpy(db, db0, M * sizeof(*db));
	linear_forward(y, l.xf, l.Wf, l.bf, R, K, M);
	forward(&l);
	grad_near(y, l.y, R * M, kernels, "forward");
	y2 = case_zeroed(M, sizeof(*y2));
	linear_forward(y2, l.xf + (R - 1) * K, l.Wf, l.bf, 1, K, M);
	ok(!memcmp(y2, y + (R - 1) * M, M * sizeof(*y2)), "%s: a row alone has the same bits", kernels);
	linear_backward(dx, dW, db, l.wf, l.xf, l.Wf, R, K, M);
	grad_ok(grad_error(l.x, R * K, dx, dx0, loss, &l), kernels, "dx");
	grad_ok(grad_error(l.W, K * M, dW, dW0, loss, &l), kernels, "dW");
	grad_ok(grad_error(l.b, M, db, db0, loss, &l), kernels, "db");
	mem_free(y), mem_free(y2), mem_free(dx), mem_free(dx0), mem_free(dW), mem_free(db);
	mem_free(dW0), mem_free(db0);
	mem_free(l.x), mem_free(l.W), mem_free(l.b), mem_free(l.w), mem_free(l.y);
	mem_free(l.xf), mem_free(l.Wf), mem_free(l.bf), mem_free(l.wf);
}

int main(void)
{
	CASE_EACH_TABLE(name) {
		test(13, 16, 32, name);
		test(7, 5, 9, name);
		test(20, 70, 67, name);
		test(1, 1, 1, name);
	}
	ok(mem_bytes_now() == 0, "nothing is held at the end");
	return done_testing();
}
