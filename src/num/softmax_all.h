/* SPDX-License-Identifier: GPL-3.0-or-later */
/* softmax_all.h - cross-entropy over all items: loss, gradients, never a whole B x I matrix.
 *
 * logits = x E', loss = -log softmax(logits)[target], summed over the rows:
 *   x, dx [R][D]    E, dE [I][D]    target [R]
 *
 * DESIGN: a strip of rows at a time (softmax_all_rows: so many that a strip's logits take 8 MiB at most, but
 * at least 8 rows) goes through all items, so that the logits are made once and read twice while they are in
 * cache.  softmax_all_pack() puts E once a step into panels of items side by side; the strips only read it.
 * Gradients are ACCUMULATED (+=) with weight; dE by strips is dense.  D <= 1024; a multiple of 16 is
 * fastest.  Thread: pack WORKER; the rest ANY, each with its own strip, dx and dE.
 */
#ifndef NUM_SOFTMAX_ALL_H
#define NUM_SOFTMAX_ALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/task.h"

struct softmax_all; /* packed items */

struct softmax_all *softmax_all_new(uint32_t I, uint32_t D, struct err *err);
void softmax_all_free(struct softmax_all *s); /* NULL is fine */
bool softmax_all_pack(struct softmax_all *s, const float *E, const struct task *t); /* false: cancelled */
size_t softmax_all_rows(uint32_t I);                /* rows of a strip */
size_t softmax_all_strip(uint32_t I);               /* floats of a strip, the caller's memory, 64-byte aligned */
size_t softmax_all_bytes(uint32_t I, uint32_t D);
double softmax_all_loss(const struct softmax_all *s, float *dx, float *dE, const float *x, const float *E,
			    const uint32_t *target, float weight, size_t R, float *strip);
/* log sum e^logits of each of R rows, without gradients: less a target's logit, its loss. */
void softmax_all_log_sums(const struct softmax_all *s, double *out, const float *x, size_t R, float *strip);

#endif
