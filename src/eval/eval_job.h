/* SPDX-License-Identifier: GPL-3.0-or-later */
/* eval_job.h - one evaluation at work; only src/eval uses it. */
#ifndef EVAL_EVAL_JOB_H
#define EVAL_EVAL_JOB_H

#include "eval/metrics.h"
#include "eval/rank_lists.h"
#include "eval/tally.h"
#include "eval/targets.h"

#define K_MOST 1000

/* Everything one evaluation holds; made and undone by eval_job_run(). */
struct eval_job {
	const struct snapshot *snapshot;
	const struct split *split;
	const struct eval_options *o;
	const struct task *task;
	struct eval_result *r;
	unsigned metrics;
	bool chance; /* what a random order would reach, too */
	uint32_t k_most;
	enum dialect dialect;
	struct targets targets;
	struct asker asker;
	struct tally tally;
	uint64_t *barred;
	uint32_t n_candidates;

	/* Full ranking only. */
	struct ranked_lists lists;
	uint64_t *item_events, all_events; /* train events, for novelty */
	struct csr columns;                /* of train, for diversity */
	struct likeness *likeness;
	struct likeness_memo **memo;       /* [slots] */
};

/* The metrics asked for, into job->r; with nobody to ask, no users and all NaN. */
bool eval_job_run(struct eval_job *job, struct err *err);
/* slices.c: job->r->slice as job->o->slice asks; the lists have been made and judged. */
bool slices_make(struct eval_job *job, struct err *err);

#endif
