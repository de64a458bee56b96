/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_data.c - load and split: what is current, replaced when the new stands. */
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/session_change.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/num_parse.h"
#include "cmd/tables.h"
#include "data/load.h"

#define REJECTS_TOLD 100

struct load {
	struct load_options options; /* texts borrowed from the call's words */
	const char **paths;
	uint64_t seed;
	struct standing standing;
};

static const struct param_spec load_params[] = {
	{ .name = "format", .type = PARAM_CHOICE, .choices = "csv|movielens|atomic|lists|sequence",
	  .meaning = "takes the files for this instead of looking" },
	{ .name = "user", .type = PARAM_TEXT, .meaning = "column of the user: its name, or its number from 1" },
	{ .name = "item", .type = PARAM_TEXT, .meaning = "column of the item" },
	{ .name = "value", .type = PARAM_TEXT, .meaning = "column of the rating, count or value" },
	{ .name = "time", .type = PARAM_TEXT, .meaning = "column of the time" },
	{ .name = "event", .type = PARAM_TEXT, .meaning = "column of the kind of event" },
	{ .name = "weights", .type = PARAM_TEXT, .meaning = "what each kind of event weighs: view:1,cart:2,buy:4" },
	{ .name = "dedupe", .type = PARAM_CHOICE, .choices = "last|first|sum|max|none",
	  .meaning = "which event of a user with an item stays (default last, for sequences none)" },
	{ .name = "min-value", .type = PARAM_REAL, .lo = -1e30, .hi = 1e30,
	  .meaning = "events of a lower value are set aside" },
	{ .name = "min-user", .type = PARAM_INT, .lo = 0, .hi = 1e9, .def = "0", .unit = "events",
	  .meaning = "users with fewer events are set aside, again until none is left" },
	{ .name = "min-item", .type = PARAM_INT, .lo = 0, .hi = 1e9, .def = "0", .unit = "events",
	  .meaning = "items with fewer events are set aside likewise" },
	{ .name = "max-bad", .type = PARAM_TEXT, .def = "10%",
	  .meaning = "more rows than this that cannot be read stop the load" },
	{ .name = "limit", .type = PARAM_INT, .lo = 0, .hi = 1e15, .def = "0", .unit = "events",
	  .meaning = "reads only so many events; 0: all" },
	{ .name = NULL },
};

static bool parse_share(const char *text, double *out, struct err *err)
{
	size_t n = strlen(text);
	bool percent = n && text[n - 1] == '%';

	if (num_parse_double(text, n - percent, out)) {
		*out /= percent ? 100 : 1;
		if (*out >= 0 && *out <= 1)
			return true;
	}
	return err_set(err, ERR_RANGE, "max-bad=%s: a share between 0 and 1, or 0%% to 100%%, was expected", text);
}

static const char *given_text(const struct call *c, const char *name)
{
	return call_named(c, name) ? call_text(c, name) : NULL;
}

static bool fill_options(const struct call *c, struct load_options *o, struct err *err)
{
	const struct params *p = &c->params;

	load_options_init(o);
	if (params_is_set(p, "format"))
		o->format = params_text(p, "format");
	o->user = given_text(c, "user");
	o->item = given_text(c, "item");
	o->value = given_text(c, "value");
	o->time = given_text(c, "time");
	o->event = given_text(c, "event");
	o->weights = given_text(c, "weights");
	if (params_is_set(p, "dedupe"))
		o->dedupe = DEDUPE_LAST + params_choice(p, "dedupe");
	o->has_min_value = params_is_set(p, "min-value");
	if (o->has_min_value)
		o->min_value = params_real(p, "min-value");
	o->min_user = (uint32_t)params_int(p, "min-user");
	o->min_item = (uint32_t)params_int(p, "min-item");
	o->limit = (uint64_t)params_int(p, "limit");
	return parse_share(call_text(c, "max-bad"), &o->max_bad, err);
}

static bool load_prepare(struct call *c, struct err *err)
{
	struct load *l = mem_must(calloc(1, sizeof(*l)));

	c->state = l;
	l->seed = session_seed(c->session);
	l->paths = mem_must(calloc(c->words.n, sizeof(*l->paths)));
	for (size_t i = 0; i < c->words.n; i++)
		l->paths[i] = c->words.w[i].text;
	snprintf(c->title, sizeof(c->title), "load %.80s", file_base(l->paths[0]));
	return fill_options(c, &l->options, err);
}

static bool load_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	struct load *l = c->state;
	struct dataset *d;
	bool good;

	(void)job;
	d = dataset_load(l->paths, c->words.n, &l->options, t, err);
	if (!d)
		return false;
	good = standing_make(&l->standing, d, NULL, NULL, l->seed, t, err);
	dataset_unref(d);
	return good;
}

static void tell_rejects(struct result *r, const struct load_report *rep)
{
	static const struct result_column columns[] = {
		{ "file", "file", COLUMN_TEXT }, { "line", "line", COLUMN_INT },
		{ "reason", "could not be read because", COLUMN_TEXT }, { NULL, NULL, 0 },
	};

	r->rows_key = "rejected";
	r->columns = columns;
	for (size_t i = 0; i < rep->n_rejects && i < REJECTS_TOLD; i++) {
		json_t *row = result_add_row(r);

		json_object_set_new(row, "file", json_text(rep->files[rep->rejects[i].file].name));
		json_object_set_new(row, "line", json_integer((json_int_t)rep->rejects[i].line));
		json_object_set_new(row, "reason", json_text(rep->rejects[i].reason));
	}
}

static json_t *what_it_has(const struct dataset *d)
{
	bool vectors = false;

	for (size_t k = 0; k < d->n_modalities; k++)
		vectors |= !d->modalities[k].column;
	return json_pack("{s:b,s:b,s:b,s:b,s:b,s:b,s:b,s:b}", "times", d->time != NULL, "order", d->has_order, "values",
			 d->value != NULL, "titles", d->titles.n > 0, "text", d->texts.n > 0, "tags",
			 d->item_tags.ptr != NULL, "social", d->friends.ptr != NULL, "vectors", vectors);
}

static json_t *modalities_of(const struct dataset *d)
{
	json_t *list = json_array();

	for (size_t k = 0; k < d->n_modalities; k++) {
		const struct modality *m = &d->modalities[k];

		json_array_append_new(list, json_pack("{s:o,s:s,s:I,s:I}", "name", json_text(m->name), "kind",
						      m->column ? "column" : "vectors", "dim", (json_int_t)m->dim,
						      "items", (json_int_t)m->n_has));
	}
	return list;
}

static void say_files(struct str *s, const struct load_report *rep)
{
	char a[32], b[32];

	for (size_t i = 0; i < rep->n_files; i++) {
		const struct loaded_file *f = &rep->files[i];

		str_printf(s, "  %s: %s", f->name, f->role);
		if (f->format[0])
			str_printf(s, ", %s, %s rows", f->format, str_thousands(f->rows, a));
		if (f->bad)
			str_printf(s, ", %s rejected", str_thousands(f->bad, b));
		if (f->note && f->note[0])
			str_printf(s, "; %s", f->note);
		str_putc(s, '\n');
	}
}

static void say_cleaning(struct str *s, const struct load_report *rep)
{
	char a[32];

	if (rep->set_aside_total)
		str_printf(s, "set aside %s:", str_thousands(rep->set_aside_total, a));
	for (size_t i = 0; i < rep->n_set_aside; i++)
		str_printf(s, "%s %s %s", i ? "," : "", rep->set_aside[i].reason,
			   str_thousands(rep->set_aside[i].n, a));
	if (rep->set_aside_total)
		str_putc(s, '\n');
	if (rep->rejected_total)
		str_printf(s, "rejected %s%s\n", str_thousands(rep->rejected_total, a),
			   rep->rejected_total > REJECTS_TOLD ? "; the first 100:" : ":");
}

static void say_split(struct str *s, const struct split *p)
{
	char a[32], b[32], c[32], u[32];

	str_printf(s, "split %s: train %s, valid %s, test %s events; %s test users\n", p->text,
		   str_thousands(p->n_train, a), str_thousands(p->n_valid, b), str_thousands(p->n_test, c),
		   str_thousands(p->test_users, u));
}

static void tell_load(struct result *r, const struct dataset *d, const struct split *split)
{
	const struct load_report *rep = &d->report;
	struct str s = STR_INIT;
	json_t *aside = json_object();
	char u[32], i[32], n[32];

	result_set(r, "dataset", json_text(d->name));
	result_set(r, "users", json_integer(d->n_users));
	result_set(r, "items", json_integer(d->n_items));
	result_set(r, "events", json_integer((json_int_t)d->n_events));
	result_set(r, "density", json_number(d->profile.density));
	result_set(r, "duplicates", json_integer((json_int_t)rep->duplicates));
	result_set(r, "rejected_total", json_integer((json_int_t)rep->rejected_total));
	tell_rejects(r, rep);
	result_set(r, "set_aside_total", json_integer((json_int_t)rep->set_aside_total));
	for (size_t k = 0; k < rep->n_set_aside; k++)
		json_object_set_new(aside, rep->set_aside[k].reason, json_integer((json_int_t)rep->set_aside[k].n));
	result_set(r, "set_aside", aside);
	result_set(r, "timestamp_ties", d->time ? json_number(rep->timestamp_ties) : json_null());
	result_set(r, "has", what_it_has(d));
	result_set(r, "modalities", modalities_of(d));
	result_set(r, "friendships", json_integer((json_int_t)(csr_n(&d->friends) / 2)));
	result_set(r, "seconds", json_number(rep->seconds));
	str_printf(&s, "%s: %s users, %s items, %s events (density %.2f%%), %.2f s\n", d->name,
		   str_thousands(d->n_users, u), str_thousands(d->n_items, i), str_thousands(d->n_events, n),
		   100 * d->profile.density, rep->seconds);
	say_files(&s, rep);
	say_split(&s, split);
	say_cleaning(&s, rep);
	result_say(r, "%s", s.s);
	str_done(&s);
}

static bool load_finish(struct call *c, struct err *err)
{
	struct load *l = c->state;

	(void)err;
	tell_load(&c->result, l->standing.data, l->standing.split);
	session_install(c->session, &l->standing);
	return true;
}

static void load_release(struct call *c)
{
	struct load *l = c->state;

	standing_done(&l->standing);
	free(l->paths);
	free(l);
}

/* Running jobs go on with what they hold, and their results will belong to the old data. */
/* What another dataset or split would end, or leave without its data. */
static bool confirm_loss(const struct call *c, struct str *question)
{
	size_t n = session_jobs_alive(c->session);
	const bool edits = edits_unsaved(session_edits_now(c->session));

	if (n)
		str_printf(question, "%zu job%s still run%s on the present data%s", n, n == 1 ? "" : "s", n == 1 ? "s" : "",
			   edits ? ", and edits of a history are not saved" : "");
	else if (edits)
		str_puts(question, "The edits of a history are not saved");
	if (n || edits)
		str_printf(question, ": %s anyway?", c->command->name);
	return n || edits;
}

const struct command load_command = {
	.name = "load", .group = "Data", .synopsis = "load PATH… [format=F] [user=COL item=COL value=COL time=COL event=COL]",
	.summary = "reads, cleans and reports; replaces the dataset",
	.lane = LANE_LIGHT, .words = { WORD_PATH }, .many = true, .least = 1, .most = UINT_MAX,
	.params = load_params, .prepare = load_prepare, .run = load_run, .finish = load_finish,
	.release = load_release, .confirm = confirm_loss,
	.keep = KEEP_CHANGES,
};

/* --- split ------------------------------------------------------------------------------------------------ */

struct splitting {
	const struct dataset *data;
	uint64_t seed;
	struct standing standing;
};

static const struct param_spec split_own_params[] = {
	{ .name = "seed", .type = PARAM_INT, .lo = 0, .hi = 1e15,
	  .meaning = "of the draw (default: the session's)" },
	{ .name = NULL },
};

static const struct param_spec *split_more(const struct call *c)
{
	return c->words.n ? split_params(call_word(c, 0)) : NULL;
}

static bool no_such_split(const char *kind, struct err *err)
{
	size_t n = 0;
	const char *near;

	while (split_kinds[n])
		n++;
	near = str_nearest(kind, split_kinds, n);
	if (near)
		return err_set(err, ERR_RANGE, "no split is named %s: did you mean %s?", kind, near);
	return err_set(err, ERR_RANGE, "no split is named %s: help split lists them", kind);
}

static bool split_prepare(struct call *c, struct err *err)
{
	struct splitting *s = mem_must(calloc(1, sizeof(*s)));

	c->state = s;
	if (!c->more.specs)
		return no_such_split(call_word(c, 0), err);
	if (!call_needs_data(c, err))
		return false;
	s->data = dataset_ref(session_data(c->session));
	s->seed = params_is_set(&c->params, "seed") ? (uint64_t)params_int(&c->params, "seed")
						   : session_seed(c->session);
	return true;
}

static bool split_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	struct splitting *s = c->state;

	(void)job;
	return standing_make(&s->standing, s->data, call_word(c, 0), &c->more, s->seed, t, err);
}

static void tell_split(struct result *r, const struct split *p)
{
	const struct split_hazards *h = &p->hazards;
	struct str s = STR_INIT;

	result_set(r, "kind", json_text(p->kind));
	result_set(r, "text", json_text(p->text));
	result_set(r, "train", json_integer((json_int_t)p->n_train));
	result_set(r, "valid", json_integer((json_int_t)p->n_valid));
	result_set(r, "test", json_integer((json_int_t)p->n_test));
	result_set(r, "test_users", json_integer(p->test_users));
	result_set(r, "hazards", json_pack("{s:I,s:I,s:I,s:I}", "tied", (json_int_t)h->tied, "cold_test_items",
					   (json_int_t)h->cold_test_items, "repeats_removed",
					   (json_int_t)h->repeats_removed, "users_dropped",
					   (json_int_t)h->users_dropped));
	say_split(&s, p);
	if (h->tied)
		str_printf(&s, "%" PRIu64 " test events share user and time with an event of the history\n", h->tied);
	if (h->cold_test_items)
		str_printf(&s, "%" PRIu64 " test items have no train event\n", h->cold_test_items);
	if (h->repeats_removed)
		str_printf(&s, "%" PRIu64 " test events repeat an item of the history and are left out\n",
			   h->repeats_removed);
	if (h->users_dropped)
		str_printf(&s, "%" PRIu64 " test users have an empty history and are left out\n", h->users_dropped);
	result_say(r, "%s", s.s);
	str_done(&s);
}

static bool split_finish(struct call *c, struct err *err)
{
	struct splitting *s = c->state;

	if (session_data(c->session) != s->data)
		return err_set(err, ERR_CANCELLED, "other data were loaded meanwhile: split them anew");
	tell_split(&c->result, s->standing.split);
	session_install(c->session, &s->standing);
	return true;
}

static void split_release(struct call *c)
{
	struct splitting *s = c->state;

	standing_done(&s->standing);
	dataset_unref(s->data);
	free(s);
}

const struct command split_command = {
	.name = "split", .group = "Data", .synopsis = "split KIND [name=value…] [seed=N]",
	.summary = "says which events are train, valid and test",
	.lane = LANE_LIGHT, .words = { WORD_SPLIT }, .least = 1, .most = 1, .params = split_own_params,
	.more_params = split_more, .prepare = split_prepare, .run = split_run, .finish = split_finish,
	.release = split_release, .confirm = confirm_loss,
	.keep = KEEP_CHANGES,
};
