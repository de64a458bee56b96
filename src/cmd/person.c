/* SPDX-License-Identifier: GPL-3.0-or-later */
/* person.c - see person.h. */
#include "cmd/person.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/num_parse.h"
#include "cmd/tables.h"
#include "data/split.h"

void person_init(struct person *p)
{
	*p = (struct person){ .user = NO_USER, .history = { .user = NO_USER } };
}

void person_done(struct person *p)
{
	given_history_done(&p->history);
	history_buf_done(&p->buf);
}

/* --- read ------------------------------------------------------------------------------------------------------- */

static bool take_persona(struct person *p, const struct call *c, const char *name, struct err *err)
{
	const struct persona *persona = session_find_persona(c->session, name, err);

	if (!persona)
		return false;
	if (!persona->of_data)
		return err_set(err, ERR_USAGE, "the persona %s was made on %s, not on the data that are loaded", name,
			       persona->data_name);
	snprintf(p->persona, sizeof(p->persona), "%s", persona_shown(persona));
	p->user = persona->history.user;
	p->given = true;
	return given_history_copy(&p->history, &persona->history, err);
}

bool person_take(struct person *p, const struct call *c, struct err *err)
{
	const struct word *w = &c->words.w[0];

	if (w->name && !strcmp(w->name, "persona"))
		return take_persona(p, c, w->text, err);
	return call_user(c, w->text, &p->user, err);
}

static void add_event(struct given_history *h, uint32_t item, float x)
{
	uint32_t keep = 0;

	for (uint32_t k = 0; k < h->n; k++) {
		if (h->items[k] == item)
			continue;
		h->items[keep] = h->items[k];
		h->x[keep++] = h->x[k];
	}
	h->items[keep] = item;
	h->x[keep++] = x;
	h->n = keep;
}

bool person_take_history(struct person *p, const struct call *c, const struct word *w, struct err *err)
{
	struct given_history *h = &p->history;
	struct words list;
	bool good;

	if (!word_split_list(&list, w, err))
		return err_wrap(err, "history=");
	p->given = true;
	h->user = p->user;
	h->items = mem_alloc(list.n, sizeof(*h->items), err);
	h->x = h->items ? mem_alloc(list.n, sizeof(*h->x), err) : NULL;
	good = h->x != NULL;
	for (size_t i = 0; good && i < list.n; i++) {
		char *value = word_cut_at(&list.w[i], ':');
		float x = 1;
		uint32_t item;

		if (value && !num_parse_float(value, strlen(value), &x))
			good = err_set(err, ERR_SYNTAX, "history=: \"%s\" is no number (an id with : in it must be quoted)",
				       value);
		if (good && !(x > 0))
			good = err_set(err, ERR_RANGE, "history=: a value must be above 0, unlike %s", value);
		good = good && call_item(c, list.w[i].text, &item, err);
		if (good)
			add_event(h, item, x);
	}
	words_done(&list);
	return good;
}

static bool read_value(const char *text, float *out, struct err *err)
{
	if (num_parse_float(text, strlen(text), out))
		return *out > 0 || err_set(err, ERR_RANGE, "a value must be above 0, unlike %s", text);
	return err_set(err, ERR_SYNTAX, "\"%s\" is no number: edits are +ITEM, -ITEM and ITEM=VALUE "
		       "(an id with + - or = must be quoted)", text);
}

bool edit_word_take(const struct call *c, struct word *w, struct edit *e, struct err *err)
{
	const bool marked = w->text[0] && !w->marks[0] && !w->name;
	char *value = w->name ? w->text : word_cut_at(w, '=');
	const char *id = w->name ? w->name : w->text;

	e->value = 1;
	if (marked && (id[0] == '+' || id[0] == '-')) {
		e->kind = id[0] == '+' ? EDIT_ADD : EDIT_REMOVE;
		id++;
	} else {
		e->kind = EDIT_RATE;
	}
	if (e->kind == EDIT_RATE && !value)
		return err_set(err, ERR_SYNTAX, "\"%s\" is no edit: +%s adds it, -%s takes it out, %s=VALUE gives it a value",
			       id, id, id, id);
	if (e->kind == EDIT_REMOVE && value)
		return err_set(err, ERR_SYNTAX, "-%s takes an event out: it needs no value", id);
	return (!value || read_value(value, &e->value, err)) && call_item(c, id, &e->item, err);
}

/* --- asked and told --------------------------------------------------------------------------------------------- */

bool person_query(struct person *p, const struct snapshot *s, const struct split *split, struct query *out,
		  struct err *err)
{
	if (!p->given)
		return history_query(s, split, p->user, false, &p->buf, out, err);
	given_history_query(s, split, &p->history, out);
	out->fold_in = p->persona[0] && model_folds_in(s->model);
	return true;
}

bool person_has_hit(const struct person *p, const struct split *split, uint32_t item)
{
	return p->user != NO_USER && csr_has(&split->test, p->user, item);
}

void person_put(const struct person *p, const struct dataset *d, struct result *r)
{
	result_set(r, "user", p->user == NO_USER ? json_null() : json_text(dataset_user_id(d, p->user)));
	if (p->persona[0])
		result_set(r, "persona", json_text(p->persona));
}

void person_say(const struct person *p, const struct dataset *d, struct str *out)
{
	if (p->persona[0]) {
		str_puts(out, "persona ");
		word_quote(out, p->persona);
	} else if (p->user == NO_USER) {
		str_puts(out, "a history");
	} else {
		word_quote(out, dataset_user_id(d, p->user));
	}
}
