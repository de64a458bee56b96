/* SPDX-License-Identifier: GPL-3.0-or-later */
/* edits.c - see edits.h. */
#include "app/edits.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void edits_init(struct edits *e)
{
	*e = (struct edits){ .user = NO_USER };
}

static void drop_from(struct edits *e, size_t version)
{
	while (e->n > version)
		free(e->version[--e->n].edit);
	if (e->saved >= e->n)
		e->saved = 0;
}

void edits_done(struct edits *e)
{
	drop_from(e, 0);
	free(e->version);
	*e = (struct edits){ .user = NO_USER };
}

void edits_begin(struct edits *e, uint32_t user)
{
	drop_from(e, 0);
	e->at = 0;
	e->user = user;
	e->serial++;
}

const struct edit *edits_now(const struct edits *e, size_t *n)
{
	*n = e->n ? e->version[e->at].n : 0;
	return e->n ? e->version[e->at].edit : NULL;
}

const struct edit *edits_of(const struct edits *e, uint32_t item)
{
	size_t n;
	const struct edit *edit = edits_now(e, &n);

	for (size_t k = 0; k < n; k++)
		if (edit[k].item == item)
			return &edit[k];
	return NULL;
}

/* The newest version: the one that counts without the item's edit, then `more` if any. */
static void make_version(struct edits *e, uint32_t item, bool clear, const struct edit *more)
{
	struct edits_version made = { 0 };
	const struct edit *old;
	size_t n;

	if (!e->n) { /* what undo goes back to in the end */
		e->cap = e->cap ? e->cap : 16;
		e->version = mem_must(realloc(e->version, e->cap * sizeof(*e->version)));
		e->version[e->n++] = (struct edits_version){ 0 };
		e->at = 0;
	}
	old = edits_now(e, &n);
	made.edit = mem_must(malloc((n + 1) * sizeof(*made.edit)));
	for (size_t k = 0; k < n && !clear; k++)
		if (old[k].item != item)
			made.edit[made.n++] = old[k];
	if (more)
		made.edit[made.n++] = *more;
	drop_from(e, e->at + 1);
	if (e->n == e->cap) {
		e->cap *= 2;
		e->version = mem_must(realloc(e->version, e->cap * sizeof(*e->version)));
	}
	e->version[e->n] = made;
	e->at = e->n++;
	e->serial++;
}

void edits_toggle(struct edits *e, uint32_t item)
{
	const struct edit *has = edits_of(e, item), remove = { EDIT_REMOVE, item, 1 };

	make_version(e, item, false, has && has->kind != EDIT_RATE ? NULL : &remove);
}

void edits_add(struct edits *e, uint32_t item, float value)
{
	const struct edit *has = edits_of(e, item), add = { EDIT_ADD, item, value };

	make_version(e, item, false, has && has->kind == EDIT_REMOVE ? NULL : &add);
}

void edits_rate(struct edits *e, uint32_t item, float value)
{
	const struct edit *has = edits_of(e, item);
	const struct edit rate = { has && has->kind == EDIT_ADD ? EDIT_ADD : EDIT_RATE, item, value };

	make_version(e, item, false, &rate);
}

void edits_clear(struct edits *e)
{
	size_t n;

	edits_now(e, &n);
	if (n)
		make_version(e, NO_ITEM, true, NULL);
}

static bool go_to(struct edits *e, size_t version)
{
	e->at = version;
	e->serial++;
	return true;
}

bool edits_undo(struct edits *e)
{
	return e->n && e->at > 0 && go_to(e, e->at - 1);
}

bool edits_redo(struct edits *e)
{
	return e->at + 1 < e->n && go_to(e, e->at + 1);
}

void edits_note_saved(struct edits *e)
{
	e->saved = e->at;
}

bool edits_unsaved(const struct edits *e)
{
	size_t n;

	edits_now(e, &n);
	return n && e->saved != e->at;
}
