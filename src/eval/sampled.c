/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sampled.c - a row of scores for each user, then ranks among few.
 *
 * DESIGN: one user at a time and one row of scores a thread.  The draw depends on seed and user only, so
 * that every run meets the same items.
 */
#include "eval/sampled.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "base/rng.h"

#define K_MOST 1000 /* as metric_parse() allows */

struct sampled_slot {
	struct scratch scratch;
	float *row;       /* [I] scores */
	uint32_t *others; /* [I] who may be drawn */
	uint32_t *stamp;  /* [I] == user index + 1: history or test of that user */
	uint64_t without;
	struct err err;
	size_t failed;
};

struct sampled_state {
	struct sampled_job *job;
	uint32_t n_items;
	struct sampled_slot *slots;
	atomic_bool failed;
};

static bool is_barred(const struct sampled_job *job, uint32_t i)
{
	return job->barred && bits_has(job->barred, i);
}

static uint32_t list_others(const struct sampled_state *st, struct sampled_slot *s, size_t index,
			    const struct query *q)
{
	const struct targets *t = st->job->targets;
	uint32_t mark = (uint32_t)index + 1, n = 0;

	for (uint32_t j = 0; j < q->n; j++)
		s->stamp[q->items[j]] = mark;
	for (uint32_t j = 0; j < targets_n(t, index); j++)
		s->stamp[targets_of(t, index)[j]] = mark;
	for (uint32_t i = 0; i < st->n_items; i++)
		if (s->stamp[i] != mark && !is_barred(st->job, i))
			s->others[n++] = i;
	return n;
}

/* The first `want` places of others[n] become a uniform draw. */
static void draw(uint32_t *others, uint32_t n, uint32_t want, struct rng *rng)
{
	for (uint32_t i = 0; i < want; i++) {
		uint32_t j = i + rng_below(rng, n - i), swap = others[i];

		others[i] = others[j];
		others[j] = swap;
	}
}

/* 1 = best; 0 where the item has no score. */
static uint32_t rank_among(const float *row, uint32_t item, const uint32_t *others, uint32_t n)
{
	uint32_t rank = 1;

	if (isnan(row[item]))
		return 0;
	for (uint32_t j = 0; j < n; j++) {
		uint32_t i = others[j];

		rank += row[i] > row[item] || (row[i] == row[item] && i < item);
	}
	return rank;
}

/* Adds one test item's metrics to sum. */
static void judge(const struct sampled_job *job, uint32_t rank, uint32_t n_others,
		  double sum[N_METRICS][EVAL_KS])
{
	bool hit[K_MOST] = { false };
	struct judged_list l = { .hit = hit, .n = n_others + 1 < K_MOST ? n_others + 1 : K_MOST, .n_test = 1 };

	if (rank > 0 && rank <= K_MOST)
		hit[rank - 1] = true;
	for (int m = METRIC_RECALL; m <= METRIC_MRR; m++)
		for (unsigned k = 0; k < job->o->n_k; k++)
			sum[m][k] += metric_of_list(m, &l, job->o->k[k], job->dialect);
}

static void put_means(const struct sampled_job *job, size_t index, double sum[N_METRICS][EVAL_KS], uint32_t n)
{
	for (int m = METRIC_RECALL; m <= METRIC_MRR; m++)
		for (unsigned k = 0; k < job->o->n_k && n > 0; k++)
			if (job->tally->metrics >> m & 1)
				tally_put(job->tally, index, m, k, sum[m][k] / n);
}

static bool one_user(struct sampled_state *st, size_t index, unsigned slot, struct err *err)
{
	const struct sampled_job *job = st->job;
	struct sampled_slot *s = &st->slots[slot];
	uint32_t user = job->targets->user[index], n_others = 0, n_judged = 0;
	struct rng rng = rng_stream(job->o->seed, "eval.sampled", user, 0);
	double sum[N_METRICS][EVAL_KS] = { { 0 } };
	struct query q = { 0 };

	if (!asker_query(job->asker, index, slot, &q, err) ||
	    !model_score_all(job->asker->snapshot->model, &q, &s->scratch, s->row, st->n_items, err))
		return false;
	if (!job->negatives)
		n_others = list_others(st, s, index, &q);
	for (uint32_t j = 0; j < targets_n(job->targets, index); j++) {
		uint32_t item = targets_of(job->targets, index)[j], n = job->o->sampled;
		const uint32_t *others = s->others;

		if (job->negatives) {
			others = negatives_of(job->negatives, user, item, &n);
		} else {
			n = n < n_others ? n : n_others;
			draw(s->others, n_others, n, &rng);
		}
		if (!others) {
			s->without++;
			continue;
		}
		judge(job, is_barred(job, item) ? 0 : rank_among(s->row, item, others, n), n, sum);
		n_judged++;
	}
	put_means(job, index, sum, n_judged);
	return true;
}

static void sampled_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct sampled_state *st = ctx;
	size_t i = chunk * TALLY_USERS, end = i + TALLY_USERS;
	struct err err;

	for (; i < end && i < st->job->targets->n; i++) {
		if (atomic_load_explicit(&st->failed, memory_order_relaxed))
			return;
		if (one_user(st, i, slot, &err))
			continue;
		atomic_store_explicit(&st->failed, true, memory_order_relaxed);
		if (i < st->slots[slot].failed) {
			st->slots[slot].failed = i;
			st->slots[slot].err = err;
		}
		return;
	}
}

static bool alloc_slots(struct sampled_state *st, unsigned n, struct err *err)
{
	size_t items = (size_t)st->n_items + 1;

	st->slots = mem_zeroed(n, sizeof(*st->slots), err);
	for (unsigned i = 0; st->slots && i < n; i++) {
		struct sampled_slot *s = &st->slots[i];

		s->failed = SIZE_MAX;
		if (!(s->row = mem_alloc(items, sizeof(*s->row), err)) ||
		    !(s->others = mem_alloc(items, sizeof(*s->others), err)) ||
		    !(s->stamp = mem_zeroed(items, sizeof(*s->stamp), err)))
			return false;
	}
	return st->slots != NULL;
}

static void free_slots(struct sampled_state *st, unsigned n)
{
	for (unsigned i = 0; st->slots && i < n; i++) {
		scratch_done(&st->slots[i].scratch);
		mem_free(st->slots[i].row);
		mem_free(st->slots[i].others);
		mem_free(st->slots[i].stamp);
	}
	mem_free(st->slots);
}

static bool report(struct sampled_state *st, unsigned n, bool done, struct err *err)
{
	const struct sampled_slot *first = &st->slots[0];

	for (unsigned i = 0; i < n; i++) {
		st->job->pairs_without += st->slots[i].without;
		if (st->slots[i].failed < first->failed)
			first = &st->slots[i];
	}
	if (atomic_load(&st->failed)) {
		*err = first->err;
		return false;
	}
	return done || task_cancelled(err);
}

bool sampled_run(struct sampled_job *job, const struct task *task, struct err *err)
{
	struct sampled_state st = { .job = job, .n_items = job->asker->split->data->n_items };
	unsigned n_slots = task_slots(task);
	size_t n_chunks = (job->targets->n + TALLY_USERS - 1) / TALLY_USERS;
	bool done = alloc_slots(&st, n_slots, err);

	job->pairs_without = 0;
	if (done)
		done = report(&st, n_slots, task_chunks(task, n_chunks, sampled_chunk, &st), err);
	free_slots(&st, n_slots);
	return done;
}
