/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stability.c - see stability.h.
 *
 * DESIGN: of each model only its answers are kept, so that one model at a time is in memory beside the run. */
#include "train/stability.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "eval/rank_lists.h"
#include "explain/explain.h"
#include "explain/overlap.h"

struct answers { /* of all models, [n] rows */
	const struct stability_ask *ask;
	const struct split *split;
	uint64_t *barred;
	uint32_t k, H;    /* H: events of the history */
	uint32_t *count;  /* [n] */
	uint32_t *item;   /* [n][k] */
	float *score;     /* [n][k] */
	float *part;      /* [n][H] by place in the history */
	uint32_t *top;    /* [n][parts] places of the strongest */
	uint32_t n_top;
	struct history_buf buf;
};

/* --- correlation ------------------------------------------------------------------------------------------- */

struct placed { float value; uint32_t place; };

static int by_value(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;

	return (x->value > y->value) - (x->value < y->value);
}

/* Ranks from 0, those that tie share their mean. */
static void ranks_of(const float *v, uint32_t n, struct placed *sorted, double *rank)
{
	for (uint32_t i = 0; i < n; i++)
		sorted[i] = (struct placed){ v[i], i };
	qsort(sorted, n, sizeof(*sorted), by_value);
	for (uint32_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && sorted[end].value == sorted[i].value;)
			end++;
		for (uint32_t j = i; j < end; j++)
			rank[sorted[j].place] = (i + end - 1) / 2.0;
	}
}

bool rank_correlation(const float *a, const float *b, uint32_t n, double *out, struct err *err)
{
	struct placed *sorted = mem_alloc((size_t)n + 1, sizeof(*sorted), err);
	double *rank = sorted ? mem_alloc(2 * (size_t)n + 1, sizeof(*rank), err) : NULL;
	double middle = (n - 1.0) / 2, ab = 0, aa = 0, bb = 0;

	if (rank) {
		ranks_of(a, n, sorted, rank);
		ranks_of(b, n, sorted, rank + n);
		for (uint32_t i = 0; i < n; i++) {
			ab += (rank[i] - middle) * (rank[n + i] - middle);
			aa += (rank[i] - middle) * (rank[i] - middle);
			bb += (rank[n + i] - middle) * (rank[n + i] - middle);
		}
		*out = aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : NAN;
	}
	mem_free(sorted);
	mem_free(rank);
	return rank != NULL;
}

/* --- what one model answers --------------------------------------------------------------------------------- */

static bool make_query(struct answers *a, const struct snapshot *s, struct query *q, struct err *err)
{
	if (!a->ask->given)
		return history_query(s, a->split, a->ask->user, false, &a->buf, q, err);
	given_history_query(s, a->split, a->ask->given, q);
	return true;
}

static bool give_query(void *ctx, size_t i, unsigned slot, struct query *out, struct err *err)
{
	(void)i, (void)slot, (void)err;
	*out = *(const struct query *)ctx;
	return true;
}

static bool keep_list(struct answers *a, const struct snapshot *s, unsigned at, struct query *q, const struct task *task,
		      struct err *err)
{
	const struct rank_options o = { .k = a->k, .barred = a->barred };
	struct ranked_lists l = { 0 };

	if (!rank_lists(s->model, a->split->data->n_items, give_query, q, 1, &o, task, &l, err))
		return false;
	a->count[at] = l.count[0];
	memcpy(a->item + (size_t)at * a->k, l.item, a->k * sizeof(*l.item));
	memcpy(a->score + (size_t)at * a->k, l.score, a->k * sizeof(*l.score));
	ranked_lists_done(&l);
	return true;
}

static bool keep_parts(struct answers *a, const struct snapshot *s, unsigned at, const struct query *q,
		       const struct task *task, uint32_t *rank, struct err *err)
{
	const struct rank_options o = { .barred = a->barred, .k = a->k };
	struct explanation *e = explain_item(s, a->split, q, a->ask->item, SIZE_MAX, &o, task, err);
	float *part = a->part + (size_t)at * a->H;

	if (!e)
		return false;
	*rank = e->rank;
	memset(part, 0, a->H * sizeof(*part));
	for (size_t i = 0; i < e->n_parts; i++) {
		part[e->parts[i].place] = e->parts[i].value;
		if (i < a->n_top)
			a->top[(size_t)at * a->n_top + i] = e->parts[i].place;
	}
	explanation_free(e);
	return true;
}

static bool keep_answers(struct answers *a, const struct snapshot *s, unsigned at, const struct task *task,
			 struct stability *out, struct err *err)
{
	struct query q;

	return make_query(a, s, &q, err) && keep_list(a, s, at, &q, task, err) &&
	       (a->ask->item == NO_ITEM || keep_parts(a, s, at, &q, task, &out->rank[at], err));
}

/* --- all of them ----------------------------------------------------------------------------------------------- */

static bool make_room(struct answers *a, struct err *err)
{
	const size_t n = a->ask->seeds + 1;
	uint32_t n_candidates;
	struct query q;

	if (!make_query(a, a->ask->run, &q, err) ||
	    !rank_barred(a->split, rank_all_items(a->split, a->ask->run->model), &a->barred, &n_candidates, err))
		return false;
	a->H = q.n;
	a->k = a->ask->k < a->split->data->n_items ? a->ask->k : a->split->data->n_items;
	a->n_top = a->ask->parts < a->H ? a->ask->parts : a->H;
	return (a->count = mem_zeroed(n, sizeof(*a->count), err)) &&
	       (a->item = mem_zeroed(n * a->k + 1, sizeof(*a->item), err)) &&
	       (a->score = mem_zeroed(n * a->k + 1, sizeof(*a->score), err)) &&
	       (a->part = mem_zeroed(n * a->H + 1, sizeof(*a->part), err)) &&
	       (a->top = mem_zeroed(n * a->n_top + 1, sizeof(*a->top), err));
}

/* The runs that a model is made of, fitted again; [n] as far as they are. */
struct refitted {
	const struct stability_ask *ask;
	const struct snapshot **run;
};

static const struct snapshot *resolve_refitted(void *ctx, const char *name, struct err *err)
{
	const struct refitted *f = ctx;

	for (size_t i = 0; i < f->ask->n_parts; i++)
		if (!strcmp(f->ask->part[i].run, name))
			return snapshot_ref(f->run[i]);
	err_set(err, ERR_NOTFOUND, "there is no run %s", name);
	return NULL;
}

static const struct snapshot *fit_with(const struct fit_request *as, unsigned at, struct refitted *parts,
				       const struct task *task, struct err *err)
{
	struct fit_request r = fit_request_on(as, as->split);

	r.seed += at;
	r.resolve_run = parts ? resolve_refitted : NULL;
	r.resolve_ctx = parts;
	return fit_best(&r, task, NULL, err);
}

static bool fit_again(struct answers *a, unsigned at, const struct task *task, struct stability *out, struct err *err)
{
	const struct stability_ask *ask = a->ask;
	struct task_part part = { task, 0, ask->n_parts + 1 };
	const struct task one = task_of_part(&part);
	struct refitted parts = { ask, mem_zeroed(ask->n_parts + 1, sizeof(*parts.run), err) };
	const struct snapshot *s = NULL;
	bool good = parts.run != NULL;

	for (; good && part.at < ask->n_parts; part.at++)
		good = (parts.run[part.at] = fit_with(&ask->part[part.at], at, NULL, &one, err)) != NULL;
	good = good && (s = fit_with(ask->fit, at, ask->n_parts ? &parts : NULL, &one, err)) &&
	       keep_answers(a, s, at, task, out, err);
	snapshot_unref(s);
	for (size_t i = 0; parts.run && i < ask->n_parts; i++)
		snapshot_unref(parts.run[i]);
	mem_free(parts.run);
	return good;
}

static bool iterates(const struct stability_ask *ask)
{
	bool does = ask->fit->ops->caps & MODEL_ITERATIVE;

	for (size_t i = 0; i < ask->n_parts; i++)
		does = does || (ask->part[i].ops->caps & MODEL_ITERATIVE);
	return does;
}

static bool is_same(const struct answers *a)
{
	return a->count[0] == a->count[1] && !memcmp(a->item, a->item + a->k, a->count[0] * sizeof(*a->item)) &&
	       !memcmp(a->score, a->score + a->k, a->count[0] * sizeof(*a->score)) &&
	       !memcmp(a->part, a->part + a->H, a->H * sizeof(*a->part));
}

/* --- pairs ----------------------------------------------------------------------------------------------------- */

static void spread_add(struct spread *s, unsigned *n, double x)
{
	if (isnan(x))
		return;
	s->least = *n ? fmin(s->least, x) : x;
	s->most = *n ? fmax(s->most, x) : x;
	s->mean = *n ? s->mean + (x - s->mean) / (*n + 1) : x;
	++*n;
}

static bool compare_pair(const struct answers *a, unsigned i, unsigned j, double out[4], struct err *err)
{
	const size_t k = a->k, t = a->n_top, H = a->H;
	double unused;

	out[2] = out[3] = NAN;
	if (!list_overlap(a->item + i * k, a->count[i], a->item + j * k, a->count[j], a->ask->p, &out[0], &out[1], err))
		return false;
	return a->ask->item == NO_ITEM ||
	       (list_overlap(a->top + i * t, a->n_top, a->top + j * t, a->n_top, a->ask->p, &out[2], &unused, err) &&
		rank_correlation(a->part + i * H, a->part + j * H, a->H, &out[3], err));
}

static bool compare_all(const struct answers *a, struct stability *out, struct err *err)
{
	struct spread *const of[4] = { &out->overlap, &out->rbo, &out->parts, &out->correlation };
	unsigned n[4] = { 0 };
	double x[4];

	for (int f = 0; f < 4; f++)
		*of[f] = (struct spread){ NAN, NAN, NAN };
	for (unsigned i = 0; i < out->n; i++)
		for (unsigned j = i + 1; j < out->n; j++) {
			if (!compare_pair(a, i, j, x, err))
				return false;
			for (int f = 0; f < 4; f++)
				spread_add(of[f], &n[f], x[f]);
		}
	return true;
}

static int by_lists(const void *a, const void *b)
{
	const struct stability_row *x = a, *y = b;

	if (x->lists != y->lists)
		return x->lists > y->lists ? -1 : 1;
	if (x->best != y->best)
		return x->best < y->best ? -1 : 1;
	if (x->worst != y->worst)
		return x->worst < y->worst ? -1 : 1;
	return (x->item > y->item) - (x->item < y->item);
}

static void note_rank(struct stability *out, uint32_t item, uint32_t rank)
{
	struct stability_row *r = out->row;

	while (r < out->row + out->n_rows && r->item != item)
		r++;
	if (r == out->row + out->n_rows) {
		*r = (struct stability_row){ item, 0, rank, rank };
		out->n_rows++;
	}
	r->lists++;
	r->best = rank < r->best ? rank : r->best;
	r->worst = rank > r->worst ? rank : r->worst;
}

static bool list_items(const struct answers *a, struct stability *out, struct err *err)
{
	out->row = mem_alloc((size_t)out->n * a->k + 1, sizeof(*out->row), err);
	for (unsigned i = 0; out->row && i < out->n; i++)
		for (uint32_t r = 0; r < a->count[i]; r++)
			note_rank(out, a->item[(size_t)i * a->k + r], r + 1);
	if (out->row)
		qsort(out->row, out->n_rows, sizeof(*out->row), by_lists);
	return out->row != NULL;
}

/* --- the whole -------------------------------------------------------------------------------------------------- */

static bool measure(struct answers *a, const struct task *task, struct stability *out, struct err *err)
{
	struct task_part part = { task, 0, a->ask->seeds };
	const struct task one = task_of_part(&part);

	if (!make_room(a, err) || !keep_answers(a, a->ask->run, 0, task, out, err))
		return false;
	for (out->n = 1; out->n <= a->ask->seeds && !out->same; out->n++) {
		part.at = out->n - 1;
		if (!fit_again(a, out->n, &one, out, err))
			return false;
		out->same = out->n == 1 && !iterates(a->ask) && is_same(a);
	}
	return compare_all(a, out, err) && list_items(a, out, err);
}

bool stability_measure(const struct stability_ask *ask, const struct task *task, struct stability *out, struct err *err)
{
	struct answers a = { .ask = ask, .split = ask->fit->split };
	bool good;

	*out = (struct stability){ 0 };
	good = measure(&a, task, out, err);
	mem_free(a.barred);
	mem_free(a.count);
	mem_free(a.item);
	mem_free(a.score);
	mem_free(a.part);
	mem_free(a.top);
	history_buf_done(&a.buf);
	return good;
}

void stability_done(struct stability *s)
{
	mem_free(s->row);
	*s = (struct stability){ 0 };
}
