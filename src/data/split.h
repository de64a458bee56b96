/* SPDX-License-Identifier: GPL-3.0-or-later */
/* split.h - which events are train, valid, test and mere history; and the matrices made from it.
 *
 * Rules and names: interface.md, "Histories, splits, evaluation".  Immutable, reference-counted; holds
 * a reference to its dataset.  Reading and unref are ANY thread; making is WORKER.
 */
#ifndef DATA_SPLIT_H
#define DATA_SPLIT_H

#include "base/param.h"
#include "base/task.h"
#include "data/dataset.h"
#include "num/csr.h"

enum part { PART_TRAIN, PART_VALID, PART_TEST, PART_HISTORY /* history, never trained on */, PART_OUT };

extern const char *const split_kinds[]; /* "leave-last", …, "given", "none"; NULL-terminated */
const struct param_spec *split_params(const char *kind); /* NULL: no such kind */

struct split_hazards {
	uint64_t tied;            /* test events that share user and time with a train/valid event */
	uint64_t cold_test_items; /* distinct test items without a train event */
	uint64_t repeats_removed; /* test pairs already in the history (seen=drop) */
	uint64_t users_dropped;   /* test users whose history is empty */
};

struct split {
	uint64_t id, fingerprint; /* of kind, parameters, seed and the dataset's fingerprint */
	const struct dataset *data;
	char *kind;
	char *text;      /* "leave-last", "ratio order=time test=0.2 …": how to make it again */
	struct params params; /* of the kind; specs NULL: derived from another split */
	uint64_t seed;
	uint8_t *part;   /* [n_events] enum part, dataset order */
	size_t n_train, n_valid, n_test;
	uint32_t test_users; /* that evaluation on=test will mean over */
	bool cold_items;     /* whole items are held out: where nobody says otherwise every item is a candidate */
	bool repeats;        /* some user has an item more than once */

	/* Rows are users.  Columns ascending, distinct pairs. */
	struct csr train;       /* val: x_ui by values (sum of a pair's values when
	                         * repeated); NULL where all are 1 */
	struct csr valid, test; /* val NULL: pairs to be found, repeats folded */
	struct csr train_valid; /* train + valid (of a valid user, all events), for refit; val as in train */
	uint32_t *item_train;   /* [I] distinct train users of the item = train events */
	struct split_hazards hazards;
	_Atomic unsigned refs;
};

/* kind NULL: the default (given where the files say it, leave-last with order, else ratio). */
struct split *split_make(const struct dataset *d, const char *kind, const struct params *p, uint64_t seed,
			 const struct task *task, struct err *err);

/* Splits derived from another (split_derived.c), for what is measured beside it. */
/* The same, trained on a share (0..1] of its train events alone, drawn by the seed; the others stay history.  A larger
 * share of one seed holds every event of a smaller one. */
struct split *split_thin(const struct split *from, double share, uint64_t seed, const struct task *task, struct err *err);
/* The same, with noise: for every 1 / share train events one more, of the same user and time, of an item drawn evenly
 * from those that have train events and that the user has no event of (left out for a user who
 * has nearly all).  ->data is a dataset of its own
 * (dataset_with_events()); valid and test are as they were. */
struct split *split_noisy(const struct split *from, double share, uint64_t seed, const struct task *task, struct err *err);
/* The nth (from 1) other draw of valid: as many events of each user as it has in valid, out of its train events.  Where the
 * split holds out in time (split_in_time()) these are the newest before those of the draw before, and what is newer is
 * left out; else they are drawn by the seed, and those of valid are train.  A user keeps a train event, or is not asked. */
struct split *split_valid_anew(const struct split *from, unsigned nth, uint64_t seed, const struct task *task, struct err *err);
bool split_can_valid_anew(const struct split *from); /* not where whole users, items or days are held out */
/* Drawn anew by the same rule: the nth next fold of a kfold, else with the nth next seed.  ERR_USAGE where the rule
 * draws nothing, or kfold has no further fold. */
struct split *split_anew(const struct split *from, unsigned nth, const struct task *task, struct err *err);
bool split_can_draw(const struct split *s, unsigned n, struct err *err); /* n of them in all: known at once; ANY */

/* With parts [n_events] of the caller's own, copied; text: how they came about. */
struct split *split_of_parts(const struct dataset *d, const char *text, const uint8_t *part, const struct task *task,
			     struct err *err);

struct split *split_ref(const struct split *s);
void split_unref(const struct split *s); /* NULL is fine */

/* The history of a user in time order: its train+valid+history events (for_valid: without valid),
 * repeats of an item folded into the newest; appended to arrays the caller has made room in:
 * room for every event of the user.  Returns how many.  Any of value, time may be NULL. */
uint32_t split_history(const struct split *s, uint32_t user, bool for_valid, uint32_t *item, float *value,
		       int64_t *time);

/* Whether all that is held out comes after all that is known of its user: the data has an order, and no valid or
 * test event stands before one of the history. */
bool split_in_time(const struct split *s);

/* Test (for_valid: valid) events whose user has an event of the history at the same time. */
uint64_t split_count_tied(const struct split *s, bool for_valid);

#endif
