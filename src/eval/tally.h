/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tally.h - per-user values of an evaluation and their means; only src/eval uses it.
 *
 * DESIGN: users are cut into chunks of TALLY_USERS whatever the number of threads; each chunk adds up its
 * own users in order, tally_close() adds the chunks in order: the same bits at any --threads.
 */
#ifndef EVAL_TALLY_H
#define EVAL_TALLY_H

#include "eval/eval.h"

#define TALLY_USERS 64

struct tally_sum {
	double sum[N_METRICS][EVAL_KS];
	uint32_t n[N_METRICS][EVAL_KS];
	double chance[N_METRICS][EVAL_KS];
	uint32_t n_chance[N_METRICS][EVAL_KS];
};
struct tally {
	struct eval_result *r;
	unsigned metrics; /* 1 << METRIC_x of those wanted */
	size_t n_chunks;
	struct tally_sum *chunk; /* [n_chunks] */
};
/* ->chunk must be freed by the caller when it fails, and where tally_close() is not reached. */
bool tally_open(struct tally *t, struct eval_result *r, unsigned metrics, struct err *err);
/* Value of the i-th user; NaN: left out of the mean.  From the chunk that holds i only. */
void tally_put(struct tally *t, size_t i, int metric, unsigned k, double value);
void tally_chance(struct tally *t, size_t i, int metric, unsigned k, double value); /* the same, by chance */
void tally_close(struct tally *t); /* the means into r->value and r->by_chance */

#endif
