/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rank_lists.c - batches of queries against tiles of items, the best kept as they are made.
 *
 * DESIGN: queries are cut into chunks of BATCH whatever the number of threads; a chunk writes its own rows
 * of the result, so that nothing is reduced and the bits do not depend on who ran it.  A chunk holds
 * BATCH x TILE scores at most (192 KB: it stays in the second-level cache), or none at all where the
 * model's scores are dot products.
 */
#include "eval/rank_lists.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/mem.h"
#include "base/u32.h"

#define BATCH 48 /* a multiple of what every table of kernels takes at one time: 12, 6 or 4 */
#define TILE 1024
#define RANKS_TILE 512 /* on the stack, of RANKS_AT_ONCE queries: 16 KB */

/* What one slot keeps between its chunks. */
struct rank_slot {
	struct scratch scratch;
	uint32_t *items; /* the batch's histories, one after another */
	float *x;
	uint32_t *sorted; /* the same, each ascending: what rank_top() leaves out */
	size_t cap;
	float *tile;     /* [BATCH][TILE] */
	uint64_t *skip;  /* [BATCH][words] */
	struct err err;
	size_t failed; /* the chunk that failed, or SIZE_MAX */
};

struct rank_job {
	const struct model *m;
	const struct model_ops *ops;
	uint32_t n_items;
	size_t words; /* of a bit set of items */
	uint32_t n_candidates;
	query_source *source;
	void *ctx;
	size_t n;
	const struct rank_options *o;
	struct ranked_lists *out;
	struct rank_slot *slots;
	atomic_bool failed;
};

static bool make_room(struct rank_slot *s, size_t used, size_t need, struct err *err)
{
	size_t cap = s->cap ? s->cap : 1024;
	uint32_t *items, *sorted;
	float *x;

	if (need <= s->cap)
		return true;
	while (cap < need)
		cap *= 2;
	items = mem_resize(s->items, used, cap, sizeof(*items), err);
	if (!items)
		return false;
	s->items = items;
	x = mem_resize(s->x, used, cap, sizeof(*x), err);
	if (!x)
		return false;
	s->x = x;
	sorted = mem_resize(s->sorted, used, cap, sizeof(*sorted), err);
	if (!sorted)
		return false;
	s->sorted = sorted;
	s->cap = cap;
	return true;
}

/* Asks for B queries from `first` on and copies their histories into the slot. */
static bool fetch_batch(struct rank_job *job, struct rank_slot *s, size_t first, size_t B, unsigned slot,
			struct query *q, struct err *err)
{
	bool has_x[BATCH];
	size_t at[BATCH], used = 0;

	for (size_t b = 0; b < B; b++) {
		size_t n;

		if (!job->source(job->ctx, first + b, slot, &q[b], err))
			return false;
		n = (size_t)q[b].n + q[b].n_hidden;
		if (!make_room(s, used, used + n, err))
			return false;
		at[b] = used;
		has_x[b] = q[b].x != NULL;
		if (q[b].n > 0)
			memcpy(s->items + used, q[b].items, q[b].n * sizeof(*s->items));
		if (q[b].n_hidden > 0)
			memcpy(s->items + used + q[b].n, q[b].hidden, q[b].n_hidden * sizeof(*s->items));
		if (n > 0 && job->ops->dot_form && !job->o->keep_seen) {
			memcpy(s->sorted + used, s->items + used, n * sizeof(*s->sorted));
			qsort(s->sorted + used, n, sizeof(*s->sorted), u32_compare);
		}
		if (q[b].n > 0 && has_x[b])
			memcpy(s->x + used, q[b].x, q[b].n * sizeof(*s->x));
		used += n;
	}
	for (size_t b = 0; b < B; b++) { /* the arrays have stopped moving */
		q[b].items = s->items + at[b];
		q[b].hidden = q[b].items + q[b].n;
		q[b].x = has_x[b] ? s->x + at[b] : NULL;
	}
	return true;
}

static bool rank_dots(const struct rank_job *job, struct rank_slot *s, const struct query *q, size_t B,
		      struct topk *best, struct err *err)
{
	const uint32_t *skip[BATCH];
	uint32_t n_skip[BATCH];
	struct dot_form form;

	if (!job->ops->dot_form(job->m, B, &s->scratch, &form))
		return err_set(err, ERR_UNSUPPORTED, "%s gave no item vectors to rank with", job->ops->name);
	for (size_t b = 0; b < B; b++) {
		skip[b] = s->sorted + (q[b].items - s->items);
		n_skip[b] = job->o->keep_seen ? 0 : q[b].n + q[b].n_hidden;
	}
	rank_top(form.panels, form.queries, form.stride, B, skip, n_skip, job->o->barred, best);
	return true;
}

static void mark_skipped(const struct rank_job *job, const struct query *q, uint64_t *skip)
{
	if (job->o->barred)
		memcpy(skip, job->o->barred, job->words * sizeof(*skip));
	else
		memset(skip, 0, job->words * sizeof(*skip));
	for (uint32_t j = 0; j < q->n && !job->o->keep_seen; j++)
		bits_add(skip, q->items[j]);
	for (uint32_t j = 0; j < q->n_hidden && !job->o->keep_seen; j++)
		bits_add(skip, q->hidden[j]);
}

static bool rank_tiles(const struct rank_job *job, struct rank_slot *s, const struct query *q, size_t B,
		       struct topk *best, struct err *err)
{
	if (!s->tile && !(s->tile = mem_alloc((size_t)BATCH * TILE, sizeof(*s->tile), err)))
		return false;
	if (!s->skip && !(s->skip = mem_alloc(BATCH * job->words, sizeof(*s->skip), err)))
		return false;
	for (size_t b = 0; b < B; b++)
		mark_skipped(job, &q[b], s->skip + b * job->words);
	for (uint32_t lo = 0; lo < job->n_items; lo += TILE) {
		uint32_t hi = job->n_items - lo < TILE ? job->n_items : lo + TILE;

		job->ops->score_block(job->m, q, B, lo, hi, &s->scratch, s->tile, TILE);
		for (size_t b = 0; b < B; b++)
			topk_offer(&best[b], s->tile + b * TILE, lo, hi - lo, s->skip + b * job->words);
	}
	for (size_t b = 0; b < B; b++)
		topk_finish(&best[b]); /* rank_top() finishes its own */
	return true;
}

static uint32_t count_left(const struct rank_job *job, const struct query *q)
{
	uint32_t n = job->n_candidates;

	for (uint32_t j = 0; j < q->n + q->n_hidden && !job->o->keep_seen; j++)
		n -= !job->o->barred || !bits_has(job->o->barred, j < q->n ? q->items[j] : q->hidden[j - q->n]);
	return n;
}

static bool rank_batch(struct rank_job *job, size_t first, size_t B, unsigned slot, struct err *err)
{
	struct rank_slot *s = &job->slots[slot];
	struct query q[BATCH] = { 0 };
	struct topk best[BATCH];
	uint32_t k = job->o->k;

	if (!fetch_batch(job, s, first, B, slot, q, err) ||
	    !job->ops->query_begin(job->m, q, B, &s->scratch, err))
		return false;
	for (size_t b = 0; b < B; b++)
		topk_begin(&best[b], k, job->out->score + (first + b) * k, job->out->item + (first + b) * k);
	if (!(job->ops->dot_form ? rank_dots : rank_tiles)(job, s, q, B, best, err))
		return false;
	for (size_t b = 0; b < B; b++) {
		job->out->count[first + b] = best[b].n;
		job->out->left[first + b] = count_left(job, &q[b]);
	}
	return true;
}

static void rank_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct rank_job *job = ctx;
	size_t first = chunk * BATCH, B = job->n - first < BATCH ? job->n - first : BATCH;
	struct err err;

	if (atomic_load_explicit(&job->failed, memory_order_relaxed))
		return;
	if (rank_batch(job, first, B, slot, &err))
		return;
	atomic_store_explicit(&job->failed, true, memory_order_relaxed);
	if (chunk < job->slots[slot].failed) {
		job->slots[slot].failed = chunk;
		job->slots[slot].err = err;
	}
}

static bool alloc_lists(struct ranked_lists *out, size_t n, uint32_t k, struct err *err)
{
	size_t cells = n * k + 1;

	memset(out, 0, sizeof(*out));
	out->n = n;
	out->k = k;
	return (out->count = mem_zeroed(n ? n : 1, sizeof(*out->count), err)) &&
	       (out->left = mem_zeroed(n ? n : 1, sizeof(*out->left), err)) &&
	       (out->item = mem_alloc(cells, sizeof(*out->item), err)) &&
	       (out->score = mem_alloc(cells, sizeof(*out->score), err));
}

static void slots_free(struct rank_slot *slots, unsigned n)
{
	for (unsigned i = 0; slots && i < n; i++) {
		scratch_done(&slots[i].scratch);
		mem_free(slots[i].items);
		mem_free(slots[i].x);
		mem_free(slots[i].sorted);
		mem_free(slots[i].tile);
		mem_free(slots[i].skip);
	}
	mem_free(slots);
}

/* The error of the first chunk that failed, whichever thread met it. */
static bool report_failure(const struct rank_job *job, unsigned n_slots, struct err *err)
{
	const struct rank_slot *first = &job->slots[0];

	for (unsigned i = 1; i < n_slots; i++)
		if (job->slots[i].failed < first->failed)
			first = &job->slots[i];
	*err = first->err;
	return false;
}

bool rank_lists(const struct model *m, uint32_t n_items, query_source *source, void *ctx, size_t n,
		const struct rank_options *o, const struct task *task, struct ranked_lists *out, struct err *err)
{
	struct rank_job job = { .m = m, .ops = model_ops_of(m), .n_items = n_items,
				.words = ((size_t)n_items + 63) / 64, .source = source, .ctx = ctx, .n = n,
				.o = o, .out = out };
	unsigned n_slots = task_slots(task);
	bool done;

	if (!alloc_lists(out, n, o->k, err) ||
	    !(job.slots = mem_zeroed(n_slots, sizeof(*job.slots), err))) {
		ranked_lists_done(out);
		return false;
	}
	for (unsigned i = 0; i < n_slots; i++)
		job.slots[i].failed = SIZE_MAX;
	for (uint32_t i = 0; i < n_items; i++)
		job.n_candidates += !o->barred || !bits_has(o->barred, i);
	done = task_chunks(task, (n + BATCH - 1) / BATCH, rank_chunk, &job);
	if (atomic_load(&job.failed))
		done = report_failure(&job, n_slots, err);
	else if (!done)
		task_cancelled(err);
	slots_free(job.slots, n_slots);
	if (!done)
		ranked_lists_done(out);
	return done;
}

void ranked_lists_done(struct ranked_lists *l)
{
	mem_free(l->count);
	mem_free(l->left);
	mem_free(l->item);
	mem_free(l->score);
	memset(l, 0, sizeof(*l));
}

static bool is_barred(const struct rank_options *o, const struct query *q, uint32_t item)
{
	if (o->barred && bits_has(o->barred, item))
		return true;
	for (uint32_t j = 0; j < q->n && !o->keep_seen; j++)
		if (q->items[j] == item)
			return true;
	for (uint32_t j = 0; j < q->n_hidden && !o->keep_seen; j++)
		if (q->hidden[j] == item)
			return true;
	return false;
}

/* How many items of lo..hi-1 come before `item`; only those that do are looked up among the left-out. */
static uint32_t count_before(const struct rank_options *o, const struct query *q, const float *scores,
			     uint32_t lo, uint32_t hi, uint32_t item, float score)
{
	uint32_t n = 0;

	for (uint32_t i = lo; i < hi; i++) {
		float x = scores[i - lo];

		if ((x > score || (x == score && i < item) || (isnan(score) && !isnan(x))) && i != item)
			n += !is_barred(o, q, i);
	}
	return n;
}

bool ranks_of_item(const struct model *m, uint32_t n_items, const struct query *q, size_t B,
		   const struct rank_options *o, uint32_t item, struct scratch *s, uint32_t *rank, float *score,
		   struct err *err)
{
	const struct model_ops *ops = model_ops_of(m);
	float tile[RANKS_AT_ONCE * RANKS_TILE];

	if (item >= n_items)
		return err_set(err, ERR_RANGE, "item %u is none of the %u items", item, n_items);
	if (!ops->query_begin(m, q, B, s, err))
		return false;
	ops->score_block(m, q, B, item, item + 1, s, score, 1);
	for (size_t b = 0; b < B; b++)
		rank[b] = 1;
	for (uint32_t lo = 0; lo < n_items; lo += RANKS_TILE) {
		uint32_t hi = n_items - lo < RANKS_TILE ? n_items : lo + RANKS_TILE;

		ops->score_block(m, q, B, lo, hi, s, tile, RANKS_TILE);
		for (size_t b = 0; b < B; b++)
			rank[b] += count_before(o, &q[b], tile + b * RANKS_TILE, lo, hi, item, score[b]);
	}
	return true;
}

bool rank_of_item(const struct model *m, uint32_t n_items, const struct query *q, const struct rank_options *o,
		  uint32_t item, struct scratch *s, uint32_t *rank, float *score, struct err *err)
{
	return ranks_of_item(m, n_items, q, 1, o, item, s, rank, score, err);
}

bool rank_all_items(const struct split *split, const struct model *m)
{
	return split->cold_items && (model_caps(m) & MODEL_RANKS_COLD);
}

bool rank_barred(const struct split *split, bool all, uint64_t **out, uint32_t *n_candidates, struct err *err)
{
	uint32_t n_items = split->data->n_items;

	*out = NULL;
	*n_candidates = n_items;
	if (all)
		return true;
	*out = mem_zeroed(bits_words(n_items), sizeof(**out), err);
	if (!*out)
		return false;
	for (uint32_t i = 0; i < n_items; i++)
		if (split->item_train[i] == 0) {
			bits_add(*out, i);
			--*n_candidates;
		}
	return true;
}
