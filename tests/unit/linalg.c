/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dense linear algebra against plain loops in double. */
#include "num/linalg.h"

#include "base/pool.h"

#include "num_case.h"

/* a = (1/n) V'V + d E, row-major. */
static float *spd(size_t n, float d)
{
	float *v = case_floats(n * n), *a = case_floats(n * n);

	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			double sum = 0;

			for (size_t k = 0; k < n; k++)
				sum += (double)v[i * n + k] * (double)v[j * n + k];
			a[i * n + j] = (float)(sum / (double)n) + (i == j ? d : 0);
		}
	}
	mem_free(v);
	return a;
}

/* Largest entry of |A B - E|. */
static double off_identity(const float *a, const float *b, size_t n)
{
	double worst = 0;

	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			double sum = i == j ? -1 : 0;

			for (size_t k = 0; k < n; k++)
				sum += (double)a[i * n + k] * (double)b[k * n + j];
			worst = fmax(worst, fabs(sum));
		}
	}
	return worst;
}

static void check_inverse(size_t n)
{
	float *a = spd(n, 0.5f), *one = case_floats(n * n), *two = case_floats(n * n);
	struct task threads = case_task(2);
	struct err err;

	for (size_t i = 0; i < n; i++) { /* the upper triangle is not read */
		memcpy(one + i * n, a + i * n, (i + 1) * sizeof(*a));
		memcpy(two + i * n, a + i * n, (i + 1) * sizeof(*a));
	}
	ok(linalg_spd_inverse(one, n, &task_null, &err) && off_identity(a, one, n) < 2e-5,
	   "inverse of %zu x %zu", n, n);
	ok(linalg_spd_inverse(two, n, &threads, &err) && !memcmp(one, two, n * n * sizeof(*one)),
	   "  the same bits with two threads");
	case_task_done(&threads);
	mem_free(a);
	mem_free(one);
	mem_free(two);
}

/* The same in double, where a badly conditioned matrix is no matter. */
static void check_inverse_double(size_t n)
{
	float *a = spd(n, 1e-5f);
	double *one = case_zeroed(n * n, sizeof(double)), *two = case_zeroed(n * n, sizeof(double));
	struct task threads = case_task(2);
	struct err err;
	double worst = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j <= i; j++)
			one[i * n + j] = two[i * n + j] = (double)a[i * n + j];
	ok(linalg_spd_inverse_double(one, n, &task_null, &err), "inverse of %zu x %zu in double", n, n);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			double sum = i == j ? -1 : 0;

			for (size_t k = 0; k < n; k++)
				sum += (double)(k <= i ? a[i * n + k] : a[k * n + i]) * one[k * n + j];
			worst = fmax(worst, fabs(sum));
		}
	}
	ok(worst < 1e-8, "  times the matrix is one (%.1e)", worst);
	ok(linalg_spd_inverse_double(two, n, &threads, &err) && !memcmp(one, two, n * n * sizeof(*one)),
	   "  the same bits with two threads");
	case_task_done(&threads);
	mem_free(a);
	mem_free(one);
	mem_free(two);
}

static bool say_no(void *ctx)
{
	(void)ctx;
	return false;
}

static void check_inverse_refusals(void)
{
	size_t n = 600;
	float *a = spd(n, 0.5f);
	struct task stopped = { .keep_going = say_no };
	struct err err = { 0 };

	a[400 * n + 400] = -1;
	ok(!linalg_spd_inverse(a, n, &task_null, &err) && err.code == ERR_NUMERIC &&
	   strstr(err.msg, "row 401"), "not positive definite: the pivot is named (%s)", err.msg);
	mem_free(a);
	a = spd(n, 0.5f);
	ok(!linalg_spd_inverse(a, n, &stopped, &err) && err.code == ERR_CANCELLED, "cancelled");
	mem_free(a);
}

static void check_gram(size_t R, size_t D, size_t stride)
{
	float *v = case_floats(R * stride);
	double *one = case_zeroed(D * D, sizeof(double)), *two = case_zeroed(D * D, sizeof(double));
	struct task threads = case_task(2);
	struct err err;
	double worst = 0;

	linalg_gram(v, stride, R, D, one, &task_null, &err);
	linalg_gram(v, stride, R, D, two, &threads, &err);
	for (size_t i = 0; i < D; i++) {
		for (size_t j = 0; j < D; j++) {
			double sum = 0;

			for (size_t r = 0; r < R; r++)
				sum += (double)v[r * stride + i] * (double)v[r * stride + j];
			worst = fmax(worst, fabs(sum - one[i * D + j]) / sqrt((double)R));
		}
	}
	ok(worst < 2e-6 && !memcmp(one, two, D * D * sizeof(double)),
	   "gram of %zu x %zu: off by %.1e, the same with two threads", R, D, worst);
	case_task_done(&threads);
	mem_free(v);
	mem_free(one);
	mem_free(two);
}

static void check_sparse_gram(bool values)
{
	struct csr x = case_csr(200, 150, 0.1, values), xt;
	size_t n = x.cols;
	double *want = case_zeroed(n * n, sizeof(double));
	float *got = case_floats(n * n);
	struct task threads = case_task(2);
	struct err err;

	csr_transpose(&xt, &x, &task_null, &err);
	for (uint32_t u = 0; u < x.rows; u++)
		for (size_t a = x.ptr[u]; a < x.ptr[u + 1]; a++)
			for (size_t b = x.ptr[u]; b < x.ptr[u + 1]; b++)
				want[x.idx[a] * n + x.idx[b]] += (double)csr_x(&x, a) *
								 (double)csr_x(&x, b);
	for (size_t i = 0; i < n; i++)
		want[i * n + i] += 7.5;
	ok(linalg_sparse_gram(&x, &xt, 7.5f, got, &threads, &err) &&
		   case_apart(got, want, n * n) < 1e-6,
	   "sparse gram%s", values ? " with values" : "");
	case_task_done(&threads);
	csr_done(&x);
	csr_done(&xt);
	mem_free(want);
	mem_free(got);
}

/* The few largest, against all of them: the same up to their sign. */
static void check_leading(const float *a, const double *all, const double *w, size_t n)
{
	struct task threads = case_task(2);
	double *copy = case_zeroed(n * n, sizeof(double)), *some = case_zeroed(n * n, sizeof(double)),
	       *leading = case_zeroed(n, sizeof(double)), worst = 0;
	size_t want = n / 2 + 1;
	struct err err;
	bool fine;

	for (size_t k = 0; k < n * n; k++)
		copy[k] = (double)a[k];
	fine = linalg_eigen_leading(copy, n, want, some, leading, &threads, &err);
	for (size_t k = 0; k < want; k++) {
		double same = 0;

		for (size_t i = 0; i < n; i++)
			same += some[k * n + i] * all[(n - 1 - k) * n + i];
		worst = fmax(worst, fmax(fabs(fabs(same) - 1), fabs(leading[k] - w[n - 1 - k])));
	}
	ok(fine && worst < 1e-9, "  the %zu largest alone, falling (%.1e)", want, worst);
	case_task_done(&threads);
	mem_free(copy);
	mem_free(some);
	mem_free(leading);
}

static void check_eigen(size_t n)
{
	float *a = spd(n, 0.1f);
	double *v = case_zeroed(n * n, sizeof(double)), *w = case_zeroed(n, sizeof(double)),
	       worst = 0;
	bool ascending = true;
	struct err err;

	for (size_t k = 0; k < n * n; k++)
		v[k] = (double)a[k];
	ok(linalg_eigen(v, w, n, &err), "eigenvectors of %zu x %zu", n, n);
	for (size_t k = 0; k < n; k++) {
		ascending &= !k || w[k - 1] <= w[k];
		for (size_t i = 0; i < n; i++) {
			double sum = -w[k] * v[k * n + i];

			for (size_t j = 0; j < n; j++)
				sum += (double)a[i * n + j] * v[k * n + j];
			worst = fmax(worst, fabs(sum));
		}
	}
	ok(ascending && worst < 1e-6, "  A v = w v by rows, w ascending");
	check_leading(a, v, w, n);
	v[1] = NAN;
	ok(!linalg_eigen(v, w, n, &err) && err.code == ERR_NUMERIC, "  NaN is refused");
	mem_free(a);
	mem_free(v);
	mem_free(w);
}

static void check_small(size_t n)
{
	size_t ld = n + 3;
	float *a = spd(n, 0.5f), *f = case_floats(n * ld), *b = case_floats(n), *x = case_floats(n);
	double *fd = case_zeroed(n * ld, sizeof(double)), *xd = case_zeroed(n, sizeof(double));
	double worst = 0, worst_d = 0;
	bool fine;

	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			f[i * ld + j] = j <= i ? a[i * n + j] : NAN; /* the upper is not read */
			fd[i * ld + j] = (double)f[i * ld + j];
		}
		x[i] = b[i];
		xd[i] = (double)b[i];
	}
	fine = linalg_solve_small(f, ld, n, x) && linalg_solve_small_double(fd, ld, n, xd);
	for (size_t i = 0; i < n; i++) {
		double sum = -(double)b[i], sum_d = sum;

		for (size_t j = 0; j < n; j++) {
			sum += (double)a[i * n + j] * (double)x[j];
			sum_d += (double)a[i * n + j] * xd[j];
		}
		worst = fmax(worst, fabs(sum));
		worst_d = fmax(worst_d, fabs(sum_d));
	}
	ok(fine && worst < 1e-5 && worst_d < 1e-13, "small systems of %zu: float %.1e, double %.1e",
	   n, worst, worst_d);
	a[0] = -1;
	ok(!linalg_solve_small(a, n, n, b), "  one that is not positive definite is refused");
	mem_free(a);
	mem_free(f);
	mem_free(b);
	mem_free(x);
	mem_free(fd);
	mem_free(xd);
}

#ifdef __SSE2__
static void multiply_tiny(void *ctx, size_t chunk, unsigned slot)
{
	volatile float tiny = 1e-30f;

	(void)slot;
	((float *)ctx)[chunk] = tiny * 1e-12f;
}

static void check_tiny(void)
{
	struct err err;
	struct pool *two = mem_must(pool_new(2, &err));
	float out[1000];
	bool zero = true;

	pool_run(two, 1000, multiply_tiny, out, NULL, NULL);
	for (size_t i = 0; i < 1000; i++)
		zero = zero && out[i] == 0;
	ok(zero, "numbers too small for their mantissa are 0, in threads started later too");
	pool_free(two);
}
#endif

int main(void)
{
	linalg_init();
#ifdef __SSE2__
	check_tiny();
#endif
	check_inverse(1);
	check_inverse(37);
	check_inverse(256);
	check_inverse(700);
	check_inverse_double(300);
	check_inverse_refusals();
	check_eigen(24);
	check_eigen(60);
	check_sparse_gram(false);
	check_sparse_gram(true);
	CASE_EACH_TABLE(name) {
		is_str(linalg_kernel_name(), name, "the table asked for");
		check_gram(1, 5, 5);
		check_gram(3000, 24, 31);
		check_gram(2000, 32, 32);
		check_small(1);
		check_small(50);
	}
	return done_testing();
}
