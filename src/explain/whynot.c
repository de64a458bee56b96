/* SPDX-License-Identifier: GPL-3.0-or-later */
/* whynot.c - see whynot.h.
 *
 * DESIGN: for the events that hold the item down a chunk ranks the history without one event, in the arrays of its
 * thread's slot.  What it finds depends on its event alone. */
#include "explain/whynot.h"

#include <math.h>

#include "base/bits.h"
#include "base/mem.h"
#include "explain/changed_history.h"
#include "explain/similar.h"
#include "explain/whynot_causes.h"

/* --- where it stands ------------------------------------------------------------------------------------------- */

struct place {
	uint32_t rank;
	double score, gap;
};

static bool give_query(void *ctx, size_t i, unsigned slot, struct query *out, struct err *err)
{
	(void)i, (void)slot, (void)err;
	*out = *(const struct query *)ctx;
	return true;
}

static bool find_place(const struct snapshot *s, uint32_t n_items, const struct query *q, uint32_t item,
		       const struct rank_options *o, struct scratch *scratch, struct place *out, struct err *err)
{
	struct ranked_lists l = { 0 };
	float score;
	bool fine = rank_of_item(s->model, n_items, q, o, item, scratch, &out->rank, &score, err) &&
		    rank_lists(s->model, n_items, give_query, (void *)(uintptr_t)q, 1, o, &task_null, &l, err);

	if (fine) {
		out->score = (double)score;
		out->gap = l.count[0] == o->k ? (double)l.score[o->k - 1] - (double)score : NAN;
	}
	ranked_lists_done(&l);
	return fine;
}

/* --- what holds it down ----------------------------------------------------------------------------------------- */

struct holding {
	const struct snapshot *s;
	uint32_t n_items, item;
	const struct query *q;
	struct rank_options o; /* the history is barred as it is */
	struct place whole;
	struct place *without; /* [n] */
	struct changed_history less;
};

static bool holding_init(struct holding *h, const struct task *task, struct err *err)
{
	h->without = mem_alloc(h->q->n ? h->q->n : 1, sizeof(*h->without), err);
	return h->without && changed_history_init(&h->less, h->q, 0, 1, task, err);
}

static void holding_done(struct holding *h)
{
	changed_history_done(&h->less);
	mem_free(h->without);
}

static void without_one(void *ctx, size_t event, unsigned slot)
{
	struct holding *h = ctx;
	struct changed_slot *mine = &h->less.slot[slot];
	const uint32_t place = (uint32_t)event;
	struct query q = changed_without(&h->less, slot, 0, &place, 1);

	if (!find_place(h->s, h->n_items, &q, h->item, &h->o, &mine->scratch, &h->without[event], &mine->err))
		atomic_store(&h->less.failed, true);
}

static bool take_held(const struct holding *h, struct whynot *out, struct err *err)
{
	out->held = mem_alloc(h->q->n ? h->q->n : 1, sizeof(*out->held), err);
	if (!out->held)
		return false;
	for (uint32_t k = 0; k < h->q->n; k++) {
		const struct place *p = &h->without[k];
		struct whynot_held held = { h->q->items[k], (float)(h->whole.gap - p->gap), p->rank };
		size_t at = out->n_held;

		if (!(held.value > 0))
			continue;
		for (; at > 0 && out->held[at - 1].value < held.value; at--)
			if (at < WHYNOT_HELD)
				out->held[at] = out->held[at - 1];
		if (at < WHYNOT_HELD) {
			out->held[at] = held;
			out->n_held += out->n_held < WHYNOT_HELD;
		}
	}
	return true;
}

static bool find_held(struct holding *h, struct whynot *out, const struct task *task, struct err *err)
{
	if (!holding_init(h, task, err))
		return false;
	if (!task_chunks(task, h->q->n, without_one, h))
		return task_cancelled(err);
	return changed_history_fine(&h->less, err) && take_held(h, out, err);
}

/* --- what lifts it in ------------------------------------------------------------------------------------------- */

/* The nearest items, those of the history and those without train events aside. */
static bool find_tried(const struct snapshot *s, const struct split *split, uint32_t item, const uint64_t *out_of,
		       uint32_t *tried, uint32_t *n, const struct task *task, struct err *err)
{
	const uint32_t n_items = split->data->n_items;
	struct similar_list near = { 0 };
	const uint32_t k = n_items < 4 * ADDITIONS_TRIED ? n_items : 4 * ADDITIONS_TRIED;
	bool fine = s->ops->similar ? similar_by_model(s, n_items, item, k, &near, err)
				    : similar_by_behaviour(split, item, k, task, &near, err);

	*n = 0;
	for (uint32_t i = 0; fine && i < near.n && *n < ADDITIONS_TRIED; i++)
		if (!bits_has(out_of, near.item[i]))
			tried[(*n)++] = near.item[i];
	similar_list_done(&near);
	return fine;
}

static bool find_addition(const struct snapshot *s, const struct split *split, const struct query *q, uint32_t item,
			  const struct rank_options *o, const uint64_t *out_of, struct whynot *out,
			  const struct task *task, struct err *err)
{
	uint32_t tried[ADDITIONS_TRIED], n;

	return find_tried(s, split, item, out_of, tried, &n, task, err) &&
	       smallest_addition(s, split->data->n_items, q, item, o, tried, n, task, &out->add, err);
}

/* --- the whole --------------------------------------------------------------------------------------------------- */

/* What is no candidate, with the filter and, for histories that are cut, the history. */
static uint64_t *bar_all(const struct whynot_options *o, const struct query *history, uint32_t n_items, struct err *err)
{
	const size_t words = bits_words(n_items);
	uint64_t *set = mem_zeroed(words, sizeof(*set), err);

	for (size_t w = 0; set && w < words; w++)
		set[w] = (o->list.barred ? o->list.barred[w] : 0) | (o->left_out ? o->left_out[w] : 0);
	for (uint32_t k = 0; set && history && k < history->n; k++)
		bits_add(set, history->items[k]);
	return set;
}

static bool find_rank(const struct snapshot *s, const struct split *split, const struct query *given,
		      const struct query *q, uint32_t item, const struct rank_options *o, struct whynot *out,
		      struct err *err)
{
	const uint32_t n_items = split->data->n_items;
	struct scratch scratch = { 0 };
	struct place place;
	float score;
	bool fine = find_place(s, n_items, q, item, o, &scratch, &place, err);

	if (fine && q->fold_in && !given->fold_in && given->user != NO_USER)
		fine = rank_of_item(s->model, n_items, given, o, item, &scratch, &out->trained_rank, &score, err);
	scratch_done(&scratch);
	if (fine) {
		out->rank = place.rank;
		out->score = place.score;
		out->gap = place.gap;
	}
	return fine;
}

bool whynot_item(const struct snapshot *s, const struct split *split, const struct query *given, uint32_t item,
		 const struct whynot_options *o, const struct task *task, struct whynot *out, struct err *err)
{
	const uint32_t n_items = split->data->n_items;
	struct query q = *given;
	struct rank_options list = { .k = o->list.k < n_items ? o->list.k : n_items };
	struct holding h = { .s = s, .n_items = n_items, .item = item, .q = &q, .o = { .k = list.k, .keep_seen = true } };
	uint64_t *barred = bar_all(o, NULL, n_items, err), *with_history = barred ? bar_all(o, given, n_items, err) : NULL;
	bool ranked, fine;

	*out = (struct whynot){ .score = NAN, .gap = NAN };
	list.barred = barred;
	h.o.barred = with_history;
	q.fold_in = given->fold_in || model_folds_in(s->model);
	out->folded_in = q.fold_in;
	ranked = whynot_find_causes(s, split, given, item, o, &out->causes);
	fine = with_history && find_rank(s, split, given, &q, item, &list, out, err);
	if (!ranked)
		out->rank = out->trained_rank = 0;
	h.whole = (struct place){ out->rank, out->score, out->gap };
	if (fine && out->rank > list.k)
		fine = find_held(&h, out, task, err) &&
		       find_addition(s, split, &q, item, &list, with_history, out, task, err);
	holding_done(&h);
	mem_free(barred);
	mem_free(with_history);
	if (!fine)
		whynot_done(out);
	return fine;
}

void whynot_done(struct whynot *w)
{
	mem_free(w->held);
	w->held = NULL;
	w->n_held = 0;
	counterfactual_done(&w->add);
}
