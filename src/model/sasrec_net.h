/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasrec_net.h - the network of sasrec: causal self-attention over histories, Kang & McAuley 2018,
 * arXiv:1808.09781, with the norm before each part (its equation "g(x) = x + Dropout(g(LayerNorm(x)))").
 *
 *   x = dropout(sqrt(D) E[item] + position)        positions count back from the newest event
 *   of each block:  x += attention(norm(x) Wqkv + b);  x += dropout(dropout(relu(norm(x) W1 + b1)) W2 + b2)
 *   h = norm(x);   score of item i after row t: h_t . E_i
 *
 * Histories are packed: S of them one after another without padding, P rows in all (struct sasrec_pack).
 * The dense weights lie in one block (num/tensors.h), E beside it.  The same row has the same bits
 * whatever it is packed with.  Thread: a network that nobody writes is ANY; a work belongs to one thread.
 */
#ifndef MODEL_SASREC_NET_H
#define MODEL_SASREC_NET_H

#include "base/err.h"
#include "base/rng.h"
#include "num/packed.h"
#include "num/tensors.h"

enum { SASREC_MAX_BLOCKS = 8 };

struct sasrec_block { /* places in the block of tensors */
	size_t gain1, bias1, qkv, qkv_bias; /* [D], [D], [D][3D], [3D] */
	size_t gain2, bias2, W1, b1, W2, b2;
};
struct sasrec_net {
	uint32_t I, D, blocks, heads, max_len;
	float dropout;
	struct tensors t;
	size_t position, gain, bias; /* [max_len][D], [D], [D] */
	struct sasrec_block block[SASREC_MAX_BLOCKS];
	float *E; /* [I][D] */
	/* Frozen in fewer bits: these take the place of the weights; E and t.w are NULL. */
	struct packed items;
	struct packed_tensors dense; /* of t */
};
/* Of n: I, D, blocks, heads, max_len and dropout are set; the weights come out 0, norms' gains 1. */
bool sasrec_net_make(struct sasrec_net *n, struct err *err);
void sasrec_net_fill(struct sasrec_net *n, uint64_t seed); /* the start of a training */
bool sasrec_net_copy(struct sasrec_net *to, const struct sasrec_net *from, struct err *err);
void sasrec_net_done(struct sasrec_net *n);
size_t sasrec_dense_size(const struct sasrec_net *n); /* floats of the dense weights; before making, too */

struct sasrec_pack {
	const uint32_t *item;  /* [P] */
	const uint32_t *start; /* [S + 1], start[0] == 0, no history longer than max_len */
	size_t S, P;
};

/* What forward leaves for backward, or with keep false what forward alone needs: laid out in memory of
 * the caller, 64-byte aligned. */
struct sasrec_layer {
	float *x, *n1, *qkv, *prob, *x1, *n2, *f1;
	float *mean1, *rstd1, *mean2, *rstd2;
	uint16_t *mask_prob, *mask_f1, *mask_f2;
};
struct sasrec_work {
	struct sasrec_layer layer[SASREC_MAX_BLOCKS + 1]; /* the last: x alone */
	float *mean, *rstd, *attention, *d1, *d2, *dqkv;
	uint16_t *mask_x;
};
/* For at most P rows, squares = the sum of their histories' lengths squared. */
size_t sasrec_work_size(const struct sasrec_net *n, size_t P, size_t squares, bool keep);
void sasrec_work_lay(struct sasrec_work *w, void *memory, const struct sasrec_net *n, size_t P, size_t squares,
		     bool keep);

/* h [P][D].  dropout NULL: none. */
void sasrec_forward(const struct sasrec_net *n, struct sasrec_work *w, const struct sasrec_pack *p, float *h,
		    struct rng *dropout);
/* dh [P][D] -> dx [P][D], the gradient by x before the blocks, dropout taken back: E[item] has sqrt(D) of it.
 * grad (a block of tensors) is added to. */
void sasrec_backward(const struct sasrec_net *n, struct sasrec_work *w, const struct sasrec_pack *p,
		     const float *dh, float *dx, float *grad, bool dropout);

#endif
