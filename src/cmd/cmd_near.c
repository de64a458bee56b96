/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cmd_near.c - near: why two items are near. */
#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/mem.h"
#include "cmd/hold.h"
#include "cmd/tables.h"
#include "explain/near.h"
#include "explain/similar.h"

struct asked {
	struct hold hold;
	uint32_t item[2];
};

static const struct param_spec near_params[] = {
	{ .name = "run", .type = PARAM_TEXT, .meaning = "whose likeness is told (default: the current run)" },
	{ .name = NULL },
};

static bool near_prepare(struct call *c, struct err *err)
{
	struct asked *a = mem_must(calloc(1, sizeof(*a)));

	c->state = a;
	if (!hold_data(&a->hold, c, err) || !call_item(c, call_word(c, 0), &a->item[0], err) ||
	    !call_item(c, call_word(c, 1), &a->item[1], err) || !hold_run(&a->hold, c, call_text(c, "run"), err))
		return false;
	return a->item[0] != a->item[1] || err_set(err, ERR_USAGE, "near wants two items, not one twice");
}

static void near_release(struct call *c)
{
	struct asked *a = c->state;

	hold_done(&a->hold);
	free(a);
}

static void say(struct call *c, const struct asked *a, const char *run, const struct near_pair *p)
{
	const struct dataset *d = a->hold.data;
	struct str s = STR_INIT;

	str_printf(&s, "%s and %s:", dataset_title(d, a->item[0]), dataset_title(d, a->item[1]));
	if (!isnan(p->model))
		str_printf(&s, " by %s %.3f,", run, p->model);
	if (!isnan(p->behaviour))
		str_printf(&s, " by behaviour %.3f,", p->behaviour);
	if (!isnan(p->text))
		str_printf(&s, " by text %.3f,", p->text);
	str_printf(&s, " taken together by %u of %u and %u users (chance gives %.1f)\n", p->both, p->users[0], p->users[1],
		   p->by_chance);
	for (size_t k = 0; k < p->n_tags; k++)
		str_printf(&s, "%s%s%s", k ? ", " : "tags in common: ", strtab_get(&d->tag_names, p->tag[k]),
			   k + 1 < p->n_tags ? "" : "\n");
	result_say(&c->result, "%s", s.s);
	str_done(&s);
}

static void tell(struct call *c, const struct asked *a, const char *run, const struct item_text *t, const struct near_pair *p)
{
	static const struct result_column columns[] = {
		{ "word", "word in common", COLUMN_TEXT }, { "part", "of the likeness by text", COLUMN_SCORE }, { NULL, NULL, 0 },
	};
	const struct dataset *d = a->hold.data;
	struct result *r = &c->result;
	json_t *tags = json_array();

	for (size_t k = 0; k < p->n_tags; k++)
		json_array_append_new(tags, json_text(strtab_get(&d->tag_names, p->tag[k])));
	result_set(r, "item", json_text(dataset_item_id(d, a->item[0])));
	result_set(r, "title", json_text(dataset_title(d, a->item[0])));
	result_set(r, "other", json_text(dataset_item_id(d, a->item[1])));
	result_set(r, "other_title", json_text(dataset_title(d, a->item[1])));
	result_set(r, "run", json_text(run));
	result_set(r, "model", json_number(p->model));
	result_set(r, "behaviour", json_number(p->behaviour));
	result_set(r, "text", json_number(p->text));
	result_set(r, "users", json_integer(p->both));
	result_set(r, "item_users", json_integer(p->users[0]));
	result_set(r, "other_users", json_integer(p->users[1]));
	result_set(r, "by_chance", json_number(p->by_chance));
	result_set(r, "tags", tags);
	r->rows_key = "words";
	r->columns = p->n_words ? columns : NULL;
	for (size_t k = 0; k < p->n_words; k++) {
		json_t *row = result_add_row(r);

		json_put(row, "word", json_text(strtab_get(&t->words, p->word[k].word)));
		json_put(row, "part", json_number((double)p->word[k].part));
	}
	say(c, a, run, p);
}

static bool near_run(struct call *c, struct job *job, const struct task *task, struct err *err)
{
	struct asked *a = c->state;
	const struct snapshot *s = hold_snapshot(&a->hold, err);
	const struct item_text *t = NULL;
	struct near_pair p;
	bool good = s != NULL;

	(void)job;
	if (good && dataset_has_text(a->hold.data) && !(t = similar_text_of(a->hold.data, task, err)))
		good = err->code == ERR_UNSUPPORTED; /* no word that two items have */
	good = good && near_pair_make(s, a->hold.split, t, a->item[0], a->item[1], task, &p, err);
	if (good) {
		tell(c, a, s->run, t, &p);
		near_pair_done(&p);
	}
	item_text_unref(t);
	return good;
}

const struct command near_command = {
	.name = "near", .group = "Questions", .synopsis = "near ITEM ITEM [run=RUN]",
	.summary = "why two items are near: who took both, words and tags in common",
	.lane = LANE_ASK, .words = { WORD_ITEM, WORD_ITEM }, .least = 2, .most = 2, .params = near_params,
	.prepare = near_prepare, .run = near_run, .release = near_release,
};
