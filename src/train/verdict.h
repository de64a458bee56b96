/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verdict.h - which model to take, in sentences that each name the figures they rest on.
 *
 * Told apart elsewhere is by the paired interval over the users (Student 1908) that is corrected for all comparisons
 * that could have been named: slices of enough users, noise and new items, by the other rows that were measured there
 * (Bonferroni, Dunn 1961; eval/interval.h).  The slices are those of users by their histories and of items by their
 * popularity.
 *
 * Pure: rows of measured figures in, sentences out.  NaN (or NULL, 0 of a count) is what was not measured, and
 * nothing is said of it.  Thread: ANY.
 *
 *	the set      the best row and those not told apart from it (paired bootstrap, Holm: eval/interval.h)
 *	take         of these the one that was trained fastest (ties: less memory, then the order of the rows)
 *	the best     what it has more than the taken one, where that is VERDICT_GAIN or more: it may be chance, or not
 *	cut short    whose training the clock ended
 *	elsewhere    a row that has at least VERDICT_GAIN more than the taken one in a slice of VERDICT_USERS users, and is told
 *	             apart from it there
 *	more data    the taken one's gain from half of the train events to all
 *	int8         what fewer bits cost the taken one
 *	noise        what is left of the taken one's metric with random events mixed in; who keeps more of it, told apart
 *	growth       what training the taken one would take at ten times the events, drawn on from the shares that were timed
 *	new items    whether the taken one ranks items that were never trained on, and how well; who does better, told apart
 *	scenario     which row fits the scenario best by its weighted criteria (scenario.h)
 *	against      what speaks against it: explanation by leaving out alone, or not above chance; memory
 */
#ifndef TRAIN_VERDICT_H
#define TRAIN_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "eval/interval.h"
#include "train/scenario.h"

#define VERDICT_GAIN 0.1 /* of the metric, relative */
#define VERDICT_USERS 20
#define VERDICT_SLICES 12
#define VERDICT_SHARES 8
#define VERDICT_FOLDS 20

struct verdict_slice {
	const char *name; /* "users with 5-9 events", "tail items" */
	size_t users;
	double value;
	const float *user; /* [n_user] values, NaN: not of the slice, as in each row; borrowed; NULL: not tested */
	size_t n_user;
};
struct verdict_row {
	const char *run, *model;
	double value, low, high;       /* of the metric, 95 % */
	bool with_best;
	size_t users;                  /* that value is the mean of; 0: not told */
	double train_seconds, ms_p50;
	bool cut;                      /* its training ended by the clock, after `epochs` of at most `of_epochs` */
	uint32_t epochs, of_epochs;
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
	double share_seconds[VERDICT_SHARES]; /* of the trainings on each share */
	double noise, noise_value, noise_clean; /* share mixed in; the metric with it and without, both folded in */
	const float *noise_user, *clean_user, *cold_user; /* [n_noise], [n_cold] behind noise_value, noise_clean, cold_value; or NULL */
	size_t n_noise, n_cold;
	double cold_value;             /* of items never trained on, on a split of its own; NaN: it cannot rank them */
	size_t folds;                  /* value is the mean over so many splits; 1 */
	double figure[N_CRITERIA];     /* for the scenario */
};
#define VERDICT_ELSEWHERE 24
struct verdict_elsewhere {
	const char *where;             /* a slice, "noise", "new items" */
	size_t row;
	double mine, other;            /* the metric; of noise what is left of it */
	struct paired told;            /* other less mine; corrected */
	bool apart;
};
struct verdict {
	size_t n_elsewhere, looked;    /* those named in sentences; comparisons that could have been */
	struct verdict_elsewhere elsewhere[VERDICT_ELSEWHERE];
	size_t take;                   /* which row */
	size_t n;
	char *sentence[20];            /* owned */
	double *fit;                   /* [rows] of the scenario; NULL: none was asked for */
	size_t fits;                   /* the row that fits it best */
};

/* rows best first.  metric: "ndcg@10".  scenario: NULL none.  n 0: no sentence.  verdict_done() it. */
void verdict_make(const struct verdict_row *rows, size_t n, const char *metric, const struct scenario *scenario,
		  struct verdict *out);
/* verdict_elsewhere.c: fills v->elsewhere; v->take is set. */
void verdict_look_elsewhere(const struct verdict_row *rows, size_t n, struct verdict *v);
void verdict_done(struct verdict *v);

#endif
