/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tensors.h - the dense weights of a model as one block of floats, cut into named tensors; gradients of the
 * same cut, one block for each chunk of a batch, added up in chunk order.
 *
 *	struct tensors t = { 0 };
 *	size_t W1 = tensors_add(&t, "mlp.0.weight", 64, 32);   INIT; each begins at a multiple of 16 floats
 *	tensors_make(&t, err);                                 zeroed block t.w [t.size]
 *	float *w = t.w + W1;                                   the returned number is the place in any block
 *
 * A gradient block is any zeroed array of t.size floats.  Thread: WORKER; reading ANY.
 */
#ifndef NUM_TENSORS_H
#define NUM_TENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/rng.h"
#include "base/task.h"

#define TENSORS_MAX 256
struct tensor {
	char name[48];
	size_t rows, cols; /* cols 0: one dimension */
	size_t at;         /* floats from the block's beginning */
};
struct tensors {
	struct tensor tensor[TENSORS_MAX];
	size_t n, size; /* size in floats, a multiple of 16 */
	float *w;
};

size_t tensors_add(struct tensors *t, const char *name, size_t rows, size_t cols);
bool tensors_make(struct tensors *t, struct err *err);
void tensors_done(struct tensors *t);
static inline size_t tensor_n(const struct tensor *t) { return t->rows * (t->cols ? t->cols : 1); }

/* U(-a, a), a = sqrt(6 / (rows + cols)): Glorot & Bengio 2010. */
void tensors_fill_glorot(float *w, size_t rows, size_t cols, struct rng *r);
void tensors_fill_normal(float *w, size_t n, double sigma, struct rng *r);

/* sum [n] = blocks[0] + blocks[1] + … [C], in this order; n a multiple of 16.  false: cancelled. */
bool tensors_reduce(float *sum, float *const *blocks, size_t C, size_t n, const struct task *t);
/* The name of the first tensor of block w that holds a NaN or Inf; NULL: none. */
const char *tensors_spoilt(const struct tensors *t, const float *w);
bool floats_finite(const float *v, size_t n);

#endif
