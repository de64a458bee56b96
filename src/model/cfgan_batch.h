/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cfgan_batch.h - histories dealt into batches and groups, with the items drawn for each group.
 *
 * A group draws ratio x the mean length of its histories, rounded up, and at most all items.  Thread: WORKER;
 * a filled batch is read by ANY.
 */
#ifndef MODEL_CFGAN_BATCH_H
#define MODEL_CFGAN_BATCH_H

#include "model/cfgan_loss.h"
#include "model/model.h"

enum { CFGAN_GROUP = 16 }; /* histories */

struct cfgan_draw {
	float pm, zr;     /* items drawn, as multiples of a history */
	float drop;       /* the share of a history's events that does not go in */
	uint64_t seed;
	uint32_t epoch, pass;
};
struct cfgan_limits { /* of a batch and of a group, at most */
	size_t histories, events, drawn, groups;
	size_t group_events, group_drawn;
};
struct cfgan_limits cfgan_limits(const struct model_shape *s, uint32_t histories, float pm, float zr);

struct cfgan_batch {
	const struct csr *x;        /* borrowed */
	struct cfgan_limits most;
	uint32_t *order, n_users;   /* those with events, shuffled */
	uint32_t *place;            /* [I] 0 between calls */
	/* Of the batch that was filled last: */
	size_t S, P, N, n_groups;
	uint32_t *item, *start, *drawn;
	float *value, *seen;
	struct cfgan_group *group;
};
bool cfgan_batch_make(struct cfgan_batch *b, const struct csr *x, const struct cfgan_limits *most, struct err *err);
void cfgan_batch_done(struct cfgan_batch *b); /* fine on a zeroed struct */
uint64_t cfgan_batch_bytes(const struct model_shape *s, const struct cfgan_limits *most);
size_t cfgan_batch_count(const struct cfgan_batch *b);
void cfgan_batch_shuffle(struct cfgan_batch *b, const struct cfgan_draw *d);
void cfgan_batch_fill(struct cfgan_batch *b, size_t k, const struct cfgan_draw *d);

#endif
