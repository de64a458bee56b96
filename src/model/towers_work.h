/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_work.h - what a training of towers holds (towers_fit.h), made once and kept from batch to batch; for
 * towers_fit.c and towers_work.c alone.  R rows of events, M = N + R items, N negatives.
 */
#ifndef MODEL_TOWERS_WORK_H
#define MODEL_TOWERS_WORK_H

#include "model/towers_fit.h"
#include "num/kern.h"

struct towers_slot { /* memory of one thread */
	float *scores;  /* [TOWERS_BLOCK][ld] */
	float *f;       /* [longest] a history's weights */
	float *sums;    /* of the means */
	float *content; /* of an item chunk */
	uint32_t *out;  /* [N] columns that do not count */
};

struct towers_fit {
	struct towers_rule rule;
	const struct csr *friends;
	struct towers_batch batch;
	size_t ld;               /* of scores: negatives, event, padding */
	uint32_t longest;
	struct towers_slot *slot;
	unsigned n_slots;
	struct tower people, items; /* [rows], [N + rows] */
	float *dpeople, *dmean, *duser;         /* [rows][D] gradients by u, m, e_u */
	float *ditems, *ditem_pre, *ditem_in;   /* [N + rows][D] by r, before its activation, by e_i */
	float *vector;           /* what the entries of `past` borrow */
	float *own, *of_friends; /* [rows] */
	float *across;           /* [D][N] the negatives' r, transposed */
	float *dneg[TOWERS_CHUNKS], *grad[TOWERS_CHUNKS];
	size_t *past_at, *tag_at; /* each piece's, each chunk of items' first entry */
	double loss[TOWERS_CHUNKS];
	bool *dropped;           /* [N + rows] items without their e_i */
	uint32_t *kept;          /* the others */
	struct row_grads *of_event, *table[N_TOWERS_TABLES]; /* of_event: by place; none for dense and items */
	struct optim optim[N_TOWERS_TABLES];
	/* Of the present batch: */
	struct towers_net *net;
	uint64_t seed;
	uint32_t epoch;
	size_t k;
	float logq;
};

static inline size_t towers_round_up(size_t n)
{
	return (n + KERN_PAD - 1) / KERN_PAD * KERN_PAD;
}

/* Memory for so many threads, of f->net. */
bool towers_fit_slots(struct towers_fit *f, unsigned n_slots, struct err *err);

#endif
