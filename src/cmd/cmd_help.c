/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_help.c - help, set, quit: what the program says of itself. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "app/session_change.h"
#include "app/settings.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/tables.h"
#include "data/split.h"

void result_say(struct result *r, const char *fmt, ...)
{
	struct str s = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vprintf(&s, fmt, ap);
	va_end(ap);
	free(r->text);
	r->text = s.s ? str_take(&s) : mem_strdup("");
}

/* --- help ------------------------------------------------------------------------------------------------ */

static void set_text(json_t *row, const char *key, const char *text)
{
	json_object_set_new(row, key, text ? json_text(text) : json_null());
}

void result_params(struct result *r, const struct param_spec *specs)
{
	static const struct result_column columns[] = {
		{ "name", "parameter", COLUMN_TEXT }, { "default", "default", COLUMN_TEXT },
		{ "range", "range", COLUMN_TEXT },    { "unit", "unit", COLUMN_TEXT },
		{ "meaning", "meaning", COLUMN_TEXT }, { NULL, NULL, 0 },
	};

	r->rows_key = "rows";
	r->columns = columns;
	for (; specs && specs->name; specs++) {
		json_t *row = result_add_row(r);
		struct str range = STR_INIT;

		param_describe_range(specs, &range);
		set_text(row, "name", specs->name);
		set_text(row, "default", specs->def);
		set_text(row, "range", str_text(&range));
		set_text(row, "unit", specs->unit ? specs->unit : "");
		set_text(row, "meaning", specs->meaning);
		set_text(row, "source", specs->source ? specs->source : "");
		set_text(row, "tune", specs->tune);
		str_done(&range);
	}
}

static void help_of_all(struct result *r)
{
	const char *group = "";
	struct str s = STR_INIT;

	r->rows_key = "rows";
	for (size_t i = 0; command_table[i]; i++) {
		const struct command *k = command_table[i];
		json_t *row = result_add_row(r);

		set_text(row, "name", k->name);
		set_text(row, "synopsis", k->synopsis);
		set_text(row, "summary", k->summary);
		set_text(row, "group", k->group);
		if (strcmp(group, k->group) != 0)
			str_printf(&s, "%s%s\n", i ? "\n" : "", k->group);
		group = k->group;
		str_printf(&s, "  %-10s %s\n", k->name, k->summary);
	}
	str_puts(&s, "\nhelp COMMAND tells more; the manual whyrec(1) tells all.\n");
	result_say(r, "%s", s.s);
	str_done(&s);
}

/* The table that depends on the first word: help train ease, help split ratio. */
static const struct param_spec *further_params(const struct call *c, const struct command *k)
{
	struct call of = { .command = k, .session = c->session };

	if (!k->more_params)
		return NULL;
	of.words.n = c->words.n - 1;
	of.words.w = c->words.w + 1;
	return k->more_params(&of);
}

static const char *first_word_name(const struct command *k)
{
	return k->words[0] == WORD_MODEL ? "MODEL" : "KIND";
}

static void help_of_one(struct call *c, const struct command *k)
{
	const struct param_spec *more = further_params(c, k);
	struct str s = STR_INIT;

	str_printf(&s, "%s\n\n%s\n", k->synopsis, k->summary);
	for (size_t i = 0; k->words[0] == WORD_SPLIT && split_kinds[i]; i++)
		str_printf(&s, "%s%s", i ? ", " : "kinds: ", split_kinds[i]);
	if (k->words[0] == WORD_SPLIT)
		str_putc(&s, '\n');
	if (k->more_params && !more)
		str_printf(&s, "help %s %s lists what depends on it\n", k->name, first_word_name(k));
	result_set(&c->result, "name", json_text(k->name));
	result_set(&c->result, "synopsis", json_text(k->synopsis));
	result_set(&c->result, "summary", json_text(k->summary));
	result_params(&c->result, more);
	result_params(&c->result, k->params);
	if (json_array_size(c->result.rows))
		str_putc(&s, '\n');
	result_say(&c->result, "%s", s.s);
	str_done(&s);
}

static bool help_prepare(struct call *c, struct err *err)
{
	const struct command *k;

	result_set(&c->result, "ok", json_true());
	if (c->words.n == 0) {
		help_of_all(&c->result);
		return true;
	}
	k = command_find(call_word(c, 0), err);
	if (k)
		help_of_one(c, k);
	return k != NULL;
}

const struct command help_command = {
	.name = "help", .group = "Program", .synopsis = "help [COMMAND [MODEL|KIND]]",
	.summary = "lists the commands, or tells of one", .words = { WORD_COMMAND, WORD_ANY }, .most = 2,
	.prepare = help_prepare,
};

/* --- set -------------------------------------------------------------------------------------------------- */

static void list_settings(struct call *c)
{
	static const struct result_column columns[] = {
		{ "name", "setting", COLUMN_TEXT }, { "value", "value", COLUMN_TEXT },
		{ "range", "range", COLUMN_TEXT },  { "meaning", "meaning", COLUMN_TEXT }, { NULL, NULL, 0 },
	};
	struct result *r = &c->result;

	r->rows_key = "rows";
	r->columns = columns;
	result_say(r, "%s", "");
	for (const struct param_spec *p = settings_table; p->name; p++) {
		json_t *row = result_add_row(r);
		struct str value = STR_INIT, range = STR_INIT;

		settings_get(c->session, p->name, &value);
		param_describe_range(p, &range);
		set_text(row, "name", p->name);
		set_text(row, "value", str_text(&value));
		set_text(row, "range", str_text(&range));
		set_text(row, "meaning", p->meaning);
		str_done(&value);
		str_done(&range);
	}
}

static bool set_prepare(struct call *c, struct err *err)
{
	struct str value = STR_INIT;

	result_set(&c->result, "ok", json_true());
	if (c->words.n == 0) {
		list_settings(c);
		return true;
	}
	if (c->words.n != 2)
		return err_set(err, ERR_SYNTAX, "set needs a name and a value: set k 20");
	if (!settings_set(c->session, call_word(c, 0), call_word(c, 1), err))
		return false;
	settings_get(c->session, call_word(c, 0), &value);
	result_set(&c->result, "name", json_text(call_word(c, 0)));
	result_set(&c->result, "value", json_text(str_text(&value)));
	result_say(&c->result, "%s is %s\n", call_word(c, 0), str_text(&value));
	str_done(&value);
	return true;
}

const struct command set_command = {
	.name = "set", .group = "Program", .synopsis = "set [NAME VALUE]", .summary = "sets a setting for this session, or lists them",
	.words = { WORD_SETTING, WORD_ANY }, .most = 2, .prepare = set_prepare,
	.keep = KEEP_CHANGES,
};

/* --- quit ------------------------------------------------------------------------------------------------- */

static bool quit_prepare(struct call *c, struct err *err)
{
	(void)err;
	session_ask_quit(c->session);
	result_set(&c->result, "ok", json_true());
	result_say(&c->result, "%s", "");
	return true;
}

static bool quit_confirm(const struct call *c, struct str *question)
{
	size_t n = session_jobs_alive(c->session);
	const bool edits = edits_unsaved(session_edits_now(c->session));

	if (n)
		str_printf(question, "%zu job%s still run%s%s", n, n == 1 ? "" : "s", n == 1 ? "s" : "",
			   edits ? ", and edits of a history are not saved" : "");
	else if (edits)
		str_puts(question, "The edits of a history are not saved");
	if (n || edits)
		str_puts(question, n ? ": stop and quit?" : ": quit?");
	return n || edits;
}

const struct command quit_command = {
	.name = "quit", .group = "Program", .synopsis = "quit", .summary = "ends whyrec; jobs are cancelled, what is kept stays whole",
	.prepare = quit_prepare, .confirm = quit_confirm,
	.keep = KEEP_COMMENT,
};
