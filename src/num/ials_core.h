/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ials_core.h - exact alternating least squares, one half-sweep or one row at a time.
 *
 * Hu, Koren & Volinsky 2008; the weighting of Rendle et al. 2021, arXiv:2110.14037.  With H [R][D]
 * fixed, row u's factors minimise
 *
 *	sum_{j in H(u)} x_uj (w.h_j - 1)^2 + alpha0 sum_all (w.h)^2 + lambda_u |w|^2:
 *
 *	w_u = A_u^-1 b_u,  A_u = sum_{H(u)} x h h' + alpha0 H'H + lambda_u E,  b_u = sum_{H(u)} x h.
 *
 * DESIGN: H is rotated once a half-sweep by the eigenvectors Q of H'H, so that the common part of
 * every A_u is the diagonal  d = alpha0*eigenvalue + lambda_u.  With V [n][D] of rows
 * v_j = sqrt(x_j) Q h_j / sqrt(d):
 *
 *	n <  D:  (E + V V') z = sqrt(x),      Q w = V'z / sqrt(d)     an n x n system (Woodbury)
 *	n >= D:  (E + V'V) y = V' sqrt(x),    Q w = y / sqrt(d)       a D x D system
 *
 * Both are the same numbers, exact, with every eigenvalue at least 1: float is enough.  Every row
 * is solved by itself, so that no result depends on chunks or threads; a row solved alone (fold-in)
 * has the same bits as in a sweep.
 *
 * x must be >= 0 (0 counts as no event).  Factors are row-major float.  Solving a row allocates
 * nothing; setting and sweeping take a few small blocks, none of the size of the data.
 * Thread: _new, _set, _sweep WORKER; the rest const and ANY once set.
 */
#ifndef NUM_IALS_CORE_H
#define NUM_IALS_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/task.h"
#include "num/csr.h"

#define IALS_MAX_D 1024

struct ials_side; /* a fixed side, rotated and ready; owns its memory, borrows nothing */

struct ials_side *ials_side_new(uint32_t R, uint32_t D, struct err *err); /* 1 <= D <= IALS_MAX_D */
void ials_side_free(struct ials_side *s);                                 /* NULL is fine */
size_t ials_side_bytes(uint32_t R, uint32_t D);
/* Copies and rotates H [R][stride]; may be called again for new factors.  ERR_NUMERIC when H holds
 * NaN or Inf, ERR_CANCELLED, ERR_NOMEM; after a failure the side must be set again before use. */
bool ials_side_set(struct ials_side *s, const float *H, size_t stride, double alpha0,
		   const struct task *t, struct err *err);

/* What a set side holds, borrowed until it is set again or freed: rotated [R][P], P the D rounded up to
 * KERN_PAD, 0 behind D; common [P].  A score is the same in the rotated coordinates: w.h = (Q w).(Q h). */
const float *ials_side_rotated(const struct ials_side *s, const float **common, size_t *P);

/* Solves all rows of x (columns: rows of H) into W [x->rows][stride].  lambda[x->rows], each > 0.
 * *fit (may be NULL) becomes the sum over rows of what each row's minimum is (the objective above,
 * lambda_u |w_u|^2 included): add the sum of lambda_i |h_i|^2 of the fixed side for the whole loss.
 * A row without events becomes 0. */
bool ials_sweep(const struct ials_side *s, const struct csr *x, const float *lambda, float *W,
		size_t stride, double *fit, const struct task *t, struct err *err);

/* Scratch of one thread for the two functions below: any memory of this size, 64-byte aligned
 * (mem_alloc gives such). */
size_t ials_scratch_bytes(uint32_t D);

/* One row: n events of items[n] (any order, distinct), x[n] or NULL for ones, into w [D].
 * false when the system is not positive definite in float (NaN, x < 0, lambda <= 0). */
bool ials_solve_row(const struct ials_side *s, const uint32_t *items, const float *x, uint32_t n,
		    float lambda, float *w, void *scratch);
/* The exact parts of the score of a target h [D]: part[j] = x_j h' A^-1 h_j; they sum to w.h. */
bool ials_parts(const struct ials_side *s, const uint32_t *items, const float *x, uint32_t n,
		float lambda, const float *h, float *part, void *scratch);
/* The same where the side is kept elsewhere, in the rotated coordinates alone: rows [n][P] are those of the
 * history, w [P] and h [P] are rotated too. */
struct ials_rows {
	uint32_t D;
	const float *common;  /* [P] */
	const float *rows;    /* [n][P] */
	const uint32_t *iota; /* [n] 0, 1, 2, … */
};
bool ials_solve_rotated(const struct ials_rows *r, const float *x, uint32_t n, float lambda, float *w,
			void *scratch);
bool ials_parts_rotated(const struct ials_rows *r, const float *x, uint32_t n, float lambda, const float *h,
			float *part, void *scratch);

#endif
