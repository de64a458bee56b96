/* SPDX-License-Identifier: GPL-3.0-or-later */
/* odd_report.c - the flags of the data, and the figures of users that need lists and metrics of runs. */
#include "cmd/odd_report.h"

#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "eval/eval.h"
#include "train/run_store.h"

void odd_sources_done(struct odd_sources *s)
{
	watched_done(&s->lists);
	hold_done(&s->run);
	hold_done(&s->popularity);
	hold_done(&s->with);
}

const struct odd_report *odd_report_ref(const struct odd_report *r)
{
	atomic_fetch_add_explicit(&((struct odd_report *)r)->refs, 1, memory_order_relaxed);
	return r;
}

void odd_report_unref(const struct odd_report *shared)
{
	struct odd_report *r = (struct odd_report *)shared;

	if (!r || atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (int f = 0; f < N_ODD_FIGURES; f++)
		mem_free(r->figure[f]);
	mem_free(r->events);
	odd_done(&r->flags);
	free(r);
}

static bool make_figures(struct odd_report *r, const struct dataset *d, struct err *err)
{
	if (!(r->events = mem_zeroed((size_t)r->n_who + 1, sizeof(*r->events), err)))
		return false;
	for (int f = 0; f < N_ODD_FIGURES; f++) {
		if (r->of_items && f != ODD_SURPRISE)
			continue;
		r->figure[f] = mem_alloc((size_t)r->n_who + 1, sizeof(float), err);
		if (!r->figure[f])
			return false;
		for (uint32_t i = 0; i < r->n_who; i++)
			r->figure[f][i] = f == ODD_SURPRISE ? 0 : NAN;
	}
	for (uint32_t u = 0; !r->of_items && u < d->n_users; u++)
		r->events[u] = (uint32_t)(d->user_ptr[u + 1] - d->user_ptr[u]);
	for (size_t e = 0; r->of_items && e < d->n_events; e++)
		r->events[d->item[e]]++;
	return true;
}

/* ndcg of each test user of a run, spread over all users; *users, *n: who they are (NULL: not wanted). */
static bool measure(struct hold *h, const struct task *t, float *out, uint32_t **users, size_t *n, struct err *err)
{
	const struct snapshot *s = hold_snapshot(h, err);
	struct eval_options options;
	struct eval_result *e;
	bool good = true;

	if (!s)
		return false;
	eval_options_for(&options, h->split);
	options.n_k = 1;
	options.k[0] = ODD_K;
	e = eval_run(s, h->split, &options, t, err);
	if (!e)
		return false;
	for (size_t i = 0; i < e->n_users; i++)
		out[e->user[i]] = e->per_user[METRIC_NDCG][0][i];
	if (users) {
		*users = mem_alloc(e->n_users + 1, sizeof(**users), err);
		good = *users != NULL;
		if (good)
			memcpy(*users, e->user, e->n_users * sizeof(**users));
		*n = e->n_users;
	}
	eval_result_free(e);
	return good;
}

static bool read_lists(struct odd_sources *s, struct err *err)
{
	struct run_store *store;
	bool good;

	if (s->lists.n || !s->run.home)
		return true;
	store = run_store_open(s->run.home, true, err);
	good = store && run_store_load_lists(store, &s->run.record, s->run.data, &s->lists, err);
	run_store_free(store);
	return good;
}

static void find_churn(const struct watched *w, float *churn)
{
	for (uint32_t u = 0; w->n > 1 && u < w->at[0]->n_users; u++)
		churn[w->at[0]->user[u]] = (float)epoch_lists_churn_of(w->at[w->n - 2], w->at[w->n - 1], u, CHURN_K);
}

static bool measure_users(struct odd_report *r, struct odd_sources *s, const struct task *t, struct err *err)
{
	float *taste = NULL, **f = r->figure;
	uint32_t *users = NULL;
	size_t n = 0;
	bool good = measure(&s->run, t, f[ODD_NDCG], &users, &n, err) && (taste = mem_alloc(n + 1, sizeof(*taste), err)) &&
		    odd_lists(hold_snapshot(&s->run, err), s->run.split, users, n, ODD_K, t, &r->flags, taste, err) &&
		    read_lists(s, err);

	for (size_t i = 0; good && i < n; i++)
		f[ODD_TASTE][users[i]] = taste[i];
	mem_free(taste);
	mem_free(users);
	if (!good)
		return false;
	find_churn(&s->lists, f[ODD_CHURN]);
	hold_let_go(&s->run);
	if (!measure(&s->popularity, t, f[ODD_POPULARITY], NULL, NULL, err) ||
	    (s->has_with && !measure(&s->with, t, f[ODD_OTHER], NULL, NULL, err)))
		return false;
	for (uint32_t u = 0; u < r->n_who; u++) {
		f[ODD_GAP][u] = f[ODD_NDCG][u] - f[ODD_POPULARITY][u];
		f[ODD_DIFFERENCE][u] = f[ODD_NDCG][u] - f[ODD_OTHER][u];
	}
	return true;
}

/* What nearly everybody is recommended needs lists alone, of those who would be tested. */
static bool measure_items(struct odd_report *r, struct odd_sources *s, const struct task *t, struct err *err)
{
	const struct split *split = s->run.split;
	const struct snapshot *run = hold_snapshot(&s->run, err);
	uint32_t *users = run ? mem_alloc((size_t)split->data->n_users + 1, sizeof(*users), err) : NULL;
	float *taste = users ? mem_alloc((size_t)split->data->n_users + 1, sizeof(*taste), err) : NULL;
	size_t n = 0;
	bool good;

	for (uint32_t u = 0; taste && u < split->data->n_users; u++)
		if (csr_row_n(&split->test, u))
			users[n++] = u;
	good = taste && odd_lists(run, split, users, n, ODD_K, t, &r->flags, taste, err);
	mem_free(taste);
	mem_free(users);
	return good;
}

struct odd_report *odd_report_make(struct odd_sources *s, bool of_items, const struct task *t, struct err *err)
{
	const struct dataset *d = s->run.data;
	struct odd_report *r = mem_must(calloc(1, sizeof(*r)));

	r->refs = 1;
	r->of_items = of_items;
	r->n_who = of_items ? d->n_items : d->n_users;
	snprintf(r->run, sizeof(r->run), "%s", s->run.record.name);
	if (s->has_with)
		snprintf(r->with, sizeof(r->with), "%s", s->with.record.name);
	if (make_figures(r, d, err) && odd_find(s->run.split, t, &r->flags, err) &&
	    (!s->run.split->test_users || (of_items ? measure_items : measure_users)(r, s, t, err)))
		return r;
	odd_report_unref(r);
	return NULL;
}

/* A flag says the more the fewer have it: log2 of how many there are for one that has it, added up. */
void odd_report_surprise(struct odd_report *r, const bool kinds[N_ODD])
{
	size_t n[N_ODD] = { 0 };

	for (size_t i = 0; i < r->flags.n; i++)
		n[r->flags.flag[i].kind]++;
	for (size_t i = 0; i < r->flags.n; i++) {
		const struct odd_flag *f = &r->flags.flag[i];

		if (kinds[f->kind])
			r->figure[ODD_SURPRISE][f->who] += (float)log2((double)r->n_who / (double)n[f->kind]) + 1e-3f;
	}
}

/* --- places ---------------------------------------------------------------------------------------------------- */

static int greatest_first(const void *a, const void *b)
{
	const struct odd_place *x = a, *y = b;

	if (x->key > y->key || x->key < y->key)
		return x->key > y->key ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

void odd_places_sort(struct odd_place *place, size_t n)
{
	if (n)
		qsort(place, n, sizeof(*place), greatest_first);
}
