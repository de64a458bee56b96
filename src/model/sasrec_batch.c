/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasrec_batch.c - see sasrec_batch.h. */
#include "model/sasrec_batch.h"

#include <string.h>

#include "base/mem.h"
#include "model/history_drop.h"

size_t sasrec_batch_cap(size_t events, uint32_t histories, uint32_t max_len)
{
	size_t full = (size_t)histories * max_len;

	return full < events ? full : events;
}

static uint32_t *list_users(struct sasrec_batch *b, struct err *err)
{
	b->order = mem_alloc((size_t)b->seq.U + 1, sizeof(*b->order), err);
	return b->order;
}

bool sasrec_batch_make(struct sasrec_batch *b, const struct build_env *env, uint32_t histories, uint32_t max_len,
		       struct err *err)
{
	*b = (struct sasrec_batch){ .histories = histories, .max_len = max_len };
	if (!sequences_make(&b->seq, env, max_len + 1, err))
		return false;
	b->cap = sasrec_batch_cap(b->seq.ptr[b->seq.U], histories, max_len);
	if (list_users(b, err) && (b->item = mem_alloc(b->cap + 1, sizeof(*b->item), err)) &&
	    (b->target = mem_alloc(b->cap + 1, sizeof(*b->target), err)) &&
	    (b->start = mem_alloc(histories + sasrec_group_cap(b), sizeof(*b->start), err)) &&
	    (b->user = mem_alloc(histories, sizeof(*b->user), err)) &&
	    (b->kept = mem_alloc((size_t)max_len + 1, sizeof(*b->kept), err)) &&
	    (b->group = mem_alloc(sasrec_group_cap(b), sizeof(*b->group), err))) {
		for (uint32_t u = 0; u < b->seq.U; u++)
			b->n_users += sequences_n(&b->seq, u) > 1;
		if (b->n_users)
			return true;
		err_set(err, ERR_UNSUPPORTED, "no history has two events to train on: sasrec learns what follows what");
	}
	sasrec_batch_done(b);
	return false;
}

void sasrec_batch_done(struct sasrec_batch *b)
{
	sequences_done(&b->seq);
	mem_free(b->order);
	mem_free(b->item);
	mem_free(b->target);
	mem_free(b->start);
	mem_free(b->user);
	mem_free(b->kept);
	mem_free(b->group);
	*b = (struct sasrec_batch){ 0 };
}

uint64_t sasrec_batch_bytes(const struct model_shape *s, uint32_t histories, uint32_t max_len)
{
	uint64_t cap = sasrec_batch_cap(s->n_events, histories, max_len), groups = cap / SASREC_GROUP_ROWS + 1;

	return sequences_bytes(s->n_users, s->n_events) +
	       sizeof(uint32_t) * (s->n_users + 1 + 2 * (cap + 1) + 2 * (uint64_t)histories + groups + max_len + 1 +
				   s->longest) +
	       groups * sizeof(struct sasrec_group);
}

/* The same order for an epoch, whatever the order was before. */
void sasrec_batch_shuffle(struct sasrec_batch *b, uint64_t seed, uint32_t epoch)
{
	struct rng r = rng_stream(seed, "sasrec.order", epoch, 0);
	uint32_t n = 0;

	for (uint32_t u = 0; u < b->seq.U; u++)
		if (sequences_n(&b->seq, u) > 1)
			b->order[n++] = u;
	rng_shuffle_u32(&r, b->order, n);
}

/* The events of u that stay, into b->kept; returns how many. */
static uint32_t keep_events(struct sasrec_batch *b, uint32_t u, float drop, uint64_t seed, uint32_t epoch)
{
	const uint32_t *item = b->seq.item + b->seq.ptr[u];
	struct rng r = rng_stream(seed, "sasrec.drop", epoch, u);
	uint32_t n = history_drop(b->kept, sequences_n(&b->seq, u), 2, drop, &r);

	for (uint32_t k = 0; k < n; k++)
		b->kept[k] = item[b->kept[k]];
	return n;
}

static void close_group(struct sasrec_batch *b, struct sasrec_group *g)
{
	if (g->S)
		b->group[b->n_groups++] = *g;
	*g = (struct sasrec_group){ .first = b->P, .start = g->start + g->S + 1, .user = g->user + g->S };
}

void sasrec_batch_fill(struct sasrec_batch *b, size_t k, float drop, uint64_t seed, uint32_t epoch)
{
	size_t from = k * b->histories, to = from + b->histories < b->n_users ? from + b->histories : b->n_users;
	struct sasrec_group g = { .start = b->start, .user = b->user };
	uint32_t *start = b->start;

	b->P = b->n_groups = 0;
	for (size_t at = from; at < to; at++) {
		uint32_t u = b->order[at], n = keep_events(b, u, drop, seed, epoch) - 1;

		if (!g.S)
			*start++ = 0;
		memcpy(b->item + b->P, b->kept, n * sizeof(*b->kept));
		memcpy(b->target + b->P, b->kept + 1, n * sizeof(*b->kept));
		b->user[at - from] = u;
		b->P += n;
		g.P += n;
		g.S++;
		g.squares += (size_t)n * n;
		*start++ = (uint32_t)g.P;
		if (g.P >= SASREC_GROUP_ROWS)
			close_group(b, &g);
	}
	close_group(b, &g);
}
