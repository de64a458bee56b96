/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scenario.h - what counts where: criteria of a model, and how much each weighs in a shop, in courses, in music.
 *
 * Pure.  A criterion's share of a row is its figure over the best row's (of a cost: the least one's over its own), so
 * 0..1; a cost below what is enough for anybody counts as that; a row that cannot have it (no rank for new items) has 0.  A row's fit is the weighted mean of its shares over
 * the criteria that at least one row was measured for.  The weights are opinions, not measurements: the table shows
 * them, and weights= changes them.  Thread: ANY.
 */
#ifndef TRAIN_SCENARIO_H
#define TRAIN_SCENARIO_H

#include "base/err.h"
#include "base/str.h"

enum criterion { CRITERION_ACCURACY, CRITERION_COLD_USERS, CRITERION_TAIL, CRITERION_COLD_ITEMS, CRITERION_REPEATS,
		 CRITERION_COVERAGE, CRITERION_DIVERSITY, CRITERION_NOISE, CRITERION_LATENCY, CRITERION_TRAINING,
		 CRITERION_MEMORY, CRITERION_EXPLANATION, N_CRITERIA };
struct criterion_info { const char *name; bool cost; double enough; const char *meaning; };
extern const struct criterion_info criterion_table[N_CRITERIA];

struct scenario { const char *name, *where; double weight[N_CRITERIA]; };
extern const struct scenario scenario_table[]; /* name NULL ends it */
#define SCENARIO_CHOICES "films|shop|social|courses|music"
const struct scenario *scenario_find(const char *name); /* NULL: none */

/* "accuracy:3,latency:0" over the weights of *w.  Errors name the nearest criterion. */
bool scenario_weigh(struct scenario *w, const char *text, struct err *err);
void scenario_text(const struct scenario *w, struct str *out); /* as scenario_weigh() reads it; without those of 0 */
/* figure[r][c]; fit[n] is filled.  The best row (ties: the first); n at least 1. */
size_t scenario_judge(const struct scenario *w, const double (*figure)[N_CRITERIA], size_t n, double *fit);
void scenario_describe(const struct scenario *w, const double (*figure)[N_CRITERIA], size_t n, struct str *out); /* those measured */

#endif
