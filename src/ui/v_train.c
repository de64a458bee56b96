/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_train.c - the runs, the settings of the next one, and the curves of those that are looked at. */
#include "ui/v_train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/foretell.h"
#include "cmd/command.h"
#include "ui/text.h"
#include "ui/views.h"

static const struct pane_spec panes[] = {
	[RUNS] = { .name = "runs", .title = "Runs", .column = 0, .row = 0, .group = 0, .least = 4, .head = 1 },
	[SETTINGS] = { .name = "settings", .title = "Settings", .column = 0, .row = 1, .group = 0, .least = 4 },
	[LOSS] = { .name = "loss", .title = "Loss", .column = 1, .row = 0, .group = 1, .least = 5 },
	[VALID] = { .name = "validation", .title = "Validation", .column = 1, .row = 1, .group = 1, .least = 5 },
	[WATCHED] = { .name = "watched", .title = "Watched", .column = 1, .row = 2, .group = 1, .least = 5 },
	[NOW] = { .name = "now", .title = "Now", .column = 1, .row = 3, .group = 2, .least = 3, .want = 4 },
};

const struct run *train_focus(const struct view *v, const struct session *s)
{
	size_t at = v->table[RUNS].cursor;

	return at < session_n_runs(s) ? session_run(s, at) : NULL;
}

bool train_is_overlaid(const struct train_state *st, const char *run)
{
	for (int i = 0; i < st->n_overlay; i++)
		if (!strcmp(st->overlay[i], run))
			return true;
	return false;
}

/* A run that is new is the one to look at. */
static void follow_newest(struct view *v, struct train_state *st, const struct session *s)
{
	size_t n = session_n_runs(s);

	if (n > st->n_runs && n)
		v->table[RUNS].cursor = n - 1;
	st->n_runs = n;
}

static void train_sync(struct view *v, struct session *s)
{
	struct train_state *st = v->state;
	int note = view_shows(v, SETTINGS) && pane_inside(&v->box[SETTINGS]).h >= 8 ? 4 : 0;

	form_fill(&st->form, s);
	session_foretell(s);
	follow_newest(v, st, s);
	view_rows(v, RUNS, session_n_runs(s));
	table_place(&v->table[LOSS], train_trials(train_focus(v, s)), pane_inside(&v->box[LOSS]).h - 1);
	train_watched_sync(v, s);
	table_place(&v->table[SETTINGS], form_rows(&st->form), pane_inside(&v->box[SETTINGS]).h - note);
}

/* --- actions -------------------------------------------------------------------------------------------------- */

static void toggle_overlay(struct train_state *st, const struct run *run)
{
	for (int i = 0; i < st->n_overlay; i++)
		if (!strcmp(st->overlay[i], run->rec.name)) {
			memmove(st->overlay[i], st->overlay[i + 1],
				sizeof st->overlay[0] * (size_t)(st->n_overlay - i - 1));
			st->n_overlay--;
			return;
		}
	if (st->n_overlay == OVERLAY_MAX) { /* the oldest gives way */
		memmove(st->overlay[0], st->overlay[1], sizeof st->overlay[0] * (OVERLAY_MAX - 1));
		st->n_overlay--;
	}
	snprintf(st->overlay[st->n_overlay++], sizeof st->overlay[0], "%s", run->rec.name);
}

static void answer_edit(struct view *v, struct session *s, const char *text)
{
	struct train_state *st = v->state;
	struct err err = { 0 };

	if (!form_set(&st->form, v->table[SETTINGS].cursor, text, &err))
		session_tell(s, LOG_ERROR, "%s", err.msg);
}

static bool edit(struct view *v, struct session *s)
{
	struct train_state *st = v->state;
	size_t row = v->table[SETTINGS].cursor;
	const struct param_spec *spec;
	char label[64];

	if (row >= form_rows(&st->form))
		return false;
	spec = form_spec(&st->form, row);
	if (!spec || spec->type == PARAM_BOOL || spec->type == PARAM_CHOICE)
		return form_step(&st->form, s, row, 1);
	snprintf(label, sizeof label, "%.50s = ", spec->name);
	view_ask(v, label, form_value(&st->form, row), answer_edit);
	return true;
}

static bool show_run(struct view *v, const struct session *s, const char *name)
{
	for (size_t i = 0; i < session_n_runs(s); i++)
		if (!strcmp(session_run(s, i)->rec.name, name)) {
			view_focus(v, RUNS);
			table_go(&v->table[RUNS], i);
			return true;
		}
	return false;
}

static bool train_handle(struct view *v, struct session *s, const struct act *act)
{
	struct train_state *st = v->state;
	const struct run *run = train_focus(v, s);

	if (train_watched(v, s, act))
		return true;
	switch (act->id) {
	case ACT_GO_RUN:
		return show_run(v, s, act->arg);
	case ACT_FOLLOW:
		session_follow(s, !session_following(s));
		session_tell(s, LOG_INFO, session_following(s) ? "the run in training answers as it learns"
							       : "the chosen run answers");
		return true;
	case ACT_OVERLAY:
		if (run)
			toggle_overlay(st, run);
		return run != NULL;
	case ACT_LOG_SCALE:
		st->log_scale = !st->log_scale;
		return true;
	case ACT_BEST:
		st->best = !st->best;
		return true;
	case ACT_EDIT:
		return v->focus == SETTINGS && edit(v, s);
	case ACT_MOVE:
		if (v->focus == SETTINGS && (!strcmp(act->arg, "left") || !strcmp(act->arg, "right")) &&
		    form_rows(&st->form))
			return form_step(&st->form, s, v->table[SETTINGS].cursor, *act->arg == 'r' ? 1 : -1) || true;
		return false;
	default:
		return false;
	}
}

/* A job's run may be queued and have no row yet: the first training alive stands in. */
static bool job_of(const struct view *v, const struct session *s, uint32_t *id)
{
	const struct run *run = train_focus(v, s);
	struct job_row row;

	if (run && run->job) {
		*id = run->job;
		return true;
	}
	for (size_t i = 0; i < session_n_jobs(s); i++) {
		session_job(s, i, &row);
		if (row.run[0] && job_is_alive(&row)) {
			*id = row.id;
			return true;
		}
	}
	return false;
}

static bool train_value(const struct view *v, struct session *s, const char *what, struct str *out)
{
	const struct train_state *st = v->state;
	const struct run *run = train_focus(v, s);
	uint32_t job;

	if (!strcmp(what, "settings") && form_rows(&st->form)) {
		form_words(&st->form, out);
		return true;
	}
	if (!strcmp(what, "model") && form_rows(&st->form)) {
		word_quote(out, st->form.model[st->form.chosen]);
		return true;
	}
	if (!strcmp(what, "run") && run) {
		word_quote(out, run->rec.name);
		return true;
	}
	if (v->focus == WATCHED && !strcmp(what, "item") && train_watched_item(v, s) != NO_ITEM) {
		word_quote(out, dataset_item_id(session_data(s), train_watched_item(v, s)));
		return true;
	}
	if (v->focus == WATCHED && !strcmp(what, "user") && train_watched_user(v, s) != NO_USER) {
		word_quote(out, dataset_user_id(session_data(s), train_watched_user(v, s)));
		return true;
	}
	if (!strcmp(what, "job") && job_of(v, s, &job)) {
		str_printf(out, "%u", job);
		return true;
	}
	return false;
}

static void train_row_text(const struct view *v, const struct session *s, int pane, size_t row, struct str *out)
{
	const struct train_state *st = v->state;

	if (pane == RUNS)
		str_puts(out, session_run(s, row)->rec.name);
	else if (pane == SETTINGS)
		str_puts(out, form_spec(&st->form, row) ? form_spec(&st->form, row)->name : "model");
	else if (pane == WATCHED)
		train_watched_row(v, s, row, out);
}

/* --- the tables ----------------------------------------------------------------------------------------------- */

enum { R_NAME, R_STATE, R_METRIC, R_EPOCH, R_TIME };

struct runs_ctx {
	const struct session *s;
	const char *metric;
};

static const char *state_of(const struct session *s, const struct run *run)
{
	if (run == session_answering(s))
		return "answers";
	if (run->job)
		return "runs";
	if (!strcmp(run->rec.stopped, "done") || !strcmp(run->rec.stopped, "early"))
		return !run->of_data ? "other data" : !run->of_split ? "other split" : "";
	return run->rec.stopped;
}

static void run_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct runs_ctx *c = ctx;
	const struct run *run = session_run(c->s, row);

	out->dim_row = !run->of_data;
	switch (column) {
	case R_NAME:
		snprintf(out->text, sizeof out->text, "%s", run->label);
		break;
	case R_STATE:
		snprintf(out->text, sizeof out->text, "%s", state_of(c->s, run));
		out->style = run->job ? STYLE_WARN : run == session_answering(c->s) ? STYLE_GOOD : STYLE_DIM;
		break;
	case R_METRIC:
		text_real(out->text, sizeof out->text,
			  strcmp(run->rec.metric, c->metric) || !run->of_split ? NAN : run->rec.best_metric, 3);
		break;
	case R_EPOCH:
		text_count(out->text, sizeof out->text, run->rec.epochs);
		break;
	case R_TIME:
		text_seconds(out->text, sizeof out->text, run->rec.seconds);
		break;
	}
}

static void draw_runs(const struct view *v, const struct session *s, struct surface *out)
{
	const struct run *focus = train_focus(v, s);
	struct runs_ctx c = { s, focus && *focus->rec.metric ? focus->rec.metric : "ndcg@10" };
	struct table_column column[] = {
		[R_NAME] = { .title = "run", .least = 12 },
		[R_STATE] = { .title = "", .width = 7, .drop = 1 },
		[R_METRIC] = { .title = c.metric, .width = 7, .right = true },
		[R_EPOCH] = { .title = "epoch", .width = 5, .right = true, .drop = 2 },
		[R_TIME] = { .title = "time", .width = 5, .right = true, .drop = 3 },
	};
	const struct train_state *st = v->state;
	struct rect in = view_pane(v, out, RUNS, "Runs");
	char hint[64];

	if (strlen(c.metric) > 7)
		column[R_METRIC].width = strlen(c.metric) > 12 ? 12 : (int)strlen(c.metric);
	if (!session_n_runs(s)) {
		pane_say(out, in, "No run yet: load data first");
		return;
	}
	view_table(v, out, RUNS, in, column, 5, run_cell, &c, false);
	/* Popularity is there with every load: it is no run that anybody made. */
	if (session_n_runs(s) == 1 && session_run(s, 0)->in_memory && form_rows(&st->form) && in.h > 3) {
		snprintf(hint, sizeof hint, "No run yet: t trains %s", st->form.model[st->form.chosen]);
		surface_text(out, in.x + 1, in.y + 3, in.w - 2, STYLE_DIM, hint);
	}
}

static void setting_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct form *f = ctx;
	const struct param_spec *spec = form_spec(f, row);

	if (column == 0) {
		snprintf(out->text, sizeof out->text, "%s", spec ? spec->name : "model");
	} else if (column == 1) {
		snprintf(out->text, sizeof out->text, "%s", *form_value(f, row) ? form_value(f, row) : "–");
		if (form_is_changed(f, row))
			out->style = STYLE_WARN;
	} else if (spec && spec->unit) {
		snprintf(out->text, sizeof out->text, "%s", spec->unit);
		out->style = STYLE_DIM;
	}
}

/* " (on these data 11.8 MB, 0.02 s an epoch, at most 0.9 s)", before anything is started. */
static void say_cost(const struct foretold *of, struct str *out)
{
	char text[32];

	str_printf(out, " (on these data %s", str_bytes(of->bytes, text));
	if (of->epochs > 1 && !isnan(of->epoch)) {
		text_seconds(text, sizeof text, of->epoch);
		str_printf(out, ", %s an epoch", text);
	}
	if (!isnan(of->seconds)) {
		text_seconds(text, sizeof text, of->seconds);
		str_printf(out, ", %s%s", of->epochs > 1 ? "at most " : "", text);
	}
	str_puts(out, of->fits ? ")" : "; more than is free)");
}

/* What the setting under the cursor is, and what it may be. */
static void draw_note(const struct form *f, const struct session *s, size_t row, struct surface *out, struct rect r)
{
	const struct param_spec *spec = form_spec(f, row);
	struct str text = STR_INIT;

	if (!spec) {
		const struct foretold *of = session_foretold(s, f->model[f->chosen]);

		str_puts(&text, f->title[f->chosen]);
		if (of)
			say_cost(of, &text);
	} else {
		str_printf(&text, "%s (", spec->meaning ? spec->meaning : "");
		param_describe_range(spec, &text);
		str_puts(&text, ")");
	}
	pane_wrap(out, r, STYLE_DIM, str_text(&text));
	str_done(&text);
}

static void draw_settings(const struct view *v, const struct session *s, struct surface *out)
{
	const struct train_state *st = v->state;
	static const struct table_column column[] = {
		{ .title = "", .least = 12 },
		{ .title = "", .width = 12, .right = true },
		{ .title = "", .width = 8, .drop = 1 },
	};
	const struct table *t = &v->table[SETTINGS];
	char title[64];
	struct rect in;

	snprintf(title, sizeof title, "Settings of the next %s", st->form.n_models ? st->form.model[st->form.chosen] : "run");
	in = view_pane(v, out, SETTINGS, title);
	if (!form_rows(&st->form))
		return;
	view_table(v, out, SETTINGS, (struct rect){ in.x, in.y, in.w, t->rows }, column, 3, setting_cell, &st->form,
		   false);
	if (in.h - t->rows >= 2)
		draw_note(&st->form, s, t->cursor, out,
			  (struct rect){ in.x + 1, in.y + t->rows + 1, in.w - 2, in.h - t->rows - 1 });
}

static void train_draw(const struct view *v, const struct session *s, struct surface *out)
{
	bool tuned = train_trials(train_focus(v, s)) > 0;

	if (view_shows(v, RUNS))
		draw_runs(v, s, out);
	if (view_shows(v, SETTINGS))
		draw_settings(v, s, out);
	if (view_shows(v, LOSS))
		(tuned ? train_draw_trials : train_draw_loss)(v, s, out);
	if (view_shows(v, VALID))
		(tuned ? train_draw_search : train_draw_valid)(v, s, out);
	if (view_shows(v, WATCHED))
		train_draw_watched(v, s, out);
	if (view_shows(v, NOW))
		train_draw_now(v, s, out);
}

const struct view_kind view_train = {
	.name = "train",
	.title = "Train",
	.panes = panes,
	.n_panes = 6,
	.first_focus = RUNS,
	.state_size = sizeof(struct train_state),
	.sync = train_sync,
	.handle = train_handle,
	.draw = train_draw,
	.value = train_value,
	.row_text = train_row_text,
};
