/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasrec_batch.h - histories dealt into batches, packed, and cut into groups.
 *
 * A history of n events gives n - 1 positions: its events but the last go in, its events but the first are
 * asked for.  Users with one event give none.  Thread: WORKER; a filled batch is read by ANY.
 */
#ifndef MODEL_SASREC_BATCH_H
#define MODEL_SASREC_BATCH_H

#include "model/sequences.h"

enum { SASREC_GROUP_ROWS = 128 }; /* a group is closed when it has as many, or the batch ends */

struct sasrec_group {
	size_t first, P, S, squares;  /* first: its first row in the batch */
	const uint32_t *start, *user; /* [S + 1] from 0; [S] */
};
struct sasrec_batch {
	struct sequences seq;
	uint32_t *order, n_users; /* those with two events and more, shuffled */
	uint32_t histories, max_len;
	size_t cap;               /* rows of a batch, at most */
	/* Of the batch that was filled last: */
	size_t P, n_groups;
	uint32_t *item, *target;  /* [P] what goes in, what is asked for */
	uint32_t *start, *user, *kept;
	struct sasrec_group *group;
};
bool sasrec_batch_make(struct sasrec_batch *b, const struct build_env *env, uint32_t histories, uint32_t max_len,
		       struct err *err);
void sasrec_batch_done(struct sasrec_batch *b); /* fine on a zeroed struct */
uint64_t sasrec_batch_bytes(const struct model_shape *s, uint32_t histories, uint32_t max_len);
size_t sasrec_batch_cap(size_t events, uint32_t histories, uint32_t max_len);

static inline size_t sasrec_batch_count(const struct sasrec_batch *b)
{
	return ((size_t)b->n_users + b->histories - 1) / b->histories;
}
static inline size_t sasrec_group_cap(const struct sasrec_batch *b)
{
	return b->cap / SASREC_GROUP_ROWS + 1;
}
void sasrec_batch_shuffle(struct sasrec_batch *b, uint64_t seed, uint32_t epoch);
/* Batch k of the present order.  drop: each event is left out with this chance, but for two at least. */
void sasrec_batch_fill(struct sasrec_batch *b, size_t k, float drop, uint64_t seed, uint32_t epoch);

#endif
