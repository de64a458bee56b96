/* SPDX-License-Identifier: GPL-3.0-or-later */
/* eval.h - metrics of a snapshot on a split, as interface.md defines them; per-user values are kept.
 *
 * A value nobody has is NaN: diversity of lists of one item, novelty of items without a train event,
 * and all that is not accuracy when test items are ranked among few (sampled=, negatives=).
 * WORKER.  Same bits at any thread count.
 */
#ifndef EVAL_EVAL_H
#define EVAL_EVAL_H

#include "base/err.h"
#include "base/task.h"
#include "data/split.h"
#include "eval/rerank.h"
#include "model/snapshot.h"

/* Of whom, or of what, the metrics are told apart. */
enum slice {
	SLICE_NONE,
	SLICE_COLD_USERS, /* histories cut to their newest 1, 2 and 5 items, and whole; all folded in */
	SLICE_HISTORY,    /* users by the events of their histories */
	SLICE_POPULARITY, /* items to be found: the 20 % with most train events, the others, those with none */
};

#define EVAL_KS 8
struct eval_options { /* eval_options_init() gives the defaults */
	bool on_valid;         /* on=valid: history is train alone */
	unsigned n_k;
	uint32_t k[EVAL_KS];   /* default 5,10,20; at most 1000 */
	bool all_candidates;   /* candidates=all or cold */
	bool cold_candidates;  /* candidates=cold: of all, those without a train event alone */
	bool keep_seen;        /* seen=keep */
	bool fold_in;
	uint32_t sampled;      /* 0: full ranking */
	const char *negatives; /* path of given negatives, or NULL */
	const char *dialect;   /* "recbole" (default), "lenskit", "vae" */
	uint64_t seed;         /* of sampled= */
	enum slice slice;      /* full rankings only */
	unsigned slice_values; /* 1 + METRIC_…: each slice keeps the users' values of it at k[0]; 0: none */
	struct rerank rerank;  /* the lists chosen anew after the model */
	uint32_t cut;          /* of a history only so many of the newest items are told; 0: all */
};
void eval_options_init(struct eval_options *o);
/* The same, as the split is meant to be evaluated: all items are candidates where whole items are held out. */
void eval_options_for(struct eval_options *o, const struct split *split);

enum { METRIC_RECALL, METRIC_PRECISION, METRIC_HIT, METRIC_NDCG, METRIC_MAP, METRIC_MRR, METRIC_COVERAGE,
       METRIC_GINI, METRIC_NOVELTY, METRIC_DIVERSITY, N_METRICS };
struct metric_info {
	const char *name;    /* "ndcg" */
	bool per_user;       /* a mean over users (coverage and gini are not) */
	bool higher_better;
	const char *meaning;
};
extern const struct metric_info metric_table[N_METRICS];
/* "ndcg@10" -> id and k; errors name the nearest right one. */
bool metric_parse(const char *text, int *metric, uint32_t *k, struct err *err);

struct eval_hazards { uint64_t tied, cold_test_items, repeats_removed, users_dropped; };

struct eval_slice {
	char name[32];  /* "5-9 events", "head" */
	size_t n_users; /* with something to be found there */
	double value[N_METRICS][EVAL_KS]; /* NaN: not told for a slice */
	float *per_user; /* [n_users of the result]; NaN: not of the slice; NULL: not asked for, not told, or of cut histories */
};

struct eval_result {
	char run[64];
	bool on_valid;
	uint64_t split_fingerprint;
	struct eval_options options;    /* strings not kept */
	char note[160];                 /* "sampled: not comparable", the dialect's difference; "" */
	size_t n_users;
	uint32_t *user;                 /* [n_users] */
	double value[N_METRICS][EVAL_KS];
	double by_chance[N_METRICS][EVAL_KS]; /* of candidates in random order; NaN: not accuracy, or no full ranking */
	float *per_user[N_METRICS][EVAL_KS]; /* [n_users] each; NULL where not per user; NaN: left out */
	struct eval_hazards hazards;
	bool blind_to_cold; /* some to be found have no train event, and the model cannot tell those apart */
	struct eval_slice *slice; /* [n_slices] */
	size_t n_slices;
	double seconds;
	double ranking_seconds; /* of these, making the lists; NaN when there are none */
	enum precision precision; /* of the snapshot */
};
struct eval_result *eval_run(const struct snapshot *s, const struct split *split, const struct eval_options *o,
			     const struct task *task, struct err *err);
void eval_result_free(struct eval_result *r);

/* The quick road for early stopping: one metric on valid, train as history.  NaN when no user has valid
 * events. */
bool eval_one(const struct snapshot *s, const struct split *split, bool on_valid, int metric, uint32_t k,
	      const struct task *task, double *out, struct err *err);
/* The same, of how many users it is the mean and how many were ranked a second. */
struct eval_quick {
	double value, users_per_second;
	size_t n_users;
};
bool eval_quick(const struct snapshot *s, const struct split *split, bool on_valid, int metric, uint32_t k,
		const struct task *task, struct eval_quick *out, struct err *err);

#endif
