/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command.c - one line from its words to its result.
 *
 * DESIGN: a flight is a call under way.  It is made ready and finished on the UI thread and handed to its
 * lane in between; while it flies only run() touches it.  done() is called exactly once, wherever the
 * flight ends: refused, failed, cancelled or answered.
 */
#include "cmd/command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/session_change.h"
#include "base/mem.h"
#include "cmd/kept.h"
#include "cmd/tables.h"

const struct command *const command_table[] = {
	&load_command, &split_command, &generate_command, &export_command,
	&models_command, &params_command, &train_command, &tune_command, &runs_command, &use_command, &delete_command, &import_command,
	&evaluate_command, &compare_command, &apart_command,
	&recommend_command, &similar_command, &near_command, &explain_command, &whatif_command, &whynot_command, &overlap_command, &rerank_command,
	&stability_command,
	&persona_command, &personas_command,
	&users_command, &items_command, &user_command, &item_command, &odd_command,
	&jobs_command, &pause_command, &resume_command, &cancel_command,
	&journal_command, &set_command, &help_command, &quit_command,
	NULL,
};

#define MAX_COMMANDS 64

const struct command *command_find(const char *name, struct err *err)
{
	const char *names[MAX_COMMANDS], *near;
	size_t n = 0;

	for (; command_table[n]; n++) {
		if (!strcmp(command_table[n]->name, name))
			return command_table[n];
		names[n] = command_table[n]->name;
	}
	near = str_nearest(name, names, n);
	if (near)
		err_set(err, ERR_SYNTAX, "no command is named %s: did you mean %s?", name, near);
	else
		err_set(err, ERR_SYNTAX, "no command is named %s: help lists them", name);
	return NULL;
}

/* --- words into a call ---------------------------------------------------------------------------------- */

struct flight {
	struct call call;
	command_done_fn *done;
	void *ctx;
	struct kept kept;
	bool prepared;
};

static size_t add_names(const char **names, size_t n, const struct param_spec *specs)
{
	for (; specs && specs->name; specs++)
		names[n++] = specs->name;
	return n;
}

static bool unknown_name(const struct call *c, const struct word *w, struct err *err)
{
	const char *names[2 * PARAM_MAX], *near;
	size_t n = add_names(names, 0, c->command->params);

	n = add_names(names, n, c->more.specs);
	near = str_nearest(w->name, names, n);
	if (near)
		return err_set(err, ERR_SYNTAX, "%s has no parameter %s: did you mean %s?", c->command->name,
			       w->name, near);
	if (n == 0)
		return err_set(err, ERR_SYNTAX, "%s takes no name=value (an id with = in it must be quoted)",
			       c->command->name);
	return err_set(err, ERR_SYNTAX, "%s has no parameter %s: help %s lists them (an id with = in it must be quoted)",
		       c->command->name, w->name, c->command->name);
}

static bool set_named(struct call *c, const struct word *w, struct err *err)
{
	int at;

	if (c->more.specs && param_find(c->more.specs, w->name) >= 0)
		return params_set(&c->more, w->name, w->text, err);
	at = c->command->params ? param_find(c->command->params, w->name) : -1;
	if (at < 0)
		return unknown_name(c, w, err);
	if (c->command->params[at].type != PARAM_TEXT)
		return params_set(&c->params, w->name, w->text, err);
	c->params.v[at].set = true; /* of any length: call_text() reads the word */
	return true;
}

static bool check_count(const struct call *c, struct err *err)
{
	const struct command *k = c->command;

	if (c->words.n < k->least)
		return err_set(err, ERR_SYNTAX, "%s needs more words: %s", k->name, k->synopsis);
	if (c->words.n > k->most)
		return err_set(err, ERR_SYNTAX, "%s takes no \"%s\": %s", k->name, c->words.w[k->most].text,
			       k->synopsis);
	return true;
}

enum word_kind command_word_kind(const struct command *k, size_t position)
{
	size_t last = 0;

	while (last + 1 < sizeof(k->words) / sizeof(*k->words) && k->words[last + 1] != WORD_NONE)
		last++;
	if (position <= last)
		return k->words[position];
	return k->many ? k->words[last] : WORD_NONE;
}

static bool takes(const struct command *k, const char *name)
{
	return k->params && param_find(k->params, name) >= 0;
}

/* persona=NAME stands where USER would, first, wherever it was written; it keeps its name there. */
bool command_word_is_user(const struct command *k, const struct word *w)
{
	return w->name && !strcmp(w->name, "persona") && takes(k, "persona");
}

static void put_first(struct words *list, struct word *w)
{
	memmove(list->w + 1, list->w, list->n * sizeof(*list->w));
	list->w[0] = *w;
	list->n++;
}

/* Moves the words of the line into the call: positional ones first, since what further names there are may
 * depend on them. */
static bool fill_call(struct call *c, struct words *line, struct err *err)
{
	bool good;

	c->words.w = mem_must(calloc(line->n, sizeof(*c->words.w)));
	c->named.w = mem_must(calloc(line->n, sizeof(*c->named.w)));
	for (size_t i = 1; i < line->n; i++) {
		const char *name = line->w[i].name;
		bool is_id = c->command->names_are_ids && name && !takes(c->command, name);
		struct words *to = name && !is_id ? &c->named : &c->words;

		if (command_word_is_user(c->command, &line->w[i]))
			put_first(&c->words, &line->w[i]);
		else
			to->w[to->n++] = line->w[i];
		line->w[i] = (struct word){ 0 };
	}
	for (size_t i = 0; i < c->words.n; i++) {
		enum word_kind kind = command_word_kind(c->command, i);

		if (kind == WORD_PATH || kind == WORD_FILE)
			word_expand_home(&c->words.w[i]);
	}
	if (c->command->params)
		params_init(&c->params, c->command->params);
	if (c->command->more_params) {
		const struct param_spec *more = c->command->more_params(c);

		if (more)
			params_init(&c->more, more);
	}
	good = check_count(c, err);
	for (size_t i = 0; good && i < c->named.n; i++)
		good = set_named(c, &c->named.w[i], err);
	return good;
}

static void flight_free(struct flight *f)
{
	struct call *c = &f->call;

	if (f->prepared && c->command->release)
		c->command->release(c);
	words_done(&c->words);
	words_done(&c->named);
	result_done(&c->result);
	free(f);
}

static struct flight *flight_new(struct session *s)
{
	struct flight *f = mem_must(calloc(1, sizeof(*f)));

	f->call.session = s;
	result_init(&f->call.result);
	return f;
}

/* False with nothing in call.command: an empty line (err OK), a syntax error or an unknown command. */
static bool flight_parse(struct flight *f, const char *line, struct err *err)
{
	struct words words;
	bool good = true;

	if (!words_parse(&words, line, err))
		return false;
	if (words.n > 0 && words.w[0].name) {
		good = err_set(err, ERR_SYNTAX, "a line starts with a command, not with %s=", words.w[0].name);
	} else if (words.n > 0) {
		f->call.command = command_find(words.w[0].text, err);
		good = f->call.command && fill_call(&f->call, &words, err);
	}
	words_done(&words);
	return good;
}

/* --- the flight ----------------------------------------------------------------------------------------- */

static bool flight_run(struct job *job, const struct task *task, void *arg, struct err *err)
{
	struct flight *f = arg;

	return f->call.command->run(&f->call, job, task, err);
}

static void flight_message(struct session *s, void *arg, void *payload)
{
	struct flight *f = arg;

	(void)s;
	if (f->call.command->message)
		f->call.command->message(&f->call, payload);
}

static void flight_tell(struct flight *f, const struct err *err)
{
	kept_end(&f->kept, &f->call, err);
	if (!session_closing(f->call.session))
		f->done(f->ctx, &f->call, &f->call.result, err);
}

static void flight_finish(struct session *s, void *arg, int end, const struct err *ended)
{
	struct flight *f = arg;
	const struct command *k = f->call.command;
	struct err err = *ended;
	bool good = end == JOB_DONE || (end == JOB_CANCELLED && k->keep_partial);

	(void)s;
	if (good) {
		err.code = ERR_OK;
		if (k->finish && !k->finish(&f->call, &err))
			good = false;
	} else if (k->failed) {
		k->failed(&f->call, ended);
	}
	if (good)
		err.code = ERR_OK;
	flight_tell(f, &err);
}

static void flight_release(void *arg)
{
	flight_free(arg);
}

static bool flight_refuse(struct flight *f, const struct err *err)
{
	flight_tell(f, err);
	flight_free(f);
	return false;
}

/* A command without a worker's part is over when it is prepared. */
static bool flight_at_once(struct flight *f, struct err *err)
{
	const struct command *k = f->call.command;

	err->code = ERR_OK;
	if (k->finish && !k->finish(&f->call, err))
		return flight_refuse(f, err);
	err->code = ERR_OK;
	flight_tell(f, err);
	flight_free(f);
	return true;
}

bool command_start(struct session *s, const char *line, command_done_fn *done, void *ctx, uint32_t *job)
{
	struct flight *f = flight_new(s);
	struct call *c = &f->call;
	struct err err = { .code = ERR_OK };
	uint32_t id = 0;
	bool parsed, tells;
	struct work w = { .run = flight_run, .message = flight_message, .finish = flight_finish,
			  .release = flight_release, .arg = f };

	if (job)
		*job = 0;
	f->done = done;
	f->ctx = ctx;
	parsed = flight_parse(f, line, &err);
	if (!parsed || c->command)
		kept_begin(&f->kept, c, line);
	c->entry = f->kept.entry;
	if (!parsed)
		return flight_refuse(f, &err);
	if (!c->command) {
		flight_tell(f, &err);
		flight_free(f);
		return true;
	}
	tells = c->words.n > 0 && !dataset_ids_are_masked(); /* of what: prepare() may say it better */
	snprintf(c->title, sizeof(c->title), "%s%s%.*s", c->command->name, tells ? " " : "", 60,
		 tells ? c->words.w[0].text : "");
	f->prepared = true;
	if (c->command->prepare && !c->command->prepare(c, &err))
		return flight_refuse(f, &err);
	if (!c->command->run)
		return flight_at_once(f, &err);
	snprintf(w.title, sizeof(w.title), "%s", c->title);
	snprintf(w.run_name, sizeof(w.run_name), "%s", c->run_name);
	w.lane = c->command->lane;
	if (!session_start(s, &w, &id, &err))
		return false; /* finished as failed, and told */
	if (job)
		*job = id;
	return true;
}

bool command_question(struct session *s, const char *line, struct str *question)
{
	struct flight *f = flight_new(s);
	struct err err;
	bool asks = flight_parse(f, line, &err) && f->call.command && f->call.command->confirm &&
		    f->call.command->confirm(&f->call, question);

	flight_free(f);
	return asks;
}

bool command_quit_asked(const struct session *s)
{
	return session_quit_asked(s);
}

/* --- news ----------------------------------------------------------------------------------------------- */

static struct { command_news_fn *fn; void *ctx; } listener; /* UI thread */

void command_listen(command_news_fn *fn, void *ctx)
{
	listener.fn = fn;
	listener.ctx = ctx;
}

void call_tell_news(const struct call *c, const struct result *r)
{
	if (listener.fn && !session_closing(c->session))
		listener.fn(listener.ctx, c, r);
}

/* --- what the commands share ---------------------------------------------------------------------------- */

const char *call_word(const struct call *c, size_t i)
{
	return i < c->words.n ? c->words.w[i].text : NULL;
}

const struct word *call_named(const struct call *c, const char *name)
{
	for (size_t i = c->named.n; i-- > 0;) { /* the last one given counts */
		if (!strcmp(c->named.w[i].name, name))
			return &c->named.w[i];
	}
	return NULL;
}

const char *call_text(const struct call *c, const char *name)
{
	const struct word *w = call_named(c, name);

	if (w)
		return w->text;
	return c->command->params[param_find(c->command->params, name)].def;
}

bool call_needs_data(const struct call *c, struct err *err)
{
	if (session_data(c->session))
		return true;
	return err_set(err, ERR_USAGE, "no data are loaded: load PATH comes first");
}

bool call_user(const struct call *c, const char *id, uint32_t *user, struct err *err)
{
	struct str quoted = STR_INIT;

	*user = dataset_find_user(session_data(c->session), id);
	if (*user != NO_USER)
		return true;
	word_quote(&quoted, id);
	err_set(err, ERR_NOTFOUND, "no user has the id %.200s: the command users lists them", quoted.s);
	str_done(&quoted);
	return false;
}

bool call_item(const struct call *c, const char *id, uint32_t *item, struct err *err)
{
	struct str quoted = STR_INIT;

	*item = dataset_find_item(session_data(c->session), id);
	if (*item != NO_ITEM)
		return true;
	word_quote(&quoted, id);
	err_set(err, ERR_NOTFOUND, "no item has the id %.200s: the command items lists them", quoted.s);
	str_done(&quoted);
	return false;
}
