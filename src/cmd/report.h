/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report.h - `export report`: what the data are, how runs learned and what they score, what some users get and why.
 *
 * Collected on the UI thread, measured and written by the WORKER: every run that was kept for the current split
 * is measured on its test events, with 95% intervals (eval/interval.h); the run that answers recommends to the
 * users that were chosen, and explains.  The page is written beside its place and renamed when whole.
 * Ids are masked where they are masked on the screen: a report is there to be shown.
 */
#ifndef CMD_REPORT_H
#define CMD_REPORT_H

#include "cmd/hold.h"
#include "eval/eval.h"

enum { REPORT_NDCG, REPORT_RECALL, REPORT_MRR, REPORT_NOVELTY, REPORT_COVERAGE, REPORT_METRICS };

struct report_run {
	struct hold hold;
	struct eval_result *eval;
	double value[REPORT_METRICS], lo[REPORT_METRICS], hi[REPORT_METRICS]; /* NaN bounds: not a mean over users */
};
struct report {
	struct report_run *run; /* oldest first */
	size_t n_runs;
	uint32_t *user;
	size_t n_users;
	uint32_t k;             /* length of their lists */
	uint64_t seed;
	json_t *compared, *verdict; /* rows and head of what was compared last; NULL: nothing was */
};

/* UI.  Runs of the current split, and the users of users=, else three with test events. */
bool report_collect(struct report *r, const struct call *c, struct err *err);
/* WORKER.  answering: whose lists are told. */
bool report_write(const char *path, struct report *r, struct hold *answering, const struct task *t, struct err *err);
void report_done(struct report *r);

/* The sections (report_data.c, report_runs.c, report_comparison.c, report_users.c). */
void report_put_data(FILE *f, const struct dataset *d, const struct split *s);
void report_put_runs(FILE *f, const struct report *r);
void report_put_curves(FILE *f, const struct report *r);
void report_put_comparison(FILE *f, const struct report *r);
bool report_put_users(FILE *f, const struct report *r, struct hold *answering, const struct task *t, struct err *err);

#endif
