/* SPDX-License-Identifier: GPL-3.0-or-later */
/* optim.h - steps of gradient descent: sgd, adagrad, adam, for dense blocks and for rows of a table.
 *
 *   sgd      w -= lr g
 *   adagrad  s += g^2;  w -= lr g / (sqrt(s) + eps)                                   Duchi 2011
 *   adam     m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2;
 *            w -= lr (m / (1-b1^t)) / (sqrt(v / (1-b2^t)) + eps)                      Kingma & Ba 2015
 *   g is the gradient times `scale` (of clipping), plus l2 w + l1 sign(w).
 *
 * DESIGN: optim_step() treats every weight: the dense optimiser.  optim_step_rows() is the LAZY variant:
 * rows that a batch did not touch keep weights and moments as they are, t counts the steps of the whole
 * table (as TensorFlow's LazyAdam and torch's SparseAdam).  Its cost follows the batch, not the table; it is not
 * the same descent as dense adam, whose untouched rows go on moving by their momentum.  l1 and l2 act on
 * touched rows alone there.
 *
 * After optim_coast() adam's rows COAST between two touches: what dense adam would have moved a row by since, when
 * its gradient was 0, is added up at once when the row is looked at (optim_row()) or stepped.  After T steps at
 * once from step t0,
 *   w -= m / (sqrt(v) + eps') sum over s = 1..T of lr (b1/sqrt(b2))^s sqrt(1 - b2^(t0+s)) / (1 - b1^(t0+s)),
 *   m *= b1^T,  v *= b2^T;  eps' = eps sqrt(1 - b2^(t0+1))
 * which is dense adam but for eps, that stands still meanwhile, and for terms beyond a millionth: near the cost of
 * lazy adam, rows that are seldom met learn as fast as dense adam has them learn.
 * Every weight is stepped by itself: same bits at any number of threads.
 * Thread: WORKER.
 */
#ifndef NUM_OPTIM_H
#define NUM_OPTIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/task.h"

enum optim_kind { OPTIM_SGD, OPTIM_ADAGRAD, OPTIM_ADAM };

struct optim_rule {
	enum optim_kind kind;
	float beta1, beta2, eps; /* optim_rule_init(): .9, .999, 1e-8; adagrad 1e-10 */
	float l1, l2;
};
void optim_rule_init(struct optim_rule *r, enum optim_kind kind);

struct optim { /* of one block of n weights; what a resume must keep: m, v, t */
	size_t n;
	float *m, *v; /* [n]; m: adam alone; v: adam, adagrad; NULL where there is none */
	uint64_t t;   /* steps taken */
	/* Where rows coast, else NULL: the step that each row stands at; the sum's last factor by step. */
	uint64_t *when;
	float *fix;
};
bool optim_init(struct optim *o, const struct optim_rule *r, size_t n, struct err *err);
void optim_done(struct optim *o);
size_t optim_bytes(const struct optim_rule *r, size_t n);

/* One step of the whole block.  false: cancelled (the block is then part way: drop it). */
bool optim_step(struct optim *o, const struct optim_rule *r, float *w, const float *g, float lr, float scale,
		const struct task *t);
/* One step of rows[n] of a table [o->n / D][D]; g [n][D].  Rows are distinct. */
bool optim_step_rows(struct optim *o, const struct optim_rule *r, float *table, size_t D, const uint32_t *rows,
		     const float *g, size_t n, float lr, float scale, const struct task *t);

/* Rows of D coast from now on (adam alone).  A resume needs no more than m, v and t where rows were settled. */
bool optim_coast(struct optim *o, const struct optim_rule *r, size_t D, struct err *err);
size_t optim_coast_bytes(size_t rows);
/* What row is by now -> out [D]; the lr of the steps since. */
void optim_row(const struct optim *o, const struct optim_rule *r, const float *table, size_t D, uint32_t row, float lr,
	       float *out);
/* Brings all rows to the present step, as is needed before the table is read by others; false: cancelled. */
bool optim_settle(struct optim *o, const struct optim_rule *r, float *table, size_t D, float lr, const struct task *t);
void optim_settled(struct optim *o, size_t D); /* they are there already: m, v and t were loaded */

/* The length of a step: lr, after `warmup` steps of a straight rise from 0, falling by `decay` over `total`. */
enum optim_decay { DECAY_NONE, DECAY_LINEAR, DECAY_COSINE };
struct optim_schedule {
	double lr;
	uint64_t warmup, total; /* steps; total 0: no decay */
	enum optim_decay decay;
};
float optim_lr(const struct optim_schedule *s, uint64_t step); /* of step 0, 1, … */

/* Sum of squares, in double, in fixed order; and what a gradient must be multiplied by so that its norm
 * is at most `most` (0: no clipping, 1 comes back). */
double optim_norm2(const float *g, size_t n);
float optim_clip(double norm2, double most);

#endif
