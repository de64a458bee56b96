/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_batch.c - see towers_batch.h. */
#include "model/towers_batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/rng.h"
#include "base/u32.h"

static bool take_weights(struct towers_batch *b, const struct csr *x, struct err *err)
{
	if (!x->val)
		return true;
	b->weight = mem_alloc(b->seq.ptr[b->seq.U], sizeof(*b->weight), err);
	for (uint32_t u = 0; b->weight && u < b->seq.U; u++)
		for (size_t k = b->seq.ptr[u]; k < b->seq.ptr[u + 1]; k++)
			b->weight[k] = csr_at(x, u, b->seq.item[k]);
	return b->weight != NULL;
}

static bool make_pool(struct towers_batch *b, const struct csr *xt, uint32_t negatives, struct err *err)
{
	b->pool = mem_alloc(xt->rows, sizeof(*b->pool), err);
	if (!b->pool)
		return false;
	for (uint32_t i = 0; i < xt->rows; i++)
		if (csr_row_n(xt, i))
			b->pool[b->n_pool++] = i;
	b->N = negatives < b->n_pool ? negatives : b->n_pool;
	b->place_of = mem_alloc(xt->rows, sizeof(*b->place_of), err);
	for (uint32_t i = 0; b->place_of && i < xt->rows; i++)
		b->place_of[i] = TOWERS_NO_PLACE;
	return b->place_of != NULL;
}

static size_t pieces_of(size_t events)
{
	return (events + TOWERS_PIECE - 1) / TOWERS_PIECE;
}

/* A batch is closed when the next piece would not fit, so that it has more than rows - TOWERS_PIECE. */
static size_t batches_most(size_t events, uint32_t rows)
{
	return events / (rows > TOWERS_PIECE ? rows - TOWERS_PIECE + 1 : 1) + 1;
}

bool towers_batch_make(struct towers_batch *b, const struct build_env *env, uint32_t rows, uint32_t negatives,
		       struct err *err)
{
	size_t events;

	*b = (struct towers_batch){ .rows_most = rows > TOWERS_PIECE ? rows : TOWERS_PIECE };
	if (!sequences_make(&b->seq, env, UINT32_MAX, err))
		return false;
	events = b->seq.ptr[b->seq.U];
	for (uint32_t u = 0; u < b->seq.U; u++)
		b->n_pieces += pieces_of(sequences_n(&b->seq, u));
	if (take_weights(b, env->x, err) && make_pool(b, env->xt, negatives, err) &&
	    (b->place = mem_alloc(events, sizeof(*b->place), err)) &&
	    (b->piece = mem_alloc(b->n_pieces, sizeof(*b->piece), err)) &&
	    (b->begin = mem_alloc(batches_most(events, b->rows_most) + 1, sizeof(*b->begin), err)) &&
	    (b->row_of = mem_alloc((size_t)b->rows_most + 1, sizeof(*b->row_of), err)) &&
	    (b->item = mem_alloc((size_t)b->N + b->rows_most, sizeof(*b->item), err)) &&
	    (b->at = mem_alloc(b->rows_most, sizeof(*b->at), err)))
		return true;
	towers_batch_done(b);
	return false;
}

void towers_batch_done(struct towers_batch *b)
{
	sequences_done(&b->seq);
	mem_free(b->weight);
	mem_free(b->pool);
	mem_free(b->place);
	mem_free(b->piece);
	mem_free(b->begin);
	mem_free(b->row_of);
	mem_free(b->item);
	mem_free(b->at);
	mem_free(b->place_of);
	*b = (struct towers_batch){ 0 };
}

uint64_t towers_batch_bytes(const struct model_shape *s, uint32_t rows, uint32_t negatives)
{
	uint64_t most = rows > TOWERS_PIECE ? rows : TOWERS_PIECE, pieces = s->n_users + s->n_events / TOWERS_PIECE + 1;

	return sequences_bytes(s->n_users, s->n_events) + s->n_events * (sizeof(float) + sizeof(uint32_t)) +
	       2 * (uint64_t)s->n_items * sizeof(uint32_t) + pieces * sizeof(struct towers_piece) +
	       (batches_most(s->n_events, (uint32_t)most) + 1) * sizeof(size_t) + (most + 1) * sizeof(size_t) +
	       (2 * most + (negatives < s->n_items ? negatives : s->n_items)) * sizeof(uint32_t);
}

/* --- The order of an epoch --------------------------------------------------------------- */

static void sort_small(uint32_t *v, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k && v[k] < v[k - 1]; k--) {
			uint32_t swap = v[k];

			v[k] = v[k - 1];
			v[k - 1] = swap;
		}
}

/* Cuts a user's events, in a random order, to pieces; returns where the next piece goes. */
static struct towers_piece *cut(struct towers_batch *b, uint32_t u, struct towers_piece *to, struct rng *r)
{
	size_t from = b->seq.ptr[u];
	uint32_t n = sequences_n(&b->seq, u);

	for (uint32_t k = 0; k < n; k++)
		b->place[from + k] = k;
	if (n > TOWERS_PIECE)
		rng_shuffle_u32(r, b->place + from, n);
	for (uint32_t k = 0; k < n; k += TOWERS_PIECE, to++) {
		*to = (struct towers_piece){ .user = u, .n = n - k < TOWERS_PIECE ? n - k : TOWERS_PIECE, .at = from + k };
		sort_small(b->place + to->at, to->n);
	}
	return to;
}

static void shuffle_pieces(struct towers_piece *p, size_t n, struct rng *r)
{
	for (size_t i = n; i > 1; i--) {
		size_t j = rng_below64(r, i);
		struct towers_piece swap = p[i - 1];

		p[i - 1] = p[j];
		p[j] = swap;
	}
}

void towers_batch_shuffle(struct towers_batch *b, uint64_t seed, uint32_t epoch)
{
	struct rng r = rng_stream(seed, "towers.order", epoch, 0);
	struct towers_piece *to = b->piece;
	size_t rows = 0;

	for (uint32_t u = 0; u < b->seq.U; u++)
		to = cut(b, u, to, &r);
	shuffle_pieces(b->piece, b->n_pieces, &r);
	b->n_batches = 0;
	for (size_t k = 0; k < b->n_pieces; k++) {
		if (!k || rows + b->piece[k].n > b->rows_most) {
			b->begin[b->n_batches++] = k;
			rows = 0;
		}
		rows += b->piece[k].n;
	}
	b->begin[b->n_batches] = b->n_pieces;
	qsort(b->pool, b->n_pool, sizeof(*b->pool), u32_compare); /* whatever the epoch before left */
}

/* --- One batch ------------------------------------------------------------------------------- */

static void take_item(struct towers_batch *b, uint32_t item)
{
	if (b->place_of[item] != TOWERS_NO_PLACE)
		return;
	b->place_of[item] = (uint32_t)b->M;
	b->item[b->M++] = item;
}

/* The first steps of a shuffle; the pool stays as they leave it. */
static void draw_negatives(struct towers_batch *b, struct rng *r)
{
	for (uint32_t k = 0; k < b->N; k++) {
		uint32_t j = k + rng_below(r, b->n_pool - k), drawn = b->pool[j];

		b->pool[j] = b->pool[k];
		b->pool[k] = drawn;
		take_item(b, drawn);
	}
}

void towers_batch_fill(struct towers_batch *b, size_t k, uint64_t seed, uint32_t epoch)
{
	struct rng r = rng_stream(seed, "towers.negatives", epoch, k);

	for (size_t m = 0; m < b->M; m++)
		b->place_of[b->item[m]] = TOWERS_NO_PLACE;
	b->M = b->R = 0;
	b->first = b->piece + b->begin[k];
	b->n = b->begin[k + 1] - b->begin[k];
	draw_negatives(b, &r);
	for (size_t p = 0; p < b->n; p++) {
		const struct towers_piece *piece = &b->first[p];
		const uint32_t *history = towers_history(b, piece->user);

		b->row_of[p] = b->R;
		for (uint32_t e = 0; e < piece->n; e++) {
			uint32_t item = history[b->place[piece->at + e]];

			take_item(b, item);
			b->at[b->R++] = b->place_of[item];
		}
	}
	b->row_of[b->n] = b->R;
}
