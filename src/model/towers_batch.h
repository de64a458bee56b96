/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_batch.h - events dealt into batches, with the negatives that a batch shares.
 *
 * DESIGN: a batch is made of pieces, each a handful of events of one user: their history's mean is summed once for
 * the whole piece, each event then taken out of it (towers_past.h).  The events of a user are dealt to pieces anew
 * each epoch, the pieces shuffled over all users.  The negatives are `negatives` distinct items that have train
 * events, drawn alike and shared by the batch, so that scoring them is a product of matrices.  All of it depends
 * on the seed, the epoch and the batch's number alone.
 *
 * Items of a batch have a place: the negatives first, then the events' items that are not among them.
 * Thread: WORKER; a filled batch is read by ANY.
 */
#ifndef MODEL_TOWERS_BATCH_H
#define MODEL_TOWERS_BATCH_H

#include "model/sequences.h"

enum { TOWERS_PIECE = 8 }; /* events, at most */
#define TOWERS_NO_PLACE UINT32_MAX

struct towers_piece {
	uint32_t user, n; /* events: 1 to TOWERS_PIECE */
	size_t at;        /* first of them in `place` */
};
struct towers_batch {
	struct sequences seq; /* all events of x, in order */
	float *weight;        /* [events] x_uj, beside seq.item; NULL: all 1 */
	uint32_t rows_most;
	uint32_t *pool, n_pool, N; /* items with events; of them, negatives of a batch */
	uint32_t *place;           /* [events] where in their histories the pieces' events stand, ascending in each */
	struct towers_piece *piece;
	size_t n_pieces;
	size_t *begin;             /* [n_batches + 1] pieces */
	size_t n_batches;
	/* Of the batch that was filled last: */
	const struct towers_piece *first; /* [n] */
	size_t n, R, M;
	size_t *row_of;            /* [n + 1] each piece's first row */
	uint32_t *item, *at;       /* [M] the items; [R] the place of each row's event among them */
	uint32_t *place_of;        /* [I] TOWERS_NO_PLACE outside */
};
bool towers_batch_make(struct towers_batch *b, const struct build_env *env, uint32_t rows, uint32_t negatives,
		       struct err *err);
void towers_batch_done(struct towers_batch *b); /* fine on a zeroed struct */
uint64_t towers_batch_bytes(const struct model_shape *s, uint32_t rows, uint32_t negatives);

void towers_batch_shuffle(struct towers_batch *b, uint64_t seed, uint32_t epoch);
void towers_batch_fill(struct towers_batch *b, size_t k, uint64_t seed, uint32_t epoch);

static inline const uint32_t *towers_history(const struct towers_batch *b, uint32_t user)
{
	return b->seq.item + b->seq.ptr[user];
}

#endif
