/* SPDX-License-Identifier: GPL-3.0-or-later */
/* complete.c - what may stand at the cursor: commands, parameters, values, files, users, items, runs.
 *
 * Every candidate is written as the grammar reads it.  Items are found by id and by title; large tables are
 * looked through only until enough candidates are found.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "app/session_change.h"
#include "app/settings.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cmd/tables.h"
#include "data/split.h"
#include "eval/eval.h"
#include "model/model.h"

struct list {
	struct candidate *out;
	size_t n, max;
	const char *typed; /* what the candidates must begin with (titles: contain) */
	size_t skip;       /* bytes of the word that stay as they are: "run=", "history=a," */
};

static bool is_full(const struct list *l)
{
	return l->n >= l->max;
}

static void add(struct list *l, const char *text, bool quote, const char *hint)
{
	struct str s = STR_INIT;

	if (is_full(l))
		return;
	if (quote)
		word_quote(&s, text);
	else
		str_puts(&s, text);
	l->out[l->n++] = (struct candidate){ str_take(&s), mem_strdup(hint ? hint : "") };
}

static bool begins(const char *text, const char *typed)
{
	return strncmp(text, typed, strlen(typed)) == 0;
}

static void offer(struct list *l, const char *text, const char *hint)
{
	if (begins(text, l->typed))
		add(l, text, false, hint);
}

/* --- names of tables -------------------------------------------------------------------------------------- */

static void offer_commands(struct list *l)
{
	for (size_t i = 0; command_table[i]; i++)
		offer(l, command_table[i]->name, command_table[i]->summary);
}

static void offer_models(struct list *l)
{
	for (size_t i = 0; model_registry[i]; i++)
		offer(l, model_registry[i]->name, model_registry[i]->title);
}

static void offer_splits(struct list *l)
{
	for (size_t i = 0; split_kinds[i]; i++)
		offer(l, split_kinds[i], "");
}

static void offer_whats(struct list *l)
{
	for (size_t i = 0; export_whats[i].name; i++)
		offer(l, export_whats[i].name, export_whats[i].meaning);
}

static void offer_params(struct list *l, const struct param_spec *specs)
{
	for (; specs && specs->name; specs++) {
		struct str s = STR_INIT;

		str_printf(&s, "%s=", specs->name);
		offer(l, s.s, specs->meaning);
		str_done(&s);
	}
}

static void offer_settings(struct list *l)
{
	for (const struct param_spec *p = settings_table; p->name; p++)
		offer(l, p->name, p->meaning);
}

static void offer_choices(struct list *l, const char *choices)
{
	while (*choices) {
		size_t n = strcspn(choices, "|");
		char *one = mem_must(strndup(choices, n));

		offer(l, one, "");
		free(one);
		choices += n + (choices[n] == '|');
	}
}

static bool made_of_runs(const struct run *r)
{
	struct err ignored;
	const struct model_ops *ops = model_find(r->rec.model, &ignored);

	return ops && ops->caps & MODEL_OF_RUNS;
}

/* --- what the session has ---------------------------------------------------------------------------------- */

static void offer_runs(struct list *l, const struct session *s)
{
	for (size_t i = session_n_runs(s); i-- > 0;) {
		const struct run *r = session_run(s, i);

		if (begins(r->rec.name, l->typed))
			add(l, r->rec.name, true, r->of_data ? r->rec.model : "other data");
	}
}

/* Those that a run may be made of: of the data and the split that stand. */
static void offer_parts(struct list *l, const struct session *s)
{
	for (size_t i = session_n_runs(s); i-- > 0;) {
		const struct run *r = session_run(s, i);

		if (r->of_split && !r->job && begins(r->rec.name, l->typed) && !made_of_runs(r))
			add(l, r->rec.name, true, r->rec.model);
	}
}

static void offer_jobs(struct list *l, const struct session *s)
{
	for (size_t i = session_n_jobs(s); i-- > 0;) {
		struct job_row row;
		struct str id = STR_INIT;

		session_job(s, i, &row);
		str_printf(&id, "%u", row.id);
		offer(l, id.s, row.title);
		str_done(&id);
	}
}

static void offer_users(struct list *l, const struct session *s)
{
	const struct dataset *d = session_data(s);

	if (dataset_ids_are_masked()) /* a mask cannot be typed, an id is not to be seen */
		return;
	for (uint32_t u = 0; d && u < d->n_users && !is_full(l); u++) {
		const char *id = dataset_user_id(d, u);

		if (begins(id, l->typed))
			add(l, id, true, d->user_notes.n ? strtab_get(&d->user_notes, u) : "");
	}
}

/* Ids that begin so come first, then titles that have it in them. */
static void offer_items(struct list *l, const struct session *s)
{
	const struct dataset *d = session_data(s);

	if (dataset_ids_are_masked())
		return;
	for (uint32_t i = 0; d && i < d->n_items && !is_full(l); i++) {
		if (begins(dataset_item_id(d, i), l->typed))
			add(l, dataset_item_id(d, i), true, dataset_title(d, i));
	}
	if (!d || !d->titles.n || !l->typed[0])
		return;
	for (uint32_t i = 0; i < d->n_items && !is_full(l); i++) {
		if (!begins(dataset_item_id(d, i), l->typed) && utf8_contains_fold(dataset_title(d, i), l->typed))
			add(l, dataset_item_id(d, i), true, dataset_title(d, i));
	}
}

static void offer_personas(struct list *l, const struct session *s)
{
	for (size_t i = 0; !dataset_ids_are_masked() && i < session_n_personas(s); i++) {
		const struct persona *p = session_persona(s, i);

		if (begins(p->name, l->typed))
			add(l, p->name, true, p->of_data ? p->data_name : "other data");
	}
}

static void offer_tags(struct list *l, const struct session *s)
{
	const struct dataset *d = session_data(s);

	for (uint32_t t = 0; d && d->item_tags.ptr && t < d->tag_names.n && !is_full(l); t++)
		if (begins(strtab_get(&d->tag_names, t), l->typed))
			add(l, strtab_get(&d->tag_names, t), true, "");
}

/* --- files ------------------------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	return strcmp(((const struct candidate *)a)->text, ((const struct candidate *)b)->text);
}

/* Of "~/a" the part before the last /, as typed and as the system reads it. */
static char *folder_of(const char *typed, const char *slash, bool expanded)
{
	struct words w;
	struct err ignored;
	struct str real = STR_INIT;
	char *folder = slash ? mem_must(strndup(typed, (size_t)(slash - typed) + 1)) : mem_strdup("");

	if (!expanded || folder[0] != '~' || folder[1] != '/' || !words_parse(&w, "~/", &ignored))
		return folder;
	word_expand_home(&w.w[0]);
	str_printf(&real, "%s%s", w.w[0].text, folder + 2);
	words_done(&w);
	free(folder);
	return str_take(&real);
}

/* The ~ in front stays bare, what follows is quoted where it must be. */
static void add_path(struct list *l, const char *path, const char *hint)
{
	struct str s = STR_INIT;

	if (path[0] != '~') {
		add(l, path, true, hint);
		return;
	}
	str_puts(&s, "~/");
	if (path[2])
		word_quote(&s, path + 2);
	add(l, s.s, false, hint);
	str_done(&s);
}

static void offer_files(struct list *l)
{
	const char *slash = strrchr(l->typed, '/'), *name = slash ? slash + 1 : l->typed;
	char *folder = folder_of(l->typed, slash, false), *real = folder_of(l->typed, slash, true);
	DIR *dir = opendir(real[0] ? real : ".");
	struct dirent *e;

	while (dir && !is_full(l) && (e = readdir(dir))) {
		struct str shown = STR_INIT, path = STR_INIT;
		bool is_folder;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") || !begins(e->d_name, name) ||
		    (e->d_name[0] == '.' && name[0] != '.'))
			continue;
		str_printf(&shown, "%s%s", folder, e->d_name);
		str_printf(&path, "%s%s", real, e->d_name);
		is_folder = file_is_folder(path.s);
		if (is_folder)
			str_putc(&shown, '/');
		add_path(l, shown.s, is_folder ? "folder" : "");
		str_done(&shown);
		str_done(&path);
	}
	if (dir)
		closedir(dir);
	free(folder);
	free(real);
	qsort(l->out, l->n, sizeof(*l->out), by_text);
}

static void offer_kind(struct list *l, const struct session *s, enum word_kind kind)
{
	switch (kind) {
	case WORD_PATH:
	case WORD_FILE:
		offer_files(l);
		break;
	case WORD_USER:
		offer_users(l, s);
		break;
	case WORD_PERSONA:
		offer_personas(l, s);
		break;
	case WORD_ITEM:
		offer_items(l, s);
		break;
	case WORD_EDIT:
		if (l->typed[0] == '+' || l->typed[0] == '-') { /* the mark stays */
			l->typed++;
			l->skip++;
		}
		offer_items(l, s);
		break;
	case WORD_EVALUATED:
		offer(l, "explain", "how far explanations can be trusted");
		offer_runs(l, s);
		break;
	case WORD_RUN:
		offer_runs(l, s);
		break;
	case WORD_MODEL:
		offer_models(l);
		break;
	case WORD_JOB:
		offer_jobs(l, s);
		break;
	case WORD_SPLIT:
		offer_splits(l);
		break;
	case WORD_WHAT:
		offer_whats(l);
		break;
	case WORD_SETTING:
		offer_settings(l);
		break;
	case WORD_COMMAND:
		offer_commands(l);
		break;
	case WORD_VERB: /* offered where the command is known */
	case WORD_NONE:
	case WORD_ANY:
		break;
	}
}

/* --- where the cursor stands ---------------------------------------------------------------------------------- */

static void offer_metrics(struct list *l)
{
	for (int i = 0; i < N_METRICS; i++) {
		struct str s = STR_INIT;

		str_printf(&s, "%s@10", metric_table[i].name);
		offer(l, s.s, metric_table[i].meaning);
		str_done(&s);
	}
}

/* Texts that name something: by the parameter's own name, which means the same in every command. */
static void offer_text_value(struct list *l, const struct session *s, const char *name)
{
	if (!strcmp(name, "run") || !strcmp(name, "with") || !strcmp(name, "resume"))
		offer_runs(l, s);
	else if (!strcmp(name, "persona"))
		offer_personas(l, s);
	else if (!strcmp(name, "as") || !strcmp(name, "users"))
		offer_users(l, s);
	else if (!strcmp(name, "history"))
		offer_items(l, s);
	else if (!strcmp(name, "only") || !strcmp(name, "not"))
		offer_tags(l, s);
	else if (!strcmp(name, "negatives"))
		offer_files(l);
	else if (!strcmp(name, "metric"))
		offer_metrics(l);
}

static const struct param_spec *find_spec(const struct call *c, const char *name)
{
	const struct param_spec *tables[] = { c->more.specs, c->command->params };

	for (size_t i = 0; i < 2; i++) {
		int at = tables[i] ? param_find(tables[i], name) : -1;

		if (at >= 0)
			return &tables[i][at];
	}
	return NULL;
}

/* The cursor is behind "name=", of a list in its last element; raw is the same, as it stands in the line. */
static void offer_value(struct list *l, const struct call *c, const char *name, const char *value, const char *raw)
{
	const struct param_spec *spec = find_spec(c, name);
	const char *comma;
	bool is_list;

	if (!spec)
		return;
	is_list = !strcmp(name, "history") || !strcmp(name, "only") || !strcmp(name, "not") || spec->type == PARAM_RUNS;
	comma = is_list ? strrchr(value, ',') : NULL;
	l->typed = comma ? comma + 1 : value;
	l->skip = strlen(name) + 1;
	if (comma)
		l->skip = (size_t)(strrchr(raw, ',') - raw) + 1;
	if (spec->type == PARAM_CHOICE)
		offer_choices(l, spec->choices);
	else if (spec->type == PARAM_BOOL)
		offer_choices(l, "yes|no");
	else if (spec->type == PARAM_RUNS)
		offer_parts(l, c->session);
	else if (spec->type == PARAM_TEXT)
		offer_text_value(l, c->session, name);
}

/* The call so far: positional words before the cursor, and the table that depends on the first. */
static bool begin_call(struct call *c, struct session *s, struct words *before)
{
	struct err ignored;

	*c = (struct call){ .session = s };
	if (before->w[0].name)
		return false;
	c->command = command_find(before->w[0].text, &ignored);
	if (!c->command)
		return false;
	c->words.w = mem_must(calloc(before->n, sizeof(*c->words.w)));
	for (size_t i = 1; i < before->n; i++) {
		if (before->w[i].name && !command_word_is_user(c->command, &before->w[i]))
			continue;
		c->words.w[c->words.n++] = before->w[i];
		before->w[i] = (struct word){ 0 };
	}
	c->more.specs = c->command->more_params ? c->command->more_params(c) : NULL;
	return true;
}

static void offer_word(struct list *l, const struct call *c, const char *raw, bool quoted)
{
	const char *typed = l->typed;
	size_t name = strspn(raw, "abcdefghijklmnopqrstuvwxyz0123456789-");

	if (name && raw[name] == '=') {
		char *key = mem_must(strndup(raw, name));

		offer_value(l, c, key, typed + name + 1, raw);
		free(key);
		return;
	}
	if (command_word_kind(c->command, c->words.n) == WORD_VERB)
		offer_choices(l, c->command->verbs);
	offer_kind(l, c->session, command_word_kind(c->command, c->words.n));
	if (quoted)
		return;
	offer_params(l, c->more.specs);
	offer_params(l, c->command->params);
}

static void complete_tail(struct list *l, struct session *s, const char *line, size_t from, size_t cursor,
			  bool quoted)
{
	char *head = mem_must(strndup(line, from)), *raw = mem_must(strndup(line + from, cursor - from));
	struct words before;
	struct call c = { 0 };
	struct err ignored;

	if (words_parse(&before, head, &ignored)) {
		if (before.n == 0)
			offer_commands(l);
		else if (begin_call(&c, s, &before))
			offer_word(l, &c, raw, quoted);
		words_done(&c.words);
		words_done(&before);
	}
	free(head);
	free(raw);
}

size_t command_complete(struct session *s, const char *line, size_t cursor, size_t *from,
			struct candidate *out, size_t max)
{
	struct list l = { .out = out, .max = max };
	char *typed;
	bool quoted, comment;

	*from = words_tail(line, cursor, &typed, &quoted, &comment);
	l.typed = typed;
	if (!comment)
		complete_tail(&l, s, line, *from, cursor, quoted);
	*from += l.skip;
	free(typed);
	return l.n;
}
