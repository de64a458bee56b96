/* SPDX-License-Identifier: GPL-3.0-or-later */
/* answers_items.c - answers about items: what is near one, why two are near, where all lie. */
#include "serve/answers_items.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "explain/item_map.h"
#include "explain/near.h"
#include "explain/similar.h"

static bool near_by_text(const struct request *r, const struct task *task, struct similar_list *near, struct err *err)
{
	const struct item_text *text = r->text ? item_text_ref(r->text) : similar_text_of(r->split->data, task, err);
	bool done = text && similar_by_text(text, r->item, r->k, task, near, err);

	item_text_unref(text);
	return done;
}

bool answer_nearest(struct nearest_answer *out, const struct request *r, const struct task *task,
			   struct err *err)
{
	struct similar_list near = { 0 };
	bool done;

	out->item = r->item;
	out->by = r->by;
	if (r->by == NEAREST_MODEL) {
		snprintf(out->run, sizeof(out->run), "%s", r->snapshot->run);
		done = similar_by_model(r->snapshot, r->split->data->n_items, r->item, r->k, &near, err);
	} else if (r->by == NEAREST_TEXT) {
		done = near_by_text(r, task, &near, err);
	} else {
		done = similar_by_behaviour(r->split, r->item, r->k, task, &near, err);
	}
	done = done && (out->row = mem_alloc((size_t)near.n + 1, sizeof(*out->row), err));
	for (uint32_t i = 0; done && i < near.n; i++)
		out->row[out->n++] = (struct list_row){ .item = near.item[i], .score = near.score[i] };
	similar_list_done(&near);
	return done;
}

/* Words are the text's, which may be gone before the answer is. */
static bool copy_near_words(struct near_answer *out, const struct near_pair *p, const struct item_text *t, struct err *err)
{
	size_t size = 1;
	char *at;

	for (size_t i = 0; i < p->n_words; i++)
		size += strtab_len(&t->words, p->word[i].word) + 1;
	out->part = mem_alloc(p->n_words + 1, sizeof(*out->part), err);
	at = out->words = out->part ? mem_alloc(size, 1, err) : NULL;
	for (size_t i = 0; at && i < p->n_words; i++) {
		const size_t n = strtab_len(&t->words, p->word[i].word) + 1;

		memcpy(at, strtab_get(&t->words, p->word[i].word), n);
		out->part[i] = (struct near_part){ at, p->word[i].part };
		at += n;
	}
	out->n_words = out->words ? p->n_words : 0;
	return out->words != NULL;
}

bool answer_near(struct near_answer *out, const struct request *r, const struct task *task, struct err *err)
{
	const struct item_text *t = NULL;
	struct near_pair p;
	bool done;

	out->item = r->item;
	out->other = r->with;
	if (r->snapshot)
		snprintf(out->run, sizeof(out->run), "%s", r->snapshot->run);
	if (r->text)
		t = item_text_ref(r->text);
	else if (dataset_has_text(r->split->data) && !(t = similar_text_of(r->split->data, task, err)) && err->code != ERR_UNSUPPORTED)
		return false;
	done = near_pair_make(r->snapshot, r->split, t, r->item, r->with, task, &p, err);
	if (done) {
		out->users[0] = p.users[0];
		out->users[1] = p.users[1];
		out->both = p.both;
		out->by_chance = p.by_chance;
		out->model = p.model;
		out->behaviour = p.behaviour;
		out->text = p.text;
		out->n_tags = p.n_tags;
		out->tag = p.tag; /* taken */
		p.tag = NULL;
		done = copy_near_words(out, &p, t, err);
		near_pair_done(&p);
	}
	item_text_unref(t);
	return done;
}

bool answer_map(struct map_answer *out, const struct request *r, const struct task *task, struct err *err)
{
	struct item_map m;

	snprintf(out->run, sizeof(out->run), "%s", r->snapshot->run);
	if (!item_map_make(r->snapshot, r->split, r->pane == PANE_MAP ? MAP_PCA : MAP_NEIGHBOURS, &m, task, err))
		return false;
	out->n = m.n;
	out->item = m.item; /* both are the answer's now */
	out->xy = m.xy;
	out->share = m.share;
	out->kl = m.kl;
	return true;
}
