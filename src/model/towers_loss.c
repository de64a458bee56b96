/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_loss.c - see towers_loss.h. */
#include "model/towers_loss.h"

#include <math.h>

#include "num/kern.h"

/* So far below the event what does not count is put: e^-FAR is nothing beside 1, and still no denormal number, which
 * processors are slow with, when it is multiplied by a share. */
#define FAR 60.0f

static void put(float *s, const uint32_t *out, size_t n_out, float x)
{
	for (size_t k = 0; k < n_out; k++)
		s[out[k]] = x;
}

static double row_ccl(const struct towers_loss_rule *rule, float *s, size_t N, const uint32_t *out, size_t n_out,
		      float share)
{
	double loss = 1 - (double)s[N];
	float by = rule->weight / (float)(N > n_out ? N - n_out : 1);

	put(s, out, n_out, rule->margin);
	s[N] = -share;
	return loss + (double)(by * kern()->hinge(s, N, rule->margin, share * by));
}

static double row_bpr(float *s, size_t N, const uint32_t *out, size_t n_out, float share)
{
	float by = 1 / (float)(N > n_out ? N - n_out : 1), slopes, loss;

	put(s, out, n_out, s[N] - FAR);
	loss = kern()->softplus(s, N, s[N], share * by, &slopes);
	s[N] = -slopes;
	return (double)(by * loss);
}

static double row_softmax(const struct towers_loss_rule *rule, float *s, size_t N, float logq, const uint32_t *out,
			  size_t n_out, float share)
{
	float most, total, of_event;

	share /= rule->temperature;
	kern()->scale(s, N + 1, 1 / rule->temperature);
	of_event = s[N] += logq; /* as good as taking it off all others */
	put(s, out, n_out, of_event - FAR);
	most = kern()->max(s, N + 1);
	total = kern()->exp_sum(s, N + 1, most);
	put(s, out, n_out, 0);
	kern()->scale(s, N + 1, share / total);
	s[N] -= share;
	return log((double)total) + (double)most - (double)of_event;
}

double towers_loss_rows(const struct towers_loss_rule *rule, float *s, size_t ld, size_t R, size_t N, float logq,
			const uint32_t *out, size_t n_out, float share)
{
	double loss = 0;

	for (size_t r = 0; r < R; r++, s += ld) {
		if (rule->loss == TOWERS_CCL)
			loss += row_ccl(rule, s, N, out, n_out, share);
		else if (rule->loss == TOWERS_BPR)
			loss += row_bpr(s, N, out, n_out, share);
		else
			loss += row_softmax(rule, s, N, logq, out, n_out, share);
		put(s, out, n_out, 0);
	}
	return loss;
}
