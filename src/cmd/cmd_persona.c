/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_persona.c - persona, personas: edited histories with a name, kept for any run of the same data. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "app/session_change.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "cmd/hold.h"
#include "cmd/person.h"
#include "cmd/tables.h"
#include "data/split.h"

struct asked {
	struct hold hold;
	struct person who;
	struct edited_history edited;
	struct persona *persona;
	bool from_edits; /* of the screen, as they were at this serial */
	uint64_t serial;
	char *home;      /* where the file goes; NULL: nothing is written */
	bool made_here;  /* delete: it was made in this session */
};

static const struct param_spec persona_params[] = {
	{ .name = "history", .type = PARAM_TEXT, .meaning = "save: ITEM[:VALUE],… oldest first" },
	{ .name = "as", .type = PARAM_TEXT, .meaning = "save, with history=: the user whose own vector is kept" },
	{ .name = "replace", .type = PARAM_BOOL, .def = "no", .meaning = "save: whether a persona of that name is saved anew" },
	{ .name = NULL },
};

static void say_persona(struct call *c, const struct persona *p, const char *what)
{
	const char *after = persona_after(p, session_data(c->session));
	struct result *r = &c->result;
	struct str name = STR_INIT;

	word_quote(&name, persona_shown(p));
	result_set(r, "ok", json_true());
	result_set(r, "persona", json_text(persona_shown(p)));
	result_set(r, "user", after ? json_text(after) : json_null());
	result_set(r, "events", json_integer(p->n));
	result_say(r, "persona %s %s: %u event%s%s%s\n", name.s, what, p->n, p->n == 1 ? "" : "s",
		   after ? ", after user " : "", after ? after : "");
	str_done(&name);
}

/* --- save: the history ------------------------------------------------------------------------------------------ */

/* The history that is there before the edits, as lists are made from it. */
static bool history_before(struct asked *a, struct given_history *out, struct err *err)
{
	const struct dataset *d = a->hold.data;
	const size_t most = a->who.given ? 0 : d->user_ptr[a->who.user + 1] - d->user_ptr[a->who.user];

	if (a->who.given)
		return given_history_copy(out, &a->who.history, err);
	*out = (struct given_history){ .user = a->who.user };
	out->items = mem_alloc(most + 1, sizeof(*out->items), err);
	out->x = out->items ? mem_alloc(most + 1, sizeof(*out->x), err) : NULL;
	if (!out->x)
		return false;
	out->n = split_history(a->hold.split, a->who.user, false, out->items, out->x, NULL);
	return true;
}

static bool make_persona(struct asked *a, const char *name, const struct edit *edit, size_t n, struct err *err)
{
	const struct dataset *d = a->hold.data;
	struct given_history before = { .user = NO_USER }, after;
	size_t bad = n;
	bool good = history_before(a, &before, err);

	if (good && !history_edit(&a->edited, before.items, before.x, before.n, edit, n, &bad, err)) {
		if (bad < n)
			err_wrap(err, "%.100s", dataset_item_id(d, edit[bad].item));
		good = false;
	}
	if (good) {
		after = (struct given_history){ .user = a->who.user, .n = a->edited.n, .items = a->edited.items,
						.x = a->edited.x };
		a->persona = persona_new(name, d, &after, err);
	}
	given_history_done(&before);
	return a->persona != NULL;
}

/* What the screen holds: the edits of a user or of a persona. */
static bool save_edits(struct call *c, struct asked *a, const char *name, struct err *err)
{
	const struct edits *edits = session_edits_now(c->session);
	const struct persona *p = session_person(c->session, edits->user);
	size_t n;
	const struct edit *edit = edits_now(edits, &n);

	if (!n)
		return err_set(err, ERR_USAGE, "no history is edited: persona save NAME takes a USER with edits, or history=");
	a->from_edits = true;
	a->serial = edits->serial;
	a->who.user = p ? p->history.user : edits->user;
	if (p) {
		a->who.given = true;
		if (!given_history_copy(&a->who.history, &p->history, err))
			return false;
	}
	return make_persona(a, name, edit, n, err);
}

static bool save_words(struct call *c, struct asked *a, const char *name, struct err *err)
{
	const size_t n = c->words.n - 3;
	struct edit *edit = mem_must(calloc(n + 1, sizeof(*edit)));
	bool good = call_user(c, call_word(c, 2), &a->who.user, err);

	for (size_t i = 0; good && i < n; i++)
		good = edit_word_take(c, &c->words.w[i + 3], &edit[i], err);
	good = good && make_persona(a, name, edit, n, err);
	free(edit);
	return good;
}

static bool save_prepare(struct call *c, const char *name, struct err *err)
{
	struct asked *a = c->state;
	const struct word *history = call_named(c, "history");
	const char *as = call_text(c, "as");

	if (!hold_data(&a->hold, c, err) || !file_name_check("a persona", name, sizeof(a->persona->name) - 1, err) ||
	    !session_may_save_persona(c->session, name, params_bool(&c->params, "replace"), err))
		return false;
	a->home = session_readonly(c->session) ? NULL : mem_strdup(session_home(c->session));
	if (as && !history)
		return err_set(err, ERR_SYNTAX, "as= goes with history=");
	if (history && c->words.n > 2)
		return err_set(err, ERR_SYNTAX, "persona save takes a user or history=, not both (as= keeps a user's vector)");
	if (history)
		return (!as || call_user(c, as, &a->who.user, err)) && person_take_history(&a->who, c, history, err) &&
		       make_persona(a, name, NULL, 0, err);
	return c->words.n > 2 ? save_words(c, a, name, err) : save_edits(c, a, name, err);
}

/* --- use, delete ------------------------------------------------------------------------------------------------ */

/* The screen goes to it; a script reads its history. */
static bool use_persona(struct call *c, const char *name, struct err *err)
{
	static const struct result_column columns[] = {
		{ "item", "item", COLUMN_ID }, { "title", "title", COLUMN_TEXT }, { "value", "value", COLUMN_REAL },
		{ NULL, NULL, 0 },
	};
	const struct dataset *d = session_data(c->session);
	const struct persona *p;

	if (!call_needs_data(c, err) || !(p = session_find_persona(c->session, name, err)))
		return false;
	if (!p->of_data)
		return err_set(err, ERR_USAGE, "the persona %s was made on %s, not on the data that are loaded", name,
			       p->data_name);
	say_persona(c, p, "shows");
	c->result.rows_key = "history";
	c->result.columns = columns;
	for (uint32_t k = 0; k < p->n; k++) {
		json_t *row = result_add_row(&c->result);

		json_put(row, "item", json_text(dataset_item_id(d, p->history.items[k])));
		json_put(row, "title", json_text(dataset_title(d, p->history.items[k])));
		json_put(row, "value", json_number((double)p->x[k]));
	}
	return true;
}

static bool delete_persona(struct call *c, const char *name, struct err *err)
{
	struct asked *a = c->state;
	const struct persona *p = session_find_persona(c->session, name, err);
	char shown[sizeof(p->name)];

	a->made_here = p && p->made_here;
	snprintf(shown, sizeof(shown), "%s", p ? persona_shown(p) : name);
	if (!session_drop_persona(c->session, name, err))
		return false;
	result_set(&c->result, "ok", json_true());
	result_set(&c->result, "persona", json_text(shown));
	result_say(&c->result, "persona %s is deleted\n", shown);
	return true;
}

/* --- the command ------------------------------------------------------------------------------------------------ */

static const char *const verbs[] = { "save", "use", "delete" };
enum verb { SAVE, USE, DELETE, N_VERBS };

static enum verb verb_of(const struct call *c)
{
	const char *word = call_word(c, 0);
	enum verb v = SAVE;

	while (v < N_VERBS && (!word || strcmp(word, verbs[v]) != 0))
		v++;
	return v;
}

static bool persona_prepare(struct call *c, struct err *err)
{
	const enum verb verb = verb_of(c);
	const char *name = call_word(c, 1), *near;
	struct asked *a = mem_must(calloc(1, sizeof(*a)));
	struct err first;

	c->state = a;
	person_init(&a->who);
	if (verb == N_VERBS) {
		near = str_nearest(call_word(c, 0), verbs, N_VERBS);
		return err_set(err, ERR_SYNTAX, near ? "persona cannot \"%s\": did you mean %s?"
						     : "persona cannot \"%s\": it can save, use, delete", call_word(c, 0), near);
	}
	if (verb != SAVE && c->words.n > 2)
		return err_set(err, ERR_SYNTAX, "persona %s takes a name alone", verbs[verb]);
	/* Another process may have made it since they were listed. */
	if (!session_find_persona(c->session, name, &first) && !session_refresh_personas(c->session, err))
		return false;
	if (verb == SAVE)
		return save_prepare(c, name, err);
	return verb == USE ? use_persona(c, name, err) : delete_persona(c, name, err);
}

static bool persona_run(struct call *c, struct job *job, const struct task *t, struct err *err)
{
	const struct asked *a = c->state;

	(void)job, (void)t;
	return !a->persona || !a->home || persona_save(a->persona, a->home, err);
}

static bool persona_finish(struct call *c, struct err *err)
{
	struct asked *a = c->state;

	(void)err;
	if (!a->persona)
		return true;
	a->persona->made_here = true;
	a->persona->in_memory = !a->home;
	if (a->from_edits && session_edits_now(c->session)->serial == a->serial)
		edits_note_saved(session_edits(c->session));
	session_put_persona(c->session, a->persona);
	say_persona(c, a->persona, a->home ? "is saved" : "stands until whyrec ends (--readonly)");
	a->persona = NULL; /* the session's */
	return true;
}

static void persona_release(struct call *c)
{
	struct asked *a = c->state;

	hold_done(&a->hold);
	person_done(&a->who);
	edited_history_done(&a->edited);
	persona_free(a->persona);
	free(a->home);
	free(a);
}

/* The edits of the screen are not there again: what they made is written out. */
static const char *persona_again(const struct call *c, struct str *line)
{
	const struct asked *a = c->state;
	const struct persona *p;
	struct err gone;

	if (verb_of(c) == DELETE)
		return a->made_here ? NULL : "deleted a persona made before";
	if (verb_of(c) != SAVE || !(p = session_find_persona(c->session, call_word(c, 1), &gone)))
		return NULL;
	if (a->from_edits && !p->n)
		return "saved a history without events";
	for (uint32_t k = 0; a->from_edits && k < p->n; k++) {
		str_puts(line, k ? "," : " history=");
		word_quote(line, p->item[k]);
		str_printf(line, ":%.9g", (double)p->x[k]);
	}
	if (a->from_edits && p->as) {
		str_puts(line, " as=");
		word_quote(line, p->as);
	}
	if (!params_bool(&c->params, "replace"))
		str_puts(line, " replace=yes");
	return NULL;
}

static bool persona_confirm(const struct call *c, struct str *question)
{
	struct err none;

	if (verb_of(c) == DELETE && c->words.n == 2 && session_find_persona(c->session, call_word(c, 1), &none)) {
		str_printf(question, "Delete the persona %s for ever?", call_word(c, 1));
		return true;
	}
	return false;
}

const struct command persona_command = {
	.name = "persona", .group = "Questions",
	.synopsis = "persona save NAME [USER [+ITEM[=VALUE]… -ITEM… ITEM=VALUE…]]  or  persona save NAME history=ITEM[:VALUE],… [as=USER]  or  persona use|delete NAME",
	.summary = "keeps an edited history as a person with a name, shows it, deletes it",
	.lane = LANE_ASK, .words = { WORD_VERB, WORD_PERSONA, WORD_USER, WORD_EDIT }, .verbs = "save|use|delete", .many = true, .least = 2,
	.most = UINT_MAX, .names_are_ids = true, .params = persona_params, .prepare = persona_prepare, .run = persona_run,
	.finish = persona_finish, .release = persona_release, .confirm = persona_confirm,
	.keep = KEEP_CHANGES, .again = persona_again,
};

/* --- personas --------------------------------------------------------------------------------------------------- */

static bool personas_prepare(struct call *c, struct err *err)
{
	static const struct result_column columns[] = {
		{ "persona", "persona", COLUMN_ID }, { "user", "after user", COLUMN_ID }, { "events", "events", COLUMN_INT },
		{ "data", "data", COLUMN_TEXT },     { "made", "made", COLUMN_TEXT },   { "state", "", COLUMN_TEXT },
		{ NULL, NULL, 0 },
	};
	const size_t n = session_refresh_personas(c->session, err) ? session_n_personas(c->session) : SIZE_MAX;
	struct result *r = &c->result;
	char made[32];

	if (n == SIZE_MAX)
		return false;
	r->rows_key = "rows";
	r->columns = columns;
	for (size_t i = 0; i < n; i++) {
		const struct persona *p = session_persona(c->session, i);
		const char *after = persona_after(p, session_data(c->session));
		json_t *row = result_add_row(r);

		json_put(row, "persona", json_text(persona_shown(p)));
		json_put(row, "user", after ? json_text(after) : json_null());
		json_put(row, "events", json_integer(p->n));
		json_put(row, "data", json_text(p->data_name));
		json_put(row, "of_data", json_boolean(p->of_data));
		json_put(row, "kept", json_boolean(!p->in_memory));
		json_put(row, "made", json_text(clock_date_minute(p->made, made)));
		json_put(row, "state", json_text(p->of_data ? "" : "other data"));
	}
	result_set(r, "total", json_integer((json_int_t)n));
	result_say(r, "%s", n ? "" : "no persona yet: persona save NAME USER +ITEM\n");
	return true;
}

const struct command personas_command = {
	.name = "personas", .group = "Questions", .synopsis = "personas", .summary = "the personas that are kept, of whatever data",
	.prepare = personas_prepare,
};
