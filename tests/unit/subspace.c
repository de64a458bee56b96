/* SPDX-License-Identifier: GPL-3.0-or-later */
/* subspace.c - leading singular vectors against a full decomposition by Jacobi's rotations: tall, wide, of
 * low rank, with equal singular values, with empty rows; on any number of threads; stopped at any place. */
#include "num/subspace.h"

#include "num/linalg.h"
#include "num_case.h"

/* Of A'A, [n][n], by cyclic Jacobi: its eigenvectors as rows of v, its eigenvalues in w, falling. */
static void jacobi(double *a, double *v, double *w, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			v[i * n + j] = i == j;
	for (int sweep = 0; sweep < 60; sweep++) {
		double off = 0;

		for (size_t p = 0; p < n; p++) {
			for (size_t q = p + 1; q < n; q++) {
				double apq = a[p * n + q], theta, t, c, s;

				off = fmax(off, fabs(apq));
				if (fabs(apq) < 1e-300)
					continue;
				theta = (a[q * n + q] - a[p * n + p]) / (2 * apq);
				t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
				c = 1 / sqrt(t * t + 1);
				s = t * c;
				for (size_t k = 0; k < n; k++) {
					double x = a[k * n + p], y = a[k * n + q];

					a[k * n + p] = c * x - s * y;
					a[k * n + q] = s * x + c * y;
				}
				for (size_t k = 0; k < n; k++) {
					double x = a[p * n + k], y = a[q * n + k];

					a[p * n + k] = c * x - s * y;
					a[q * n + k] = s * x + c * y;
					x = v[p * n + k];
					y = v[q * n + k];
					v[p * n + k] = c * x - s * y;
					v[q * n + k] = s * x + c * y;
				}
			}
		}
		if (off < 1e-17)
			break;
	}
	for (size_t i = 0; i < n; i++)
		w[i] = a[i * n + i];
	for (size_t i = 0; i < n; i++) { /* falling */
		size_t best = i;

		for (size_t j = i + 1; j < n; j++)
			best = w[j] > w[best] ? j : best;
		for (size_t k = 0; k < n && best != i; k++) {
			double x = v[i * n + k];

			v[i * n + k] = v[best * n + k];
			v[best * n + k] = x;
		}
		double x = w[i];
		w[i] = w[best];
		w[best] = x;
	}
}

struct kase {
	struct csr x, xt;
	double *left, *right;
	struct subspace_of of;
};

/* Scaled by degrees, as the model does. */
static struct kase *begin(struct csr x)
{
	struct kase *c = case_zeroed(1, sizeof(*c));
	struct err err;

	c->x = x;
	csr_transpose(&c->xt, &c->x, &task_null, &err);
	c->left = case_zeroed(x.rows, sizeof(double));
	c->right = case_zeroed(x.cols, sizeof(double));
	for (uint32_t r = 0; r < x.rows; r++) {
		for (size_t k = x.ptr[r]; k < x.ptr[r + 1]; k++) {
			c->left[r] += (double)csr_x(&x, k);
			c->right[x.idx[k]] += (double)csr_x(&x, k);
		}
	}
	for (uint32_t r = 0; r < x.rows; r++)
		c->left[r] = c->left[r] > 0 ? 1 / sqrt(c->left[r]) : 0;
	for (uint32_t i = 0; i < x.cols; i++)
		c->right[i] = c->right[i] > 0 ? 1 / sqrt(c->right[i]) : 0;
	c->of = (struct subspace_of){ &c->x, &c->xt, c->left, c->right };
	return c;
}

static void end(struct kase *c)
{
	csr_done(&c->x);
	csr_done(&c->xt);
	mem_free(c->left);
	mem_free(c->right);
	mem_free(c);
}

static void gram(const struct kase *c, double *a)
{
	size_t I = c->x.cols;

	memset(a, 0, I * I * sizeof(*a));
	for (uint32_t r = 0; r < c->x.rows; r++)
		for (size_t p = c->x.ptr[r]; p < c->x.ptr[r + 1]; p++)
			for (size_t q = c->x.ptr[r]; q < c->x.ptr[r + 1]; q++) {
				uint32_t i = c->x.idx[p], j = c->x.idx[q];

				a[i * I + j] += (double)csr_x(&c->x, p) * (double)csr_x(&c->x, q) * c->left[r] *
						c->left[r] * c->right[i] * c->right[j];
			}
}

/* Largest difference of V V' from the oracle's, over all pairs of items. */
static double apart(const struct subspace *s, const double *v, uint32_t found, size_t I)
{
	double worst = 0;

	for (size_t i = 0; i < I; i++)
		for (size_t j = 0; j < I; j++) {
			double got = 0, want = 0;

			for (size_t d = 0; d < s->found; d++)
				got += (double)s->vectors[i * s->found + d] * (double)s->vectors[j * s->found + d];
			for (size_t d = 0; d < found; d++)
				want += v[d * I + i] * v[d * I + j];
			worst = fmax(worst, fabs(got - want));
		}
	return worst;
}

/* rank: how many singular values are not 0.  A dim where the next one is equal has no one answer. */
static void check(const char *what, struct csr x, const uint32_t *dims, size_t n_dims)
{
	struct kase *c = begin(x);
	size_t I = x.cols;
	double *a = case_zeroed(I * I, sizeof(double)), *v = case_zeroed(I * I, sizeof(double)),
	       *w = case_zeroed(I, sizeof(double));
	uint32_t rank = 0;

	gram(c, a);
	jacobi(a, v, w, I);
	while (rank < I && w[rank] > 1e-11 * w[0])
		rank++;
	for (size_t k = 0; k < n_dims; k++) {
		uint32_t dim = dims[k], want = dim < rank ? dim : rank;
		struct subspace one, two;
		struct task threads = case_task(2);
		struct err err = { 0 };
		double off = 0;
		bool fine = subspace_right(&c->of, dim, 42, &task_null, &one, &err);

		if (!ok(fine && one.found == want, "%s, dim %u: %u vectors of rank %u%s%s", what, (unsigned)dim,
			fine ? (unsigned)one.found : 0, (unsigned)rank, fine ? "" : ": ", err.msg)) {
			case_task_done(&threads);
			continue;
		}
		for (uint32_t d = 0; d < want; d++)
			off = fmax(off, fabs(one.sigma[d] - sqrt(w[d])));
		ok(off < 1e-9, "  singular values within %.1e", off);
		if (want == rank || w[want - 1] - w[want] > 1e-6)
			ok(apart(&one, v, want, I) < 3e-6, "  the projector within %.1e (%u blocks)",
			   apart(&one, v, want, I), one.blocks);
		fine = subspace_right(&c->of, dim, 42, &threads, &two, &err);
		ok(fine && two.found == one.found && !memcmp(one.vectors, two.vectors, I * want * sizeof(float)),
		   "  the same bits on two threads");
		subspace_done(&one);
		subspace_done(&two);
		case_task_done(&threads);
	}
	mem_free(a);
	mem_free(v);
	mem_free(w);
	end(c);
}

/* So many copies of a block on the diagonal: each singular value as often. */
static struct csr islands(uint32_t copies, uint32_t rows, uint32_t cols)
{
	struct csr block = case_csr(rows, cols, 0.5, false), x = { .rows = rows * copies, .cols = cols * copies };
	size_t n = csr_n(&block);

	x.ptr = case_zeroed((size_t)x.rows + 1, sizeof(*x.ptr));
	x.idx = case_zeroed(n * copies, sizeof(*x.idx));
	for (uint32_t r = 0; r < x.rows; r++) {
		uint32_t b = r / rows, at = r % rows;

		x.ptr[r + 1] = x.ptr[r] + csr_row_n(&block, at);
		for (size_t k = 0; k < csr_row_n(&block, at); k++)
			x.idx[x.ptr[r] + k] = b * cols + csr_row(&block, at)[k];
	}
	csr_done(&block);
	return x;
}

/* Every row one of `kinds`: of that rank at most, whatever its size. */
static struct csr few_kinds(uint32_t rows, uint32_t cols, uint32_t kinds)
{
	struct csr block = case_csr(kinds, cols, 0.2, false), x = { .rows = rows, .cols = cols };

	x.ptr = case_zeroed((size_t)rows + 1, sizeof(*x.ptr));
	x.idx = case_zeroed((size_t)rows * cols, sizeof(*x.idx));
	for (uint32_t r = 0; r < rows; r++) {
		uint32_t kind = r % kinds;

		x.ptr[r + 1] = x.ptr[r] + csr_row_n(&block, kind);
		memcpy(x.idx + x.ptr[r], csr_row(&block, kind), csr_row_n(&block, kind) * sizeof(*x.idx));
	}
	csr_done(&block);
	return x;
}

struct limited { unsigned left; };

static bool until_none_left(void *ctx)
{
	struct limited *l = ctx;

	return l->left && l->left--;
}

static void check_stops(void)
{
	struct kase *c = begin(case_csr(400, 200, 0.1, false));
	size_t held = mem_bytes_now();
	struct subspace s;
	bool fine = true, done = false;
	unsigned n;

	for (n = 0; n < 100000 && !done; n += 1 + n / 8) {
		struct limited l = { n };
		const struct task t = { .keep_going = until_none_left, .ctx = &l };
		struct err err = { 0 };

		done = subspace_right(&c->of, 20, 1, &t, &s, &err);
		fine = fine && (done || (err.code == ERR_CANCELLED && mem_bytes_now() == held));
	}
	ok(done && fine && n > 50, "stopped at any place: told, and nothing is left");
	subspace_done(&s);
	done = false;
	for (n = 1; n < 1000 && !done; n++) {
		struct err err = { 0 };

		mem_fail_at(n);
		done = subspace_right(&c->of, 20, 1, &task_null, &s, &err);
		mem_fail_at(0);
		fine = fine && (done || (err.code == ERR_NOMEM && mem_bytes_now() == held));
	}
	ok(done && fine && n > 5, "out of memory at any of %u places: told, and nothing is left", n);
	subspace_done(&s);
	mem_reset_peak();
	ok(subspace_right(&c->of, 20, 1, &task_null, &s, &(struct err){ 0 }) &&
	   mem_bytes_peak() - held <= subspace_bytes(400, 200, 20, 1), "it takes no more than it says");
	subspace_done(&s);
	end(c);
}

int main(void)
{
	const uint32_t tall[] = { 1, 7, 30, 64 }, tiny[] = { 1, 3, 9, 100 }, low[] = { 3, 20, 60 }, equal[] = { 30, 60, 90 };
	struct csr x;

	linalg_init();
	check("tall", case_csr(500, 150, 0.08, false), tall, 4);
	check("tall, of values", case_csr(500, 150, 0.08, true), tall, 4);
	check("wide", case_csr(110, 230, 0.08, false), tall, 4);
	check("wide, of values", case_csr(110, 230, 0.08, true), tall, 4);
	check("tiny", case_csr(12, 9, 0.4, false), tiny, 4);
	check("one row", case_csr(1, 40, 0.4, false), tiny, 4);
	check("sparse, with empty rows and columns", case_csr(160, 150, 0.004, false), low, 3);
	check("of rank 13", few_kinds(300, 140, 13), low, 3);
	check("of rank 13, wide", few_kinds(90, 240, 13), low, 3);
	check("30 equal ones of each", islands(30, 8, 6), equal, 3);
	x = case_csr(50, 40, 0, false);
	x.idx[0] = 3;
	for (uint32_t r = 5; r <= 50; r++)
		x.ptr[r] = 1;
	check("one event", x, tiny, 4);
	check_stops();
	CASE_EACH_TABLE(name)
		check(name, case_csr(300, 120, 0.1, true), tall, 3);
	return done_testing();
}
