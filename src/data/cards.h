/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cards.h - events as they come in, dealt into buckets of neighbouring users.
 *
 * DESIGN: events must come together by user, and one that jumps from user to user would wait for memory at
 * every event.  So they are dealt while they are read, wave by wave, into buckets of BUCKET_USERS users,
 * each written from its start to its end; later a bucket, which a core's cache holds, is put in order.
 * A bucket is a list of chunks that grow with it; chunks are cut from slabs, which huge pages back.
 * Threads ("hands") share out the buckets, so within a bucket the order is the file's, whatever their number.
 *
 * WORKER; one thread at a time.
 */
#ifndef DATA_CARDS_H
#define DATA_CARDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/task.h"

#define BUCKET_BITS 6
#define BUCKET_USERS (1u << BUCKET_BITS)

/* Some events, in file order; all arrays are borrowed. */
struct event_block {
	size_t n;
	const uint32_t *user, *item; /* numbers, by first appearance */
	const float *value;          /* NULL: all 1 */
	const int64_t *time;         /* NULL: none */
	const int64_t *order;        /* rank in time within the user; INT64_MIN: unknown, oldest; NULL: none */
	const uint8_t *given;        /* NULL: all are `part` */
	uint8_t part;                /* enum given_part */
};

struct card {
	uint32_t who; /* user % BUCKET_USERS, and given << BUCKET_BITS */
	uint32_t item, place; /* place in the file, over all events dealt */
	float value;
	int64_t time;
};

static inline uint32_t card_user(size_t bucket, const struct card *card)
{
	return (uint32_t)(bucket << BUCKET_BITS) | (card->who & (BUCKET_USERS - 1));
}

struct card_chunk {
	struct card_chunk *next;
	uint32_t cap, n;
	struct card card[]; /* [cap], and behind them int64_t order[cap] where there is an order */
};

struct card_bucket {
	struct card_chunk *first, *last;
	size_t n;
};

struct cards {
	struct card_bucket *bucket; /* [n_buckets] bucket k: users from k * BUCKET_USERS on */
	size_t n_buckets, cap;
	size_t n_events; /* dealt */
	bool with_order;
	struct card_slab **slab; /* [n_hands] the newest of each hand's list */
	unsigned n_hands;
};

void cards_init(struct cards *c, bool with_order);
void cards_done(struct cards *c);
/* Deals some blocks, in order; users are below n_users. */
bool cards_deal(struct cards *c, const struct event_block *b, size_t n_blocks, uint32_t n_users,
		const struct task *task, struct err *err);
/* Copies a bucket to arrays of bucket.n; order may be NULL. */
void cards_gather(const struct cards *c, size_t bucket, struct card *card, int64_t *order);
/* Puts n cards, no more than it had, in the place of a bucket's; their order is lost. */
void cards_put_back(struct cards *c, size_t bucket, const struct card *card, size_t n);

#endif
