/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exact alternating least squares against the formula, solved in double row by row. */
#include "num/ials_core.h"

#include "num/linalg.h"
#include "num_case.h"

struct data {
	struct csr x;
	uint32_t D;
	size_t stride;
	double alpha0;
	float *H, *lambda;
	double *A, *b; /* [D][D], [D] of one row */
};

static struct data data_new(uint32_t rows, uint32_t cols, double p, bool values, uint32_t D,
			    size_t stride)
{
	struct data d = {
		.x = case_csr(rows, cols, p, values), .D = D, .stride = stride, .alpha0 = 0.1
	};

	d.H = case_floats(cols * stride);
	d.lambda = case_floats(rows);
	for (uint32_t r = 0; r < rows; r++)
		d.lambda[r] = 0.05f + 0.02f * (float)csr_row_n(&d.x, r);
	d.A = case_zeroed((size_t)D * D, sizeof(double));
	d.b = case_zeroed(D, sizeof(double));
	return d;
}

static void data_done(struct data *d)
{
	csr_done(&d->x);
	mem_free(d->H);
	mem_free(d->lambda);
	mem_free(d->A);
	mem_free(d->b);
}

/* A and b of row r, as ials_core.h writes them. */
static void naive_system(const struct data *d, uint32_t r)
{
	size_t D = d->D;

	memset(d->A, 0, D * D * sizeof(double));
	memset(d->b, 0, D * sizeof(double));
	for (uint32_t i = 0; i < d->x.cols; i++) {
		const float *h = d->H + i * d->stride;
		double x = 0;

		for (size_t e = d->x.ptr[r]; e < d->x.ptr[r + 1]; e++)
			if (d->x.idx[e] == i)
				x = (double)csr_x(&d->x, e);
		for (size_t a = 0; a < D; a++) {
			d->b[a] += x * (double)h[a];
			for (size_t c = 0; c < D; c++)
				d->A[a * D + c] += (x + d->alpha0) * (double)h[a] * (double)h[c];
		}
	}
	for (size_t a = 0; a < D; a++)
		d->A[a * D + a] += (double)d->lambda[r];
}

static double naive_loss(const struct data *d, uint32_t r, const double *w)
{
	double sum = 0;

	for (uint32_t i = 0; i < d->x.cols; i++) {
		double s = 0, x = 0;

		for (size_t e = d->x.ptr[r]; e < d->x.ptr[r + 1]; e++)
			if (d->x.idx[e] == i)
				x = (double)csr_x(&d->x, e);
		for (size_t a = 0; a < d->D; a++)
			s += w[a] * (double)d->H[i * d->stride + a];
		sum += x * (s - 1) * (s - 1) + d->alpha0 * s * s;
	}
	for (size_t a = 0; a < d->D; a++)
		sum += (double)d->lambda[r] * w[a] * w[a];
	return sum;
}

static void check(uint32_t rows, uint32_t cols, double p, bool values, uint32_t D, size_t stride)
{
	struct data d = data_new(rows, cols, p, values, D, stride);
	struct task threads = case_task(2);
	float *one = case_floats(rows * stride), *two = case_floats(rows * stride),
	      *w = case_floats(D);
	float *before = case_floats(rows * stride);
	double worst = 0, loss = 0, fit = 0, fit2 = 0;
	size_t shortest = SIZE_MAX, longest = 0;
	struct err err;
	struct ials_side *s = ials_side_new(cols, D, &err);
	void *scratch = case_zeroed(ials_scratch_bytes(D), 1);
	bool same = true, fine;

	memcpy(two, one, rows * stride * sizeof(*one));
	memcpy(before, one, rows * stride * sizeof(*one));
	fine = ials_side_set(s, d.H, stride, d.alpha0, &task_null, &err) &&
	       ials_sweep(s, &d.x, d.lambda, one, stride, &fit, &task_null, &err);
	for (uint32_t r = 0; fine && r < rows; r++) {
		size_t n = csr_row_n(&d.x, r);

		shortest = n < shortest ? n : shortest;
		longest = n > longest ? n : longest;
		naive_system(&d, r);
		linalg_solve_small_double(d.A, D, D, d.b);
		worst = fmax(worst, case_apart(one + r * stride, d.b, D));
		loss += naive_loss(&d, r, d.b);
		same &= !memcmp(one + r * stride + D, before + r * stride + D,
				(stride - D) * sizeof(*one));
		same &= ials_solve_row(s, csr_row(&d.x, r), csr_row_val(&d.x, r), (uint32_t)n,
				       d.lambda[r], w, scratch) &&
			!memcmp(w, one + r * stride, D * sizeof(*w));
	}
	ok(fine && worst < 2e-5, "D=%u, %u x %u%s, histories of %zu to %zu: off by %.1e", D, rows,
	   cols, values ? " with values" : "", shortest, longest, worst);
	ok(fabs(fit - loss) < 1e-4 * loss, "  the loss, %.6g for %.6g", fit, loss);
	ok(same, "  a row alone has the same bits; nothing is written beside the rows");
	fine = ials_side_set(s, d.H, stride, d.alpha0, &threads, &err) &&
	       ials_sweep(s, &d.x, d.lambda, two, stride, &fit2, &threads, &err);
	ok(fine && fit == fit2 && !memcmp(one, two, rows * stride * sizeof(*one)),
	   "  two threads, the same bits");
	ials_side_free(s);
	mem_free(one);
	mem_free(two);
	mem_free(before);
	mem_free(w);
	mem_free(scratch);
	case_task_done(&threads);
	data_done(&d);
}

static void check_parts(uint32_t cols, double p, uint32_t D)
{
	struct data d = data_new(10, cols, p, true, D, D);
	struct err err;
	struct ials_side *s = ials_side_new(cols, D, &err);
	void *scratch = case_zeroed(ials_scratch_bytes(D), 1);
	float *w = case_floats(D), *h = case_floats(D), *part = case_floats(cols);
	double worst = 0, worst_sum = 0;

	ials_side_set(s, d.H, D, d.alpha0, &task_null, &err);
	for (uint32_t r = 0; r < 10; r++) {
		uint32_t n = (uint32_t)csr_row_n(&d.x, r);
		const uint32_t *items = csr_row(&d.x, r);
		const float *x = csr_row_val(&d.x, r);
		double sum = 0;

		ials_solve_row(s, items, x, n, d.lambda[r], w, scratch);
		ials_parts(s, items, x, n, d.lambda[r], h, part, scratch);
		naive_system(&d, r);
		for (uint32_t a = 0; a < D; a++)
			d.b[a] = (double)h[a];
		linalg_solve_small_double(d.A, D, D, d.b);
		for (uint32_t j = 0; j < n; j++) {
			double want = 0;

			for (uint32_t a = 0; a < D; a++)
				want += (double)x[j] * d.b[a] *
					(double)d.H[items[j] * d.stride + a];
			worst = fmax(worst, fabs((double)part[j] - want));
			sum += (double)part[j];
		}
		worst_sum = fmax(worst_sum, fabs(sum - (double)linalg_dot(w, h, D)));
	}
	ok(worst < 1e-5 && worst_sum < 1e-5,
	   "parts, D=%u of %u items: off by %.1e, their sum by %.1e", D, cols, worst, worst_sum);
	ials_side_free(s);
	mem_free(scratch);
	mem_free(w);
	mem_free(h);
	mem_free(part);
	data_done(&d);
}

static bool say_no(void *ctx)
{
	(void)ctx;
	return false;
}

static void check_refusals(void)
{
	struct data d = data_new(10, 30, 0.2, true, 8, 8);
	struct task stopped = { .keep_going = say_no };
	struct err err = { 0 };
	struct ials_side *s = ials_side_new(30, 8, &err);
	float *W = case_floats(80);

	ok(!ials_side_new(1, 0, &err) && !ials_side_new(1, IALS_MAX_D + 1, &err) &&
		   err.code == ERR_RANGE,
	   "no factors, or too many");
	ials_side_set(s, d.H, 8, 0.1, &task_null, &err);
	ok(!ials_sweep(s, &d.x, d.lambda, W, 8, NULL, &stopped, &err) && err.code == ERR_CANCELLED,
	   "cancelled");
	d.x.val[d.x.ptr[5]] = -100;
	ok(!ials_sweep(s, &d.x, d.lambda, W, 8, NULL, &task_null, &err) &&
		   err.code == ERR_NUMERIC && strstr(err.msg, "row 5"),
	   "a weight below 0: %s", err.msg);
	d.H[77] = NAN;
	ok(!ials_side_set(s, d.H, 8, 0.1, &task_null, &err) && err.code == ERR_NUMERIC, "NaN: %s",
	   err.msg);
	ials_side_free(s);
	mem_free(W);
	data_done(&d);
}

int main(void)
{
	linalg_init();
	CASE_EACH_TABLE(name) {
		printf("# %s\n", name);
		check(60, 200, 0.1, false, 16, 16);
		check(60, 200, 0.1, true, 64, 64);
		check(40, 300, 0.5, true, 64, 70); /* longer than D */
		check(60, 200, 0.2, true, 17, 20);
		check(60, 200, 0.002, false, 8, 8); /* many without events */
		check(200, 60, 0.1, true, 1, 3);
		check_parts(200, 0.1, 64);
		check_parts(200, 0.5, 24);
	}
	check_refusals();
	return done_testing();
}
