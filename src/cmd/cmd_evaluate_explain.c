/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_evaluate_explain.c - evaluate explain: runs' explanations tried on a sample of users. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "app/settings.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/hold.h"
#include "cmd/tables.h"
#include "explain/audit.h"

struct auditing {
	size_t n;
	struct hold *hold;   /* [n] */
	struct audit *audit; /* [n]; the first n_done are filled */
	size_t n_done;
	struct audit_options options;
	double seconds;
};

/* What evaluates lists says nothing of explanations. */
static bool check_params(const struct call *c, struct err *err)
{
	static const char *const meant[] = { "k", "users", "seed" };

	for (size_t i = 0; i < c->named.n; i++) {
		bool known = false;

		for (size_t m = 0; m < sizeof(meant) / sizeof(*meant); m++)
			known |= !strcmp(c->named.w[i].name, meant[m]);
		if (!known)
			return err_set(err, ERR_SYNTAX, "evaluate explain takes k=, users= and seed=, not %s=", c->named.w[i].name);
	}
	return true;
}

static bool fill_options(const struct call *c, struct audit_options *o, struct err *err)
{
	int64_t k[2] = { settings_int(c->session, "k") };

	if (call_named(c, "k") && params_ints(&c->params, "k", k, 2) != 1)
		return err_set(err, ERR_RANGE, "k=: evaluate explain takes one length of list");
	o->k = (uint32_t)k[0];
	o->users = (uint32_t)params_int(&c->params, "users");
	o->seed = params_is_set(&c->params, "seed") ? (uint64_t)params_int(&c->params, "seed") : session_seed(c->session);
	return true;
}

static bool audit_prepare(struct call *c, struct err *err)
{
	struct auditing *a = mem_must(calloc(1, sizeof(*a)));
	const size_t n = c->words.n > 1 ? c->words.n - 1 : 1;

	c->state = a;
	a->hold = mem_must(calloc(n, sizeof(*a->hold)));
	a->audit = mem_must(calloc(n, sizeof(*a->audit)));
	if (!call_needs_data(c, err) || !check_params(c, err) || !fill_options(c, &a->options, err))
		return false;
	for (a->n = 0; a->n < n;) {
		a->n++;
		if (!hold_evaluable(&a->hold[a->n - 1], c, call_word(c, a->n), err))
			return false;
	}
	return true;
}

static bool audit_runs(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	struct auditing *a = c->state;
	const double began = clock_now();

	(void)job;
	for (size_t i = 0; i < a->n; i++) {
		const struct snapshot *s = hold_snapshot(&a->hold[i], err);
		bool fine = s && audit_run(s, a->hold[i].split, &a->options, t, &a->audit[i], err);

		hold_let_go(&a->hold[i]); /* one model at a time in memory */
		if (!fine)
			return false;
		a->n_done++;
	}
	a->seconds = clock_now() - began;
	return true;
}

static json_t *mean_json(const struct audit_mean *m)
{
	json_t *o = json_object();

	json_put(o, "mean", json_number(m->mean));
	json_put(o, "low", json_number(m->low));
	json_put(o, "high", json_number(m->high));
	return o;
}

static void add_audit(struct result *r, const struct auditing *a, const struct audit *x)
{
	json_t *row = result_add_row(r), *faithfulness = mean_json(&x->faithfulness), *removal = mean_json(&x->removal);

	json_put(row, "run", json_text(x->run));
	json_put(row, "method", x->method ? json_text(x->method) : json_null());
	json_put(row, "users", json_integer(x->users));
	json_put(row, "k", json_integer(a->options.k));
	json_put(faithfulness, "users", json_integer(x->told));
	json_put(row, "faithfulness", faithfulness);
	json_put(row, "random", mean_json(&x->random));
	json_put(row, "above", mean_json(&x->above));
	json_put(row, "faithful", x->told ? json_boolean(x->faithful) : json_null());
	json_put(removal, "users", json_integer(x->removals));
	json_put(removal, "smallest", json_integer(x->smallest));
	json_put(row, "removal", removal);
	json_put(row, "explain_ms", json_number(x->explain_ms));
	json_put(row, "removal_ms", json_number(x->removal_ms));
}

static void say_audits(struct result *r, const struct auditing *a)
{
	static const struct result_column columns[] = {
		{ "run", "run", COLUMN_TEXT },
		{ "method", "parts", COLUMN_TEXT },
		{ "faithfulness/mean", "faithfulness", COLUMN_SCORE },
		{ "faithfulness/low", "  from", COLUMN_SCORE },
		{ "faithfulness/high", "  to", COLUMN_SCORE },
		{ "faithfulness/users", "  of users", COLUMN_INT },
		{ "random/mean", "in random order", COLUMN_SCORE },
		{ "above/mean", "above random", COLUMN_SCORE },
		{ "above/low", "  from", COLUMN_SCORE },
		{ "above/high", "  to", COLUMN_SCORE },
		{ "faithful", "faithful", COLUMN_YES },
		{ "removal/mean", "events to remove", COLUMN_SCORE },
		{ "removal/low", "  from", COLUMN_SCORE },
		{ "removal/high", "  to", COLUMN_SCORE },
		{ "removal/users", "  of users", COLUMN_INT },
		{ "removal/smallest", "  no fewer do", COLUMN_INT },
		{ "explain_ms", "ms an explanation", COLUMN_REAL },
		{ "removal_ms", "ms a removal", COLUMN_REAL },
		{ NULL, NULL, 0 },
	};
	struct str s = STR_INIT;

	r->columns = columns;
	r->upright = true;
	str_printf(&s, "an item of the best %u of %u users, split %s, %.2f s\n", a->options.k, a->audit[0].users,
		   a->hold[0].split->text, a->seconds);
	for (size_t i = 0; i < a->n; i++)
		if (!a->audit[i].told)
			str_printf(&s, "%s: no score depends on the history: there is nothing to be faithful to\n", a->audit[i].run);
		else if (!a->audit[i].faithful)
			str_printf(&s, "%s is unfaithful: its parts name no better than chance what the score rests on\n",
				   a->audit[i].run);
	result_say(r, "%s", s.s);
	str_done(&s);
}

static bool audit_finish(struct call *c, struct err *err)
{
	struct auditing *a = c->state;

	(void)err;
	result_set(&c->result, "what", json_text("explain"));
	c->result.rows_key = "results";
	for (size_t i = 0; i < a->n_done; i++)
		add_audit(&c->result, a, &a->audit[i]);
	result_set(&c->result, "seconds", json_number(a->seconds));
	say_audits(&c->result, a);
	return true;
}

static void audit_release(struct call *c)
{
	struct auditing *a = c->state;

	for (size_t i = 0; i < a->n; i++)
		hold_done(&a->hold[i]);
	free(a->hold);
	free(a->audit);
	free(a);
}

const struct command evaluate_explain = {
	.name = "evaluate explain", .prepare = audit_prepare, .run = audit_runs, .finish = audit_finish,
	.release = audit_release,
};
