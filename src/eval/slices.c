/* SPDX-License-Identifier: GPL-3.0-or-later */
/* slices.c - the metrics of an evaluation told apart: for users with little history, with short and long
 * ones, for popular and rare items.
 *
 * A slice of users takes the mean over them.  A slice of items keeps the lists as they are, and counts as to
 * be found what lies in it: a user without such an item is none of the slice's.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "eval/eval_job.h"

#define ASK_EVERY 1024
#define ACCURACY ((1u << (METRIC_MRR + 1)) - 1)

static bool alloc_slices(struct eval_job *job, size_t n, struct err *err)
{
	struct eval_result *r = job->r;

	r->slice = mem_zeroed(n, sizeof(*r->slice), err);
	r->n_slices = r->slice ? n : 0;
	for (size_t s = 0; s < r->n_slices; s++)
		for (int m = 0; m < N_METRICS; m++)
			for (unsigned k = 0; k < EVAL_KS; k++)
				r->slice[s].value[m][k] = NAN;
	return r->slice != NULL;
}

/* Where the users' values are asked for, and the metric is told for slices. */
static bool alloc_values(const struct eval_job *job, struct eval_slice *out, struct err *err)
{
	if (!job->o->slice_values)
		return true;
	out->per_user = mem_alloc(job->r->n_users + 1, sizeof(*out->per_user), err);
	for (size_t i = 0; out->per_user && i < job->r->n_users; i++)
		out->per_user[i] = NAN;
	return out->per_user != NULL;
}

/* --- Users by the length of their history ------------------------------------- */

static const uint32_t lengths[] = { 1, 5, 10, 20, 50, 100, 200 }; /* where a slice begins */
#define N_LENGTHS (sizeof(lengths) / sizeof(*lengths))

static size_t slice_of_length(uint32_t n)
{
	size_t s = 0;

	while (s + 1 < N_LENGTHS && n >= lengths[s + 1])
		s++;
	return s;
}

/* Of the values the users have; NaN of those who have none is left out, as in the whole. */
static void mean_of_users(const struct eval_job *job, const uint8_t *of, size_t at, struct eval_slice *out)
{
	for (int m = 0; m < N_METRICS; m++)
		for (unsigned k = 0; k < job->o->n_k && job->r->per_user[m][k]; k++) {
			const float *v = job->r->per_user[m][k];
			bool kept = out->per_user && k == 0 && m + 1 == (int)job->o->slice_values;
			double sum = 0;
			size_t n = 0;

			for (size_t i = 0; i < job->r->n_users; i++)
				if (of[i] == at && !isnan(v[i])) {
					sum += (double)v[i];
					n++;
					if (kept)
						out->per_user[i] = v[i];
				}
			out->value[m][k] = n ? sum / (double)n : NAN;
		}
}

static bool by_history(struct eval_job *job, struct err *err)
{
	struct eval_result *r = job->r;
	uint8_t *of = mem_alloc(r->n_users + 1, 1, err);
	size_t n_users[N_LENGTHS] = { 0 }, n = 0;
	bool fine = true;

	for (size_t i = 0; of && i < r->n_users; i++) {
		of[i] = (uint8_t)slice_of_length(targets_history(job->split, r->user[i], job->o->on_valid));
		n_users[of[i]]++;
	}
	if (!of || !alloc_slices(job, N_LENGTHS, err)) {
		mem_free(of);
		return false;
	}
	for (size_t s = 0; fine && s < N_LENGTHS; s++) {
		struct eval_slice *out = &r->slice[n];

		if (!n_users[s])
			continue;
		n++;
		fine = alloc_values(job, out, err);
		out->n_users = n_users[s];
		if (s + 1 < N_LENGTHS)
			snprintf(out->name, sizeof(out->name), "%u-%u events", lengths[s], lengths[s + 1] - 1);
		else
			snprintf(out->name, sizeof(out->name), "%u events and more", lengths[s]);
		mean_of_users(job, of, s, out);
	}
	r->n_slices = n;
	mem_free(of);
	return fine;
}

/* --- Items by their popularity ------------------------------------------------- */

enum { HEAD, TAIL, COLD, N_POPULAR };

struct by_events {
	uint32_t events, item;
};

static int most_first(const void *a, const void *b)
{
	const struct by_events *x = a, *y = b;

	if (x->events != y->events)
		return x->events < y->events ? 1 : -1;
	return (x->item > y->item) - (x->item < y->item);
}

/* of[I]: the fifth of the items with train events that has most of them, the others, and those without. */
static bool sort_items(const struct split *s, uint8_t *of, struct err *err)
{
	const uint32_t n_items = s->data->n_items;
	struct by_events *order = mem_alloc((size_t)n_items + 1, sizeof(*order), err);
	uint32_t n = 0;

	if (!order)
		return false;
	for (uint32_t i = 0; i < n_items; i++) {
		of[i] = COLD;
		if (s->item_train[i])
			order[n++] = (struct by_events){ s->item_train[i], i };
	}
	qsort(order, n, sizeof(*order), most_first);
	for (uint32_t k = 0; k < n; k++)
		of[order[k].item] = k < (n + 4) / 5 ? HEAD : TAIL;
	mem_free(order);
	return true;
}

static void judge_slice(const struct eval_job *job, size_t i, const uint8_t *of, int at, struct eval_slice *out)
{
	const uint32_t *item = job->lists.item + i * job->lists.k, *wanted = targets_of(&job->targets, i);
	struct judged_list l = { .n = job->lists.count[i] };
	bool hit[K_MOST];

	for (uint32_t t = 0; t < targets_n(&job->targets, i); t++)
		l.n_test += of[wanted[t]] == at;
	if (!l.n_test)
		return;
	l.hit = hit;
	for (uint32_t r = 0; r < l.n; r++)
		hit[r] = of[item[r]] == at && targets_has(&job->targets, i, item[r]);
	for (int m = METRIC_RECALL; m <= METRIC_MRR; m++)
		for (unsigned k = 0; k < job->o->n_k; k++) {
			double v = metric_of_list(m, &l, job->o->k[k], job->dialect);

			out->value[m][k] += v;
			if (out->per_user && k == 0 && m + 1 == (int)job->o->slice_values)
				out->per_user[i] = (float)v;
		}
	out->n_users++;
}

static bool judge_popular(struct eval_job *job, const uint8_t *of, int at, struct eval_slice *out, struct err *err)
{
	for (int m = METRIC_RECALL; m <= METRIC_MRR; m++)
		for (unsigned k = 0; k < job->o->n_k; k++)
			out->value[m][k] = 0;
	for (size_t i = 0; i < job->targets.n; i++) {
		if (i % ASK_EVERY == 0 && !task_keep_going(job->task))
			return task_cancelled(err);
		judge_slice(job, i, of, at, out);
	}
	for (int m = METRIC_RECALL; m <= METRIC_MRR; m++)
		for (unsigned k = 0; k < job->o->n_k; k++)
			out->value[m][k] = out->n_users ? out->value[m][k] / (double)out->n_users : NAN;
	return true;
}

static bool by_popularity(struct eval_job *job, struct err *err)
{
	static const char *const names[] = { "head", "tail", "never in train" };
	uint8_t *of = mem_alloc((size_t)job->split->data->n_items + 1, 1, err);
	bool fine = of && sort_items(job->split, of, err) && alloc_slices(job, N_POPULAR, err);
	size_t n = 0;

	for (int at = HEAD; fine && at < N_POPULAR; at++) {
		struct eval_slice *out = &job->r->slice[n];

		fine = alloc_values(job, out, err) && judge_popular(job, of, at, out, err);
		if (!out->n_users) { /* its place is that of the next one */
			mem_free(out->per_user);
			out->per_user = NULL;
		}
		snprintf(out->name, sizeof(out->name), "%s", names[at]);
		n += out->n_users > 0;
	}
	job->r->n_slices = n;
	mem_free(of);
	return fine;
}

/* --- Users who have just come ---------------------------------------------------- */

/* The same users, lists and targets, with less told of them. */
static bool run_cut(const struct eval_job *whole, uint32_t cut, struct eval_slice *out, struct err *err)
{
	struct eval_options o = *whole->o;
	struct eval_job job = { .snapshot = whole->snapshot, .split = whole->split, .o = &o, .task = whole->task,
				.metrics = ACCURACY };
	bool done;

	o.slice = SLICE_NONE;
	o.fold_in = true;
	o.cut = cut;
	job.r = mem_zeroed(1, sizeof(*job.r), err);
	done = job.r && eval_job_run(&job, err);
	for (int m = METRIC_RECALL; done && m <= METRIC_MRR; m++)
		for (unsigned k = 0; k < o.n_k; k++)
			out->value[m][k] = job.r->value[m][k];
	if (done)
		out->n_users = job.r->n_users;
	eval_result_free(job.r);
	return done;
}

static bool by_cut(struct eval_job *job, struct err *err)
{
	static const struct { uint32_t cut; const char *name; } cuts[] = {
		{ 1, "1 event" }, { 2, "2 events" }, { 5, "5 events" }, { 0, "whole history" },
	};
	const size_t n = sizeof(cuts) / sizeof(*cuts);
	bool fine = alloc_slices(job, n, err);

	for (size_t s = 0; fine && s < n; s++) {
		snprintf(job->r->slice[s].name, sizeof(job->r->slice[s].name), "%s", cuts[s].name);
		fine = run_cut(job, cuts[s].cut, &job->r->slice[s], err);
	}
	return fine;
}

bool slices_make(struct eval_job *job, struct err *err)
{
	switch (job->o->slice) {
	case SLICE_NONE:
		return true;
	case SLICE_COLD_USERS:
		return by_cut(job, err);
	case SLICE_HISTORY:
		return by_history(job, err);
	case SLICE_POPULARITY:
		return by_popularity(job, err);
	}
	return true;
}
