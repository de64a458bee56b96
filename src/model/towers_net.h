/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_net.h - the network of towers: people and items each pass a tower of their own, and meet in a product.
 *
 *   u = f(W1 e_u + W2 m_u + b)      b: the text's b1 + b2, which only ever stand together
 *   r = g(W3 e_i + c_i + b3)        c_i: the item's content (model/towers_features.h), W4 i' within
 *   s = u . r, or with loss=ccl their cosine (Mao et al. 2021, SimpleX, arXiv:2109.12613)
 *
 * activation=seed: f sigmoid, g tanh, as the founding text has them; tanh: both; linear: neither.  project=no:
 * W1 and W3 are the identity and there are no biases.  history=no: no W2.
 *
 * m_u is the mean of the history's vectors q_j + i'_j, weighted by x_uj recency^(events after j), WITHOUT the event
 * that is asked for; in training with before = true without those that came after it, as it will be when a list is
 * asked for (Covington et al. 2016, section 3.4: the next watch, not one held out at random).  The table `past` holds the sums q + i' (i' is a constant: its start).  With social > 0,
 * m_u = (1 - social) own + social times the mean of the friends' means; whoever lacks one of the two has the other.
 *
 * Rows are R of people or M of items, dense [R][D].  The same row has the same bits whatever it stands among.
 * Thread: a network that nobody writes is ANY.
 */
#ifndef MODEL_TOWERS_NET_H
#define MODEL_TOWERS_NET_H

#include "base/err.h"
#include "base/rng.h"
#include "model/towers_features.h"
#include "num/activation.h"
#include "num/packed.h"
#include "num/tensors.h"

enum towers_activation { TOWERS_SEED, TOWERS_TANH, TOWERS_LINEAR };

struct towers_net {
	uint32_t U, I, D;
	enum towers_activation activation;
	bool cosine, project, history;
	bool before;                     /* training: m_u of what stands before the event that is asked for */
	float recency, social;
	struct towers_features features; /* owned, but for the dataset behind it */
	struct tensors t;
	size_t W1, W2, b, W3, b3;        /* [D][D], in x out; [D] */
	float *users, *items, *past;     /* [U][D] e_u, [I][D] e_i, [I][D] q_i + i'_i (NULL: history=no) */
	float *tags;                     /* [n_tags][D], or NULL */
	/* Frozen in fewer bits (model/towers_packed.h): in place of users and past, which are NULL like items and tags;
	 * dense is of t, which lists the people's tensors alone. */
	struct packed packed_users, packed_past;
	struct packed_tensors dense;
};
/* Of n: all above `t` is set, features with or without text; the weights come out 0. */
bool towers_net_make(struct towers_net *n, struct err *err);
/* The start of a training.  Items and users without an event (NULL: none are) keep vectors of 0, past i' alone. */
void towers_net_fill(struct towers_net *n, const struct csr *x, const struct csr *xt, uint64_t seed);
/* The weights alone: features are made anew by the caller (of the same data: the same shapes). */
void towers_net_copy_weights(struct towers_net *to, const struct towers_net *from);
void towers_net_done(struct towers_net *n); /* features too */
bool towers_net_make_people(struct towers_net *n, struct err *err); /* the dense weights of their tower alone, as 0 */
uint64_t towers_net_bytes(const struct towers_net *n); /* of the weights; before making, too */

static inline enum activation towers_f(const struct towers_net *n)
{
	return n->activation == TOWERS_SEED ? ACT_SIGMOID : n->activation == TOWERS_TANH ? ACT_TANH : ACT_LINEAR;
}
static inline enum activation towers_g(const struct towers_net *n)
{
	return n->activation == TOWERS_LINEAR ? ACT_LINEAR : ACT_TANH;
}

/* What a tower leaves for its backward, R rows; mask NULL: no dropout (with it, act is before dropout). */
struct tower {
	float *in, *mean; /* [R][D] e and m (people alone); set by the caller */
	float *act, *out; /* out: the vectors that meet */
	float *norm;      /* [R] their lengths before they became 1; cosine alone */
	uint16_t *mask;   /* [R][D] drawn by the caller */
	float dropout;
};
/* Of `rows` rows without mask, in memory from *at on; out is the caller's. */
struct tower tower_lay(const struct towers_net *n, float **at, size_t rows);
size_t tower_floats(const struct towers_net *n, size_t rows);
void towers_people(const struct towers_net *n, const struct tower *t, size_t R);
/* dout -> din [R][D], dmean [R][D] (both are written, dout is spoilt); grad, a block of tensors, is added to. */
void towers_people_backward(const struct towers_net *n, const struct tower *t, float *dout, float *din, float *dmean,
			    float *grad, size_t R);
enum { TOWERS_ROWS = 64 /* that pass a tower at once, where all do */ };
bool towers_all_items(const struct towers_net *n, float *r, struct err *err); /* r [I][D]: the items' vectors */
/* work: towers_content_work() floats. */
void towers_items(const struct towers_net *n, const struct tower *t, const uint32_t *item, size_t M,
		  const struct towers_without *without, float *work);
/* dout -> din [M][D] and dpre [M][D], which the tags' entries borrow. */
void towers_items_backward(const struct towers_net *n, const struct tower *t, const uint32_t *item, float *dout,
			   float *din, float *dpre, float *grad, struct row_grad *tag_entry, size_t M, float *work);

/* out [D] = sum of f[k] past[item[k]]; any D. */
void towers_sum_past(const struct towers_net *n, const uint32_t *item, const float *f, size_t count, float *out);

#endif
