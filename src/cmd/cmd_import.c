/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_import.c - import model FILE: what `export model` wrote becomes a run of this home. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/parts.h"
#include "app/session_change.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/hold.h"
#include "cmd/tables.h"
#include "train/run_file.h"

struct import {
	struct hold hold;
	const char *path, *wanted;  /* of the call's words; wanted may be NULL */
	char *home;
	char named[64];             /* in the file */
	struct run_record record;   /* of the new run */
	struct snapshot *snapshot;
};

static const struct param_spec import_params[] = {
	{ .name = "name", .type = PARAM_TEXT, .meaning = "name of the run (default: MODEL#N)" },
	{ .name = "replace", .type = PARAM_BOOL, .def = "no", .meaning = "with name=: replaces a run of that name" },
	{ .name = NULL },
};

/* A run that is made of others needs those of the same names. */
static bool take_parts(struct import *x, struct session *s, struct err *err)
{
	struct run_record rec;
	bool good = run_file_record(x->path, &rec, err);

	if (good && !parts_take_of(&x->hold.parts, s, &rec, err)) {
		snprintf(err->file, sizeof(err->file), "%s", x->path);
		good = err_wrap(err, "the runs that it is made of come first, under their names (name=)");
	}
	run_record_done(&rec);
	return good;
}

static bool import_prepare(struct call *c, struct err *err)
{
	struct import *x = mem_must(calloc(1, sizeof(*x)));
	struct session *s = c->session;
	const char *what = call_word(c, 0);

	c->state = x;
	run_record_init(&x->record);
	x->path = call_word(c, 1);
	x->wanted = call_text(c, "name");
	if (strcmp(what, "model") != 0)
		return err_set(err, ERR_RANGE, "import knows no %s: import model FILE reads what export model wrote, load reads data",
			       what);
	if (session_readonly(s))
		return err_set(err, ERR_USAGE, "--readonly keeps nothing, and what is imported is kept");
	if (!hold_data(&x->hold, c, err) || (x->wanted && !session_may_name_run(s, x->wanted, err)))
		return false;
	if (!session_store(s, err))
		return err_wrap(err, "the run could not be kept");
	if (!session_refresh_runs(s, err))
		return false;
	if (x->wanted && !params_bool(&c->params, "replace") && session_run_named(s, x->wanted))
		return err_set(err, ERR_EXISTS, "there is a run %s already: replace=yes replaces it", x->wanted);
	x->home = mem_strdup(session_home(s));
	snprintf(c->title, sizeof(c->title), "import %s", file_base(x->path));
	return take_parts(x, s, err);
}

static bool keep(struct import *x, bool replace, struct err *err)
{
	struct run_store *store = run_store_open(x->home, false, err);
	bool good = store && run_store_add(store, &x->record, x->snapshot, x->wanted, replace, err);

	run_store_free(store);
	return good;
}

static bool import_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	struct import *x = c->state;

	(void)job;
	x->snapshot = run_file_load(x->path, &x->record, x->hold.split, parts_resolve, &x->hold.parts, t, err);
	if (!x->snapshot)
		return false;
	snprintf(x->named, sizeof(x->named), "%s", x->record.name);
	snprintf(x->record.data_name, sizeof(x->record.data_name), "%s", x->hold.data->name);
	x->record.made = clock_wall();
	return keep(x, params_bool(&c->params, "replace"), err);
}

static bool import_finish(struct call *c, struct err *err)
{
	struct import *x = c->state;
	struct run *r = session_put_run(c->session, &x->record, false);
	const struct run_record *rec = &r->rec;
	struct result *res = &c->result;
	struct str text = STR_INIT;
	char bytes[32];

	(void)err;
	if (r->of_data) {
		session_set_run_snapshot(c->session, r, snapshot_ref(x->snapshot));
		session_choose(c->session, r);
	} else { /* others were loaded meanwhile */
		session_runs_changed(c->session);
	}
	result_set(res, "ok", json_true());
	result_set(res, "what", json_text(call_word(c, 0)));
	result_set(res, "file", json_text(x->path));
	result_set(res, "run", json_text(rec->name));
	result_set(res, "was", json_text(x->named));
	result_set(res, "model", json_text(rec->model));
	result_set(res, "params", json_incref(rec->params));
	result_set(res, "precision", json_text(precision_name[rec->precision]));
	result_set(res, "bytes", json_integer((json_int_t)rec->bytes));
	result_set(res, "of_split", json_boolean(r->of_split));
	str_printf(&text, "%s", rec->name);
	if (strcmp(rec->name, x->named) != 0)
		str_printf(&text, ", which was %s where it was exported,", x->named);
	str_printf(&text, " %s", r->of_data ? "answers" : "is kept");
	if (r->of_data && !r->of_split)
		str_printf(&text, "; it was trained with another split, %s", rec->split_text);
	str_printf(&text, ": %s in %s\n", str_bytes(rec->bytes, bytes), precision_name[rec->precision]);
	result_say(res, "%s", text.s);
	str_done(&text);
	return true;
}

static void import_release(struct call *c)
{
	struct import *x = c->state;

	snapshot_unref(x->snapshot);
	run_record_done(&x->record);
	hold_done(&x->hold);
	free(x->home);
	free(x);
}

/* Under the name that it got. */
static const char *import_again(const struct call *c, struct str *line)
{
	const char *name = json_string_value(json_object_get(c->result.head, "run"));

	str_puts(line, " name=");
	word_quote(line, name);
	str_puts(line, " replace=yes");
	journal_makes_run(session_journal(c->session), name);
	return NULL;
}

const struct command import_command = {
	.name = "import", .group = "Models", .synopsis = "import model FILE [name=RUN] [replace=yes]",
	.summary = "makes a run of what export model wrote; it then answers",
	.lane = LANE_LIGHT, .words = { WORD_VERB, WORD_PATH }, .verbs = "model", .least = 2, .most = 2, .params = import_params,
	.prepare = import_prepare, .run = import_run, .finish = import_finish, .release = import_release,
	.keep = KEEP_CHANGES, .again = import_again,
};
