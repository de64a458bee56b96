/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loss.c - see loss.h. */
#include "num/loss.h"

#include <math.h>
#include <string.h>

#include "num/kern.h"

/* log(1 + e^x), and its slope, the sigmoid, by the one exponential of -|x|. */
static double softplus(double x, float *slope)
{
	double e = exp(-fabs(x));

	*slope = (float)(x >= 0 ? 1 / (1 + e) : e / (1 + e));
	return (x > 0 ? x : 0) + log1p(e) + (x - x); /* x - x: NaN for what is no number */
}

double loss_bce(float *ds, const float *s, const float *label, float weight, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		float slope;

		sum += softplus((double)s[i], &slope) - (double)(label[i] * s[i]);
		ds[i] += weight * (slope - label[i]);
	}
	return sum;
}

double loss_bpr(float *dpos, float *dneg, const float *pos, const float *neg, float weight, size_t n, size_t N)
{
	float share = weight / (float)N;
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		for (size_t k = i * N; k < (i + 1) * N; k++) {
			float slope;

			sum += softplus((double)neg[k] - (double)pos[i], &slope) / (double)N;
			dneg[k] += share * slope;
			dpos[i] -= share * slope;
		}
	}
	return sum;
}

double loss_ccl(float *dpos, float *dneg, const float *pos, const float *neg, float margin, float mu, float weight,
		size_t n, size_t N)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		sum += 1 - (double)pos[i];
		dpos[i] -= weight;
		for (size_t k = i * N; k < (i + 1) * N; k++) {
			if (neg[k] <= margin)
				continue;
			sum += (double)mu / (double)N * ((double)neg[k] - (double)margin);
			dneg[k] += weight * mu / (float)N;
		}
	}
	return sum;
}

static double row_softmax(float *dpos, float *dneg, float pos, const float *neg, const float *logq_pos,
			  const float *logq_neg, float temperature, float weight, size_t N)
{
	double first = (double)pos / (double)temperature - (logq_pos ? (double)*logq_pos : 0), most = first, sum;
	double slope = (double)(weight / temperature);

	for (size_t k = 0; k < N; k++) {
		double logit = (double)neg[k] / (double)temperature - (logq_neg ? (double)logq_neg[k] : 0);

		most = logit > most ? logit : most;
	}
	sum = exp(first - most);
	for (size_t k = 0; k < N; k++)
		sum += exp((double)neg[k] / (double)temperature - (logq_neg ? (double)logq_neg[k] : 0) - most);
	*dpos += (float)(slope * (exp(first - most) / sum - 1));
	for (size_t k = 0; k < N; k++) {
		double logit = (double)neg[k] / (double)temperature - (logq_neg ? (double)logq_neg[k] : 0);

		dneg[k] += (float)(slope * exp(logit - most) / sum);
	}
	return log(sum) + most - first;
}

double loss_sampled_softmax(float *dpos, float *dneg, const float *pos, const float *neg, const float *logq_pos,
			    const float *logq_neg, float temperature, float weight, size_t n, size_t N)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += row_softmax(&dpos[i], &dneg[i * N], pos[i], &neg[i * N], logq_pos ? &logq_pos[i] : NULL,
				   logq_neg ? &logq_neg[i * N] : NULL, temperature, weight, N);
	return sum;
}

double loss_softmax_rows(float *logits, size_t ld, const uint32_t *target, const float *logq, float weight,
			 size_t n, size_t C)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		float *row = logits + i * ld, most, total, of_target;

		if (logq)
			kern()->axpy(-1, logq, row, C);
		of_target = row[target[i]];
		most = kern()->max(row, C);
		total = kern()->exp_sum(row, C, most);
		kern()->scale(row, C, weight / total);
		row[target[i]] -= weight;
		sum += log((double)total) + (double)most - (double)of_target;
	}
	return sum;
}

#define SHORTEST 1e-12f

void unit_rows_forward(float *y, float *norm, const float *x, size_t R, size_t C)
{
	for (size_t r = 0; r < R; r++, x += C, y += C) {
		norm[r] = sqrtf(kern()->dot(x, x, C));
		if (y != x)
			memcpy(y, x, C * sizeof(*y));
		if (!(norm[r] < SHORTEST))
			kern()->scale(y, C, 1 / norm[r]);
	}
}

void unit_rows_backward(float *dx, const float *dy, const float *y, const float *norm, size_t R, size_t C)
{
	for (size_t r = 0; r < R; r++, dx += C, dy += C, y += C) {
		bool as_is = norm[r] < SHORTEST;
		float by = as_is ? 1 : 1 / norm[r];

		/* forward: y = x / |x|:  dx = (dy - y (y.dy)) / |x| */
		kern()->axpy(by, dy, dx, C);
		if (!as_is)
			kern()->axpy(-by * kern()->dot(y, dy, C), y, dx, C);
	}
}
