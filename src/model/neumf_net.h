/* SPDX-License-Identifier: GPL-3.0-or-later */
/* neumf_net.h - the network of neumf: a product of vectors and a perceptron over two other vectors, fused by
 * the last layer; He et al. 2017, arXiv:1708.05031, equations 8 to 12.
 *
 *   user row  p = [g_u | m_u],  item row  q = [g_i | m_i]      G and M floats: [U][D], [I][D], D = G + M
 *   a_1 = relu(m_u Wu + m_i Wi + b_1)                          [L_1]: the paper's first layer in two halves
 *   a_k = relu(a_(k-1) W_k + b_k)                              [L_k], k = 2..n
 *   s   = w . [g_u * g_i | a_n] + c                            a logit: the chance is sigmoid(s)
 *
 * A pair costs an addition in the first layer once both halves are known; see model/neumf_score.h.  In
 * training each a_k is dropped out (Srivastava 2014).
 *
 * Work is done on E users with `each` items apiece, R = E each rows, row r belonging to user r / each: an event
 * and its negatives in training, a history and its negatives in a fold-in.  The dense weights lie in one
 * block (num/tensors.h), P and Q beside it.  The same row has the same bits whatever it is put with.
 * Thread: a network that nobody writes is ANY; a work belongs to one thread.
 */
#ifndef MODEL_NEUMF_NET_H
#define MODEL_NEUMF_NET_H

#include "base/err.h"
#include "base/rng.h"
#include "base/task.h"
#include "num/packed.h"
#include "num/tensors.h"

enum { NEUMF_MAX_LAYERS = 8 };

struct neumf_net {
	uint32_t U, I, G, M, D;
	uint32_t L[NEUMF_MAX_LAYERS]; /* L[k - 1] is L_k */
	unsigned n;
	float dropout;
	struct tensors t;
	size_t Wu, Wi, W[NEUMF_MAX_LAYERS], b[NEUMF_MAX_LAYERS], w, c; /* places in t; W[0] is none */
	float *P, *Q;
	/* Frozen in fewer bits (model/neumf_packed.h): in place of P and Q, which are NULL; dense is of t. */
	struct packed users, items;
	struct packed_tensors dense;
};
/* The tables, however they are kept. */
static inline struct packed neumf_users(const struct neumf_net *n)
{
	return n->P ? packed_view(n->P, n->U, n->D) : n->users;
}
static inline struct packed neumf_items(const struct neumf_net *n)
{
	return n->Q ? packed_view(n->Q, n->I, n->D) : n->items;
}
/* Of n: U, I, G, M, D, L, n and dropout are set; the weights come out 0. */
bool neumf_net_make(struct neumf_net *n, struct err *err);
bool neumf_net_make_dense(struct neumf_net *n, struct err *err); /* the dense weights alone */
bool neumf_net_fill(struct neumf_net *n, uint64_t seed, const struct task *t, struct err *err); /* the start */
bool neumf_net_copy(struct neumf_net *to, const struct neumf_net *from, struct err *err);
void neumf_net_done(struct neumf_net *n); /* fine on a zeroed struct */
size_t neumf_dense_size(const struct neumf_net *n); /* floats of the dense weights; before making, too */

/* The matrices of t transposed, in the places of t: what the way back reads.  turned [t.size]. */
void neumf_turn(const struct neumf_net *n, float *turned);

struct neumf_work { /* laid out in memory of the caller, 64-byte aligned */
	float *p, *q;                  /* [E][D], [R][D]: the caller's to fill */
	float *wg, *u1, *du1;          /* [E][G] w * g_u, [E][L_1], [E][L_1] */
	float *a[NEUMF_MAX_LAYERS], *da[NEUMF_MAX_LAYERS]; /* [R][L_k] */
	float *s, *ds;                 /* [R] */
	float *g, *dg_apart;           /* [R] w_g . (g_u * g_i), of s; room for a gradient of its own */
	const float *dg;               /* [R] the gradient of g: ds, or dg_apart where the caller sets it so */
	float *label;                  /* [R], and */
	uint32_t *item;                /* [R]: the caller's alone */
	uint16_t *mask;                /* [R][largest L] */
};
size_t neumf_work_size(const struct neumf_net *n, size_t E, size_t R);
void neumf_work_lay(struct neumf_work *w, void *memory, const struct neumf_net *n, size_t E, size_t R);

/* p, q -> s.  dropout NULL: none. */
void neumf_forward(const struct neumf_net *n, struct neumf_work *w, size_t E, size_t each, struct rng *dropout);
/* ds -> dp [E][D], dq [R][D]; grad (a block of t) is added to.  dropped: forward dropped out. */
void neumf_backward(const struct neumf_net *n, const float *turned, struct neumf_work *w, size_t E, size_t each,
		    bool dropped, float *dp, float *dq, float *grad);

/* After neumf_forward(), labels set: the loss of each part for itself, c + g and c + the perceptron's, and where
 * neumf_backward() finds their gradients, each weight times its own.  Returns the mean of the two, a sum over the
 * rows; s and g are spent.  He et al. 2017, section 3.4.1, trains the parts one after the other: what they share
 * here are the negatives and c. */
double neumf_loss_apart(const struct neumf_net *n, struct neumf_work *w, float weight, size_t R);
/* Then the parts speak together: w halved, as the paper joins them (its alpha is 1/2). */
void neumf_join(struct neumf_net *n);

/* The layers above the first alone: a[0] holds what relu is to be taken of -> a, s without the product of
 * g_u and g_i; ds -> da, and grad unless it is NULL. */
void neumf_upper_forward(const struct neumf_net *n, struct neumf_work *w, size_t R, struct rng *dropout);
void neumf_upper_backward(const struct neumf_net *n, const float *turned, struct neumf_work *w, size_t R,
			  bool dropped, float *grad);

#endif
