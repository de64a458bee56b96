/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "train/scenario.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/num_parse.h"

const struct criterion_info criterion_table[N_CRITERIA] = {
	[CRITERION_ACCURACY] = { "accuracy", false, 0, "the metric, over all users" },
	[CRITERION_COLD_USERS] = { "cold-users", false, 0, "the metric over the users with the shortest histories" },
	[CRITERION_TAIL] = { "tail", false, 0, "the metric over the items that are not among the 20 % most taken" },
	[CRITERION_COLD_ITEMS] = { "cold-items", false, 0, "the metric over items that were never trained on, on a split of its own" },
	[CRITERION_REPEATS] = { "repeats", false, 0, "the metric where what a user had already may come again" },
	[CRITERION_COVERAGE] = { "coverage", false, 0, "coverage@10" },
	[CRITERION_DIVERSITY] = { "diversity", false, 0, "diversity@10" },
	[CRITERION_NOISE] = { "noise", false, 0, "what is left of the metric with random events among the true ones" },
	[CRITERION_LATENCY] = { "latency", true, 1, "99th percentile of the ms of one user's list; 1 ms is enough" },
	[CRITERION_TRAINING] = { "training", true, 10, "seconds of training; 10 s are enough" },
	[CRITERION_MEMORY] = { "memory", true, 1e8, "bytes held while it answers; 100 MB are enough" },
	[CRITERION_EXPLANATION] = { "explanation", false, 0, "faithfulness of its explanations" },
};

const struct scenario scenario_table[] = {
	{ "films", "accuracy and varied lists",
	  { [CRITERION_ACCURACY] = 4, [CRITERION_DIVERSITY] = 2, [CRITERION_COVERAGE] = 1, [CRITERION_EXPLANATION] = 1 } },
	{ "shop", "what is bought again, new items, quick answers",
	  { [CRITERION_ACCURACY] = 3, [CRITERION_REPEATS] = 3, [CRITERION_COLD_ITEMS] = 2, [CRITERION_LATENCY] = 2 } },
	{ "social", "everybody and everything is seen, new members too",
	  { [CRITERION_ACCURACY] = 2, [CRITERION_COVERAGE] = 3, [CRITERION_COLD_USERS] = 2, [CRITERION_LATENCY] = 1,
	    [CRITERION_NOISE] = 1 } },
	{ "courses", "new courses and learners, answers that can be explained",
	  { [CRITERION_ACCURACY] = 2, [CRITERION_COLD_ITEMS] = 2, [CRITERION_COLD_USERS] = 3, [CRITERION_EXPLANATION] = 2 } },
	{ "music", "what is heard again, and varied lists",
	  { [CRITERION_ACCURACY] = 2, [CRITERION_REPEATS] = 3, [CRITERION_DIVERSITY] = 2, [CRITERION_TAIL] = 1 } },
	{ .name = NULL },
};

const struct scenario *scenario_find(const char *name)
{
	for (const struct scenario *s = scenario_table; s->name; s++)
		if (!strcmp(s->name, name))
			return s;
	return NULL;
}

static bool weigh_one(struct scenario *w, const char *at, size_t len, struct err *err)
{
	const char *colon = memchr(at, ':', len), *names[N_CRITERIA], *near;
	size_t name = colon ? (size_t)(colon - at) : len;
	char text[64];
	double weight;

	for (int c = 0; c < N_CRITERIA; c++) {
		names[c] = criterion_table[c].name;
		if (!colon || strlen(names[c]) != name || strncmp(names[c], at, name) != 0)
			continue;
		if (!num_parse_double(colon + 1, len - name - 1, &weight) || !(weight >= 0 && weight <= 1000))
			return err_set(err, ERR_RANGE, "%s weighs 0 to 1000", names[c]);
		w->weight[c] = weight;
		return true;
	}
	if (!colon)
		return err_set(err, ERR_SYNTAX, "expected criterion:weight, such as accuracy:3,latency:1");
	snprintf(text, sizeof(text), "%.*s", (int)name, at);
	near = str_nearest(text, names, N_CRITERIA);
	return err_set(err, ERR_NOTFOUND, "no criterion is called %s%s%s%s; help compare lists them", text, near ? ": did you mean " : "",
		       near ? near : "", near ? "?" : "");
}

bool scenario_weigh(struct scenario *w, const char *text, struct err *err)
{
	for (const char *at = text;;) {
		size_t len = strcspn(at, ",");

		if (!weigh_one(w, at, len, err))
			return false;
		if (!at[len])
			return true;
		at += len + 1;
	}
}

void scenario_text(const struct scenario *w, struct str *out)
{
	for (int c = 0; c < N_CRITERIA; c++)
		if (w->weight[c] > 0)
			str_printf(out, "%s%s:%g", out->len ? "," : "", criterion_table[c].name, w->weight[c]);
}

/* NaN: not measured. */
static double counted(double v, int c)
{
	return criterion_table[c].cost && v < criterion_table[c].enough ? criterion_table[c].enough : v;
}

/* The figure that has share 1; NaN: nobody was measured, or nobody has any. */
static double best_of(const double (*figure)[N_CRITERIA], size_t n, int c)
{
	double best = NAN;

	for (size_t r = 0; r < n; r++) {
		double v = counted(figure[r][c], c);

		if (isnan(best) || (criterion_table[c].cost ? v < best : v > best))
			best = v;
	}
	return best > 0 ? best : NAN;
}

static double share_of(double v, double best, int c)
{
	v = counted(v, c);
	if (isnan(v) || v <= 0)
		return 0;
	return criterion_table[c].cost ? best / v : v / best;
}

size_t scenario_judge(const struct scenario *w, const double (*figure)[N_CRITERIA], size_t n, double *fit)
{
	size_t best = 0;

	for (size_t r = 0; r < n; r++) {
		double sum = 0, weights = 0;

		for (int c = 0; c < N_CRITERIA; c++) {
			double top = best_of(figure, n, c);

			if (isnan(top))
				continue;
			sum += w->weight[c] * share_of(figure[r][c], top, c);
			weights += w->weight[c];
		}
		fit[r] = weights > 0 ? sum / weights : 0;
		if (fit[r] > fit[best])
			best = r;
	}
	return best;
}

void scenario_describe(const struct scenario *w, const double (*figure)[N_CRITERIA], size_t n, struct str *out)
{
	for (int c = 0; c < N_CRITERIA; c++)
		if (w->weight[c] > 0 && !isnan(best_of(figure, n, c)))
			str_printf(out, "%s%s %g", out->len ? ", " : "", criterion_table[c].name, w->weight[c]);
}
