/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_valid.c - see towers_valid.h. */
#include "model/towers_valid.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "model/towers_past.h"
#include "num/kern.h"
#include "num/linalg.h"

enum { CHUNK_USERS = 32, ROWS = 64 /* items that pass their tower at once */ };

struct slot { /* memory of one thread */
	float *f, *person, *content, *scores, *row;
	uint32_t *out;
};
struct valid {
	const struct towers_net *n;
	const struct towers_rule *rule;
	const struct towers_batch *b;
	const struct csr *friends, *events;
	uint32_t N, *negative, *place_of; /* [N]; [I] as in a batch */
	float *r, *across, logq;          /* [I][D] all items; [D][N] the negatives', transposed */
	struct slot *slot;
	unsigned n_slots;
	struct towers_part { double loss; size_t n; } *part; /* of each chunk */
	size_t n_parts;
};

static size_t person_floats(size_t D)
{
	return 5 * D + 1;
}

static size_t items_floats(const struct towers_net *n)
{
	return 2 * ROWS * (size_t)n->D + ROWS + towers_content_work(&n->features, ROWS);
}

static bool make_slots(struct valid *v, unsigned n_slots, struct err *err)
{
	uint32_t longest = sequences_longest(&v->b->seq);

	v->slot = mem_zeroed(n_slots, sizeof(*v->slot), err);
	v->n_slots = v->slot ? n_slots : 0;
	for (unsigned k = 0; k < v->n_slots; k++) {
		struct slot *s = &v->slot[k];

		if (!(s->f = mem_alloc(longest, sizeof(float), err)) ||
		    !(s->person = mem_alloc(person_floats(v->n->D), sizeof(float), err)) ||
		    !(s->content = mem_alloc(items_floats(v->n), sizeof(float), err)) ||
		    !(s->scores = mem_alloc((size_t)v->N + 1, sizeof(float), err)) ||
		    !(s->row = mem_alloc((size_t)v->N + 1, sizeof(float), err)) ||
		    !(s->out = mem_alloc((size_t)v->N + 1, sizeof(uint32_t), err)))
			return false;
	}
	return v->slot != NULL;
}

static void valid_done(struct valid *v)
{
	for (unsigned k = 0; k < v->n_slots; k++) {
		mem_free(v->slot[k].f);
		mem_free(v->slot[k].person);
		mem_free(v->slot[k].content);
		mem_free(v->slot[k].scores);
		mem_free(v->slot[k].row);
		mem_free(v->slot[k].out);
	}
	mem_free(v->slot);
	mem_free(v->negative);
	mem_free(v->place_of);
	mem_free(v->r);
	mem_free(v->across);
	mem_free(v->part);
}

uint64_t towers_valid_bytes(const struct towers_net *n, const struct towers_rule *r, const struct model_shape *s,
			    unsigned slots)
{
	uint64_t N = r->negatives < n->I ? r->negatives : n->I, I = n->I, D = n->D;
	uint64_t floats = 2 * I + I * D + N * D + slots * (s->longest + person_floats(D) + items_floats(n) + 3 * (N + 1));

	return floats * sizeof(float) + (s->n_users / CHUNK_USERS + 1) * sizeof(struct towers_part) + slots * sizeof(struct slot);
}

/* The first steps of a shuffle of all items that have train events. */
static void draw_negatives(struct valid *v, uint64_t seed)
{
	struct rng r = rng_stream(seed, "towers.valid", 0, 0);
	uint32_t n = 0;

	for (uint32_t k = 0; k < v->b->n_pool; k++)
		v->place_of[v->b->pool[k]] = 1;
	for (uint32_t i = 0; i < v->n->I; i++) { /* ascending: the pool's order is an epoch's */
		if (v->place_of[i])
			v->negative[n++] = i;
		v->place_of[i] = TOWERS_NO_PLACE;
	}
	for (uint32_t k = 0; k < v->N; k++) {
		uint32_t j = k + rng_below(&r, n - k), drawn = v->negative[j];

		v->negative[j] = v->negative[k];
		v->negative[k] = drawn;
		v->place_of[drawn] = k;
	}
}

static bool valid_make(struct valid *v, const struct task *task, uint64_t seed, struct err *err)
{
	size_t I = v->n->I, D = v->n->D;

	v->n_parts = ((size_t)v->events->rows + CHUNK_USERS - 1) / CHUNK_USERS;
	v->logq = logf((float)v->N / (float)v->b->n_pool);
	if (!(v->negative = mem_alloc(I, sizeof(*v->negative), err)) ||
	    !(v->place_of = mem_zeroed(I, sizeof(*v->place_of), err)) ||
	    !(v->r = mem_alloc(I * D, sizeof(*v->r), err)) || !(v->across = mem_alloc(v->N * D, sizeof(float), err)) ||
	    !(v->part = mem_zeroed(v->n_parts ? v->n_parts : 1, sizeof(*v->part), err)))
		return false;
	draw_negatives(v, seed);
	return make_slots(v, task_slots(task), err);
}

static void items_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct valid *v = ctx;
	const struct towers_net *n = v->n;
	size_t D = n->D, from = chunk * ROWS, here = n->I - from < ROWS ? n->I - from : ROWS;
	float *at = v->slot[slot].content;
	struct tower t = { .in = n->items + from * D, .act = at, .out = v->r + from * D, .norm = at + ROWS * D };
	uint32_t item[ROWS] = { 0 };

	for (size_t k = 0; k < here; k++)
		item[k] = (uint32_t)(from + k);
	towers_items(n, &t, item, here, NULL, at + ROWS * D + ROWS);
	for (size_t k = 0; k < here; k++)
		for (size_t d = 0; d < D && v->place_of[from + k] != TOWERS_NO_PLACE; d++)
			v->across[d * v->N + v->place_of[from + k]] = t.out[k * D + d];
}

static void read_person(const struct valid *v, uint32_t user, struct slot *s, float *u)
{
	const struct towers_net *n = v->n;
	size_t D = n->D, events = sequences_n(&v->b->seq, user);
	float *mean = s->person, *friends = mean + D;
	struct tower t = { .in = n->users + user * D, .mean = mean, .act = friends + D, .out = u, .norm = u + D };
	bool met = v->friends && csr_row_n(v->friends, user);

	if (n->history) {
		towers_past_weights(n->recency, v->b->weight ? v->b->weight + v->b->seq.ptr[user] : NULL, events, s->f);
		if (met)
			towers_sum_past(n, csr_row(v->friends, user), csr_row_val(v->friends, user),
					csr_row_n(v->friends, user), friends);
		towers_past_mean(n, towers_history(v->b, user), s->f, events, met ? friends : NULL, mean);
	}
	towers_people(n, &t, 1);
}

static size_t list_taken(const struct valid *v, uint32_t user, uint32_t *out)
{
	const uint32_t *history = towers_history(v->b, user);
	size_t n = 0;

	for (uint32_t k = 0; k < sequences_n(&v->b->seq, user); k++)
		if (v->place_of[history[k]] != TOWERS_NO_PLACE)
			out[n++] = v->place_of[history[k]];
	return n;
}

static double loss_of_user(const struct valid *v, uint32_t user, struct slot *s)
{
	const uint32_t *item = csr_row(v->events, user);
	size_t D = v->n->D, N = v->N, taken = list_taken(v, user, s->out);
	float *u = s->person + 3 * D;
	double loss = 0;

	read_person(v, user, s, u);
	kern()->gemm(&(struct kern_gemm){ .c = s->scores, .ldc = N, .a = u, .a_row = D, .a_col = 1, .b = v->across,
					  .ldb = N, .m = 1, .n = N, .K = D });
	for (size_t k = 0; k < csr_row_n(v->events, user); k++) {
		size_t out = taken;

		memcpy(s->row, s->scores, N * sizeof(*s->row));
		s->row[N] = linalg_dot(u, v->r + item[k] * D, D);
		if (v->place_of[item[k]] != TOWERS_NO_PLACE)
			s->out[out++] = v->place_of[item[k]];
		loss += towers_loss_rows(&v->rule->loss, s->row, N + 1, 1, N, v->logq, s->out, out, 1);
	}
	return loss;
}

static void users_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct valid *v = ctx;
	uint32_t from = (uint32_t)chunk * CHUNK_USERS, to = from + CHUNK_USERS;
	struct towers_part *p = &v->part[chunk];

	for (uint32_t u = from; u < to && u < v->events->rows; u++) {
		if (!csr_row_n(v->events, u) || !sequences_n(&v->b->seq, u))
			continue;
		p->loss += loss_of_user(v, u, &v->slot[slot]);
		p->n += csr_row_n(v->events, u);
	}
}

bool towers_valid_loss(const struct towers_net *n, const struct towers_rule *r, const struct towers_batch *b,
		       const struct csr *friends, const struct build_env *env, uint64_t seed, const struct task *task,
		       double *out, struct err *err)
{
	struct valid v = { .n = n, .rule = r, .b = b, .friends = friends, .events = &env->split->valid, .N = b->N };
	struct towers_part all = { 0 };
	bool done = valid_make(&v, task, seed, err);

	if (done && (!task_chunks(task, ((size_t)n->I + ROWS - 1) / ROWS, items_chunk, &v) ||
		     !task_chunks(task, v.n_parts, users_chunk, &v)))
		done = task_cancelled(err);
	for (size_t c = 0; done && c < v.n_parts; c++) {
		all.loss += v.part[c].loss;
		all.n += v.part[c].n;
	}
	*out = all.n ? all.loss / (double)all.n : NAN;
	valid_done(&v);
	return done;
}
