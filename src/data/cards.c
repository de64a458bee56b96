/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/cards.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SLAB_LEAST (64u << 10)
#define SLAB_MOST (2u << 20)
#define CHUNK_LEAST 16
#define CHUNK_MOST 1024
#define LOOK_AHEAD 1024 /* events whose buckets are looked at before any is dealt */

struct card_slab {
	struct card_slab *next;
	size_t used, size; /* of the bytes behind this header */
	char bytes[];
};

struct dealing {
	struct cards *c;
	const struct event_block *b;
	size_t n_blocks;
	struct err *err; /* one a hand */
};

void cards_init(struct cards *c, bool with_order)
{
	memset(c, 0, sizeof(*c));
	c->with_order = with_order;
}

void cards_done(struct cards *c)
{
	for (unsigned h = 0; h < c->n_hands; h++)
		for (struct card_slab *s = c->slab[h], *next; s; s = next) {
			next = s->next;
			mem_free(s);
		}
	free(c->slab);
	mem_free(c->bucket);
	memset(c, 0, sizeof(*c));
}

/* n is a multiple of 8. */
static void *slab_take(struct card_slab **newest, size_t n, struct err *err)
{
	struct card_slab *s = *newest;
	void *p;

	if (!s || s->size - s->used < n) {
		size_t size = s ? 2 * (s->size + sizeof(*s)) : SLAB_LEAST;

		size = (size > SLAB_MOST ? SLAB_MOST : size) - sizeof(*s);
		s = mem_alloc(1, sizeof(*s) + size, err);
		if (!s)
			return NULL;
		s->next = *newest;
		s->used = 0;
		s->size = size;
		*newest = s;
	}
	p = s->bytes + s->used;
	s->used += n;
	return p;
}

static struct card_chunk *new_chunk(struct cards *c, struct card_bucket *b, unsigned hand, struct err *err)
{
	const size_t wide = sizeof(struct card) + (c->with_order ? sizeof(int64_t) : 0);
	size_t cap = b->n / 2 < CHUNK_LEAST ? CHUNK_LEAST : b->n / 2 > CHUNK_MOST ? CHUNK_MOST : b->n / 2;
	struct card_chunk *k = slab_take(&c->slab[hand], sizeof(*k) + cap * wide, err);

	if (!k)
		return NULL;
	k->next = NULL;
	k->cap = (uint32_t)cap;
	k->n = 0;
	if (b->last)
		b->last->next = k;
	else
		b->first = k;
	b->last = k;
	return k;
}

static int64_t *chunk_order(struct card_chunk *k)
{
	return (int64_t *)(void *)(k->card + k->cap);
}

static bool deal_one(struct cards *c, const struct event_block *b, size_t e, size_t base, unsigned hand, struct err *err)
{
	struct card_bucket *to = &c->bucket[b->user[e] >> BUCKET_BITS];
	struct card_chunk *k = to->last;

	if ((!k || k->n == k->cap) && !(k = new_chunk(c, to, hand, err)))
		return false;
	k->card[k->n] = (struct card){
		.who = (b->user[e] & (BUCKET_USERS - 1)) | (uint32_t)(b->given ? b->given[e] : b->part) << BUCKET_BITS,
		.item = b->item[e],
		.place = (uint32_t)(base + e),
		.value = b->value ? b->value[e] : 1.0f,
		.time = b->time ? b->time[e] : 0,
	};
	if (c->with_order)
		chunk_order(k)[k->n] = b->order[e];
	k->n++;
	to->n++;
	return true;
}

/* A hand looks at all events and deals those of its own buckets.  Which these are is found out in a loop
 * without jumps, for half of them would be guessed wrong. */
static void deal_hand(void *ctx, size_t hand, unsigned slot)
{
	struct dealing *w = ctx;
	const uint32_t mask = w->c->n_hands - 1;
	size_t base = w->c->n_events;
	uint32_t mine[LOOK_AHEAD];

	(void)slot;
	for (size_t k = 0; k < w->n_blocks; base += w->b[k++].n) {
		const struct event_block *b = &w->b[k];

		for (size_t from = 0; from < b->n; from += LOOK_AHEAD) {
			const size_t n = b->n - from < LOOK_AHEAD ? b->n - from : LOOK_AHEAD;
			uint32_t m = 0;

			for (uint32_t e = 0; e < n; e++) {
				mine[m] = e;
				m += ((b->user[from + e] >> BUCKET_BITS) & mask) == hand;
			}
			for (uint32_t j = 0; j < m; j++)
				if (!deal_one(w->c, b, from + mine[j], base, (unsigned)hand, &w->err[hand]))
					return;
		}
	}
}

static bool room_for(struct cards *c, uint32_t n_users, const struct task *task, struct err *err)
{
	const size_t need = ((size_t)n_users + BUCKET_USERS - 1) >> BUCKET_BITS;
	size_t cap = c->cap ? c->cap : 64;
	struct card_bucket *bucket;

	if (!c->n_hands) { /* the largest power of two that the threads allow */
		for (c->n_hands = 1; 2 * c->n_hands <= task_slots(task);)
			c->n_hands *= 2;
		c->slab = mem_must(calloc(c->n_hands, sizeof(struct card_slab *)));
	}
	while (cap < need)
		cap *= 2;
	if (cap != c->cap) {
		bucket = mem_resize(c->bucket, c->cap, cap, sizeof(*bucket), err);
		if (!bucket)
			return false;
		memset(bucket + c->cap, 0, (cap - c->cap) * sizeof(*bucket));
		c->bucket = bucket;
		c->cap = cap;
	}
	if (need > c->n_buckets)
		c->n_buckets = need;
	return true;
}

bool cards_deal(struct cards *c, const struct event_block *b, size_t n_blocks, uint32_t n_users,
		const struct task *task, struct err *err)
{
	struct dealing w = { .c = c, .b = b, .n_blocks = n_blocks };
	size_t n = 0;
	bool fine;

	for (size_t k = 0; k < n_blocks; k++)
		n += b[k].n;
	if (c->n_events + n >= UINT32_MAX)
		return err_set(err, ERR_RANGE, "more than %u events: load fewer with limit=", UINT32_MAX - 1);
	if (!room_for(c, n_users, task, err))
		return false;
	w.err = mem_must(calloc(c->n_hands, sizeof(*w.err)));
	fine = task_chunks(task, c->n_hands, deal_hand, &w) || task_cancelled(err);
	for (unsigned h = 0; fine && h < c->n_hands; h++)
		if (w.err[h].code != ERR_OK) {
			*err = w.err[h];
			fine = false;
		}
	free(w.err);
	c->n_events += n;
	return fine;
}

void cards_gather(const struct cards *c, size_t bucket, struct card *card, int64_t *order)
{
	for (struct card_chunk *k = c->bucket[bucket].first; k; k = k->next) {
		memcpy(card, k->card, k->n * sizeof(*card));
		card += k->n;
		if (order) {
			memcpy(order, chunk_order(k), k->n * sizeof(*order));
			order += k->n;
		}
	}
}

void cards_put_back(struct cards *c, size_t bucket, const struct card *card, size_t n)
{
	c->bucket[bucket].n = n;
	for (struct card_chunk *k = c->bucket[bucket].first; k; k = k->next) {
		k->n = n < k->cap ? (uint32_t)n : k->cap;
		memcpy(k->card, card, k->n * sizeof(*card));
		card += k->n;
		n -= k->n;
	}
}
