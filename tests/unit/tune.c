/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tune.c - the space of a tuning, its trials, and that going on equals never stopping. */
#include "train/tune.h"

#include <unistd.h>

#include "model_fixture.h"
#include "num/linalg.h"

enum { U = 100, I = 40, PER_USER = 12 };

static struct fixture f;

static const struct param_spec specs[] = {
	{ .name = "dim", .type = PARAM_INT, .lo = 1, .hi = 512, .def = "64", .log_scale = true, .tune = "16..256" },
	{ .name = "l2", .type = PARAM_REAL, .lo = 0, .hi = 10, .def = "0.5", .tune = "0..1" },
	{ .name = "kind", .type = PARAM_CHOICE, .choices = "a|b|c", .def = "b", .tune = "a,b" },
	{ .name = "layers", .type = PARAM_INTS, .lo = 1, .hi = 512, .def = "64,32" },
	{ .name = "epochs", .type = PARAM_INT, .lo = 1, .hi = 100, .def = "10" },
	{ .name = NULL },
};

static void axes(void)
{
	struct tune_space s;
	struct params p, q;
	struct err err;
	json_t *given;

	ok(tune_space_init(&s, specs, &err) && s.n == 3, "an axis for each parameter that the table says a range of");
	ok(tune_space_has_default(&s), "which hold the defaults");
	tune_draw_random(&s, 7, 0, &p);
	ok(params_int(&p, "dim") == 64 && params_real(&p, "l2") == 0.5, "the first trial is the default");
	tune_draw_random(&s, 7, 3, &p);
	tune_draw_random(&s, 7, 3, &q);
	ok(!memcmp(&p.v, &q.v, sizeof(p.v)), "one seed and trial, one setting");
	tune_draw_random(&s, 8, 3, &q);
	ok(memcmp(&p.v, &q.v, sizeof(p.v)) != 0, "another seed, another one");
	ok(tune_space_give(&s, "layers", "64,32|128", &err) && s.n == 4, "lists of widths stand between bars");
	ok(tune_space_give(&s, "kind", "c", &err) && s.n == 3 && !strcmp(params_text(&s.base, "kind"), "c"),
	   "one value is fixed, not searched");
	ok(tune_space_give(&s, "dim", "8..16", &err) && !tune_space_has_default(&s), "a range may leave out the default");
	tune_draw_random(&s, 7, 0, &p);
	ok(params_int(&p, "dim") <= 16, "the first trial is then drawn like the others");
	given = tune_space_to_json(&s);
	is_str(json_string_value(json_object_get(given, "layers")), "64,32|128", "what was given is kept as it was given");
	json_decref(given);
	ok(!tune_space_give(&s, "dim", "32..8", &err) && strstr(err.msg, "smaller"), "a range backwards: %s", err.msg);
	ok(!tune_space_give(&s, "dim", "0..8", &err) && strstr(err.msg, "1..512"), "a bound outside the table: %s", err.msg);
	ok(!tune_space_give(&s, "dimm", "1..8", &err) && strstr(err.msg, "dim"), "a wrong name: %s", err.msg);
	ok(!tune_space_give(&s, "kind", "a,,b", &err), "an empty value: %s", err.msg);
	ok(s.n == 3 && s.axis[0].hi == 16, "what is refused changes nothing");
	tune_space_done(&s);
}

/* Thirds of 0..1 and of the powers of two from 16 to 256 are met about as often as each other. */
static void draws(void)
{
	struct tune_space s;
	size_t low = 0, small = 0, a = 0, n = 3000;
	struct params p;
	struct err err;
	bool inside = true;

	fixture_must(tune_space_init(&s, specs, &err), &err);
	for (uint32_t t = 1; t <= n; t++) {
		tune_draw_random(&s, 42, t, &p);
		low += params_real(&p, "l2") < 1.0 / 3;
		small += params_int(&p, "dim") < 64; /* half of the powers of two */
		a += params_choice(&p, "kind") == 0;
		inside = inside && params_int(&p, "dim") >= 16 && params_int(&p, "dim") <= 256 &&
			 params_choice(&p, "kind") != 2;
	}
	ok(inside, "every draw lies in its range");
	ok(low > 920 && low < 1080, "a range is drawn evenly: %zu of 3000 in its lowest third", low);
	ok(small > 1400 && small < 1600, "by factors where the table says so: %zu of 3000 below the middle", small);
	ok(a > 1400 && a < 1600, "and a list: %zu of 3000", a);
	tune_space_done(&s);
}

static void grid(void)
{
	struct tune_space s;
	bool met[18] = { false }, all = true;
	struct params p;
	struct err err;

	fixture_must(tune_space_init(&s, specs, &err), &err);
	ok(tune_grid_size(&s) == 18, "three points of two ranges and both of a list are 18 settings");
	for (uint32_t t = 0; t < 18; t++) {
		size_t d, l;

		tune_draw_grid(&s, 42, t, &p);
		d = params_int(&p, "dim") == 16 ? 0 : params_int(&p, "dim") == 64 ? 1 : params_int(&p, "dim") == 256 ? 2 : 9;
		l = (size_t)(2 * params_real(&p, "l2"));
		if (d < 3 && l < 3)
			met[d * 6 + l * 2 + (size_t)params_choice(&p, "kind")] = true;
	}
	for (size_t k = 0; k < 18; k++)
		all = all && met[k];
	ok(all, "18 trials meet each of them once");
	tune_space_done(&s);
}

/* l2 in thirds: .1 .2 | .5 | none: means .3 and .6; kind a: .2 .6, b: .4. */
static void effects(void)
{
	static const struct { const char *l2, *kind; double valid; } hand[] = {
		{ "0.1", "a", 0.2 }, { "0.2", "b", 0.4 }, { "0.5", "a", 0.6 }, { "0.4", "b", NAN },
	};
	struct tune_effect *e = calloc(3, sizeof(*e));
	struct tune_trials all = { 0 };
	struct tune_space s;
	struct err err;

	fixture_must(tune_space_init(&s, specs, &err), &err);
	for (size_t i = 0; i < 4; i++) {
		struct tune_trial t = { .valid = hand[i].valid };

		params_init(&t.params, specs);
		params_set(&t.params, "l2", hand[i].l2, &err);
		params_set(&t.params, "kind", hand[i].kind, &err);
		tune_trials_add(&all, &t, true);
	}
	ok(all.has_best && all.best == 2, "the best trial is the third; one that failed is none");
	tune_effects(&s, &all, true, e);
	ok(e[0].param == 1 && e[0].n == 2 && fabs(e[0].spread - 0.3) < 1e-12, "l2 moved most: means 0.3 and 0.6");
	ok(e[0].group[0].n == 2 && fabs(e[0].group[0].mean - 0.3) < 1e-12 && e[0].group[0].best == 0.4,
	   "its lowest third: two trials, mean 0.3, best 0.4");
	ok(e[1].param == 0 || e[1].param == 2, "then the others");
	ok(e[2].spread <= e[1].spread && e[1].spread <= e[0].spread, "in the order of their spread");
	tune_trials_done(&all);
	tune_space_done(&s);
	free(e);
}

/* --- whole searches --------------------------------------------------------------------------------------- */

static size_t told_best;

static void on_trial(void *ctx, const struct tune_trials *trials, struct fit_result *best)
{
	*(size_t *)ctx += 1;
	if (best)
		told_best = trials->best + 1;
}

static void search(struct tune_space *space, struct tune_trials *trials, uint32_t to, const struct task *task, bool *cancelled)
{
	size_t told = 0, before = trials->n;
	struct tune_plan plan = { .trials = to, .seed = 42, .space = space, .on_trial = on_trial, .ctx = &told };
	struct fit_request r;
	struct err err;

	fit_request_init(&r, model_find("ials", &err));
	r.data = f.data;
	r.split = f.split;
	strcpy(r.run, "tune#1");
	fixture_must(tune_run(&plan, &r, trials, task, cancelled, &err), &err);
	if (!*cancelled)
		ok(told == to - before + 1, "each trial is told once, and what was chosen");
}

static bool same(const struct tune_trials *a, const struct tune_trials *b)
{
	bool equal = a->n == b->n && a->best == b->best;

	for (size_t i = 0; equal && i < a->n; i++) {
		const struct tune_trial *x = &a->trial[i], *y = &b->trial[i];

		equal = x->valid == y->valid && x->epochs == y->epochs && !strcmp(x->stopped, y->stopped) &&
			!memcmp(&x->gain, &y->gain, sizeof(x->gain)) && !memcmp(x->at_rung, y->at_rung, sizeof(x->at_rung)) && !memcmp(x->params.v, y->params.v, sizeof(x->params.v));
	}
	return equal;
}

/* The rule of the rungs, told again from the trials alone. */
static void halving(const struct tune_trials *t)
{
	size_t pruned = 0, wrong = 0;

	for (size_t i = 0; i < t->n; i++) {
		bool is_pruned = !strcmp(t->trial[i].stopped, "pruned");

		pruned += is_pruned;
		for (size_t k = 0; k < 6; k++) {
			size_t n = 1, ahead = 0;
			bool low;

			if (isnan(t->trial[i].at_rung[k]) || (4u << k) >= 50)
				continue;
			for (size_t j = 0; j < i; j++) {
				n += !isnan(t->trial[j].at_rung[k]);
				ahead += t->trial[j].at_rung[k] > t->trial[i].at_rung[k];
			}
			low = ahead >= (n + 1) / 2;
			/* Behind its own end a trial is not asked. */
			if ((4u << k) < t->trial[i].epochs || (is_pruned && (4u << k) == t->trial[i].epochs))
				wrong += low != (is_pruned && (4u << k) == t->trial[i].epochs);
		}
	}
	ok(pruned > 0, "%zu of %zu trials were pruned", pruned, t->n);
	ok(!wrong, "each at a rung where it was in the lower half, and no other");
	ok(!strcmp(t->trial[t->best].stopped, "early") || !strcmp(t->trial[t->best].stopped, "done"),
	   "the best was trained to its end");
}

/* The mean gain over the users of all draws, one of them at a time. */
static double gain_by_hand(const struct params *p, const struct params *first)
{
	double sum = 0, n = 0;

	for (unsigned nth = 1; nth <= TUNE_DRAWS; nth++) {
		struct err err;
		struct split *draw = split_valid_anew(f.split, nth, 42, &task_null, &err);
		struct eval_result *e[2];
		struct eval_options o;

		eval_options_init(&o);
		o.on_valid = true;
		for (int k = 0; k < 2; k++) {
			struct fit_request r;
			const struct snapshot *s;

			fit_request_init(&r, model_find("ials", &err));
			r.data = f.data;
			r.split = draw;
			r.params = k ? *first : *p;
			fit_request_follow(&r);
			s = fit_best(&r, &task_null, NULL, &err);
			fixture_must(s != NULL, &err);
			e[k] = eval_run(s, draw, &o, &task_null, &err);
			fixture_must(e[k] != NULL, &err);
			snapshot_unref(s);
		}
		sum += (e[0]->value[METRIC_NDCG][1] - e[1]->value[METRIC_NDCG][1]) * (double)e[0]->n_users;
		n += (double)e[0]->n_users;
		eval_result_free(e[0]);
		eval_result_free(e[1]);
		split_unref(draw);
	}
	return sum / n;
}

static void finals(const struct tune_trials *t)
{
	size_t first = 0, again = 0, best, wrong = 0;

	for (size_t i = 0; i < t->n; i++)
		first = t->trial[i].valid > t->trial[first].valid ? i : first;
	best = first;
	for (size_t i = 0; i < t->n; i++) {
		const struct tune_trial *x = &t->trial[i];
		size_t better = 0;

		for (size_t j = 0; j < t->n; j++)
			better += t->trial[j].valid > x->valid;
		wrong += !isnan(x->gain) != (better >= 1 && better <= TUNE_FINALISTS);
		if (isnan(x->gain))
			continue;
		again++;
		wrong += fabs(x->gain - gain_by_hand(&x->params, &t->trial[first].params)) > 1e-6 || !(x->gain_error > 0);
		if (x->gain > x->gain_error && (best == first || x->gain > t->trial[best].gain))
			best = i;
	}
	ok(again == TUNE_FINALISTS && !wrong, "those behind the best on valid are measured again: %zu, %zu wrong", again, wrong);
	ok(t->best == best, "taken is who is ahead by more than it errs, else the best on valid");
}

struct stop { unsigned asked, after; };

static bool stop_after(void *ctx)
{
	struct stop *s = ctx;

	return ++s->asked < s->after;
}

static void no_progress(void *ctx, uint64_t done, uint64_t total)
{
	(void)ctx, (void)done, (void)total;
}

static void searches(void)
{
	struct tune_trials whole = { 0 }, parts = { 0 }, threaded = { 0 }, kept = { 0 };
	struct stop stop = { 0, 900 };
	struct tune_space s;
	struct err err;
	bool cancelled;
	struct pool *pool = pool_new(2, &err);
	struct task two = task_null, stopping = { stop_after, no_progress, &stop, NULL };

	two.pool = pool;
	fixture_must(tune_space_init(&s, model_find("ials", &err)->params, &err), &err);
	fixture_must(tune_space_give(&s, "dim", "2..8", &err), &err);
	search(&s, &whole, 12, &task_null, &cancelled);
	ok(whole.n == 12 && whole.has_best && told_best == whole.best + 1, "the best trial's model is given away with it");
	halving(&whole);
	finals(&whole);
	search(&s, &parts, 100, &stopping, &cancelled);
	ok(cancelled && parts.n > 0 && parts.n < 12, "cancelled after %zu trials: the one under way is dropped", parts.n);
	for (size_t i = 0; i < parts.n; i++) {
		json_t *j = tune_trial_to_json(&parts.trial[i], i + 1);
		struct tune_trial t;

		fixture_must(tune_trial_from_json(&t, s.base.specs, j, &err), &err);
		tune_trials_add(&kept, &t, true);
		json_decref(j);
	}
	search(&s, &kept, 12, &task_null, &cancelled);
	ok(same(&whole, &kept), "kept, read and gone on with: the same trials as without a stop");
	search(&s, &threaded, 12, &two, &cancelled);
	ok(same(&whole, &threaded), "and on two threads");
	tune_trials_done(&whole);
	tune_trials_done(&parts);
	tune_trials_done(&kept);
	tune_trials_done(&threaded);
	tune_space_done(&s);
	pool_free(pool);
}

int main(void)
{
	linalg_init();
	fixture_make(&f, U, I, PER_USER, false);
	axes();
	draws();
	grid();
	effects();
	searches();
	fixture_done(&f);
	return done_testing();
}
