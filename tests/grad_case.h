/* SPDX-License-Identifier: GPL-3.0-or-later */
/* grad_case.h - gradients held against central differences of a naive forward in double.
 *
 * A test keeps its inputs twice: float for the layer, double for the naive reference.  Its loss is a
 * fixed random weighting of the reference's outputs, so that dy is that weighting.
 */
#ifndef TESTS_GRAD_CASE_H
#define TESTS_GRAD_CASE_H

#include "num_case.h"

/* n numbers, as float (*f) and the same as double. */
CASE_FN double *grad_numbers(float **f, size_t n)
{
	double *d = case_zeroed(n, sizeof(*d));

	*f = case_floats(n);
	for (size_t i = 0; i < n; i++)
		d[i] = (double)(*f)[i];
	return d;
}

/* The gradient of loss by x, by central differences. */
CASE_FN double *grad_numeric(double *x, size_t n, double (*loss)(void *), void *ctx)
{
	const double h = 1e-5;
	double *g = case_zeroed(n, sizeof(*g));

	for (size_t i = 0; i < n; i++) {
		double at = x[i], up, down;

		x[i] = at + h;
		up = loss(ctx);
		x[i] = at - h;
		down = loss(ctx);
		x[i] = at;
		g[i] = (up - down) / (2 * h);
	}
	return g;
}

/* The largest |analytic - numeric| over the largest |numeric|, dx being what the backward ADDED to
 * `before` (NULL: to 0). */
CASE_FN double grad_apart(const double *numeric, size_t n, const float *dx, const float *before)
{
	double worst = 0, scale = 1e-6;

	for (size_t i = 0; i < n; i++) {
		if (isnan(dx[i]))
			return INFINITY;
		scale = fmax(scale, fabs(numeric[i]));
		worst = fmax(worst, fabs((double)dx[i] - (before ? (double)before[i] : 0) - numeric[i]));
	}
	return worst / scale;
}

CASE_FN double grad_error(double *x, size_t n, const float *dx, const float *before, double (*loss)(void *), void *ctx)
{
	double *numeric = grad_numeric(x, n, loss, ctx), error = grad_apart(numeric, n, dx, before);

	mem_free(numeric);
	return error;
}

#define GRAD_TOLERANCE 2e-4
CASE_FN void grad_ok(double error, const char *kernels, const char *what)
{
	ok(error < GRAD_TOLERANCE, "%s: %s is the numeric gradient (%.1e)", kernels, what, error);
}

CASE_FN void grad_near(const float *got, const double *want, size_t n, const char *kernels, const char *what)
{
	double apart = case_apart(got, want, n);

	ok(apart < 2e-5, "%s: %s is the naive one (%.1e)", kernels, what, apart);
}

#endif
