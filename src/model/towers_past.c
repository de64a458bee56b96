/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_past.c - see towers_past.h.  Run i is what stands before asked[i] and after asked[i - 1]. */
#include "model/towers_past.h"

#include <math.h>
#include <string.h>

#include "num/linalg.h"

/* What has faded to this counts as nothing: it could not move a sum, and would end in denormal numbers, which are
 * slow to reckon with. */
#define GONE 1e-12f

/* x_k recency^(n-1-k) for the k from..n-1. */
static void fade(float recency, const float *x, size_t from, size_t n, float *f)
{
	float by = 1;

	for (size_t k = n; k-- > from; by = by > GONE ? by * recency : 0)
		f[k] = (x ? x[k] : 1) * by;
}

void towers_past_weights(float recency, const float *x, size_t n, float *f)
{
	fade(recency, x, 0, n, f);
}

void towers_past_weights_before(float recency, const float *x, size_t n, const uint32_t *asked, size_t R, float *f)
{
	size_t from = 0;

	for (size_t e = 0; e < R; from = asked[e++])
		fade(recency, x, from, asked[e], f);
	for (; from < n; from++)
		f[from] = 0;
}

static size_t run_from(const struct towers_past *p, size_t i)
{
	return i ? (size_t)p->asked[i - 1] + 1 : 0;
}

static size_t run_to(const struct towers_past *p, size_t i)
{
	return i < p->R ? p->asked[i] : p->n;
}

static float sum_of(const float *f, size_t n)
{
	double sum = 0;

	for (size_t k = 0; k < n; k++)
		sum += (double)f[k];
	return (float)sum;
}

/* The run's sum into v; returns its weight. */
static float sum_run(const struct towers_net *n, const struct towers_past *p, size_t i, float *v)
{
	size_t from = run_from(p, i), to = run_to(p, i);

	towers_sum_past(n, p->item + from, p->f + from, to - from, v);
	return sum_of(p->f + from, to - from);
}

static void add_asked(const struct towers_net *n, const struct towers_past *p, size_t e, float *v, float *weight)
{
	float f = p->f[p->asked[e]];

	linalg_axpy(f, n->past + p->item[p->asked[e]] * (size_t)n->D, v, n->D);
	*weight += f;
}

/* Shares of the own sum and of the friends' mean, by what there is. */
static void share(const struct towers_net *n, bool met, float weight, float *own, float *of_friends)
{
	*own = *of_friends = 0;
	if (weight > 0)
		*own = (met ? 1 - n->social : 1) / weight;
	if (met)
		*of_friends = weight > 0 ? n->social : 1;
}

void towers_past_mean(const struct towers_net *n, const uint32_t *item, const float *f, size_t count,
		      const float *friends, float *mean)
{
	float own, of_friends;

	share(n, friends != NULL, sum_of(f, count), &own, &of_friends);
	towers_sum_past(n, item, f, count, mean);
	for (uint32_t d = 0; d < n->D; d++)
		mean[d] *= own;
	if (friends)
		linalg_axpy(of_friends, friends, mean, n->D);
}

/* --- Of what stands before ------------------------------------------------------------------------ */

/* What the sums before asked[e - 1] count at asked[e]. */
static float faded(const struct towers_net *n, const struct towers_past *p, size_t e)
{
	return e ? powf(n->recency, (float)(p->asked[e] - p->asked[e - 1])) : 0;
}

static size_t step_from(const struct towers_past *p, size_t e)
{
	return e ? p->asked[e - 1] : 0;
}

/* S_e = faded S_{e-1} + the events from asked[e - 1] on: what is asked for counts for what comes later. */
static void means_before(const struct towers_net *n, const struct towers_past *p, float *mean, float *own,
			 float *of_friends, float *work)
{
	size_t D = n->D;
	float *sum = work, *step = work + D, *friends = step + D, weight = 0;

	memset(sum, 0, D * sizeof(*sum));
	if (p->n_friends)
		towers_sum_past(n, p->friends, p->friends_f, p->n_friends, friends);
	for (size_t e = 0; e < p->R; e++) {
		size_t from = step_from(p, e), count = p->asked[e] - from;
		float by = faded(n, p, e), *m = mean + e * D;

		for (; count && p->f[from] == 0; from++)
			count--; /* long ago */
		towers_sum_past(n, p->item + from, p->f + from, count, step);
		weight = by * weight + sum_of(p->f + from, count);
		share(n, p->n_friends > 0, weight, &own[e], &of_friends[e]);
		for (size_t d = 0; d < D; d++) {
			sum[d] = by * sum[d] + step[d];
			m[d] = own[e] * sum[d];
		}
		if (p->n_friends)
			linalg_axpy(of_friends[e], friends, m, D);
	}
}

static void entries(const struct towers_past *p, size_t from, size_t to, const float *vector, struct row_grad *entry)
{
	for (size_t k = from; k < to; k++)
		entry[k] = (struct row_grad){ .from = vector, .row = p->f[k] != 0 ? p->item[k] : ROW_GRADS_NONE,
					      .coef = p->f[k] };
}

/* forward: m_e = own_e S_e + of_friends_e friends, S_e = faded_e S_{e-1} + step_e */
static void backward_before(const struct towers_net *n, const struct towers_past *p, const float *dmean, const float *own,
			    const float *of_friends, float *vector, struct row_grad *entry)
{
	size_t D = n->D, R = p->R;
	float *friends = vector + R * D;

	for (size_t e = R; e-- > 0; ) {
		float *v = vector + e * D, by = e + 1 < R ? faded(n, p, e + 1) : 0;

		for (size_t d = 0; d < D; d++)
			v[d] = own[e] * dmean[e * D + d];
		if (by != 0)
			linalg_axpy(by, v + D, v, D);
		entries(p, step_from(p, e), p->asked[e], v, entry);
	}
	entries(p, p->asked[R - 1], p->n, vector, entry); /* nothing is asked after these: their f is 0 */
	memset(friends, 0, D * sizeof(*friends));
	for (size_t e = 0; p->n_friends && e < R; e++)
		linalg_axpy(of_friends[e], dmean + e * D, friends, D);
	for (size_t k = 0; k < p->n_friends; k++)
		entry[p->n + k] = (struct row_grad){ .from = friends, .row = p->friends[k], .coef = p->friends_f[k] };
}

/* --- Of all others ---------------------------------------------------------------------------------- */

void towers_past_means(const struct towers_net *n, const struct towers_past *p, float *mean, float *own,
		       float *of_friends, float *work)
{
	size_t D = n->D, bytes = D * sizeof(float);
	float *run = work, *sum = work + (p->R + 1) * D, *friends = sum + D, weight;

	if (p->before) {
		means_before(n, p, mean, own, of_friends, work);
		return;
	}
	/* From the oldest: what stands before each; own[] holds its weight for now. */
	weight = sum_run(n, p, 0, run);
	memcpy(sum, run, bytes);
	for (size_t e = 0; e < p->R; e++) {
		float *next = run + (e + 1) * D;

		memcpy(mean + e * D, sum, bytes);
		own[e] = weight;
		add_asked(n, p, e, sum, &weight);
		weight += sum_run(n, p, e + 1, next);
		linalg_axpy(1, next, sum, D);
	}
	if (p->n_friends)
		towers_sum_past(n, p->friends, p->friends_f, p->n_friends, friends);
	/* From the newest: what stands after, whose places move up by the one taken out. */
	memcpy(sum, run + p->R * D, bytes);
	weight = sum_of(p->f + run_from(p, p->R), p->n - run_from(p, p->R));
	for (size_t e = p->R; e-- > 0; ) {
		float *m = mean + e * D;

		linalg_axpy(n->recency, sum, m, D);
		share(n, p->n_friends > 0, own[e] + n->recency * weight, &own[e], &of_friends[e]);
		for (size_t d = 0; d < D; d++)
			m[d] *= own[e];
		if (p->n_friends)
			linalg_axpy(of_friends[e], friends, m, D);
		add_asked(n, p, e, sum, &weight);
		linalg_axpy(1, run + e * D, sum, D);
		weight += sum_of(p->f + run_from(p, e), run_to(p, e) - run_from(p, e));
	}
}

static void entries_of_run(const struct towers_past *p, size_t i, const float *from, struct row_grad *entry)
{
	entries(p, run_from(p, i), run_to(p, i), from, entry);
}

/* forward: m_e = own_e (sum before e + recency sum after e) + of_friends_e friends */
void towers_past_backward(const struct towers_net *n, const struct towers_past *p, const float *dmean, const float *own,
			  const float *of_friends, float *vector, struct row_grad *entry)
{
	size_t D = n->D, R = p->R, bytes = D * sizeof(float);
	float *of_run = vector, *of_asked = vector + (R + 1) * D, *friends = of_asked + R * D, *before = friends;

	if (p->before) {
		backward_before(n, p, dmean, own, of_friends, vector, entry);
		return;
	}
	/* A run stands before the events e >= i and after those e < i; an asked one likewise, but for itself. */
	memset(of_run + R * D, 0, bytes);
	for (size_t i = R; i-- > 0; ) {
		memcpy(of_asked + i * D, of_run + (i + 1) * D, bytes);
		memcpy(of_run + i * D, of_run + (i + 1) * D, bytes);
		linalg_axpy(own[i], dmean + i * D, of_run + i * D, D);
	}
	memset(before, 0, bytes);
	for (size_t i = 0; i < R; i++) {
		linalg_axpy(n->recency, before, of_asked + i * D, D);
		linalg_axpy(own[i], dmean + i * D, before, D);
		linalg_axpy(n->recency, before, of_run + (i + 1) * D, D);
	}
	memset(friends, 0, bytes); /* which was `before` */
	for (size_t i = 0; p->n_friends && i < R; i++)
		linalg_axpy(of_friends[i], dmean + i * D, friends, D);
	for (size_t i = 0; i <= R; i++)
		entries_of_run(p, i, of_run + i * D, entry);
	for (size_t i = 0; i < R; i++) {
		size_t k = p->asked[i];

		entry[k] = (struct row_grad){ .from = of_asked + i * D, .row = p->f[k] != 0 ? p->item[k] : ROW_GRADS_NONE,
					      .coef = p->f[k] };
	}
	for (size_t k = 0; k < p->n_friends; k++)
		entry[p->n + k] = (struct row_grad){ .from = friends, .row = p->friends[k], .coef = p->friends_f[k] };
}
