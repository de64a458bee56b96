/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rewards_tell.c - from the answers of several rounds to a figure with its interval, and what is said of it: see rewards.h. */
#include <math.h>
#include <stdio.h>

#include "base/mem.h"
#include "eval/interval.h"
#include "train/rewards_private.h"

/* --- what is said ----------------------------------------------------------------------------------------- */

const char *reward_told_text(enum reward_told t)
{
	static const char *const text[] = { "none", "yes", "little", "no", "not told" };

	return text[t];
}

enum reward_told reward_judge(const struct reward *r, double share)
{
	double gain = r->with - r->without, margin = share * r->without;

	if (!r->n || isnan(r->low))
		return REWARD_NOT_TOLD;
	if (r->low > 0)
		return gain >= margin ? REWARD_YES : REWARD_LITTLE;
	return r->high < margin ? REWARD_NO : REWARD_NOT_TOLD;
}

const char *reward_verdict(const struct reward *r, char out[static 48])
{
	if (r->told == REWARD_NO && r->high > 0 && r->without > 0)
		snprintf(out, 48, "gains no more than %.0f%%", ceil(100 * r->high / r->without));
	else
		snprintf(out, 48, "%s", r->told == REWARD_YES ? "rewarded" : r->told == REWARD_LITTLE ? "rewarded a little" :
			 r->told == REWARD_NO ? "not rewarded" : "too little data to tell");
	return out;
}

/* --- rounds ----------------------------------------------------------------------------------------------- */

bool rewards_tally_init(struct rewards_tally *t, size_t n_units, bool apart, struct err *err)
{
	*t = (struct rewards_tally){ .n_units = n_units, .apart = apart };
	t->with = mem_zeroed(n_units + 1, sizeof(*t->with), err);
	t->without = t->with ? mem_zeroed(n_units + 1, sizeof(*t->without), err) : NULL;
	t->n = t->without ? mem_zeroed(n_units + 1, sizeof(*t->n), err) : NULL;
	return t->n != NULL;
}

void rewards_tally_done(struct rewards_tally *t)
{
	mem_free(t->with);
	mem_free(t->without);
	mem_free(t->n);
	*t = (struct rewards_tally){ 0 };
}

void rewards_tally_add(struct rewards_tally *t, const struct measuring *m)
{
	double with = 0, without = 0;
	size_t n = 0;

	for (size_t u = 0; u < t->n_units; u++) {
		if (isnan(m->with[u]) || isnan(m->without[u]))
			continue;
		with += (double)m->with[u];
		without += (double)m->without[u];
		t->with[u] += (double)m->with[u];
		t->without[u] += (double)m->without[u];
		t->n[u]++;
		n++;
	}
	if (!n)
		return;
	t->with_mean[t->rounds] = with / (double)n;
	t->without_mean[t->rounds++] = without / (double)n;
}

static double variance(const double *v, unsigned n)
{
	double mean = 0, sum = 0;

	for (unsigned k = 0; k < n; k++)
		mean += v[k] / n;
	for (unsigned k = 0; k < n; k++)
		sum += (v[k] - mean) * (v[k] - mean);
	return n > 1 ? sum / (n - 1) : 0;
}

/* Of the gain's mean, what trainings alone make of it from round to round.  of_units: the variance that the units
 * give it, which rounds of units of their own have as well, each R times as much. */
static double variance_of_trainings(const struct rewards_tally *t, double of_units)
{
	double gain[REWARDS_ROUNDS];

	if (t->rounds < 2)
		return 0;
	if (!t->apart)
		return (variance(t->with_mean, t->rounds) + variance(t->without_mean, t->rounds)) / t->rounds;
	for (unsigned k = 0; k < t->rounds; k++)
		gain[k] = t->with_mean[k] - t->without_mean[k];
	return fmax(0, variance(gain, t->rounds) / t->rounds - of_units);
}

#define NORMAL_95 1.959964

/* The bootstrap draws units; its interval grows by what the trainings add. */
static void widen(const struct rewards_tally *t, double gain, struct reward *r)
{
	double half = (r->high - r->low) / 2, of_units = half / NORMAL_95 * half / NORMAL_95, by;

	if (!(of_units > 0))
		return;
	by = sqrt(1 + variance_of_trainings(t, of_units) / of_units);
	r->low = gain - by * (gain - r->low);
	r->high = gain + by * (r->high - gain);
}

bool rewards_tell(struct measuring *m, enum reward_of which, const struct rewards_tally *t, const char *of, const char *instead,
		  struct err *err)
{
	struct reward *r = &m->out->of[which];
	double with = 0, without = 0;
	char verdict[48];

	for (size_t u = 0; u < t->n_units; u++) {
		m->with[u] = t->n[u] ? (float)((t->with[u] - t->without[u]) / t->n[u]) : NAN;
		if (!t->n[u])
			continue;
		with += t->with[u] / t->n[u];
		without += t->without[u] / t->n[u];
		r->n++;
	}
	r->with = r->n ? with / (double)r->n : NAN;
	r->without = r->n ? without / (double)r->n : NAN;
	if (!interval_mean(m->with, t->n_units, m->seed, &m->task, &r->low, &r->high))
		return task_cancelled(err);
	widen(t, r->with - r->without, r);
	r->told = reward_judge(r, which == REWARD_NEW_ITEMS ? REWARDS_MARGIN_NEW : REWARDS_MARGIN);
	snprintf(r->text, sizeof(r->text), "%c%s: %s: ndcg@%d %.4f with %s, %.4f %s; gain %+.0f%% [%+.0f%%, %+.0f%%], %zu %s, %u trainings each.",
		 r->what[0] - 'a' + 'A', r->what + 1, reward_verdict(r, verdict), REWARDS_K, r->with,
		 of, r->without, instead, 100 * (r->with / r->without - 1), 100 * r->low / r->without, 100 * r->high / r->without,
		 r->n, which == REWARD_NEW_ITEMS ? "items" : "users", t->rounds);
	return true;
}
