/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables in fewer bits: how far each number may be off, and that reading agrees with itself. */
#include "num/packed.h"

#include "num_case.h"

static uint32_t bits_of(float x)
{
	uint32_t bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

/* Rows of very different sizes, one of nothing but 0. */
static float *table(uint32_t rows, uint32_t cols)
{
	float *v = case_floats((size_t)rows * cols);

	for (uint32_t r = 0; r < rows; r++)
		for (uint32_t c = 0; c < cols; c++)
			v[(size_t)r * cols + c] *= r == 1 ? 0 : ldexpf(1, (int)(r % 40) - 20);
	return v;
}

static double most_of(const float *v, uint32_t n)
{
	double most = 0;

	for (uint32_t c = 0; c < n; c++)
		most = fmax(most, fabs((double)v[c]));
	return most;
}

static void check_bounds(const float *v, const struct packed *p)
{
	float *row = case_floats(p->cols);
	bool near = true, same = true;

	for (uint32_t r = 0; r < p->rows; r++) {
		const float *from = v + (size_t)r * p->cols;
		double most = most_of(from, p->cols);

		packed_row(p, r, row);
		for (uint32_t c = 0; c < p->cols; c++) {
			double x = (double)from[c], off = fabs((double)row[c] - x);

			near &= off <= (p->precision == PRECISION_INT8 ? most / 127 * 0.5001 :
					p->precision == PRECISION_BF16 ? fabs(x) / 256 : 0);
			same &= bits_of(packed_at(p, r, c)) == bits_of(row[c]);
		}
	}
	ok(near, "%s of %u x %u: each number within its bound", precision_name[p->precision], p->rows, p->cols);
	ok(same, "  a number alone is the one of its row");
	mem_free(row);
}

static void check_rows(const struct packed *p)
{
	enum { N = 700 };
	size_t ld = p->cols + 3, k = 0;
	float *rows = case_floats(N * ld), *row = case_floats(p->cols), *f = case_floats(N), *sum, *part;
	double *want = case_zeroed(p->cols, sizeof(*want));
	uint32_t which[N];
	bool same = true;

	for (size_t t = 0; t < N; t++)
		which[t] = case_below(p->rows < 20 ? p->rows : 20); /* of like sizes */
	packed_rows(p, which, N, rows, ld);
	for (size_t t = 0; t < N; t++) {
		packed_row(p, which[t], row);
		same &= !memcmp(row, rows + t * ld, p->cols * sizeof(*row)) && rows[t * ld + p->cols] == 0;
		for (uint32_t c = 0; c < p->cols; c++)
			want[c] += (double)f[t] * (double)row[c];
	}
	ok(same, "  rows named are those rows, filled up with 0");
	sum = case_floats(p->cols);
	packed_sum_rows(p, which, f, N, 0, p->cols, sum);
	ok(case_apart(sum, want, p->cols) < 1e-4, "  their weighted sum, off by %.1e", case_apart(sum, want, p->cols));
	part = case_floats(p->cols);
	for (uint32_t lo = 0; lo < p->cols; lo += 7, k++)
		packed_sum_rows(p, which, f, N, lo, lo + 7 < p->cols ? lo + 7 : p->cols, part + lo);
	ok(!memcmp(sum, part, p->cols * sizeof(*sum)), "  the same bits in tiles");
	packed_sum_rows(p, which, f, 0, 0, p->cols, sum);
	ok(most_of(sum, p->cols) == 0, "  a sum of no rows is 0");
	mem_free(rows);
	mem_free(row);
	mem_free(f);
	mem_free(sum);
	mem_free(part);
	mem_free(want);
}

static void check_cosines(const struct packed *p)
{
	float *row = case_floats(p->cols), *of = case_floats(p->cols), *out = case_floats(p->rows);
	double worst = 0;
	struct err err;

	packed_row(p, 2, of);
	packed_cosines(p, 2, out, &err);
	for (uint32_t r = 0; r < p->rows; r++) {
		double ab = 0, aa = 0, bb = 0;

		packed_row(p, r, row);
		for (uint32_t c = 0; c < p->cols; c++) {
			ab += (double)of[c] * (double)row[c];
			aa += (double)of[c] * (double)of[c];
			bb += (double)row[c] * (double)row[c];
		}
		worst = fmax(worst, fabs((double)out[r] - (aa > 0 && bb > 0 ? ab / sqrt(aa) / sqrt(bb) : 0)));
	}
	ok(worst < 1e-5, "  cosines with one row, off by %.1e", worst);
	mem_free(row);
	mem_free(of);
	mem_free(out);
}

/* From fewer bits to the same: nothing changes.  From bf16 to int8: as from the floats that it stands for. */
static void check_again(const float *v, uint32_t rows, uint32_t cols)
{
	struct packed whole = packed_view(v, rows, cols), half, byte, again, direct;
	float *read = case_floats((size_t)rows * cols);
	struct packed view = packed_view(read, rows, cols);
	struct err err;

	packed_make(&half, &whole, PRECISION_BF16, &err);
	for (uint32_t r = 0; r < rows; r++)
		packed_row(&half, r, read + (size_t)r * cols);
	packed_make(&again, &view, PRECISION_BF16, &err);
	ok(!memcmp(again.data, half.data, (size_t)rows * cols * 2), "bf16, read and packed again, is the same");
	packed_done(&again);
	packed_make(&byte, &half, PRECISION_INT8, &err);
	packed_make(&direct, &view, PRECISION_INT8, &err);
	ok(!memcmp(byte.data, direct.data, (size_t)rows * cols) &&
	   !memcmp(byte.scale, direct.scale, rows * sizeof(float)), "int8 from bf16 is int8 of what it stands for");
	packed_make(&again, &byte, PRECISION_INT8, &err);
	ok(!memcmp(byte.data, again.data, (size_t)rows * cols) &&
	   !memcmp(byte.scale, again.scale, rows * sizeof(float)), "int8 from int8 is the same");
	packed_done(&half);
	packed_done(&byte);
	packed_done(&again);
	packed_done(&direct);
	mem_free(read);
}

static void check_rounding(void)
{
	static const float ties[] = { 1.00390625f, 1.01171875f, -1.00390625f, 1.00390637f };
	static const float want[] = { 1, 1.015625f, -1, 1.0078125f };
	struct packed whole = packed_view(ties, 1, 4), p;
	int8_t q[4];
	int16_t query[3];
	float scale;
	struct err err;

	packed_make(&p, &whole, PRECISION_BF16, &err);
	for (uint32_t c = 0; c < 4; c++)
		ok(packed_at(&p, 0, c) == want[c], "%.8g is %.8g in bf16", (double)ties[c], (double)want[c]);
	packed_done(&p);
	scale = packed_quantise((const float[]){ -127, 0.5f, 1.5f, 126.6f }, 4, q);
	ok(scale == 1 && q[0] == -127 && q[1] == 0 && q[2] == 2 && q[3] == 127, "int8 rounds to nearest, ties to even");
	scale = packed_quantise((const float[]){ 1e-44f, 0, -1e-44f, 0 }, 4, q);
	ok(scale == 0 && !q[0] && !q[2], "what is too small to divide by becomes 0");
	scale = packed_quantise_query((const float[]){ PACKED_QUERY, 0.5f, -PACKED_QUERY }, 3, query);
	ok(scale == 1 && query[0] == PACKED_QUERY && query[1] == 0 && query[2] == -PACKED_QUERY, "a query in 15 bits");
	ok(isnan(packed_quantise_query((const float[]){ NAN, 1 }, 2, query)), "one with NaN has no scale");
	ok(isnan(packed_quantise((const float[]){ 1, NAN, 2, 3 }, 4, q)), "a row with NaN has no scale");
	ok(isnan(packed_quantise((const float[]){ 1, INFINITY, 2, 3 }, 4, q)), "nor one with infinity");
}

static void check_tensors(void)
{
	struct tensors t = { 0 };
	struct packed_tensors p;
	struct err err;
	float *w;
	bool near = true, same;

	tensors_add(&t, "matrix", 5, 7);
	tensors_add(&t, "row", 9, 0);
	tensors_make(&t, &err);
	for (size_t k = 0; k < t.size; k++)
		t.w[k] = case_float();
	packed_tensors_make(&p, &t, PRECISION_INT8, &err);
	w = case_zeroed(t.size, sizeof(*w));
	packed_tensors_read(&p, w);
	for (size_t k = 0; k < 35; k++)
		near &= fabs((double)w[k] - (double)t.w[k]) <= 0.5001 / 127;
	same = !memcmp(w + t.tensor[1].at, t.w + t.tensor[1].at, 9 * sizeof(*w));
	ok(near && same, "of dense weights, matrices are packed and single rows kept whole");
	ok(packed_tensors_bytes(&p) == 35 + 5 * 4 + 9 * 4, "  and take what they take");
	packed_tensors_done(&p);
	tensors_done(&t);
	mem_free(w);
}

static void check_no_memory(void)
{
	float *v = table(20, 30);
	struct packed whole = packed_view(v, 20, 30), p;
	size_t before = mem_bytes_now();
	bool told = true;
	struct err err;
	unsigned n = 0;
	bool made = false;

	while (!made) {
		err = (struct err){ 0 };
		mem_fail_at(++n);
		made = packed_make(&p, &whole, PRECISION_INT8, &err);
		mem_fail_at(0);
		told &= made || (err.code == ERR_NOMEM && mem_bytes_now() == before);
	}
	ok(told && n > 2, "out of memory is told, and nothing leaks");
	packed_done(&p);
	mem_free(v);
}

int main(void)
{
	static const uint32_t cols[] = { 1, 7, 16, 64, 100 };
	struct err err;

	CASE_EACH_TABLE(name) {
		printf("# %s\n", name);
		for (size_t i = 0; i < sizeof(cols) / sizeof(*cols); i++) {
			float *v = table(60, cols[i]);
			struct packed whole = packed_view(v, 60, cols[i]), p;

			for (enum precision to = PRECISION_F32; to <= PRECISION_INT8; to++) {
				packed_make(&p, &whole, to, &err);
				ok(packed_bytes(&p) == packed_bytes_for(to, 60, cols[i]), "takes what it says");
				check_bounds(v, &p);
				check_rows(&p);
				check_cosines(&p);
				packed_done(&p);
			}
			check_again(v, 60, cols[i]);
			mem_free(v);
		}
	}
	check_rounding();
	check_tensors();
	check_no_memory();
	return done_testing();
}
