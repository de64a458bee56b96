/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_runs.c - runs, use, delete: what was trained, which one answers. */
#include <stdlib.h>
#include <string.h>

#include "app/session_change.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/hold.h"
#include "cmd/packed_say.h"
#include "cmd/tables.h"
#include "cmd/told.h"

/* --- runs ------------------------------------------------------------------------------------------------- */

static const char *state_of(const struct run *r, bool answers)
{
	if (r->job)
		return "in training";
	if (answers)
		return "answers";
	if (!r->of_data)
		return "other data";
	if (!r->of_split)
		return "other split";
	return "";
}

static void add_run(struct result *res, const struct run *r, bool answers)
{
	const struct run_record *rec = &r->rec;
	json_t *row = result_add_row(res);
	char made[32];

	json_object_set_new(row, "run", json_text(rec->name));
	json_object_set_new(row, "model", json_text(rec->model));
	json_object_set_new(row, "metric", json_text(rec->metric));
	json_object_set_new(row, "best", json_number(rec->best_metric));
	json_object_set_new(row, "epochs", json_integer(rec->epochs));
	json_object_set_new(row, "best_epoch", json_integer(rec->best_epoch));
	json_object_set_new(row, "stopped", json_text(rec->stopped));
	json_object_set_new(row, "seconds", json_number(rec->seconds));
	told_put(row, rec);
	json_object_set_new(row, "bytes", json_integer((json_int_t)run_bytes(r)));
	json_object_set_new(row, "precision", json_text(precision_name[run_precision(r)]));
	json_object_set_new(row, "note", rec->note[0] ? json_text(rec->note) : json_null());
	json_object_set_new(row, "data", json_text(rec->data_name));
	json_object_set_new(row, "split", json_text(rec->split_text));
	json_object_set_new(row, "of_data", json_boolean(r->of_data));
	json_object_set_new(row, "of_split", json_boolean(r->of_split));
	json_object_set_new(row, "answers", json_boolean(answers));
	json_object_set_new(row, "kept", json_boolean(!r->in_memory));
	json_object_set_new(row, "state", json_text(state_of(r, answers)));
	json_object_set_new(row, "made", json_text(clock_date_minute(rec->made, made)));
	json_object_set_new(row, "params", json_incref(rec->params));
	json_object_set_new(row, "metrics", rec->metrics ? json_incref(rec->metrics) : json_null());
}

static bool runs_prepare(struct call *c, struct err *err)
{
	static const struct result_column columns[] = {
		{ "run", "run", COLUMN_TEXT },      { "best", "on valid", COLUMN_SCORE },
		{ "metric", "metric", COLUMN_TEXT }, { "epochs", "epochs", COLUMN_INT },
		{ "told/seconds", "told", COLUMN_SECONDS }, { "seconds", "took", COLUMN_SECONDS }, { "bytes", "memory", COLUMN_BYTES },
		{ "precision", "in", COLUMN_TEXT },
		{ "stopped", "stopped", COLUMN_TEXT }, { "data", "data", COLUMN_TEXT },
		{ "split", "split", COLUMN_TEXT },  { "state", "", COLUMN_TEXT }, { NULL, NULL, 0 },
	};
	const struct run *answers;
	struct result *r = &c->result;

	if (!session_refresh_runs(c->session, err))
		return false;
	answers = session_answering(c->session);
	r->rows_key = "rows";
	r->columns = columns;
	for (size_t i = 0; i < session_n_runs(c->session); i++)
		add_run(r, session_run(c->session, i), session_run(c->session, i) == answers);
	result_set(r, "total", json_integer((json_int_t)session_n_runs(c->session)));
	result_say(r, "%s", session_n_runs(c->session) ? "" : "no run yet: train ease\n");
	return true;
}

const struct command runs_command = {
	.name = "runs", .group = "Models", .synopsis = "runs", .summary = "what was trained and is kept", .prepare = runs_prepare,
};

/* --- use -------------------------------------------------------------------------------------------------- */

static const struct param_spec use_params[] = {
	{ .name = "precision", .type = PARAM_CHOICE, .choices = PRECISION_CHOICES,
	  .meaning = "answers from tables in fewer bits, telling what that costs and gains; f32 goes back" },
	{ .name = NULL },
};

struct use {
	struct hold hold;
	bool chosen;                   /* precision= was given */
	enum precision to;
	const struct snapshot *packed; /* NULL: as it is kept */
	struct packed_cost cost;
};

static bool use_prepare(struct call *c, struct err *err)
{
	struct use *u = mem_must(calloc(1, sizeof(*u)));
	const struct run *r;
	struct err first;

	c->state = u;
	if (!hold_data(&u->hold, c, err))
		return false;
	/* Another process may have made it since the runs were listed. */
	if (!session_find_run(c->session, call_word(c, 0), &first) && !session_refresh_runs(c->session, err))
		return false;
	u->chosen = params_is_set(&c->params, "precision");
	if (!u->chosen)
		return hold_run(&u->hold, c, call_word(c, 0), err);
	u->to = (enum precision)params_choice(&c->params, "precision");
	r = session_find_run(c->session, call_word(c, 0), err);
	if (r && r->job)
		return err_set(err, ERR_USAGE, "%s is in training: precision= can be chosen when it has ended", r->rec.name);
	return r && hold_whole_run(&u->hold, c, call_word(c, 0), err);
}

static bool use_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	struct use *u = c->state;
	const struct snapshot *whole = hold_snapshot(&u->hold, err);

	(void)job;
	if (!whole || !u->chosen || u->to == whole->precision)
		return whole != NULL;
	u->packed = snapshot_pack(whole, u->to, err);
	return u->packed && packed_cost_measure(whole, u->packed, u->hold.split, t, &u->cost, err);
}

static bool use_finish(struct call *c, struct err *err)
{
	struct use *u = c->state;
	struct hold *h = &u->hold;
	struct run *r = session_run_named(c->session, h->record.name);
	struct str text = STR_INIT;

	if (!r || !r->of_data)
		return err_set(err, ERR_CANCELLED, "%s can no longer answer: other data were loaded, or it was deleted",
			       h->record.name);
	if (u->chosen)
		session_use_packed(c->session, r, snapshot_ref(h->snapshot), u->packed ? snapshot_ref(u->packed) : NULL);
	else if (!r->snapshot)
		session_set_run_snapshot(c->session, r, snapshot_ref(h->snapshot));
	session_choose(c->session, r);
	result_set(&c->result, "ok", json_true());
	result_set(&c->result, "run", json_text(r->rec.name));
	str_printf(&text, "%s answers", r->rec.name);
	if (u->chosen)
		str_printf(&text, " in %s", precision_name[u->to]);
	if (u->packed) {
		str_puts(&text, ": ");
		packed_cost_line(&u->cost, packed_cost_smaller(&u->cost), &text);
	}
	str_puts(&text, "\n");
	if (u->packed) {
		packed_cost_json(&c->result, &u->cost);
		packed_cost_text(&u->cost, &text);
	} else {
		result_set(&c->result, "precision", json_text(precision_name[r->snapshot->precision]));
	}
	result_say(&c->result, "%s", text.s);
	str_done(&text);
	return true;
}

static void use_release(struct call *c)
{
	struct use *u = c->state;

	snapshot_unref(u->packed);
	hold_done(&u->hold);
	free(u);
}

const struct command use_command = {
	.name = "use", .group = "Models", .synopsis = "use RUN [precision=f32|bf16|int8]", .summary = "lets a run answer",
	.lane = LANE_LIGHT, .words = { WORD_RUN }, .least = 1, .most = 1, .params = use_params, .prepare = use_prepare,
	.run = use_run, .finish = use_finish, .release = use_release,
	.keep = KEEP_CHANGES,
};

/* --- delete ----------------------------------------------------------------------------------------------- */

static bool delete_prepare(struct call *c, struct err *err)
{
	const char *name = call_word(c, 0);
	struct run *r;

	/* Another process may have made it, or a blend of it, since the runs were listed. */
	if (!session_refresh_runs(c->session, err) || !session_find_run(c->session, name, err))
		return false;
	r = session_run_named(c->session, name);
	if (!session_drop_run(c->session, r, err))
		return false;
	result_set(&c->result, "ok", json_true());
	result_set(&c->result, "run", json_text(name));
	result_say(&c->result, "%s is deleted\n", name);
	return true;
}

static bool delete_confirm(const struct call *c, struct str *question)
{
	if (c->words.n == 0)
		return false;
	str_printf(question, "Delete %s for ever?", call_word(c, 0));
	return true;
}

static const char *delete_again(const struct call *c, struct str *line)
{
	(void)line;
	return journal_made_run(session_journal(c->session), call_word(c, 0)) ? NULL : "deleted a run made before";
}

const struct command delete_command = {
	.name = "delete", .group = "Models", .synopsis = "delete RUN", .summary = "deletes a run and its files",
	.words = { WORD_RUN }, .least = 1, .most = 1, .prepare = delete_prepare, .confirm = delete_confirm,
	.keep = KEEP_CHANGES, .again = delete_again,
};
