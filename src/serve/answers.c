/* SPDX-License-Identifier: GPL-3.0-or-later */
/* answers.c - one request answered in the calling thread: a list, an explanation, an order. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "eval/rank_lists.h"
#include "explain/counterfactual.h"
#include "explain/explain.h"
#include "explain/faithfulness.h"
#include "explain/overlap.h"
#include "explain/whatif.h"
#include "explain/whynot.h"
#include "serve/answers_items.h"
#include "serve/order.h"
#include "serve/scorer.h"

static void free_whynot(struct whynot_answer *w)
{
	for (size_t k = 0; w->cause && k < w->n_causes; k++)
		free(w->cause[k].file);
	mem_free(w->cause);
	mem_free(w->held);
	mem_free(w->add);
}

void answer_free(struct answer *a)
{
	if (!a)
		return;
	switch (a->pane) {
	case PANE_LIST:
		mem_free(a->list.row);
		break;
	case PANE_BESIDE:
		mem_free(a->beside.line);
		mem_free(a->beside.second);
		break;
	case PANE_WHY:
	case PANE_BESIDE_WHY:
		mem_free(a->why.part);
		mem_free(a->why.neighbour);
		mem_free(a->why.names);
		break;
	case PANE_REMOVAL:
		mem_free(a->removal.without);
		break;
	case PANE_FAITHFULNESS:
		break;
	case PANE_WHYNOT:
		free_whynot(&a->whynot);
		break;
	case PANE_NEAREST:
	case PANE_NEAREST_BEHAVIOUR:
	case PANE_NEAREST_TEXT:
		mem_free(a->nearest.row);
		break;
	case PANE_NEAR:
		mem_free(a->near.part);
		mem_free(a->near.words);
		mem_free(a->near.tag);
		break;
	case PANE_MAP:
	case PANE_LAYOUT:
		mem_free(a->map.item);
		mem_free(a->map.xy);
		break;
	case PANE_USERS:
	case PANE_ITEMS:
	case N_PANES:
		mem_free(a->order.row);
		break;
	}
	mem_free(a);
}

/* The user of a request, asked with the history that lists are made from; its edits in `edited`. */
struct asked {
	struct history_buf buf;
	struct query q;
	struct edited_history edited;
	uint64_t *barred;
};

static bool asked_begin(struct asked *a, const struct request *r, struct err *err)
{
	uint32_t n_candidates;
	size_t bad;

	if (r->given) {
		given_history_query(r->snapshot, r->split, r->given, &a->q);
		a->q.fold_in = model_folds_in(r->snapshot->model);
	} else if (r->user >= r->split->data->n_users) {
		return err_set(err, ERR_RANGE, "user %u is none of the %u users", r->user, r->split->data->n_users);
	} else if (!history_query(r->snapshot, r->split, r->user, false, &a->buf, &a->q, err)) {
		return false;
	}
	return rank_barred(r->split, rank_all_items(r->split, r->snapshot->model), &a->barred, &n_candidates, err) &&
	       (!r->n_edits || history_edit(&a->edited, a->q.items, a->q.x, a->q.n, r->edit, r->n_edits, &bad, err));
}

/* From here on the query has the edits; both sides of a comparison are folded in where models fold in. */
static void ask_edited(struct asked *a, const struct request *r)
{
	if (!r->n_edits)
		return;
	a->q.items = a->edited.items;
	a->q.x = a->q.x ? a->edited.x : NULL;
	a->q.n = a->edited.n;
	a->q.fold_in = model_folds_in(r->snapshot->model);
}

static void asked_done(struct asked *a)
{
	history_buf_done(&a->buf);
	edited_history_done(&a->edited);
	mem_free(a->barred);
}

/* A persona's hits are those of the user whose vector it keeps. */
static bool is_hit(const struct request *r, uint32_t item)
{
	const uint32_t user = r->given ? r->given->user : r->user;

	return user != NO_USER && csr_has(&r->split->test, user, item);
}

static bool give_query(void *ctx, size_t i, unsigned slot, struct query *out, struct err *err)
{
	(void)i, (void)slot, (void)err;
	*out = ((const struct asked *)ctx)->q;
	return true;
}

static bool edited_list(struct list_answer *out, const struct request *r, const struct asked *asked,
			const struct rank_options *o, const struct task *task, struct err *err)
{
	const struct dataset *d = r->split->data;
	struct whatif *w = whatif_rank(r->snapshot, d->n_items, &asked->q, &asked->edited, o, task, err);
	bool done = w && (out->row = mem_alloc(w->n + 1, sizeof(*out->row), err));

	if (done) {
		out->edited = true;
		out->method = w->method;
		out->values_idle = w->values_idle;
		out->n_gone = w->n_gone;
		out->n = w->n;
		for (size_t i = 0; i < w->n; i++)
			out->row[i] = (struct list_row){ w->row[i].item, w->row[i].score,
							 is_hit(r, w->row[i].item),
							 w->row[i].was, w->row[i].removed };
	}
	whatif_free(w);
	return done;
}

static bool answer_list(struct list_answer *out, const struct request *r, const struct task *task, struct err *err)
{
	const struct dataset *d = r->split->data;
	struct asked asked = { 0 };
	struct ranked_lists lists = { 0 };
	struct rank_options o = { .k = r->k };
	bool done;

	out->user = r->user;
	out->epoch = r->snapshot->epoch;
	snprintf(out->run, sizeof(out->run), "%s", r->snapshot->run);
	done = asked_begin(&asked, r, err);
	o.barred = asked.barred;
	if (done && r->n_edits) {
		done = edited_list(out, r, &asked, &o, task, err);
		asked_done(&asked);
		return done;
	}
	done = done && rank_lists(r->snapshot->model, d->n_items, give_query, &asked, 1, &o, task, &lists, err) &&
	       (out->row = mem_alloc((size_t)lists.count[0] + 1, sizeof(*out->row), err));
	if (done) {
		out->n = lists.count[0];
		for (size_t i = 0; i < out->n; i++)
			out->row[i] = (struct list_row){ .item = lists.item[i], .score = lists.score[i],
							 .hit = is_hit(r, lists.item[i]) };
	}
	ranked_lists_done(&lists);
	asked_done(&asked);
	return done;
}

/* Kinds are fixed texts; names are the model's, which may be gone before the answer is. */
static bool copy_names(struct why_answer *out, const struct explanation *e, struct err *err)
{
	size_t size = 1;
	char *at;

	for (size_t i = 0; i < e->n_parts; i++)
		size += e->parts[i].name ? strlen(e->parts[i].name) + 1 : 0;
	at = out->names = mem_alloc(size, 1, err);
	for (size_t i = 0; at && i < e->n_parts; i++) {
		size_t n = e->parts[i].name ? strlen(e->parts[i].name) + 1 : 0;

		if (!n)
			continue;
		memcpy(at, e->parts[i].name, n);
		out->part[i].name = at;
		at += n;
	}
	return out->names != NULL;
}

static bool copy_parts(struct why_answer *out, const struct explanation *e, struct err *err)
{
	out->part = mem_alloc(e->n_parts + 1, sizeof(*out->part), err);
	out->neighbour = out->part ? mem_alloc(e->n_neighbours + 1, sizeof(*out->neighbour), err) : NULL;
	if (!out->neighbour)
		return false;
	out->n_parts = e->n_parts;
	out->n_more = e->n_more;
	out->n_neighbours = e->n_neighbours;
	for (size_t i = 0; i < e->n_parts; i++)
		out->part[i] = (struct why_part){ .item = e->parts[i].item, .kind = e->parts[i].kind,
						   .value = e->parts[i].value, .attention = e->parts[i].attention };
	for (size_t i = 0; i < e->n_neighbours; i++)
		out->neighbour[i] = (struct why_neighbour){ e->neighbours[i].who, e->neighbours[i].weight };
	return copy_names(out, e, err);
}

static bool answer_why(struct why_answer *out, const struct request *r, const struct task *task, struct err *err)
{
	struct asked asked = { 0 };
	struct rank_options o = { .k = r->k };
	struct explanation *e = NULL;
	bool done;

	out->by_content = r->by_content;
	out->user = r->user;
	out->item = r->item;
	snprintf(out->run, sizeof(out->run), "%s", r->snapshot->run);
	done = asked_begin(&asked, r, err);
	ask_edited(&asked, r);
	o.barred = asked.barred;
	if (done)
		e = (r->by_content ? explain_content : explain_item)(r->snapshot, r->split, &asked.q, r->item, r->k, &o,
								     task, err);
	done = e && copy_parts(out, e, err);
	if (done) {
		out->method = e->method;
		out->rank = e->rank;
		out->has_attention = e->has_attention;
		out->n_unread = e->n_unread;
		out->why_no_rank = e->why_no_rank;
		out->score = e->score;
		out->base = e->base;
		out->rest = e->rest;
		out->trained_score = e->trained_score;
	}
	explanation_free(e);
	asked_done(&asked);
	return done;
}

/* Lists may hold it: it is none of the history, and a candidate. */
static bool may_be_listed(const struct asked *a, uint32_t item)
{
	for (uint32_t k = 0; k < a->q.n; k++)
		if (a->q.items[k] == item)
			return false;
	return !a->barred || !bits_has(a->barred, item);
}

static bool answer_removal(struct removal_answer *out, const struct request *r, const struct task *task,
			   struct err *err)
{
	const uint32_t I = r->split->data->n_items;
	struct asked asked = { 0 };
	struct rank_options o = { .k = r->k };
	struct counterfactual c = { 0 };
	struct scratch scratch = { 0 };
	uint32_t rank = 0;
	float score;
	bool done;

	out->user = r->user;
	out->item = r->item;
	out->k = r->k;
	snprintf(out->run, sizeof(out->run), "%s", r->snapshot->run);
	done = asked_begin(&asked, r, err);
	ask_edited(&asked, r);
	asked.q.fold_in = model_folds_in(r->snapshot->model);
	o.barred = asked.barred;
	done = done && rank_of_item(r->snapshot->model, I, &asked.q, &o, r->item, &scratch, &rank, &score, err);
	out->ranked = done && rank <= r->k && may_be_listed(&asked, r->item);
	out->folded_in = asked.q.fold_in;
	if (out->ranked)
		done = smallest_removal(r->snapshot, I, &asked.q, r->item, &o, COUNTERFACTUAL_BUDGET, task, &c, err);
	if (done) {
		out->found = c.found;
		out->smallest = c.smallest;
		out->rank = c.rank;
		out->n = c.n;
		out->without = c.items; /* taken */
		c.items = NULL;
	}
	counterfactual_done(&c);
	scratch_done(&scratch);
	asked_done(&asked);
	return done;
}

static bool copy_whynot(struct whynot_answer *out, struct whynot *w, struct err *err)
{
	out->cause = mem_zeroed(w->causes.n + 1, sizeof(*out->cause), err);
	out->held = out->cause ? mem_alloc(w->n_held + 1, sizeof(*out->held), err) : NULL;
	if (!out->held)
		return false;
	out->n_causes = w->causes.n;
	for (size_t k = 0; k < w->causes.n; k++) {
		const struct whynot_cause *c = &w->causes.cause[k];

		out->cause[k].code = c->code;
		memcpy(out->cause[k].text, c->text, sizeof(c->text));
		out->cause[k].file = c->file ? mem_strdup(c->file) : NULL;
		out->cause[k].line = c->line;
	}
	out->n_held = w->n_held;
	for (size_t k = 0; k < w->n_held; k++)
		out->held[k] = (struct whynot_event){ w->held[k].item, w->held[k].rank, w->held[k].value };
	out->folded_in = w->folded_in;
	out->rank = w->rank;
	out->trained_rank = w->trained_rank;
	out->score = w->score;
	out->gap = w->gap;
	out->added = w->add.found;
	out->smallest = w->add.smallest;
	out->added_rank = w->add.rank;
	out->n_add = w->add.n;
	out->add = w->add.items; /* taken */
	w->add.items = NULL;
	return true;
}

static bool answer_whynot(struct whynot_answer *out, const struct request *r, const struct task *task, struct err *err)
{
	struct whynot_options o = { .list = { .k = r->k }, .left_out = r->left_out };
	struct asked asked = { 0 };
	struct whynot w = { .rank = 0 };
	bool done;

	out->user = r->user;
	out->item = r->item;
	out->k = r->k;
	snprintf(out->run, sizeof(out->run), "%s", r->snapshot->run);
	done = asked_begin(&asked, r, err);
	ask_edited(&asked, r);
	o.list.barred = asked.barred;
	done = done && whynot_item(r->snapshot, r->split, &asked.q, r->item, &o, task, &w, err) && copy_whynot(out, &w, err);
	whynot_done(&w);
	asked_done(&asked);
	return done;
}

static bool answer_faithfulness(struct faithfulness_answer *out, const struct request *r, const struct task *task,
				struct err *err)
{
	struct asked asked = { 0 };
	struct explanation *e = NULL;
	struct faithfulness f;
	bool done;

	out->user = r->user;
	out->item = r->item;
	snprintf(out->run, sizeof(out->run), "%s", r->snapshot->run);
	done = asked_begin(&asked, r, err);
	ask_edited(&asked, r);
	if (done)
		e = explain_parts(r->snapshot, &asked.q, r->item, task, err);
	done = e && faithfulness_measure(r->snapshot, &asked.q, e, r->seed, task, &f, err);
	if (done) {
		out->why_not = f.why_not;
		out->steps = f.steps;
		out->value = f.value;
		out->random = f.random;
		out->faithful = faithfulness_holds(&f);
	}
	explanation_free(e);
	asked_done(&asked);
	return done;
}

static bool copy_beside(struct beside_answer *out, const struct request *r, const struct beside *b, struct err *err)
{
	uint32_t i = 0;

	out->line = mem_alloc(b->n_rows + 1, sizeof(*out->line), err);
	out->second = out->line ? mem_alloc((size_t)b->n[1] + 1, sizeof(*out->second), err) : NULL;
	if (!out->second)
		return false;
	out->overlap = b->overlap;
	out->rbo = b->rbo;
	out->n[0] = b->n[0];
	out->n[1] = b->n[1];
	for (; i < b->n_rows; i++) {
		const struct beside_row *row = &b->row[i];

		out->line[i] = (struct beside_line){ row->item, { row->rank[0], row->rank[1] },
						     { row->score[0], row->score[1] }, is_hit(r, row->item) };
		if (row->rank[1] && row->rank[1] <= b->n[1])
			out->second[row->rank[1] - 1] = i;
	}
	out->n_lines = i;
	return true;
}

static bool answer_beside(struct beside_answer *out, const struct request *r, const struct task *task, struct err *err)
{
	const uint32_t I = r->split->data->n_items;
	const struct snapshot *s[2] = { r->snapshot, r->other };
	struct asked asked[2] = { { .barred = NULL }, { .barred = NULL } };
	struct rank_options o[2];
	struct query q[2];
	struct beside *b = NULL;
	bool done = true;

	out->user = r->user;
	out->k = r->k;
	for (int i = 0; i < 2; i++) {
		struct request one = *r;

		one.snapshot = s[i];
		snprintf(out->run[i], sizeof(out->run[i]), "%s", s[i]->run);
		done = done && asked_begin(&asked[i], &one, err);
		ask_edited(&asked[i], &one);
		q[i] = asked[i].q;
		o[i] = (struct rank_options){ .k = r->k < I ? r->k : I, .barred = asked[i].barred };
	}
	b = done ? beside_rank(s, I, q, o, OVERLAP_P, task, err) : NULL;
	done = b && copy_beside(out, r, b, err);
	beside_free(b);
	asked_done(&asked[0]);
	asked_done(&asked[1]);
	return done;
}

static bool answer_order(struct order_answer *out, const struct request *r, const struct task *task,
			 struct err *err)
{
	struct order_request o = { r->split->data, r->pane == PANE_ITEMS, r->key, r->reverse, r->filter, r->metric };

	out->key = r->key;
	out->reverse = r->reverse;
	snprintf(out->filter, sizeof(out->filter), "%s", r->filter);
	return order_rows(&o, task, &out->row, &out->n, err);
}

static bool make(struct answer *a, const struct request *r, const struct task *task, struct err *err)
{
	switch (r->pane) {
	case PANE_LIST:
		return answer_list(&a->list, r, task, err);
	case PANE_WHY:
		return answer_why(&a->why, r, task, err);
	case PANE_BESIDE:
		return answer_beside(&a->beside, r, task, err);
	case PANE_BESIDE_WHY:
		return answer_why(&a->why, r, task, err);
	case PANE_REMOVAL:
		return answer_removal(&a->removal, r, task, err);
	case PANE_FAITHFULNESS:
		return answer_faithfulness(&a->faithfulness, r, task, err);
	case PANE_WHYNOT:
		return answer_whynot(&a->whynot, r, task, err);
	case PANE_NEAREST:
	case PANE_NEAREST_BEHAVIOUR:
	case PANE_NEAREST_TEXT:
		return answer_nearest(&a->nearest, r, task, err);
	case PANE_NEAR:
		return answer_near(&a->near, r, task, err);
	case PANE_MAP:
	case PANE_LAYOUT:
		return answer_map(&a->map, r, task, err);
	case PANE_USERS:
	case PANE_ITEMS:
		return answer_order(&a->order, r, task, err);
	case N_PANES:
		break;
	}
	return err_set(err, ERR_USAGE, "no such pane");
}

struct answer *scorer_answer_now(const struct request *r, const struct task *task, struct err *err)
{
	struct answer *a = mem_zeroed(1, sizeof(*a), err);

	if (!a)
		return NULL;
	a->pane = r->pane;
	a->serial = r->serial;
	a->data_id = r->split->data->id;
	a->split_id = r->split->id;
	if (make(a, r, task, err))
		return a;
	answer_free(a);
	return NULL;
}
