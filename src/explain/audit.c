/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "explain/audit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/rng.h"
#include "base/u32.h"
#include "eval/interval.h"
#include "explain/counterfactual.h"

struct auditing {
	const struct snapshot *s;
	const struct split *split;
	const struct audit_options *o;
	const struct task *task;
	struct audit *out;
	struct rank_options list;
	uint64_t *barred;
	uint32_t *user; /* [n] drawn, by number */
	uint32_t n;
	float *faithfulness, *random, *above, *removal; /* [n] NaN: the user has none */
	struct history_buf buf;
	double explain_seconds, removal_seconds;
};

static bool draw_users(struct auditing *a, struct err *err)
{
	const uint32_t U = a->split->data->n_users;
	struct rng r = rng_stream(a->o->seed, "explain.audit.users", 0, 0);
	uint32_t n = 0;

	a->user = mem_alloc(U, sizeof(*a->user), err);
	if (!a->user)
		return false;
	for (uint32_t u = 0; u < U; u++)
		if (csr_row_n(&a->split->train_valid, u))
			a->user[n++] = u;
	a->n = n < a->o->users ? n : a->o->users;
	for (uint32_t k = 0; k < a->n; k++) { /* the first of a shuffle */
		uint32_t other = k + rng_below(&r, n - k), swap = a->user[k];

		a->user[k] = a->user[other];
		a->user[other] = swap;
	}
	if (a->n)
		qsort(a->user, a->n, sizeof(*a->user), u32_compare);
	return true;
}

static bool make_room(struct auditing *a, struct err *err)
{
	const size_t n = a->n ? a->n : 1;

	a->faithfulness = mem_alloc(4 * n, sizeof(*a->faithfulness), err);
	if (!a->faithfulness)
		return false;
	a->random = a->faithfulness + n;
	a->above = a->random + n;
	a->removal = a->above + n;
	for (size_t i = 0; i < 4 * n; i++)
		a->faithfulness[i] = NAN;
	return true;
}

static bool give_query(void *ctx, size_t i, unsigned slot, struct query *out, struct err *err)
{
	(void)i, (void)slot, (void)err;
	*out = *(const struct query *)ctx;
	return true;
}

/* NO_ITEM: there is nothing to recommend. */
static bool draw_item(struct auditing *a, const struct query *q, uint32_t user, uint32_t *item, struct err *err)
{
	struct rng r = rng_stream(a->o->seed, "explain.audit.item", user, 0);
	struct ranked_lists l = { 0 };
	bool fine = rank_lists(a->s->model, a->split->data->n_items, give_query, (void *)q, 1, &a->list, a->task, &l, err);

	if (fine)
		*item = l.count[0] ? l.item[rng_below(&r, l.count[0])] : NO_ITEM;
	ranked_lists_done(&l);
	return fine;
}

static bool explain_one(struct auditing *a, const struct query *q, uint32_t at, uint32_t item, struct err *err)
{
	const double began = clock_now();
	struct explanation *e = explain_parts(a->s, q, item, a->task, err);
	struct faithfulness f;
	bool fine;

	a->explain_seconds += clock_now() - began;
	fine = e && faithfulness_measure(a->s, q, e, a->o->seed, a->task, &f, err);
	if (fine)
		a->out->method = e->method;
	if (fine && !f.why_not) {
		a->faithfulness[at] = (float)f.value;
		a->random[at] = (float)f.random;
		a->above[at] = (float)(f.value - f.random);
		a->out->told++;
	}
	explanation_free(e);
	return fine;
}

static bool remove_one(struct auditing *a, const struct query *q, uint32_t at, uint32_t item, struct err *err)
{
	const double began = clock_now();
	struct counterfactual c = { 0 };
	bool fine = smallest_removal(a->s, a->split->data->n_items, q, item, &a->list, COUNTERFACTUAL_BUDGET, a->task, &c,
				     err);

	a->removal_seconds += clock_now() - began;
	if (fine && c.found) {
		a->removal[at] = (float)c.n;
		a->out->removals++;
		a->out->smallest += c.smallest;
	}
	counterfactual_done(&c);
	return fine;
}

static bool audit_user(struct auditing *a, uint32_t at, struct err *err)
{
	struct query q;
	uint32_t item;

	if (!history_query(a->s, a->split, a->user[at], false, &a->buf, &q, err))
		return false;
	q.fold_in = model_folds_in(a->s->model);
	return draw_item(a, &q, a->user[at], &item, err) &&
	       (item == NO_ITEM || (explain_one(a, &q, at, item, err) && (a->o->no_removal || remove_one(a, &q, at, item, err))));
}

static bool mean_of(const struct auditing *a, const float *v, struct audit_mean *m, struct err *err)
{
	double sum = 0;
	uint32_t n = 0;

	for (uint32_t k = 0; k < a->n; k++)
		if (!isnan(v[k])) {
			sum += (double)v[k];
			n++;
		}
	m->mean = n ? sum / n : NAN;
	return interval_mean(v, a->n, a->o->seed, a->task, &m->low, &m->high) || task_cancelled(err);
}

static bool audit_all(struct auditing *a, struct err *err)
{
	uint32_t n_candidates;

	if (!rank_barred(a->split, rank_all_items(a->split, a->s->model), &a->barred, &n_candidates, err) ||
	    !draw_users(a, err) || !make_room(a, err))
		return false;
	a->list = (struct rank_options){ .k = a->o->k, .barred = a->barred };
	for (uint32_t k = 0; k < a->n; k++) {
		if (!audit_user(a, k, err))
			return false;
		task_progress(a->task, k + 1, a->n);
	}
	return mean_of(a, a->faithfulness, &a->out->faithfulness, err) && mean_of(a, a->random, &a->out->random, err) &&
	       mean_of(a, a->above, &a->out->above, err) && mean_of(a, a->removal, &a->out->removal, err);
}

bool audit_run(const struct snapshot *s, const struct split *split, const struct audit_options *o,
	       const struct task *task, struct audit *out, struct err *err)
{
	struct auditing a = { .s = s, .split = split, .o = o, .task = task, .out = out };
	bool fine;

	*out = (struct audit){ 0 };
	snprintf(out->run, sizeof(out->run), "%s", s->run);
	fine = audit_all(&a, err);
	out->users = a.n;
	out->faithful = fine && out->above.low > 0;
	out->explain_ms = a.n ? 1000 * a.explain_seconds / a.n : NAN;
	out->removal_ms = a.n ? 1000 * a.removal_seconds / a.n : NAN;
	mem_free(a.barred);
	mem_free(a.user);
	mem_free(a.faithfulness);
	history_buf_done(&a.buf);
	return fine;
}
