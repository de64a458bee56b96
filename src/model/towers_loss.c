/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_loss.c - see towers_loss.h. */
#include "model/towers_loss.h"

#include <math.h>

#include "num/kern.h"

static void put(float *s, const uint32_t *out, size_t n_out, float x)
{
	for (size_t k = 0; k < n_out; k++)
		s[out[k]] = x;
}

static double row_ccl(const struct towers_loss_rule *rule, float *s, size_t N, size_t n, float share)
{
	double loss = 1 - (double)s[N];
	float by = rule->weight / (float)(n ? n : 1);

	s[N] = -share;
	return loss + (double)(by * kern()->hinge(s, N, rule->margin, share * by));
}

static double row_bpr(float *s, size_t N, size_t n, float share)
{
	float by = 1 / (float)(n ? n : 1), slopes, loss;

	loss = kern()->softplus(s, N, s[N], share * by, &slopes);
	s[N] = -slopes;
	return (double)(by * loss);
}

static double row_softmax(const struct towers_loss_rule *rule, float *s, size_t N, float logq, float share)
{
	float most, total, of_event;

	for (size_t k = 0; k < N; k++)
		s[k] = s[k] / rule->temperature - logq;
	of_event = s[N] /= rule->temperature;
	most = kern()->max(s, N + 1);
	total = kern()->exp_sum(s, N + 1, most);
	share /= rule->temperature;
	kern()->scale(s, N + 1, share / total);
	s[N] -= share;
	return log((double)total) + (double)most - (double)of_event;
}

double towers_loss_rows(const struct towers_loss_rule *rule, float *s, size_t ld, size_t R, size_t N, float logq,
			const uint32_t *out, size_t n_out, float share)
{
	double loss = 0;

	for (size_t r = 0; r < R; r++, s += ld) {
		put(s, out, n_out, -INFINITY);
		if (rule->loss == TOWERS_CCL)
			loss += row_ccl(rule, s, N, N - n_out, share);
		else if (rule->loss == TOWERS_BPR)
			loss += row_bpr(s, N, N - n_out, share);
		else
			loss += row_softmax(rule, s, N, logq, share);
		put(s, out, n_out, 0);
	}
	return loss;
}
