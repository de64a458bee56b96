/* SPDX-License-Identifier: GPL-3.0-or-later */
/* cfgan_net.h - the two networks of cfgan: Chae et al. 2018, "CFGAN: A Generic Collaborative Filtering
 * Framework based on Generative Adversarial Networks", CIKM 2018, without random noise, as its evaluation.
 *
 *   a part      a_0 = act(sum of f_k in[row_k] + b_0);   a_l = act(a_{l-1} W_l + b_l)
 *   generator   rows: the history;   y_i = z . out_i,  z = (the last a, 1):  out's last column is a bias
 *   discriminator  rows 0..I-1: the history (the condition); rows I..2I-1: a vector over items, real or made;
 *               logit = the last a . verdict + bias
 *
 * What goes in is sparse, so that the first layer is a sum of rows, and y is made only where it is asked for.
 * The dense weights of a part lie in one block (num/tensors.h).  The same row has the same bits whatever it is
 * batched with.  Thread: a network that nobody writes is ANY.
 */
#ifndef MODEL_CFGAN_NET_H
#define MODEL_CFGAN_NET_H

#include "base/err.h"
#include "num/activation.h"
#include "num/packed.h"
#include "num/tensors.h"

enum { CFGAN_MAX_LAYERS = 4 };

struct cfgan_part {
	uint32_t rows, n, size[CFGAN_MAX_LAYERS]; /* of `in`; layers, their sizes */
	enum activation act;
	float *in;                                /* [rows][size[0]] */
	struct tensors t;
	size_t W[CFGAN_MAX_LAYERS], b[CFGAN_MAX_LAYERS]; /* places in the block; W[0]: none */
};
struct cfgan_net {
	uint32_t I;
	struct cfgan_part G, D;
	float *out;                   /* [I][cfgan_width()] */
	size_t verdict, verdict_bias; /* places in D's block: [last size], [1] */
	/* A generator frozen in fewer bits (model/cfgan_packed.h): in place of G.in and out, which are NULL; dense is of
	 * G.t. */
	struct packed packed_in, packed_out; /* [I][size[0]], [I][the last size] */
	float *bias;                         /* [I] */
	struct packed_tensors dense;
};

static inline uint32_t cfgan_last(const struct cfgan_part *p) { return p->size[p->n - 1]; }
static inline uint32_t cfgan_width(const struct cfgan_net *n) { return cfgan_last(&n->G) + 1; }

/* Of n: I, and of each part n, size and act are set; the weights come out 0. */
bool cfgan_net_make(struct cfgan_net *n, struct err *err);
void cfgan_net_fill(struct cfgan_net *n, uint64_t seed); /* the start of a training */
void cfgan_net_done(struct cfgan_net *n); /* fine on a zeroed struct */
size_t cfgan_net_floats(const struct cfgan_net *n); /* of all weights; before making, too */
/* What scoring needs: no discriminator. */
bool cfgan_net_make_generator(struct cfgan_net *n, struct err *err);
bool cfgan_net_make_dense(struct cfgan_net *n, struct err *err); /* its dense weights alone */
bool cfgan_net_copy_generator(struct cfgan_net *to, const struct cfgan_net *from, struct err *err);
void cfgan_net_drop_discriminator(struct cfgan_net *n);
size_t cfgan_generator_floats(const struct cfgan_net *n);
size_t cfgan_part_dense(const struct cfgan_part *p, bool judges);

/* += f_k in[offset + row_k], one history: the sum that a part begins with; sum [size[0]]. */
void cfgan_part_sum(const struct cfgan_part *p, float *sum, uint32_t offset, const uint32_t *rows, const float *f,
		    size_t n);
/* a[0] [R][size[0]] has the sums and becomes the first layer; the others follow. */
void cfgan_part_forward(const struct cfgan_part *p, float *const *a, size_t R);
/* d[last] is the gradient by a[last]; e[l] becomes that by what act was taken of: e[0] is that by the sums.
 * The other d are written over.  grad (a block of tensors) is added to; NULL: not wanted. */
void cfgan_part_backward(const struct cfgan_part *p, float *const *a, float *const *d, float *const *e, float *grad,
			 size_t R);

#endif
