/* SPDX-License-Identifier: GPL-3.0-or-later */
/* vectors.h - what the models made of vectors share: the start, the likeness, copies.
 * Rows lie dense: v [n][D].  Thread: ANY. */
#ifndef MODEL_VECTORS_H
#define MODEL_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/task.h"

/* N(0, (sigma / sqrt(D))^2), a stream of random numbers of its own for each row: (seed, purpose, row). */
bool vectors_draw(float *v, uint32_t n, uint32_t D, double sigma, uint64_t seed, const char *purpose,
		  const struct task *task, struct err *err);
/* The same where there are few: one thread, not to be cancelled. */
void vectors_init(float *v, uint32_t n, uint32_t D, double sigma, uint64_t seed, const char *purpose);
float *vectors_copy(const float *v, uint32_t n, uint32_t D, struct err *err); /* mem_free() */
/* out[n]: cosine of every row with row `of`; 0 where either is zero. */
void vectors_cosines(const float *v, uint32_t n, uint32_t D, uint32_t of, float *out);
/* The same of rows `stride` apart. */
void vectors_cosines_of(const float *v, uint32_t n, uint32_t D, size_t stride, uint32_t of, float *out);

#endif
