/* SPDX-License-Identifier: GPL-3.0-or-later */
/* planar_pca.c - two principal components by orthogonal iteration. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "num/planar.h"

#define COLUMNS 6
#define ROUNDS 200
#define SETTLED 1e-9 /* of the change of the two greatest Ritz values */
#define ROWS 2048    /* between two looks at the task */

struct pca {
	const float *x;
	size_t n, D, stride, k; /* k columns, at most D */
	double *mean; /* [D] */
	double *v, *w; /* [k][D] directions; the covariance times them */
};

static bool find_mean(struct pca *a, const struct task *t, struct err *err)
{
	for (size_t i = 0; i < a->n; i++) {
		if (i % ROWS == 0 && !task_keep_going(t))
			return task_cancelled(err);
		for (size_t d = 0; d < a->D; d++)
			a->mean[d] += (double)a->x[i * a->stride + d];
	}
	for (size_t d = 0; d < a->D; d++)
		a->mean[d] /= (double)a->n;
	return true;
}

static double along(const struct pca *a, size_t i, const double *v, double v_mean)
{
	const float *x = a->x + i * a->stride;
	double s = -v_mean;

	for (size_t d = 0; d < a->D; d++)
		s += (double)x[d] * v[d];
	return s;
}

static double dot(const double *a, const double *b, size_t n)
{
	double s = 0;

	for (size_t i = 0; i < n; i++)
		s += a[i] * b[i];
	return s;
}

/* w = sum over rows of (x - mean) ((x - mean) . v), less what the mean of the products takes away. */
static bool multiply(struct pca *a, const struct task *t, struct err *err)
{
	double v_mean[COLUMNS], sum[COLUMNS] = { 0 };

	memset(a->w, 0, a->k * a->D * sizeof(*a->w));
	for (size_t c = 0; c < a->k; c++)
		v_mean[c] = dot(a->mean, a->v + c * a->D, a->D);
	for (size_t i = 0; i < a->n; i++) {
		const float *x = a->x + i * a->stride;

		if (i % ROWS == 0 && !task_keep_going(t))
			return task_cancelled(err);
		for (size_t c = 0; c < a->k; c++) {
			double s = along(a, i, a->v + c * a->D, v_mean[c]), *w = a->w + c * a->D;

			sum[c] += s;
			for (size_t d = 0; d < a->D; d++)
				w[d] += s * (double)x[d];
		}
	}
	for (size_t c = 0; c < a->k; c++)
		for (size_t d = 0; d < a->D; d++)
			a->w[c * a->D + d] -= sum[c] * a->mean[d];
	return true;
}

/* Modified Gram-Schmidt, twice; a column that the others hold already becomes zero. */
static void orthonormalise(double *v, size_t k, size_t D)
{
	for (size_t c = 0; c < k; c++) {
		double *a = v + c * D, first = sqrt(dot(a, a, D)), norm;

		for (int pass = 0; pass < 2; pass++)
			for (size_t b = 0; b < c; b++) {
				double s = dot(a, v + b * D, D);

				for (size_t d = 0; d < D; d++)
					a[d] -= s * v[b * D + d];
			}
		norm = sqrt(dot(a, a, D));
		for (size_t d = 0; d < D; d++)
			a[d] = norm > 1e-12 * first && norm > 0 ? a[d] / norm : 0;
	}
}

/* Eigenvectors of the small symmetric s[k][k] by Jacobi's rotations; s becomes diagonal, q its vectors by column. */
static void jacobi(double s[COLUMNS][COLUMNS], double q[COLUMNS][COLUMNS], size_t k)
{
	for (size_t i = 0; i < k; i++)
		for (size_t j = 0; j < k; j++)
			q[i][j] = i == j;
	for (int sweep = 0; sweep < 30; sweep++)
		for (size_t i = 0; i < k; i++)
			for (size_t j = i + 1; j < k; j++) {
				double theta, tangent, c, r;

				if (fabs(s[i][j]) <= 1e-300)
					continue;
				theta = (s[j][j] - s[i][i]) / (2 * s[i][j]);
				tangent = copysign(1, theta) / (fabs(theta) + sqrt(theta * theta + 1));
				c = 1 / sqrt(tangent * tangent + 1);
				r = tangent * c;
				for (size_t m = 0; m < k; m++) {
					double a = s[m][i], b = s[m][j];

					s[m][i] = c * a - r * b;
					s[m][j] = r * a + c * b;
				}
				for (size_t m = 0; m < k; m++) {
					double a = s[i][m], b = s[j][m];

					s[i][m] = c * a - r * b;
					s[j][m] = r * a + c * b;
					a = q[m][i];
					b = q[m][j];
					q[m][i] = c * a - r * b;
					q[m][j] = r * a + c * b;
				}
			}
}

/* Within the columns, the directions of the greatest values: v and w are turned to them, value by falling size. */
static bool rayleigh_ritz(struct pca *a, double value[COLUMNS], struct err *err)
{
	double s[COLUMNS][COLUMNS], q[COLUMNS][COLUMNS], *old = mem_alloc(2 * a->k * a->D, sizeof(*old), err);
	size_t order[COLUMNS];

	if (!old)
		return false;
	for (size_t i = 0; i < a->k; i++)
		for (size_t j = 0; j < a->k; j++)
			s[i][j] = 0.5 * (dot(a->v + i * a->D, a->w + j * a->D, a->D) + dot(a->v + j * a->D, a->w + i * a->D, a->D));
	jacobi(s, q, a->k);
	for (size_t i = 0; i < a->k; i++) {
		size_t at = i;

		for (; at > 0 && s[order[at - 1]][order[at - 1]] < s[i][i]; at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
	memcpy(old, a->v, a->k * a->D * sizeof(*old));
	memcpy(old + a->k * a->D, a->w, a->k * a->D * sizeof(*old));
	for (size_t c = 0; c < a->k; c++) {
		value[c] = s[order[c]][order[c]];
		for (size_t d = 0; d < a->D; d++) {
			double v = 0, w = 0;

			for (size_t m = 0; m < a->k; m++) {
				v += q[m][order[c]] * old[m * a->D + d];
				w += q[m][order[c]] * old[(a->k + m) * a->D + d];
			}
			a->v[c * a->D + d] = v;
			a->w[c * a->D + d] = w;
		}
	}
	mem_free(old);
	return true;
}

static bool iterate(struct pca *a, double value[COLUMNS], const struct task *t, struct err *err)
{
	struct rng r = rng_stream(1, "planar.pca", 0, 0);
	double before[2] = { -1, -1 };

	for (size_t i = 0; i < a->k * a->D; i++)
		a->v[i] = rng_normal(&r);
	orthonormalise(a->v, a->k, a->D);
	for (unsigned round = 0; round < ROUNDS; round++) {
		if (!multiply(a, t, err) || !rayleigh_ritz(a, value, err))
			return false;
		if (fabs(value[0] - before[0]) <= SETTLED * value[0] &&
		    (a->k < 2 || fabs(value[1] - before[1]) <= SETTLED * value[0]))
			return true;
		before[0] = value[0];
		before[1] = a->k > 1 ? value[1] : 0;
		memcpy(a->v, a->w, a->k * a->D * sizeof(*a->v));
		orthonormalise(a->v, a->k, a->D);
	}
	return true;
}

static void point_forward(double *v, size_t D)
{
	size_t at = 0;
	double sign;

	for (size_t d = 1; d < D; d++)
		if (fabs(v[d]) > fabs(v[at]))
			at = d;
	sign = copysign(1, v[at]);
	for (size_t d = 0; d < D; d++)
		v[d] *= sign;
}

static bool total_variance(const struct pca *a, double *total, const struct task *t, struct err *err)
{
	*total = 0;
	for (size_t i = 0; i < a->n; i++) {
		if (i % ROWS == 0 && !task_keep_going(t))
			return task_cancelled(err);
		for (size_t d = 0; d < a->D; d++) {
			double x = (double)a->x[i * a->stride + d] - a->mean[d];

			*total += x * x;
		}
	}
	return true;
}

static bool project(struct pca *a, double *y, double share[2], const struct task *t, struct err *err)
{
	double value[COLUMNS] = { 0 }, total;

	if (!find_mean(a, t, err) || !total_variance(a, &total, t, err) || !iterate(a, value, t, err))
		return false;
	for (size_t c = 0; c < 2; c++) {
		bool there = c < a->k && total > 0 && value[c] > 0;
		double *v = a->v + c * a->D, v_mean;

		share[c] = there ? value[c] / total : 0;
		if (there)
			point_forward(v, a->D);
		v_mean = there ? dot(a->mean, v, a->D) : 0;
		for (size_t i = 0; i < a->n; i++)
			y[2 * i + c] = there ? along(a, i, v, v_mean) : 0;
	}
	return true;
}

bool planar_pca(const float *x, size_t n, size_t D, size_t stride, double *y, double share[2], const struct task *t,
		struct err *err)
{
	struct pca a = { .x = x, .n = n, .D = D, .stride = stride, .k = D < COLUMNS ? D : COLUMNS };
	bool good;

	a.mean = mem_zeroed(D, sizeof(*a.mean), err);
	a.v = a.mean ? mem_zeroed(2 * a.k * D, sizeof(*a.v), err) : NULL;
	a.w = a.v + (a.v ? a.k * D : 0);
	good = a.v && project(&a, y, share, t, err);
	mem_free(a.mean);
	mem_free(a.v);
	return good;
}
