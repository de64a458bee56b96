/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bpr_core.c - see bpr_core.h. */
#include "num/bpr_core.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "num/kern.h"

#define MAX_GROUPS 16
#define LEAST_USERS 16  /* in a group, on average; fewer groups otherwise */
#define LEAST_ITEMS 64
#define DEAL_CHUNKS 16
#define BATCH 256       /* draws made before their steps are taken */
#define TRIES 16

struct pair {
	uint32_t u, i;
};

struct part_result {
	double loss;
	size_t done;
};

struct bpr_core {
	const struct csr *train; /* borrowed */
	uint64_t seed;
	uint32_t P;
	uint8_t *user_group;  /* [U] */
	uint8_t *item_group;  /* [I] */
	uint32_t *order;      /* [max(U, I)] for the deal */
	uint32_t *members;    /* [I] items, group by group */
	uint32_t member_at[MAX_GROUPS + 1];
	struct pair *event;   /* [n] by item group, then user group */
	uint64_t *filter;     /* [n/4 + U] see may_have() */
	size_t part_at[MAX_GROUPS * MAX_GROUPS + 1];
	size_t at[DEAL_CHUNKS][MAX_GROUPS * MAX_GROUPS]; /* where each chunk writes each part */
	uint32_t first[DEAL_CHUNKS + 1];                 /* users of each chunk */
	struct part_result result[MAX_GROUPS * MAX_GROUPS];
	/* Of the present epoch. */
	const struct bpr_tables *tables;
	const struct bpr_rule *rule;
	uint32_t epoch, round;
};

static uint32_t groups_for(const struct csr *x)
{
	uint32_t P = x->rows / LEAST_USERS;

	P = x->cols / LEAST_ITEMS < P ? x->cols / LEAST_ITEMS : P;
	return P < 1 ? 1 : P > MAX_GROUPS ? MAX_GROUPS : P;
}

/* Users in DEAL_CHUNKS runs of about as many events. */
static void cut_users(struct bpr_core *b)
{
	size_t n = csr_n(b->train);
	uint32_t u = 0;

	for (size_t c = 1; c < DEAL_CHUNKS; c++) {
		while (u < b->train->rows && b->train->ptr[u] < n / DEAL_CHUNKS * c)
			u++;
		b->first[c] = u;
	}
	b->first[DEAL_CHUNKS] = b->train->rows;
}

/* --- Membership ------------------------------------------------------------------------
 * Every draw asks whether the user has the item, and nearly always the answer is no.  A Bloom
 * filter of 16 bits an event, the user's own words, says so with one look; only the one draw in
 * sixteen that it cannot tell is searched for in the row.
 */
static uint64_t *filter_word(const struct bpr_core *b, uint32_t u, uint32_t i, uint64_t *bit)
{
	size_t from = b->train->ptr[u], n = b->train->ptr[u + 1] - from;
	uint64_t bits = (n + 3) / 4 * 64, at = (uint64_t)(i * 2654435761u) * bits >> 32;

	*bit = (uint64_t)1 << at % 64;
	return &b->filter[from / 4 + u + at / 64];
}

static void fill_filter(struct bpr_core *b)
{
	uint64_t bit;

	for (uint32_t u = 0; u < b->train->rows; u++)
		for (size_t e = b->train->ptr[u]; e < b->train->ptr[u + 1]; e++)
			*filter_word(b, u, b->train->idx[e], &bit) |= bit;
}

static bool may_have(const struct bpr_core *b, uint32_t u, uint32_t i)
{
	uint64_t bit;

	return *filter_word(b, u, i, &bit) & bit;
}

struct bpr_core *bpr_core_new(const struct csr *train, uint64_t seed, struct err *err)
{
	struct bpr_core *b = mem_zeroed(1, sizeof(*b), err);
	size_t U = train->rows, I = train->cols;

	if (!b)
		return NULL;
	b->train = train;
	b->seed = seed;
	b->P = groups_for(train);
	cut_users(b);
	if ((b->user_group = mem_alloc(U + 1, 1, err)) &&
	    (b->item_group = mem_alloc(I + 1, 1, err)) &&
	    (b->order = mem_alloc((U > I ? U : I) + 1, sizeof(*b->order), err)) &&
	    (b->members = mem_alloc(I + 1, sizeof(*b->members), err)) &&
	    (b->event = mem_alloc(csr_n(train) + 1, sizeof(*b->event), err)) &&
	    (b->filter = mem_zeroed(csr_n(train) / 4 + U + 1, sizeof(*b->filter), err))) {
		fill_filter(b);
		return b;
	}
	bpr_core_free(b);
	return NULL;
}

void bpr_core_free(struct bpr_core *b)
{
	if (!b)
		return;
	mem_free(b->user_group);
	mem_free(b->item_group);
	mem_free(b->order);
	mem_free(b->members);
	mem_free(b->event);
	mem_free(b->filter);
	mem_free(b);
}

size_t bpr_core_bytes_for(uint32_t users, uint32_t items, size_t events)
{
	size_t most = users > items ? users : items;

	return sizeof(struct bpr_core) + users + items + (most + items) * sizeof(uint32_t) +
	       events * sizeof(struct pair) + (events / 4 + users + 1) * sizeof(uint64_t);
}

/* --- The deal: groups for this epoch, and the events sorted into parts -------------- */

static void deal(struct bpr_core *b, uint32_t n, const char *purpose, uint8_t *group)
{
	struct rng r = rng_stream(b->seed, purpose, b->epoch, 0);

	for (uint32_t k = 0; k < n; k++)
		b->order[k] = k;
	rng_shuffle_u32(&r, b->order, n);
	for (uint32_t k = 0; k < n; k++)
		group[b->order[k]] = (uint8_t)((uint64_t)k * b->P / n);
}

static size_t part_of(const struct bpr_core *b, uint32_t u, uint32_t i)
{
	return (size_t)b->item_group[i] * b->P + b->user_group[u];
}

static void count_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct bpr_core *b = ctx;
	const struct csr *x = b->train;

	(void)slot;
	memset(b->at[chunk], 0, sizeof(b->at[chunk]));
	for (uint32_t u = b->first[chunk]; u < b->first[chunk + 1]; u++)
		for (size_t e = x->ptr[u]; e < x->ptr[u + 1]; e++)
			b->at[chunk][part_of(b, u, x->idx[e])]++;
}

static void place_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct bpr_core *b = ctx;
	const struct csr *x = b->train;

	(void)slot;
	for (uint32_t u = b->first[chunk]; u < b->first[chunk + 1]; u++)
		for (size_t e = x->ptr[u]; e < x->ptr[u + 1]; e++)
			b->event[b->at[chunk][part_of(b, u, x->idx[e])]++] =
				(struct pair){ u, x->idx[e] };
}

static bool deal_all(struct bpr_core *b, const struct task *t)
{
	size_t parts = (size_t)b->P * b->P, sum = 0;

	deal(b, b->train->rows, "bpr.users", b->user_group);
	deal(b, b->train->cols, "bpr.items", b->item_group);
	/* The order of the deal is the items, group by group. */
	memcpy(b->members, b->order, b->train->cols * sizeof(*b->members));
	for (uint32_t g = 0; g <= b->P; g++) /* the first k with k P / I >= g */
		b->member_at[g] = (uint32_t)(((uint64_t)g * b->train->cols + b->P - 1) / b->P);
	if (!task_chunks(t, DEAL_CHUNKS, count_chunk, b))
		return false;
	for (size_t p = 0; p < parts; p++) {
		b->part_at[p] = sum;
		for (size_t c = 0; c < DEAL_CHUNKS; c++) {
			size_t n = b->at[c][p];

			b->at[c][p] = sum;
			sum += n;
		}
	}
	b->part_at[parts] = sum;
	return task_chunks(t, DEAL_CHUNKS, place_chunk, b);
}

/* --- One part ------------------------------------------------------------------------ */

static void shuffle(struct rng *r, struct pair *v, size_t n)
{
	for (; n > 1; n--) {
		size_t at = (size_t)rng_below64(r, n);
		struct pair p = v[at];

		v[at] = v[n - 1];
		v[n - 1] = p;
	}
}

static uint32_t draw(const struct bpr_core *b, struct rng *r, uint32_t group)
{
	uint32_t lo = b->member_at[group], n = b->member_at[group + 1] - lo;
	size_t from = b->part_at[group * b->P], events = b->part_at[(group + 1) * b->P] - from;

	if (b->rule->negatives == BPR_UNIFORM)
		return b->members[lo + rng_below(r, n)];
	return b->event[from + rng_below64(r, events)].i;
}

/* What was drawn, or else an item of the group that the user has no event with, or UINT32_MAX. */
static uint32_t settle(const struct bpr_core *b, struct rng *r, uint32_t u, uint32_t group,
		       uint32_t drawn)
{
	for (int t = 1; may_have(b, u, drawn) && csr_has(b->train, u, drawn); t++) {
		if (t == TRIES)
			return UINT32_MAX;
		drawn = draw(b, r, group);
	}
	return drawn;
}

/* Draws for the next events, at most BATCH; returns how many events were used.  First all are
 * drawn, so that the filters can be on their way while the rest is. */
static size_t fill_batch(const struct bpr_core *b, struct rng *r, uint32_t group,
			 const struct pair *event, size_t n, struct kern_bpr *steps, uint32_t *u,
			 uint32_t *i, uint32_t *j)
{
	uint32_t drawn[BATCH];
	uint64_t bit;

	n = n < BATCH ? n : BATCH;
	for (size_t e = 0; e < n; e++) {
		drawn[e] = draw(b, r, group);
		__builtin_prefetch(filter_word(b, event[e].u, drawn[e], &bit));
	}
	steps->n = 0;
	for (size_t e = 0; e < n; e++) {
		uint32_t negative = settle(b, r, event[e].u, group, drawn[e]);

		if (negative == UINT32_MAX)
			continue;
		u[steps->n] = event[e].u;
		i[steps->n] = event[e].i;
		j[steps->n++] = negative;
	}
	return n;
}

static void part_chunk(void *ctx, size_t p, unsigned slot)
{
	struct bpr_core *b = ctx;
	uint32_t user_group = (uint32_t)p, item_group = (user_group + b->round) % b->P;
	size_t part = (size_t)item_group * b->P + user_group;
	struct pair *event = b->event + b->part_at[part];
	size_t n = b->part_at[part + 1] - b->part_at[part];
	struct rng r = rng_stream(b->seed, "bpr.part", b->epoch, b->round * (uint64_t)b->P + p);
	uint32_t u[BATCH], i[BATCH], j[BATCH];
	struct kern_bpr steps = { .W = b->tables->W,
				  .H = b->tables->H,
				  .bias = b->tables->bias,
				  .stride = b->tables->stride,
				  .D = b->tables->D,
				  .u = u,
				  .i = i,
				  .j = j,
				  .lr = b->rule->lr,
				  .l2 = b->rule->l2 };
	struct part_result result = { 0 };

	(void)slot;
	shuffle(&r, event, n);
	for (size_t e = 0; e < n; ) {
		e += fill_batch(b, &r, item_group, event + e, n - e, &steps, u, i, j);
		kern()->bpr_steps(&steps);
		result.loss += steps.loss;
		result.done += steps.n;
	}
	b->result[b->round * b->P + p] = result;
}

/* --- An epoch ------------------------------------------------------------------------- */

static bool all_finite(const float *v, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (!isfinite(v[k]))
			return false;
	return true;
}

static bool rows_finite(const float *v, size_t stride, size_t rows, size_t D)
{
	for (size_t r = 0; r < rows; r++)
		if (!all_finite(v + r * stride, D))
			return false;
	return true;
}

static const char *spoilt_tensor(const struct bpr_core *b)
{
	const struct bpr_tables *t = b->tables;

	if (!rows_finite(t->W, t->stride, b->train->rows, t->D))
		return "the user vectors";
	if (!rows_finite(t->H, t->stride, b->train->cols, t->D))
		return "the item vectors";
	if (!all_finite(t->bias, b->train->cols))
		return "the item biases";
	return NULL;
}

static bool diverged(const struct bpr_core *b, uint32_t round, uint32_t part, const char *tensor,
		     struct err *err)
{
	return err_set(err, ERR_NUMERIC,
		       "bpr: epoch %u, batch %u.%u: %s grew beyond all numbers: a smaller lr helps",
		       b->epoch + 1, round + 1, part + 1, tensor ? tensor : "the scores");
}

static bool run_rounds(struct bpr_core *b, double *loss, const struct task *t, struct err *err)
{
	double sum = 0;
	size_t done = 0;

	for (b->round = 0; b->round < b->P; b->round++) {
		if (!task_chunks(t, b->P, part_chunk, b))
			return task_cancelled(err);
		for (uint32_t p = 0; p < b->P; p++) {
			const struct part_result *r = &b->result[b->round * b->P + p];

			if (!isfinite(r->loss))
				return diverged(b, b->round, p, spoilt_tensor(b), err);
			sum += r->loss;
			done += r->done;
		}
		task_progress(t, b->round + 1, b->P);
	}
	*loss = done ? sum / (double)done : 0;
	return true;
}

bool bpr_epoch(struct bpr_core *b, const struct bpr_tables *w, const struct bpr_rule *rule,
	       uint32_t epoch, double *loss, const struct task *t, struct err *err)
{
	const char *tensor;

	b->tables = w;
	b->rule = rule;
	b->epoch = epoch;
	if (!deal_all(b, t))
		return task_cancelled(err);
	if (!run_rounds(b, loss, t, err))
		return false;
	tensor = spoilt_tensor(b); /* what overflowed and was not read again */
	return !tensor || diverged(b, b->P - 1, b->P - 1, tensor, err);
}
