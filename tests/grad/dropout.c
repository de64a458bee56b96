/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dropout.c - dropout: which numbers stay, by how much they grow, and that the backward takes the same. */
#include "num/dropout.h"

#include "grad_case.h"

enum { N = 4099 };

static void test(float p, const char *kernels)
{
	struct rng r = rng_stream(1, "test", 0, 0);
	uint16_t mask[N];
	float *x = case_floats(N), *dy = case_floats(N), *dx0 = case_floats(N), y[N], in_place[N], dx[N];
	double kept = 0, grow = 65536.0 / (65536.0 - floor((double)p * 65536.0)), dot_y = 0, dot_dx = 0;
	bool right = true, same = true;

	dropout_draw(mask, N, p, &r);
	dropout_forward(y, x, mask, N, p);
	for (size_t i = 0; i < N; i++) {
		bool stays = y[i] != 0 || x[i] == 0;

		kept += stays;
		right = right && (!stays || fabs((double)y[i] - (double)x[i] * grow) <= 1e-6);
	}
	ok(right, "%s: p=%g: what stays grows by 1/(1-p)", kernels, (double)p);
	ok(fabs(kept / N - 1 / grow) < 0.03, "%s: p=%g: %.3f stay", kernels, (double)p, kept / N);
	/* The layer is linear: sum dy y(x) = sum dx x. */
	memcpy(dx, dx0, sizeof(dx));
	dropout_backward(dx, dy, mask, N, p);
	memcpy(in_place, dy, sizeof(in_place));
	dropout_backward_in_place(in_place, mask, N, p);
	for (size_t i = 0; i < N; i++) {
		dot_y += (double)dy[i] * (double)y[i];
		dot_dx += ((double)dx[i] - (double)dx0[i]) * (double)x[i];
		same = same && fabs((double)in_place[i] + (double)dx0[i] - (double)dx[i]) < 1e-6;
	}
	ok(fabs(dot_y - dot_dx) < 1e-4 * (1 + fabs(dot_y)), "%s: p=%g: the backward is its transpose", kernels,
	   (double)p);
	ok(same, "%s: p=%g: in place it is the same", kernels, (double)p);
	memcpy(in_place, x, sizeof(in_place));
	dropout_forward(in_place, in_place, mask, N, p);
	ok(!memcmp(in_place, y, sizeof(y)), "%s: p=%g: forward in place is the same", kernels, (double)p);
	mem_free(x), mem_free(dy), mem_free(dx0);
}

int main(void)
{
	CASE_EACH_TABLE(name) {
		test(0, name);
		test(0.2f, name);
		test(0.5f, name);
	}
	return done_testing();
}
