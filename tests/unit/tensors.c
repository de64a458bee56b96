/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tensors.c - one block cut into named tensors, reduced in order, watched for NaN. */
#include "num/tensors.h"

#include "num_case.h"

int main(void)
{
	struct err err;
	struct tensors t = { 0 };
	struct rng r = rng_stream(1, "test", 0, 0);
	struct task two = case_task(2);
	size_t a = tensors_add(&t, "a", 3, 5), b = tensors_add(&t, "b", 7, 0), c = tensors_add(&t, "c", 40000, 1);
	float *blocks[3], *sum, *sum2;
	double want = 0, most = 0;
	bool right = true;

	ok(a == 0 && b == 16 && c == 32 && t.size == 40032, "each begins at a multiple of 16");
	ok(tensors_make(&t, &err) && t.w[17] == 0, "made of zeros");
	tensors_fill_glorot(t.w + c, 200, 200, &r);
	for (size_t i = 0; i < 40000; i++) {
		want += (double)t.w[c + i] * (double)t.w[c + i] / 40000;
		most = fmax(most, fabs((double)t.w[c + i]));
	}
	ok(fabs(want - 2.0 / 400) < 2e-4 && most <= sqrt(6.0 / 400), "glorot: variance 2 / (rows + cols)");
	tensors_fill_normal(t.w + c, 40000, 0.5, &r);
	want = 0;
	for (size_t i = 0; i < 40000; i++)
		want += (double)t.w[c + i] * (double)t.w[c + i] / 40000;
	ok(fabs(want - 0.25) < 0.01, "normal: variance sigma^2");
	ok(!tensors_spoilt(&t, t.w), "nothing is spoilt");
	t.w[b + 6] = INFINITY;
	is_str(tensors_spoilt(&t, t.w), "b", "Inf is found in its tensor");
	t.w[b + 6] = 0;
	t.w[c + 39999] = NAN;
	is_str(tensors_spoilt(&t, t.w), "c", "NaN is found in its tensor");
	for (int k = 0; k < 3; k++)
		blocks[k] = case_floats(t.size);
	sum = case_floats(t.size);
	sum2 = case_floats(t.size);
	tensors_reduce(sum, blocks, 3, t.size, &task_null);
	tensors_reduce(sum2, blocks, 3, t.size, &two);
	for (size_t i = 0; i < t.size; i++)
		right = right && sum[i] == blocks[0][i] + blocks[1][i] + blocks[2][i];
	ok(right && !memcmp(sum, sum2, t.size * sizeof(*sum)), "blocks are added in order, at any number of threads");
	tensors_reduce(blocks[0], blocks, 3, t.size, &two);
	ok(!memcmp(blocks[0], sum, t.size * sizeof(*sum)), "into the first, too");
	for (int k = 0; k < 3; k++)
		mem_free(blocks[k]);
	mem_free(sum);
	mem_free(sum2);
	tensors_done(&t);
	case_task_done(&two);
	ok(mem_bytes_now() == 0, "nothing is held at the end");
	return done_testing();
}
