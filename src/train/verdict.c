/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verdict.c - the sentences of verdict.h. */
#include "train/verdict.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"

__attribute__((format(printf, 2, 3)))
static void say(struct verdict *v, const char *fmt, ...)
{
	struct str text = STR_INIT;
	va_list ap;

	if (v->n == sizeof(v->sentence) / sizeof(*v->sentence))
		return;
	va_start(ap, fmt);
	str_vprintf(&text, fmt, ap);
	va_end(ap);
	v->sentence[v->n++] = str_take(&text);
}

static size_t cheapest(const struct verdict_row *rows, size_t n)
{
	size_t at = 0;

	for (size_t i = 1; i < n; i++) {
		const struct verdict_row *r = &rows[i], *b = &rows[at];

		if (!r->with_best)
			continue;
		if (r->train_seconds < b->train_seconds || (r->train_seconds <= b->train_seconds && r->bytes < b->bytes))
			at = i;
	}
	return at;
}

static void list_set(const struct verdict_row *rows, size_t n, struct str *out)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].with_best)
			str_printf(out, "%s%s %.4f [%.4f, %.4f]", out->len ? ", " : "", rows[i].run, rows[i].value, rows[i].low,
				   rows[i].high);
}

static void say_set(const struct verdict_row *rows, size_t n, const char *metric, struct verdict *v)
{
	struct str set = STR_INIT;
	size_t together = 0;

	for (size_t i = 0; i < n; i++)
		together += rows[i].with_best;
	list_set(rows, n, &set);
	if (together == n && n > 1)
		say(v, "The users are too few to tell these models apart by %s: %s.", metric, str_text(&set));
	else if (together > 1)
		say(v, "%zu of %zu are not told apart from the best by %s: %s.", together, n, metric, str_text(&set));
	else
		say(v, "%s is the best of %zu by %s: %s.", rows[0].run, n, metric, str_text(&set));
	str_done(&set);
}

static void say_take(const struct verdict_row *rows, size_t n, struct verdict *v)
{
	const struct verdict_row *r = &rows[v->take];
	struct str others = STR_INIT;
	char a[32], b[32];

	for (size_t i = 0; i < n; i++)
		if (rows[i].with_best && i != v->take)
			str_printf(&others, "%s%s %s", others.len ? ", " : "", rows[i].run, str_seconds(rows[i].train_seconds, a));
	str_seconds(r->train_seconds, a);
	str_bytes(r->bytes, b);
	if (others.len)
		say(v, "Take %s: of these it was trained fastest, in %s (%s); it answers in %.3g ms a user and takes %s.", r->run, a,
		    str_text(&others), r->ms_p50, b);
	else
		say(v, "Take %s: trained in %s; it answers in %.3g ms a user and takes %s.", r->run, a, r->ms_p50, b);
	str_done(&others);
}

/* The rule takes the fastest of those not told apart, however far it lies behind. */
static void say_best(const struct verdict_row *rows, const char *metric, struct verdict *v)
{
	const struct verdict_row *best = &rows[0], *taken = &rows[v->take];
	double more = taken->value > 0 ? best->value / taken->value - 1 : 0;
	char a[32];

	if (v->take && more >= VERDICT_GAIN)
		say(v, "%s has %.0f%% more %s than %s: that may be chance, %zu users do not tell. Where it would be worth %s of training, "
		    "compare the two on more users, or on further splits (folds=).", best->run, 100 * more, metric, taken->run,
		    taken->users, str_seconds(best->train_seconds, a));
}

static void say_cut(const struct verdict_row *rows, size_t n, struct verdict *v)
{
	struct str cut = STR_INIT;
	char a[32];

	for (size_t i = 0; i < n; i++)
		if (rows[i].cut)
			str_printf(&cut, "%s%s after %u of at most %u epochs, %s", cut.len ? "; " : "", rows[i].run,
				   (unsigned)rows[i].epochs, (unsigned)rows[i].of_epochs, str_seconds(rows[i].train_seconds, a));
	if (cut.len)
		say(v, "Cut short by limit=, and perhaps better with more time: %s.", str_text(&cut));
	str_done(&cut);
}

/* "+0.0060 [+0.0010, +0.0110]" */
static const char *by_how_much(const struct verdict_elsewhere *e, char out[64])
{
	snprintf(out, 64, "%+.4f [%+.4f, %+.4f]", e->told.mean, e->told.lo, e->told.hi);
	return out;
}

static bool is_slice(const struct verdict_elsewhere *e)
{
	return strcmp(e->where, "noise") != 0 && strcmp(e->where, "new items") != 0;
}

static void say_elsewhere(const struct verdict_row *rows, const char *metric, struct verdict *v)
{
	struct str chance = STR_INIT;
	char much[64];

	for (size_t k = 0; k < v->n_elsewhere; k++) {
		const struct verdict_elsewhere *e = &v->elsewhere[k];

		if (is_slice(e) && e->apart)
			say(v, "Elsewhere: on %s %s has %s %.4f and %s %.4f, %s of %zu users (95%% over %zu comparisons of slices and "
			    "models).", e->where, rows[e->row].run, metric, e->other, rows[v->take].run, e->mine, by_how_much(e, much),
			    e->told.users, v->looked);
		else if (is_slice(e))
			str_printf(&chance, "%son %s %s %.4f and it %.4f (%zu users)", chance.len ? ", " : "", e->where,
				   rows[e->row].run, e->other, e->mine, e->told.users);
	}
	if (chance.len)
		say(v, "Not told apart elsewhere (over %zu comparisons of slices and models), though ahead by a tenth or more: %s.",
		    v->looked, str_text(&chance));
	str_done(&chance);
}

static const struct verdict_elsewhere *elsewhere(const struct verdict *v, const char *where)
{
	for (size_t k = 0; k < v->n_elsewhere; k++)
		if (!strcmp(v->elsewhere[k].where, where))
			return &v->elsewhere[k];
	return NULL;
}

static void say_data(const struct verdict_row *rows, size_t n, const char *metric, struct verdict *v)
{
	const struct verdict_row *r = &rows[v->take];

	for (size_t i = 0; i < n; i++)
		if (!strcmp(rows[i].model, "popularity") && i != v->take && r->value > 0)
			say(v, "Popularity alone has %.0f%% of its %s (%.4f of %.4f).", 100 * rows[i].value / r->value, metric,
			    rows[i].value, r->value);
	for (size_t k = 0; k + 1 < r->n_shares; k++) {
		double half = r->share_value[k], all = r->share_value[r->n_shares - 1];

		if (fabs(r->share[k] - 0.5) < 1e-9 && half > 0 && !isnan(all))
			say(v, "From half of the train events to all its %s went from %.4f to %.4f (%+.0f%%): %s.", metric, half, all,
			    100 * (all / half - 1), all > half * 1.05 ? "more events would help" : "more events would help little");
	}
}

static void say_noise(const struct verdict_row *rows, const char *metric, struct verdict *v)
{
	const struct verdict_row *r = &rows[v->take];
	const struct verdict_elsewhere *e = elsewhere(v, "noise");

	if (!(r->noise > 0 && r->noise_clean > 0) || isnan(r->noise_value))
		return;
	say(v, "With %.3g%% random events mixed in its %s goes from %.4f to %.4f (%.0f%% is left).", 100 * r->noise, metric,
	    r->noise_clean, r->noise_value, 100 * r->noise_value / r->noise_clean);
	if (e && e->apart)
		say(v, "Elsewhere: with that noise %s keeps %.0f%% (%.4f of %.4f), %+.0f points [%+.0f, %+.0f] of %zu users (95%% over %zu "
		    "comparisons).", rows[e->row].run, 100 * e->other, rows[e->row].noise_value, rows[e->row].noise_clean,
		    100 * e->told.mean, 100 * e->told.lo, 100 * e->told.hi, e->told.users, v->looked);
}

#define GROWTH 10.0
#define GROWTH_SECONDS 0.5 /* below it a time tells of the machine more than of the events */

/* Seconds go as events to a power: the line of least squares through their logarithms. */
static void say_growth(const struct verdict_row *rows, struct verdict *v)
{
	const struct verdict_row *r = &rows[v->take];
	double n = 0, x = 0, y = 0, xx = 0, xy = 0, power, whole = r->n_shares ? r->share_seconds[r->n_shares - 1] : 0;
	struct str times = STR_INIT;
	char a[32];

	for (size_t k = 0; k < r->n_shares && whole >= GROWTH_SECONDS; k++) {
		double share = log(r->share[k]), seconds = log(r->share_seconds[k]);

		if (!(r->share_seconds[k] >= GROWTH_SECONDS))
			continue;
		str_printf(&times, "%s%s on %.3g%%", n > 0 ? ", " : "", str_seconds(r->share_seconds[k], a), 100 * r->share[k]);
		n++;
		x += share;
		y += seconds;
		xx += share * share;
		xy += share * seconds;
	}
	power = n > 1 ? (n * xy - x * y) / (n * xx - x * x) : NAN;
	if (power >= 0)
		say(v, "At ten times the events of the same items its training would take about %s: a guess, drawn on from %s (%s of the "
		    "events: as events to the power %.2f), not measured.", str_seconds(whole * pow(GROWTH, power), a),
		    n > 2 ? "the timings of single trainings" : "two timings alone", str_text(&times), power);
	str_done(&times);
}

static void say_cold_items(const struct verdict_row *rows, size_t n, const char *metric, struct verdict *v)
{
	const struct verdict_row *taken = &rows[v->take];
	const struct verdict_elsewhere *e = elsewhere(v, "new items");
	size_t best = n;
	char much[64];

	if (!isnan(taken->cold_value))
		say(v, "It ranks items that were never trained on too: %s %.4f on a split that holds items out.", metric,
		    taken->cold_value);
	if (e && e->apart)
		say(v, "Elsewhere: %s ranks such items with %.4f, %s of %zu users (95%% over %zu comparisons).", rows[e->row].run,
		    e->other, by_how_much(e, much), e->told.users, v->looked);
	for (size_t i = 0; i < n; i++)
		if (!isnan(rows[i].cold_value) && (best == n || rows[i].cold_value > rows[best].cold_value))
			best = i;
	if (best < n && isnan(taken->cold_value))
		say(v, "Elsewhere: items never trained on can be ranked by %s, %s %.4f on a split that holds items out; %s cannot "
		    "tell them apart.", rows[best].run, metric, rows[best].cold_value, taken->run);
}

static void say_scenario(const struct verdict_row *rows, size_t n, const struct scenario *scenario, struct verdict *v)
{
	double (*figure)[N_CRITERIA] = mem_must(calloc(n, sizeof(*figure)));
	struct str weights = STR_INIT, others = STR_INIT;

	v->fit = mem_must(calloc(n, sizeof(*v->fit)));
	for (size_t i = 0; i < n; i++)
		memcpy(figure[i], rows[i].figure, sizeof(figure[i]));
	v->fits = scenario_judge(scenario, (const double (*)[N_CRITERIA])figure, n, v->fit);
	scenario_describe(scenario, (const double (*)[N_CRITERIA])figure, n, &weights);
	if (v->fits != v->take)
		str_printf(&others, "%s %.2f", rows[v->take].run, v->fit[v->take]);
	if (weights.len)
		say(v, "For the scenario %s %s fits best, %.2f of 1%s%s (weights %s).", scenario->name, rows[v->fits].run, v->fit[v->fits],
		    others.len ? ", before " : "", str_text(&others), str_text(&weights));
	str_done(&weights);
	str_done(&others);
	free(figure);
}

static void say_cost(const struct verdict_row *rows, struct verdict *v)
{
	const struct verdict_row *r = &rows[v->take];
	char a[32], b[32];

	if (r->int8_bytes && !isnan(r->int8_loss))
		say(v, "In int8 it takes %s in place of %s and %s %.1f%%.", str_bytes(r->int8_bytes, a), str_bytes(r->bytes, b),
		    r->int8_loss >= 0 ? "loses" : "gains", 100 * fabs(r->int8_loss));
	if (!r->exact)
		say(v, "Against it: it is explained by leaving events out alone; its parts do not add up to the score.");
	if (!isnan(r->faithfulness) && !r->faithful)
		say(v, "Against it: its explanations are not above chance (faithfulness %.3f, random orders %.3f).", r->faithfulness,
		    r->by_chance);
}

void verdict_make(const struct verdict_row *rows, size_t n, const char *metric, const struct scenario *scenario,
		  struct verdict *out)
{
	*out = (struct verdict){ 0 };
	if (!n)
		return;
	out->take = cheapest(rows, n);
	verdict_look_elsewhere(rows, n, out);
	say_set(rows, n, metric, out);
	say_take(rows, n, out);
	say_best(rows, metric, out);
	say_cut(rows, n, out);
	if (scenario)
		say_scenario(rows, n, scenario, out);
	say_data(rows, n, metric, out);
	say_noise(rows, metric, out);
	say_cost(rows, out);
	say_growth(rows, out);
	say_cold_items(rows, n, metric, out);
	say_elsewhere(rows, metric, out);
}

void verdict_done(struct verdict *v)
{
	for (size_t k = 0; k < v->n; k++)
		free(v->sentence[k]);
	free(v->fit);
	*v = (struct verdict){ 0 };
}
