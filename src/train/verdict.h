/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verdict.h - which model to take, in sentences that each name the figures they rest on.
 *
 * Pure: rows of measured figures in, sentences out.  NaN (or NULL, 0 of a count) is what was not measured, and
 * nothing is said of it.  Thread: ANY.
 *
 *	the set      the best row and those not told apart from it (paired bootstrap, Holm: eval/interval.h)
 *	take         of these the one that was trained fastest (ties: less memory, then the order of the rows)
 *	elsewhere    a row that has at least VERDICT_GAIN more than the taken one in a slice of VERDICT_USERS users
 *	more data    the taken one's gain from half of the train events to all
 *	int8         what fewer bits cost the taken one
 *	against      what speaks against it: explanation by leaving out alone, or not above chance; memory
 */
#ifndef TRAIN_VERDICT_H
#define TRAIN_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VERDICT_GAIN 0.1 /* of the metric, relative */
#define VERDICT_USERS 20
#define VERDICT_SLICES 12
#define VERDICT_SHARES 8

struct verdict_slice { const char *name; /* "users with 5-9 events", "tail items" */ size_t users; double value; };
struct verdict_row {
	const char *run, *model;
	double value, low, high;       /* of the metric, 95 % */
	bool with_best;
	double train_seconds, ms_p50;
	uint64_t bytes;
	size_t n_slices;
	struct verdict_slice slice[VERDICT_SLICES];
	size_t n_shares;               /* learning curve: ascending, the last 1 */
	double share[VERDICT_SHARES], share_value[VERDICT_SHARES];
	uint64_t int8_bytes;           /* 0: it has none */
	double int8_loss;              /* of the metric, relative; above 0: worse */
	bool exact;                    /* its explanation adds up */
	double faithfulness, by_chance;
	bool faithful;
};
struct verdict {
	size_t take;                   /* which row */
	size_t n;
	char *sentence[16];            /* owned */
};

/* rows best first.  metric: "ndcg@10".  n 0: no sentence.  verdict_done() it. */
void verdict_make(const struct verdict_row *rows, size_t n, const char *metric, struct verdict *out);
void verdict_done(struct verdict *v);

#endif
