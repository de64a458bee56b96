/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session_personas.c - the edits under way, and the personas that were made of some.
 *
 * DESIGN: views, questions and answers name a person by a number: below n_users it is a user's, above it a
 * persona's.  Personas get theirs from the top down and never the same twice, so that an answer about one that
 * was replaced or deleted is about nobody. */
#include <stdlib.h>
#include <string.h>

#include "app/session_private.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"

struct edits *session_edits(struct session *s)
{
	return &s->edits;
}

const struct edits *session_edits_now(const struct session *s)
{
	return &s->edits;
}

/* --- the table of personas -------------------------------------------------------------------------------------- */

size_t session_n_personas(const struct session *s)
{
	return s->n_personas;
}

const struct persona *session_persona(const struct session *s, size_t i)
{
	return i < s->n_personas ? s->persona[i] : NULL;
}

/* Where it is, or would be. */
static size_t place_of(const struct session *s, const char *name, bool *there)
{
	size_t i = 0;
	int order = 1;

	while (i < s->n_personas && (order = strcmp(name, s->persona[i]->name)) > 0)
		i++;
	*there = i < s->n_personas && order == 0;
	return i;
}

const struct persona *session_find_persona(const struct session *s, const char *name, struct err *err)
{
	bool there;
	size_t at = place_of(s, name, &there);
	const char **names, *near;

	if (there)
		return s->persona[at];
	names = mem_must(calloc(s->n_personas + 1, sizeof(*names)));
	for (size_t i = 0; i < s->n_personas; i++)
		names[i] = s->persona[i]->name;
	near = dataset_ids_are_masked() ? NULL : str_nearest(name, names, s->n_personas);
	if (near)
		err_set(err, ERR_NOTFOUND, "there is no persona %s: did you mean %s?", name, near);
	else
		err_set(err, ERR_NOTFOUND, "there is no persona %s: the command personas lists them", name);
	free(names);
	return NULL;
}

const struct persona *session_person(const struct session *s, uint32_t number)
{
	if (number == NO_USER || number < NO_USER - s->last_persona)
		return NULL;
	for (size_t i = 0; i < s->n_personas; i++)
		if (s->persona[i]->number == number)
			return s->persona[i];
	return NULL;
}

static void take_out(struct session *s, size_t at)
{
	if (s->edits.user == s->persona[at]->number)
		edits_begin(&s->edits, NO_USER);
	persona_free(s->persona[at]);
	memmove(&s->persona[at], &s->persona[at + 1], (s->n_personas - at - 1) * sizeof(*s->persona));
	s->n_personas--;
}

void session_put_persona(struct session *s, struct persona *take)
{
	bool there;
	size_t at = place_of(s, take->name, &there);

	if (there)
		take_out(s, at);
	take->number = NO_USER - ++s->last_persona;
	persona_settle(take, s->data);
	s->persona = mem_must(realloc(s->persona, (s->n_personas + 1) * sizeof(*s->persona)));
	memmove(&s->persona[at + 1], &s->persona[at], (s->n_personas - at) * sizeof(*s->persona));
	s->persona[at] = take;
	s->n_personas++;
	session_changed(s, CHANGED_DATA | CHANGED_ANSWER);
}

bool session_may_save_persona(const struct session *s, const char *name, bool replace, struct err *err)
{
	bool there;
	size_t at = place_of(s, name, &there);

	if (there && !replace)
		return err_set(err, ERR_EXISTS, "there is a persona %s already: replace=yes saves it anew", name);
	if (s->options.readonly && there && !s->persona[at]->in_memory)
		return err_set(err, ERR_USAGE, "%s is kept, and --readonly replaces nothing: choose another name", name);
	if (!s->options.readonly && !s->home)
		return err_set(err, ERR_IO, "there is no place to keep personas: HOME is not set; give --home DIR, or --readonly");
	return true;
}

bool session_drop_persona(struct session *s, const char *name, struct err *err)
{
	bool there;
	size_t at = place_of(s, name, &there);

	if (!there)
		return session_find_persona(s, name, err) != NULL;
	if (!s->persona[at]->in_memory) {
		if (s->options.readonly)
			return err_set(err, ERR_USAGE, "--readonly deletes nothing");
		if (!persona_delete(name, s->home, err))
			return false;
	}
	take_out(s, at);
	session_changed(s, CHANGED_DATA | CHANGED_ANSWER);
	return true;
}

/* --- what is kept ----------------------------------------------------------------------------------------------- */

static bool is_listed(const struct persona *p, struct persona *const *kept, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(p->name, kept[i]->name))
			return true;
	return false;
}

/* The same persona keeps its number, and the answers about it. */
static bool is_known(const struct session *s, const struct persona *p)
{
	bool there;
	size_t at = place_of(s, p->name, &there);

	return there && (s->persona[at]->in_memory || s->persona[at]->made == p->made);
}

static void merge(struct session *s, struct persona **kept, size_t n)
{
	for (size_t i = s->n_personas; i-- > 0;)
		if (!s->persona[i]->in_memory && !is_listed(s->persona[i], kept, n))
			take_out(s, i);
	for (size_t i = 0; i < n; i++) {
		if (is_known(s, kept[i]))
			persona_free(kept[i]);
		else
			session_put_persona(s, kept[i]);
		kept[i] = NULL;
	}
}

bool session_refresh_personas(struct session *s, struct err *err)
{
	struct persona **kept = NULL;
	struct str damaged = STR_INIT;
	size_t n = 0;

	if (!s->home || !file_is_folder(s->home))
		return true;
	if (!persona_list(s->home, &kept, &n, &damaged, err))
		return false;
	merge(s, kept, n);
	free(kept);
	for (char *line = damaged.s, *end; line && *line; line = end + 1) {
		end = strchr(line, '\n');
		*end = '\0';
		session_tell(s, LOG_WARN, "%s", line);
	}
	str_done(&damaged);
	return true;
}

void session_personas_init(struct session *s)
{
	struct err err;

	if (!session_refresh_personas(s, &err))
		session_tell(s, LOG_WARN, "kept personas cannot be listed: %s", err.msg);
}

void session_personas_installed(struct session *s)
{
	edits_begin(&s->edits, NO_USER);
	for (size_t i = 0; i < s->n_personas; i++)
		persona_settle(s->persona[i], s->data);
}

void session_personas_done(struct session *s)
{
	while (s->n_personas)
		take_out(s, s->n_personas - 1);
	free(s->persona);
	edits_done(&s->edits);
}
