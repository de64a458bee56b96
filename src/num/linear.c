/* SPDX-License-Identifier: GPL-3.0-or-later */
/* linear.c - see linear.h. */
#include "num/linear.h"

#include "num/kern.h"

void linear_forward(float *y, const float *x, const float *W, const float *b, size_t R, size_t K, size_t M)
{
	kern()->gemm(&(struct kern_gemm){ .c = y, .ldc = M, .a = x, .a_row = K, .a_col = 1, .b = W, .ldb = M,
					  .bias = b, .m = R, .n = M, .K = K });
}

/* The product wants W' by rows: a strip of it at a time, on the stack. */
#define STRIP 64

static void add_dx(float *dx, const float *dy, const float *W, size_t R, size_t K, size_t M)
{
	float strip[STRIP * STRIP] __attribute__((aligned(64)));

	for (size_t k = 0; k < K; k += STRIP) {
		size_t nk = K - k < STRIP ? K - k : STRIP;

		for (size_t m = 0; m < M; m += STRIP) {
			size_t nm = M - m < STRIP ? M - m : STRIP;

			for (size_t i = 0; i < nm; i++)
				for (size_t j = 0; j < nk; j++)
					strip[i * STRIP + j] = W[(k + j) * M + m + i];
			/* forward: y = x W + b */
			kern()->gemm(&(struct kern_gemm){ .c = dx + k, .ldc = K, .a = dy + m, .a_row = M, .a_col = 1,
							  .b = strip, .ldb = STRIP, .m = R, .n = nk, .K = nm,
							  .add = true });
		}
	}
}

void linear_backward(float *dx, float *dW, float *db, const float *dy, const float *x, const float *W,
		     size_t R, size_t K, size_t M)
{
	static const float one = 1;

	if (dx)
		add_dx(dx, dy, W, R, K, M);
	if (dW)
		kern()->gemm(&(struct kern_gemm){ .c = dW, .ldc = M, .a = x, .a_row = 1, .a_col = K, .b = dy, .ldb = M,
						  .m = K, .n = M, .K = R, .add = true });
	if (db) /* a row of ones times dy */
		kern()->gemm(&(struct kern_gemm){ .c = db, .ldc = M, .a = &one, .a_row = 0, .a_col = 0, .b = dy,
						  .ldb = M, .m = 1, .n = M, .K = R, .add = true });
}
