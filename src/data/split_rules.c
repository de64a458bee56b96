/* SPDX-License-Identifier: GPL-3.0-or-later */
/* split_rules.c - one function a kind of split, and the table that names them.
 *
 * Shares are of the whole and rounded half up.  A draw over all events is selection sampling (Knuth,
 * TAOCP 2, 3.4.2, algorithm S): exact counts in one pass and no memory.
 */
#include "data/split_rules.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/num_parse.h"
#include "base/rng.h"
#include "data/split.h"

#define ASK_EVERY 4096 /* users, or events by the thousand, between two keep_going */

static size_t share_of(double share, size_t n)
{
	return (size_t)floor(share * (double)n + 0.5);
}

static size_t user_n(const struct dataset *d, uint32_t u)
{
	return d->user_ptr[u + 1] - d->user_ptr[u];
}

static size_t longest_user(const struct dataset *d)
{
	size_t most = 1;

	for (uint32_t u = 0; u < d->n_users; u++)
		if (user_n(d, u) > most)
			most = user_n(d, u);
	return most;
}

static bool need_order(const struct dataset *d, const char *what, struct err *err)
{
	if (d->has_order)
		return true;
	return err_set(err, ERR_UNSUPPORTED, "%s needs times or a known order of events, and %s has neither: "
		       "use ratio or random", what, d->name);
}

static bool shares_fit(double test, double valid, struct err *err)
{
	if (test + valid < 1)
		return true;
	return err_set(err, ERR_RANGE, "test=%g and valid=%g leave nothing to train on: their sum must be "
		       "under 1", test, valid);
}

/* --- leave-last -------------------------------------------------------------- */

static const struct param_spec no_params[] = { { .name = NULL } };

static bool apply_leave_last(const struct dataset *d, const struct params *p, uint64_t seed, uint8_t *part,
			     const struct task *task, struct err *err)
{
	(void)p;
	(void)seed;
	(void)task;
	if (!need_order(d, "leave-last", err))
		return false;
	for (uint32_t u = 0; u < d->n_users; u++) {
		if (user_n(d, u) < 3)
			continue;
		part[d->user_ptr[u + 1] - 1] = PART_TEST;
		part[d->user_ptr[u + 1] - 2] = PART_VALID;
	}
	return true;
}

/* --- ratio ------------------------------------------------------------------- */

#define SHARE(NAME, DEF, MEANING) \
	{ .name = NAME, .type = PARAM_REAL, .lo = 0, .hi = 0.95, .def = DEF, .unit = "", .meaning = MEANING }
#define ORDER(MEANING) \
	{ .name = "order", .type = PARAM_CHOICE, .def = "random", .choices = "random|time", .unit = "", \
	  .meaning = MEANING }

static const struct param_spec ratio_params[] = {
	ORDER("which events of a user: drawn, or the newest"),
	SHARE("test", "0.2", "share of each user's events"),
	SHARE("valid", "0.1", "share of each user's events"),
	{ .name = NULL },
};

/* Positions 0..n-1 of a user's events, those to be test first, then valid.  By time: newest first. */
static void order_events(uint32_t *at, size_t n, bool by_time, struct rng rng)
{
	for (size_t i = 0; i < n; i++)
		at[i] = (uint32_t)(by_time ? n - 1 - i : i);
	if (!by_time)
		rng_shuffle_u32(&rng, at, n);
}

static bool apply_ratio(const struct dataset *d, const struct params *p, uint64_t seed, uint8_t *part,
			const struct task *task, struct err *err)
{
	double test = params_real(p, "test"), valid = params_real(p, "valid");
	bool by_time = params_choice(p, "order") == 1, going = true;
	uint32_t *at;

	if (!shares_fit(test, valid, err) || (by_time && !need_order(d, "order=time", err)))
		return false;
	at = mem_alloc(longest_user(d), sizeof(*at), err);
	if (!at)
		return false;
	for (uint32_t u = 0; u < d->n_users && going; u++) {
		size_t n = user_n(d, u), n_test, n_valid;

		if (n == 0)
			continue;
		n_test = share_of(test, n);
		n_test = n_test > n - 1 ? n - 1 : n_test;
		n_valid = share_of(valid, n);
		n_valid = n_valid > n - 1 - n_test ? n - 1 - n_test : n_valid;
		order_events(at, n, by_time, rng_stream(seed, "split.ratio", u, 0));
		for (size_t i = 0; i < n_test + n_valid; i++)
			part[d->user_ptr[u] + at[i]] = i < n_test ? PART_TEST : PART_VALID;
		if (u % ASK_EVERY == 0)
			going = task_keep_going(task);
	}
	mem_free(at);
	return going || task_cancelled(err);
}

/* --- random, and the draw it shares ------------------------------------------- */

/* Makes `n_test` and `n_valid` of the events that now are PART_TRAIN test and valid, drawn at random. */
static bool draw_events(size_t n_events, uint8_t *part, size_t n_test, size_t n_valid, struct rng rng,
			const struct task *task, struct err *err)
{
	uint64_t left = 0;

	for (size_t e = 0; e < n_events; e++)
		left += part[e] == PART_TRAIN;
	for (size_t e = 0; e < n_events && n_test + n_valid > 0; e++) {
		uint64_t r;

		if (e % (ASK_EVERY * 256) == 0 && !task_keep_going(task))
			return task_cancelled(err);
		if (part[e] != PART_TRAIN)
			continue;
		r = rng_below64(&rng, left--);
		if (r < n_test) {
			part[e] = PART_TEST;
			n_test--;
		} else if (r < n_test + n_valid) {
			part[e] = PART_VALID;
			n_valid--;
		}
	}
	return true;
}

static const struct param_spec random_params[] = {
	SHARE("test", "0.2", "share of all events"),
	SHARE("valid", "0.1", "share of all events"),
	{ .name = NULL },
};

static bool apply_random(const struct dataset *d, const struct params *p, uint64_t seed, uint8_t *part,
			 const struct task *task, struct err *err)
{
	double test = params_real(p, "test"), valid = params_real(p, "valid");

	return shares_fit(test, valid, err) &&
	       draw_events(d->n_events, part, share_of(test, d->n_events), share_of(valid, d->n_events),
			   rng_stream(seed, "split.random", 0, 0), task, err);
}

/* --- temporal ----------------------------------------------------------------- */

static const struct param_spec temporal_params[] = {
	{ .name = "at", .type = PARAM_TEXT, .unit = "", .meaning = "a date, or seconds since 1970: events from "
	  "then on are test; unset: so that test= of them are" },
	SHARE("test", "0.2", "share of all events, when at= is not given"),
	SHARE("valid", "0.1", "share of all events, the last before test"),
	{ .name = NULL },
};

/* The latest time t with at least `want` events in [t, before); want >= 1.  Bisection over the range of
 * times: a few dozen passes instead of a sorted copy. */
static bool time_of_last(const struct dataset *d, size_t want, int64_t before, const struct task *task,
			 int64_t *t, struct err *err)
{
	int64_t lo = d->profile.first_time, hi = before - 1;

	while (lo < hi) {
		int64_t mid = lo + (hi - lo) / 2 + 1;
		size_t n = 0;

		if (!task_keep_going(task))
			return task_cancelled(err);
		for (size_t e = 0; e < d->n_events; e++)
			n += d->time[e] >= mid && d->time[e] < before;
		if (n >= want)
			lo = mid;
		else
			hi = mid - 1;
	}
	*t = lo;
	return true;
}

static bool parse_at(const char *text, int64_t *at, struct err *err)
{
	if (clock_parse_date(text, strlen(text), false, at) || num_parse_i64(text, strlen(text), at))
		return true;
	return err_set(err, ERR_SYNTAX, "at=%s is no date: write 2001-12-31, \"2001-12-31 18:00\" or seconds "
		       "since 1970", text);
}

static bool apply_temporal(const struct dataset *d, const struct params *p, uint64_t seed, uint8_t *part,
			   const struct task *task, struct err *err)
{
	size_t n_test = share_of(params_real(p, "test"), d->n_events), n_before = 0;
	size_t n_valid = share_of(params_real(p, "valid"), d->n_events);
	int64_t test_from, valid_from;

	(void)seed;
	if (!d->time)
		return err_set(err, ERR_UNSUPPORTED, "temporal needs times, and %s has none: use leave-last where "
			       "the order is known, else ratio or random", d->name);
	test_from = d->profile.last_time + 1;
	if (*params_text(p, "at")) {
		if (!parse_at(params_text(p, "at"), &test_from, err))
			return false;
	} else if (n_test > 0 && !time_of_last(d, n_test, test_from, task, &test_from, err)) {
		return false;
	}
	for (size_t e = 0; e < d->n_events; e++)
		n_before += d->time[e] < test_from;
	valid_from = test_from;
	if (n_valid > n_before)
		n_valid = n_before;
	if (n_valid > 0 && !time_of_last(d, n_valid, test_from, task, &valid_from, err))
		return false;
	for (size_t e = 0; e < d->n_events; e++)
		if (d->time[e] >= valid_from)
			part[e] = d->time[e] >= test_from ? PART_TEST : PART_VALID;
	return true;
}

/* --- users ---------------------------------------------------------------------- */

static const struct param_spec users_params[] = {
	ORDER("which events of a test or valid user are targets: drawn, or the newest"),
	SHARE("test", "0.2", "share of users"),
	SHARE("valid", "0.1", "share of users"),
	SHARE("holdout", "0.2", "share of a test or valid user's events that are targets"),
	{ .name = NULL },
};

/* The targets of one held-out user; at least one, and at least one event stays history. */
static void hold_out(const struct dataset *d, uint32_t u, uint8_t target, double holdout, bool by_time,
		     uint64_t seed, uint32_t *at, uint8_t *part)
{
	size_t n = user_n(d, u), n_out = share_of(holdout, n);

	if (n_out == 0)
		n_out = 1;
	if (n_out + 1 > n)
		n_out = n ? n - 1 : 0;
	order_events(at, n, by_time, rng_stream(seed, "split.holdout", u, 0));
	for (size_t i = 0; i < n; i++)
		part[d->user_ptr[u] + at[i]] = i < n_out ? target : PART_HISTORY;
}

static bool apply_users(const struct dataset *d, const struct params *p, uint64_t seed, uint8_t *part,
			const struct task *task, struct err *err)
{
	double test = params_real(p, "test"), valid = params_real(p, "valid");
	size_t n_test = share_of(test, d->n_users), n_valid = share_of(valid, d->n_users);
	bool by_time = params_choice(p, "order") == 1, going = true;
	struct rng rng = rng_stream(seed, "split.users", 0, 0);
	uint32_t *who = NULL, *at = NULL;

	if (!shares_fit(test, valid, err) || (by_time && !need_order(d, "order=time", err)))
		return false;
	who = mem_alloc(d->n_users ? d->n_users : 1, sizeof(*who), err);
	at = who ? mem_alloc(longest_user(d), sizeof(*at), err) : NULL;
	if (!at) {
		mem_free(who);
		return false;
	}
	for (uint32_t u = 0; u < d->n_users; u++)
		who[u] = u;
	rng_shuffle_u32(&rng, who, d->n_users);
	for (size_t i = 0; i < n_test + n_valid && i < d->n_users && going; i++) {
		hold_out(d, who[i], i < n_test ? PART_TEST : PART_VALID, params_real(p, "holdout"), by_time, seed,
			 at, part);
		if (i % ASK_EVERY == 0)
			going = task_keep_going(task);
	}
	mem_free(at);
	mem_free(who);
	return going || task_cancelled(err);
}

/* --- kfold ----------------------------------------------------------------------- */

static const struct param_spec kfold_params[] = {
	{ .name = "k", .type = PARAM_INT, .lo = 2, .hi = 100, .def = "5", .unit = "folds", .meaning = "how many "
	  "folds" },
	{ .name = "fold", .type = PARAM_INT, .lo = 1, .hi = 100, .def = "1", .unit = "", .meaning = "which of them "
	  "is test" },
	SHARE("valid", "0.1", "share of all events, drawn from the other folds"),
	{ .name = NULL },
};

/* Every event draws its fold; which is the same draw for every fold= of a seed, so that the test parts of
 * the k folds are disjoint and cover all.  Their sizes differ by one at most. */
static bool draw_folds(const struct dataset *d, size_t k, size_t fold, uint64_t seed, uint8_t *part,
		       const struct task *task, struct err *err)
{
	struct rng rng = rng_stream(seed, "split.kfold", k, 0);
	size_t room[100];

	for (size_t f = 0; f < k; f++)
		room[f] = d->n_events / k + (f < d->n_events % k);
	for (size_t e = 0; e < d->n_events; e++) {
		uint64_t r = rng_below64(&rng, d->n_events - e);
		size_t f = 0;

		while (r >= room[f])
			r -= room[f++];
		room[f]--;
		if (f == fold)
			part[e] = PART_TEST;
		if (e % (ASK_EVERY * 64) == 0 && !task_keep_going(task))
			return task_cancelled(err);
	}
	return true;
}

static bool apply_kfold(const struct dataset *d, const struct params *p, uint64_t seed, uint8_t *part,
			const struct task *task, struct err *err)
{
	int64_t k = params_int(p, "k"), fold = params_int(p, "fold");
	double valid = params_real(p, "valid");

	if (fold > k)
		return err_set(err, ERR_RANGE, "fold=%lld: there are %lld folds, numbered from 1", (long long)fold,
			       (long long)k);
	return shares_fit(1 / (double)k, valid, err) &&
	       draw_folds(d, (size_t)k, (size_t)fold - 1, seed, part, task, err) &&
	       draw_events(d->n_events, part, 0, share_of(valid, d->n_events),
			   rng_stream(seed, "split.kfold.valid", (uint64_t)k, (uint64_t)fold), task, err);
}

/* --- cold-items ------------------------------------------------------------------- */

static const struct param_spec cold_params[] = {
	SHARE("test", "0.2", "share of the items, with all their events"),
	SHARE("valid", "0.1", "share of the items, with all their events"),
	{ .name = NULL },
};

static bool apply_cold_items(const struct dataset *d, const struct params *p, uint64_t seed, uint8_t *part,
			     const struct task *task, struct err *err)
{
	double test = params_real(p, "test"), valid = params_real(p, "valid");
	size_t n_test = share_of(test, d->n_items), n_valid = share_of(valid, d->n_items);
	struct rng rng = rng_stream(seed, "split.cold-items", 0, 0);
	bool going = true;
	uint32_t *order;
	uint8_t *of; /* [I] */

	if (!shares_fit(test, valid, err))
		return false;
	order = mem_alloc((size_t)d->n_items + 1, sizeof(*order), err);
	of = order ? mem_zeroed((size_t)d->n_items + 1, 1, err) : NULL;
	if (!of) {
		mem_free(order);
		return false;
	}
	for (uint32_t i = 0; i < d->n_items; i++)
		order[i] = i;
	rng_shuffle_u32(&rng, order, d->n_items);
	for (size_t i = 0; i < n_test + n_valid && i < d->n_items; i++)
		of[order[i]] = i < n_test ? PART_TEST : PART_VALID;
	for (size_t e = 0; e < d->n_events && going; e++) {
		part[e] = of[d->item[e]];
		if (e % (ASK_EVERY * 64) == 0)
			going = task_keep_going(task);
	}
	mem_free(order);
	mem_free(of);
	return going || task_cancelled(err);
}

/* --- given, none ------------------------------------------------------------------- */

static const struct param_spec given_params[] = {
	SHARE("valid", "0.1", "share of the train events; not used where the files give valid too"),
	{ .name = NULL },
};

static bool apply_given(const struct dataset *d, const struct params *p, uint64_t seed, uint8_t *part,
			const struct task *task, struct err *err)
{
	size_t n_train = 0, n_valid = 0;

	if (!d->given)
		return err_set(err, ERR_UNSUPPORTED, "the files of %s do not say what is train and what is test: "
			       "choose another kind of split", d->name);
	for (size_t e = 0; e < d->n_events; e++) {
		part[e] = d->given[e] == GIVEN_TEST ? PART_TEST :
			  d->given[e] == GIVEN_VALID ? PART_VALID : PART_TRAIN;
		n_train += part[e] == PART_TRAIN;
		n_valid += part[e] == PART_VALID;
	}
	return n_valid > 0 ||
	       draw_events(d->n_events, part, 0, share_of(params_real(p, "valid"), n_train),
			   rng_stream(seed, "split.given", 0, 0), task, err);
}

static bool apply_none(const struct dataset *d, const struct params *p, uint64_t seed, uint8_t *part,
		       const struct task *task, struct err *err)
{
	(void)d;
	(void)p;
	(void)seed;
	(void)part;
	(void)task;
	(void)err;
	return true; /* all stay train */
}

static const struct split_rule rules[] = {
	{ .kind = "leave-last", .params = no_params, .apply = apply_leave_last },
	{ .kind = "ratio", .params = ratio_params, .draws = true, .apply = apply_ratio },
	{ .kind = "random", .params = random_params, .draws = true, .apply = apply_random },
	{ .kind = "temporal", .params = temporal_params, .apply = apply_temporal },
	{ .kind = "users", .params = users_params, .draws = true, .apply = apply_users },
	{ .kind = "kfold", .params = kfold_params, .draws = true, .apply = apply_kfold },
	{ .kind = "cold-items", .params = cold_params, .draws = true, .cold_items = true, .apply = apply_cold_items },
	{ .kind = "given", .params = given_params, .draws = true, .apply = apply_given },
	{ .kind = "none", .params = no_params, .apply = apply_none },
};
#define N_RULES (sizeof(rules) / sizeof(*rules))

const char *const split_kinds[] = { "leave-last", "ratio", "random", "temporal", "users", "kfold", "cold-items",
				    "given", "none", NULL };

bool split_rule_ignores(const struct split_rule *rule, const struct params *p, const char *name)
{
	return rule->apply == apply_temporal && !strcmp(name, "test") && *params_text(p, "at");
}

const struct split_rule *split_rule_find(const char *kind)
{
	for (size_t i = 0; i < N_RULES; i++)
		if (!strcmp(rules[i].kind, kind))
			return &rules[i];
	return NULL;
}

const struct param_spec *split_params(const char *kind)
{
	const struct split_rule *rule = split_rule_find(kind);

	return rule ? rule->params : NULL;
}
