/* SPDX-License-Identifier: GPL-3.0-or-later */
/* explain.c - the parts of a score: asked of the model where it can tell them exactly, else found by
 * leaving out one event after the other.
 */
#include "explain/explain.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "base/str.h"
#include "explain/changed_history.h"

enum { NEIGHBOURS_TOLD = 20, RUNS_TOLD = 16 };

static struct explanation *new_explanation(const struct snapshot *s, const struct query *q, uint32_t item,
					   struct err *err)
{
	struct explanation *e = mem_zeroed(1, sizeof(*e), err);

	if (!e)
		return NULL;
	e->user = q->user;
	e->item = item;
	snprintf(e->run, sizeof(e->run), "%s", s->run);
	e->score = e->base = e->rest = e->trained_score = NAN;
	e->parts = mem_alloc(q->n ? q->n : 1, sizeof(*e->parts), err);
	if (e->parts)
		return e;
	mem_free(e);
	return NULL;
}

void explanation_free(struct explanation *e)
{
	if (!e)
		return;
	mem_free(e->parts);
	mem_free(e->neighbours);
	snapshot_unref(e->names);
	mem_free(e->runs);
	mem_free(e);
}

/* --- Rank -------------------------------------------------------------------- */

/* The rank in the list that the query gets, or why it has none. */
static bool find_rank(struct explanation *e, const struct snapshot *s, const struct split *split,
		      const struct query *q, const struct rank_options *o, struct scratch *scratch,
		      struct err *err)
{
	float score;

	for (uint32_t k = 0; k < q->n && !o->keep_seen; k++)
		if (q->items[k] == e->item)
			e->why_no_rank = "in the history";
	if (o->barred && bits_has(o->barred, e->item))
		e->why_no_rank = "no train events";
	if (e->why_no_rank)
		return true;
	return rank_of_item(s->model, split->data->n_items, q, o, e->item, scratch, &e->rank, &score, err);
}

/* --- Exact ------------------------------------------------------------------- */

static bool explain_exactly(struct explanation *e, const struct snapshot *s, const struct query *q,
			    struct scratch *scratch, struct err *err)
{
	float *part = mem_alloc(q->n ? q->n : 1, sizeof(*part), err);
	float base = 0;
	bool moved = false;

	if (!part || !s->ops->contributions(s->model, q, e->item, scratch, part, &base, err)) {
		mem_free(part);
		return false;
	}
	for (uint32_t k = 0; k < q->n; k++) {
		e->parts[k] = (struct explain_part){ .item = q->items[k], .place = k, .value = part[k] };
		moved = moved || part[k] != 0;
	}
	/* Popularity: no event moves the score, so there is nothing to list. */
	e->n_parts = moved ? q->n : 0;
	e->base = (double)base;
	e->rest = 0;
	mem_free(part);
	return true;
}

/* --- Leave one out ----------------------------------------------------------- */

struct leaving {
	const struct snapshot *s;
	struct explanation *e;
	struct changed_history less;
};

static void leave_out(void *ctx, size_t chunk, unsigned slot)
{
	struct leaving *l = ctx;
	struct changed_slot *mine = &l->less.slot[slot];
	const uint32_t place = (uint32_t)chunk;
	struct query without = changed_without(&l->less, slot, 0, &place, 1);
	float score;

	if (!model_score_one(l->s->model, &without, l->e->item, &mine->scratch, &score, &mine->err)) {
		atomic_store(&l->less.failed, true);
		return;
	}
	l->e->parts[chunk] = (struct explain_part){ .item = l->less.whole->items[chunk], .place = place,
						    .value = (float)(l->e->score - (double)score) };
}

static bool explain_by_leaving_out(struct explanation *e, const struct snapshot *s, const struct query *q,
				   const struct task *task, struct err *err)
{
	struct leaving l = { .s = s, .e = e };
	bool done = changed_history_init(&l.less, q, 0, 1, task, err);

	if (done && !task_chunks(task, q->n, leave_out, &l))
		done = task_cancelled(err);
	done = done && changed_history_fine(&l.less, err);
	e->n_parts = q->n;
	changed_history_done(&l.less);
	return done;
}

/* --- Beside the parts, in the history's order --------------------------------- */

static bool tell_attention(struct explanation *e, const struct snapshot *s, const struct query *q,
			   struct scratch *scratch, struct err *err)
{
	uint32_t newest = s->ops->newest ? s->ops->newest(s->model) : q->n;
	float *weight;
	bool done;

	e->n_unread = q->n > newest ? q->n - newest : 0;
	if (!s->ops->attention || !e->n_parts)
		return true;
	weight = mem_alloc(q->n, sizeof(*weight), err);
	done = weight && s->ops->attention(s->model, q, scratch, weight, err);
	for (size_t k = 0; done && k < e->n_parts; k++)
		e->parts[k].attention = weight[k];
	e->has_attention = done;
	mem_free(weight);
	return done;
}

/* --- The whole --------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
	const struct explain_part *x = a, *y = b;
	float ax = fabsf(x->value), ay = fabsf(y->value);

	if (ax != ay)
		return ax > ay ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

/* Strongest first; what lies beyond k is summed in rest where parts sum. */
static void order_parts(struct explanation *e, size_t k)
{
	if (e->n_parts)
		qsort(e->parts, e->n_parts, sizeof(*e->parts), by_size);
	for (size_t i = k; i < e->n_parts; i++)
		e->rest += (double)e->parts[i].value; /* NaN stays NaN */
	if (e->n_parts > k) {
		e->n_more = e->n_parts - k;
		e->n_parts = k;
	}
}

static bool tell_neighbours(struct explanation *e, const struct snapshot *s, const struct query *q,
			    struct scratch *scratch, struct err *err)
{
	size_t n;

	if (!s->ops->neighbours)
		return true;
	e->neighbours = mem_alloc(NEIGHBOURS_TOLD, sizeof(*e->neighbours), err);
	if (!e->neighbours)
		return false;
	n = s->ops->neighbours(s->model, q, e->item, scratch, e->neighbours, NEIGHBOURS_TOLD, err);
	e->n_neighbours = n == SIZE_MAX ? 0 : n;
	return n != SIZE_MAX;
}

static bool tell_runs(struct explanation *e, const struct snapshot *s, const struct query *q,
		      struct scratch *scratch, struct err *err)
{
	struct run_share share[RUNS_TOLD];
	size_t n;

	if (!s->ops->by_run)
		return true;
	n = s->ops->by_run(s->model, q, e->item, scratch, share, RUNS_TOLD, err);
	if (n == SIZE_MAX)
		return false;
	if (n > RUNS_TOLD)
		n = RUNS_TOLD;
	e->runs = mem_zeroed(n, sizeof(*e->runs), err);
	if (!e->runs)
		return false;
	e->n_runs = n;
	for (size_t r = 0; r < n; r++) {
		snprintf(e->runs[r].name, sizeof(e->runs[r].name), "%s", share[r].run);
		e->runs[r].weight = share[r].weight;
		e->runs[r].score = share[r].score;
		e->runs[r].value = share[r].value;
	}
	return true;
}

/* A model with trained user vectors explains its fold-in, and tells the trained score beside it. */
static bool find_scores(struct explanation *e, const struct snapshot *s, const struct query *given,
			struct query *q, struct scratch *scratch, struct err *err)
{
	float score;

	*q = *given;
	if (model_folds_in(s->model)) {
		if (q->user != NO_USER && !q->fold_in) {
			if (!model_score_one(s->model, q, e->item, scratch, &score, err))
				return false;
			e->trained_score = (double)score;
		}
		q->fold_in = true;
	}
	if (!model_score_one(s->model, q, e->item, scratch, &score, err))
		return false;
	e->score = (double)score;
	return true;
}

/* --- By content ------------------------------------------------------------------ */

static bool take_content(struct explanation *e, const struct content *c, struct err *err)
{
	mem_free(e->parts);
	e->parts = mem_alloc(c->n + 1, sizeof(*e->parts), err);
	if (!e->parts)
		return false;
	for (size_t k = 0; k < c->n; k++)
		e->parts[k] = (struct explain_part){ .item = NO_ITEM, .kind = c->part[k].kind,
						     .name = c->part[k].name, .value = c->part[k].value };
	e->n_parts = c->n;
	if (c->exact) {
		e->base = (double)c->base;
		e->rest = (double)c->rest;
	}
	e->method = c->exact ? "exact" : "leave-one-out";
	return true;
}

static bool fill_content(struct explanation *e, const struct snapshot *s, const struct split *split,
			 const struct query *given, size_t k, const struct rank_options *o, struct scratch *scratch,
			 struct err *err)
{
	struct content c = { 0 };
	struct query q;
	bool done;

	e->by_content = true;
	e->names = snapshot_ref(s);
	done = find_rank(e, s, split, given, o, scratch, err) && find_scores(e, s, given, &q, scratch, err) &&
	       s->ops->content(s->model, &q, e->item, scratch, &c, err) && take_content(e, &c, err);
	if (done)
		order_parts(e, k);
	content_done(&c);
	return done;
}

struct explanation *explain_content(const struct snapshot *s, const struct split *split, const struct query *q,
				    uint32_t item, size_t k, const struct rank_options *o,
				    const struct task *task, struct err *err)
{
	struct scratch scratch = { 0 };
	struct explanation *e;
	bool done;

	if (!s->ops->content) {
		struct str can = STR_INIT;

		models_that_can(&can, MODEL_HAS_CONTENT);
		err_set(err, ERR_UNSUPPORTED, "%s has no breakdown by content; %s", s->ops->name, str_text(&can));
		str_done(&can);
		return NULL;
	}
	if (!task_keep_going(task)) {
		task_cancelled(err);
		return NULL;
	}
	e = new_explanation(s, q, item, err);
	done = e && fill_content(e, s, split, q, k, o, &scratch, err);
	scratch_done(&scratch);
	if (done)
		return e;
	explanation_free(e);
	return NULL;
}

/* --- By history ------------------------------------------------------------------ */

static bool find_parts(struct explanation *e, const struct snapshot *s, const struct query *q,
		       struct scratch *scratch, const struct task *task, struct err *err)
{
	const bool exact = model_caps(s->model) & MODEL_EXACT;

	e->method = exact ? "exact" : "leave-one-out";
	if (exact)
		return explain_exactly(e, s, q, scratch, err);
	return explain_by_leaving_out(e, s, q, task, err);
}

static bool fill(struct explanation *e, const struct snapshot *s, const struct split *split,
		 const struct query *given, size_t k, const struct rank_options *o, struct scratch *scratch,
		 const struct task *task, struct err *err)
{
	struct query q;

	if (!find_rank(e, s, split, given, o, scratch, err) || !find_scores(e, s, given, &q, scratch, err))
		return false;
	if (!task_keep_going(task))
		return task_cancelled(err);
	if (!find_parts(e, s, &q, scratch, task, err) || !tell_attention(e, s, &q, scratch, err))
		return false;
	order_parts(e, k);
	return tell_neighbours(e, s, &q, scratch, err) && tell_runs(e, s, &q, scratch, err);
}

static struct explanation *whole_or_none(struct explanation *e, bool whole)
{
	if (whole)
		return e;
	explanation_free(e);
	return NULL;
}

struct explanation *explain_item(const struct snapshot *s, const struct split *split, const struct query *q,
				 uint32_t item, size_t k, const struct rank_options *o,
				 const struct task *task, struct err *err)
{
	struct explanation *e = new_explanation(s, q, item, err);
	struct scratch scratch = { 0 };
	bool done = e && fill(e, s, split, q, k, o, &scratch, task, err);

	scratch_done(&scratch);
	return whole_or_none(e, done);
}

struct explanation *explain_parts(const struct snapshot *s, const struct query *given, uint32_t item,
				  const struct task *task, struct err *err)
{
	struct explanation *e = new_explanation(s, given, item, err);
	struct scratch scratch = { 0 };
	struct query q;
	bool done = e && find_scores(e, s, given, &q, &scratch, err) && find_parts(e, s, &q, &scratch, task, err);

	if (done)
		order_parts(e, SIZE_MAX);
	scratch_done(&scratch);
	return whole_or_none(e, done);
}
