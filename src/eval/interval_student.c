/* SPDX-License-Identifier: GPL-3.0-or-later */
/* interval_student.c - Student's t and its intervals, for many comparisons at once (interval.h). */
#include <math.h>

#include "eval/interval.h"

#define TINY 1e-300

/* Continued fraction of the incomplete beta function (Abramowitz & Stegun 26.5.8), by Lentz's method as Thompson &
 * Barnett 1986 give it. */
static double beta_fraction(double a, double b, double x)
{
	double c = 1, d = 1 - (a + b) * x / (a + 1), f;

	d = 1 / (fabs(d) < TINY ? TINY : d);
	f = d;
	for (int m = 1; m < 500; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), was = f;

		for (int k = 0; k < 2; k++) {
			double step = k ? odd : even;

			d = 1 + step * d;
			c = 1 + step / c;
			d = 1 / (fabs(d) < TINY ? TINY : d);
			c = fabs(c) < TINY ? TINY : c;
			f *= d * c;
		}
		if (fabs(f / was - 1) < 1e-14)
			break;
	}
	return f;
}

/* I_x(a, b). */
static double incomplete_beta(double a, double b, double x)
{
	double front;

	if (x <= 0 || x >= 1)
		return x <= 0 ? 0 : 1;
	front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
	return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double student_p(double t, double degrees)
{
	return incomplete_beta(degrees / 2, 0.5, degrees / (degrees + t * t));
}

/* The t whose two-sided p is this. */
static double student_t(double p, double degrees)
{
	double lo = 0, hi = 1;

	while (student_p(hi, degrees) > p && hi < 1e15)
		hi *= 2;
	for (int k = 0; k < 100 && hi - lo > 1e-12 * hi; k++) {
		double middle = (lo + hi) / 2;

		if (student_p(middle, degrees) > p)
			lo = middle;
		else
			hi = middle;
	}
	return (lo + hi) / 2;
}

void interval_among(interval_value_fn *d, const void *ctx, size_t n, size_t among, struct paired *out)
{
	double sum = 0, squares = 0, error;
	size_t valid = 0;

	for (size_t i = 0; i < n; i++) {
		double v = d(ctx, i);

		valid += !isnan(v);
		sum += isnan(v) ? 0 : v;
	}
	*out = (struct paired){ valid ? sum / (double)valid : NAN, NAN, NAN, NAN, valid };
	if (valid < 2)
		return;
	for (size_t i = 0; i < n; i++) {
		double v = d(ctx, i) - out->mean;

		squares += isnan(v) ? 0 : v * v;
	}
	error = sqrt(squares / (double)(valid - 1) / (double)valid);
	out->p = error > 0 ? fmin(1, (double)among * student_p(out->mean / error, (double)valid - 1)) : out->mean != 0 ? 0 : 1;
	error *= student_t(0.05 / (double)(among ? among : 1), (double)valid - 1);
	out->lo = out->mean - error;
	out->hi = out->mean + error;
}
