/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_journal.c - commands into the journal, and the command that shows and saves it. */
#include <stdlib.h>
#include <string.h>

#include "app/journal.h"
#include "app/session_change.h"
#include "app/settings.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/kept.h"
#include "cmd/tables.h"
#include "data/split.h"

/* --- keeping ------------------------------------------------------------------------------------------------ */

/* A script begins where this session began: with its settings, whatever the file of settings says by then. */
static void keep_settings(struct session *s, struct journal *j)
{
	for (const struct param_spec *p = settings_table; p->name; p++) {
		struct str line = STR_INIT, value = STR_INIT;

		settings_get(s, p->name, &value);
		if (p->type != PARAM_TEXT) {
			str_printf(&line, "set %s ", p->name);
			word_quote(&line, str_text(&value));
			journal_settle(j, journal_begin(j, line.s), NULL, NULL, false);
		}
		str_done(&value);
		str_done(&line);
	}
}

static char *without_comment(const char *line)
{
	struct words w;
	struct err ignored;
	char *bare;

	if (!words_parse(&w, line, &ignored) || w.n == 0)
		return mem_strdup(line);
	bare = mem_must(strndup(line + w.w[0].from, w.w[w.n - 1].to - w.w[0].from));
	words_done(&w);
	return bare;
}

static bool is_in_training(const struct session *s, const char *name)
{
	for (size_t i = 0; i < session_n_runs(s); i++)
		if (!strcmp(session_run(s, i)->rec.name, name))
			return session_run(s, i)->job != 0;
	return false;
}

/* The run in training that a call reads: named, or answering where none is. */
static void find_half_trained(const struct call *c, char name[64])
{
	const struct command *k = c->command;
	const struct run *answering = session_answering(c->session);
	const char *run = k->params && param_find(k->params, "run") >= 0 ? call_text(c, "run") : NULL;
	bool reads = k->words[0] == WORD_RUN || (k->params && param_find(k->params, "run") >= 0), named = run != NULL;

	for (size_t i = 0; i < c->words.n; i++) {
		if (command_word_kind(k, i) != WORD_RUN)
			continue;
		named = true;
		if (!run || !is_in_training(c->session, run))
			run = call_word(c, i);
	}
	if (reads && !named && answering)
		run = answering->rec.name;
	if (run && is_in_training(c->session, run))
		snprintf(name, 64, "%s", run);
}

static uint64_t data_now(const struct call *c)
{
	const struct dataset *d = session_data(c->session);

	return d ? d->id : 0;
}

void kept_begin(struct kept *k, const struct call *c, const char *line)
{
	struct journal *j = session_journal(c->session);

	if (journal_is_empty(j))
		keep_settings(c->session, j);
	k->any = true;
	k->line = without_comment(line);
	k->entry = journal_begin(j, k->line);
	k->data = data_now(c);
	k->split = session_split_serial(c->session);
	if (c->command)
		find_half_trained(c, k->run);
}

/* Why it cannot be done again, or NULL; then `line` is what does. */
static const char *why_not_again(const struct kept *k, const struct call *c, const struct err *err, struct str *line,
				 struct str *why)
{
	const struct command *command = c->command;

	if (err->code == ERR_CANCELLED)
		return "cancelled";
	if (err->code != ERR_OK) {
		str_printf(why, "failed (%s)", err->msg);
		return why->s;
	}
	if (command->keep == KEEP_COMMENT)
		return "not done again";
	if (k->run[0] && command->keep != KEEP_CHANGES) {
		str_printf(why, "asked of %s in training", k->run);
		return why->s;
	}
	return command->again ? command->again(c, line) : NULL;
}

void kept_end(struct kept *k, const struct call *c, const struct err *err)
{
	struct journal *j = session_journal(c->session);
	struct str line = STR_INIT, why = STR_INIT;
	const char *not;
	bool stays;

	if (!k->any)
		return;
	k->any = false;
	if (c->command && c->command->keep == KEEP_NOT) {
		journal_drop(j, k->entry);
	} else {
		str_puts(&line, k->line);
		not = why_not_again(k, c, err, &line, &why);
		/* A training of data that were replaced meanwhile belongs before the load that did. */
		stays = !c->command || c->command->keep != KEEP_CHANGES || c->command->lane == LANE_NONE ||
			(c->command->lane == LANE_HEAVY &&
			 (k->data != data_now(c) || k->split != session_split_serial(c->session)));
		journal_settle(j, k->entry, line.s, not, !stays);
	}
	free(k->line);
	k->line = NULL;
	str_done(&line);
	str_done(&why);
}

/* --- the command -------------------------------------------------------------------------------------------- */

static const struct param_spec journal_params[] = {
	{ .name = "force", .type = PARAM_BOOL, .def = "no", .meaning = "replaces what is there" },
	{ .name = NULL },
};

static bool show(struct call *c, struct err *err)
{
	struct journal *j = session_journal(c->session);
	struct str text = STR_INIT;
	size_t n = journal_n(j);

	if (dataset_ids_are_masked())
		return err_set(err, ERR_USAGE, "lines hold ids as they are: set redact off shows them");
	c->result.rows_key = "rows";
	for (size_t i = 0; i + 1 < n; i++) { /* the last is this command itself */
		const char *why, *line = journal_line(j, i, &why);
		json_t *row = result_add_row(&c->result);

		json_put(row, "line", json_text(line));
		json_put(row, "again", json_boolean(!why));
		json_put(row, "why", why ? json_text(why) : json_null());
		str_printf(&text, why ? "# %s: %s\n" : "%s%s\n", why ? why : "", line);
	}
	result_say(&c->result, "%s", str_text(&text));
	str_done(&text);
	return true;
}

static bool save(struct call *c, const char *path, struct err *err)
{
	struct journal *j = session_journal(c->session);
	struct str script = STR_INIT;
	size_t again = 0, n;
	bool good;

	if (session_readonly(c->session))
		return err_set(err, ERR_USAGE, "--readonly writes nothing");
	if (!params_bool(&c->params, "force") && file_exists(path))
		return err_set(err, ERR_EXISTS, "%s is there already: force=yes replaces it", path);
	journal_drop(j, c->entry);
	n = journal_n(j);
	for (size_t i = 0; i < n; i++) {
		const char *why;

		journal_line(j, i, &why);
		again += !why;
	}
	journal_script(j, &script);
	good = file_write_whole(path, script.s, script.len, 0600, err);
	str_done(&script);
	if (!good)
		return false;
	result_set(&c->result, "file", json_text(path));
	result_set(&c->result, "lines", json_integer((json_int_t)again));
	result_set(&c->result, "left_out", json_integer((json_int_t)(n - again)));
	result_say(&c->result, "%s: %zu commands, and %zu that are not done again as comments; whyrec -f %s\n", path,
		   again, n - again, path);
	return true;
}

static bool journal_prepare(struct call *c, struct err *err)
{
	result_set(&c->result, "ok", json_true());
	if (c->words.n == 0)
		return show(c, err);
	if (strcmp(call_word(c, 0), "save") != 0)
		return err_set(err, ERR_SYNTAX, "journal knows no %.60s: journal save FILE", call_word(c, 0));
	if (c->words.n < 2)
		return err_set(err, ERR_SYNTAX, "journal save needs a file: journal save FILE");
	return save(c, call_word(c, 1), err);
}

const struct command journal_command = {
	.name = "journal", .group = "Program", .synopsis = "journal [save FILE] [force=yes]",
	.summary = "the commands of this session; save: as a script that -f does again",
	.words = { WORD_VERB, WORD_FILE }, .verbs = "save", .most = 2, .params = journal_params, .keep = KEEP_NOT,
	.prepare = journal_prepare,
};
