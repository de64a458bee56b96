/* SPDX-License-Identifier: GPL-3.0-or-later */
/* odd.h - users and items that deserve a look before anyone trusts a figure: flags, each with what stands behind it.
 *
 * Of the data alone (U users, I items; n_ui: how many events user u has of item i, or their summed value where
 * values are event weights; the co-count of a pair of items is sum_u n_ui n_uj):
 *   burst     a user with many events within BURST_SECONDS: at least BURST_LEAST, and more than 99 % of users have
 *             (none where all times are whole minutes)
 *   repeat    a user with many events of one item: at least REPEAT_LEAST, and more than 99 % of users have
 *   copy      users with the very same items, at least COPY_LEAST of them
 *   dominant  a user who alone gives more than half of the co-count of DOMINANT_SHARE of all pairs of items that
 *             anyone has, or of more
 *   tied      a split by order: a test event whose user has an event of the history at the same time, so that
 *             the order of the file decided which is tested
 *   leak      a test event whose user has a twin of the item (title, below; where there are no titles audience) in train
 *   title     items whose titles have the same words in any order, or differ by one letter of a longer word (never of
 *             numbers, Roman ones too, nor of scripts that write syllables: sequels, years and volumes are no twins)
 *   audience  items taken by the very same users, at least AUDIENCE_LEAST of them
 *   pair      a pair of items, co-count at least PAIR_LEAST, of which one user gives more than half
 * Of a model's lists of K items:
 *   everybody an item in EVERYBODY_SHARE of the lists, or in more
 * and for each user how far the list is from the history's taste: 1 - cosine of the two sums, over the history and
 * over the list, of the items' columns of train (of a history the newest 100), each of length 1, the user's own row left out.  NaN: no history
 * or no list that others share.
 * WORKER.  Same answer at any thread count.
 */
#ifndef EXPLAIN_ODD_H
#define EXPLAIN_ODD_H

#include "base/str.h"
#include "data/split.h"
#include "eval/rank_lists.h"
#include "model/snapshot.h"

#define BURST_SECONDS 10
#define BURST_LEAST 10
#define REPEAT_LEAST 5
#define COPY_LEAST 5
#define AUDIENCE_LEAST 5
#define DOMINANT_SHARE 0.02
#define PAIR_LEAST 10
#define EVERYBODY_SHARE 0.5

enum odd_kind { ODD_BURST, ODD_REPEAT, ODD_COPY, ODD_DOMINANT, ODD_TIED, ODD_LEAK, ODD_TITLE, ODD_AUDIENCE, ODD_PAIR,
		ODD_EVERYBODY, N_ODD };
struct odd_info {
	const char *name;
	bool of_items; /* else of users */
	const char *meaning;
};
extern const struct odd_info odd_table[N_ODD];

struct odd_flag {
	enum odd_kind kind;
	uint32_t who;         /* the user or item that is flagged */
	uint32_t user;        /* who stands behind it: the copied one, the giver of a pair; NO_USER */
	uint32_t item, other; /* what stands behind it; NO_ITEM */
	double n, of;         /* n of so many; of 0: n alone */
	int64_t time;         /* NO_TIME */
};
struct odd_flags {
	struct odd_flag *flag; /* [n] by kind, then by who */
	size_t n, cap;
};
/* All flags of the data. */
bool odd_find(const struct split *split, const struct task *task, struct odd_flags *out, struct err *err);
bool odd_add(struct odd_flags *f, const struct odd_flag *flag, struct err *err);
void odd_done(struct odd_flags *f);
void odd_say(const struct dataset *d, const struct odd_flag *f, struct str *out); /* "42 events within 10 s, from …" */

/* The lists of the users (as `recommend` makes them), ODD_EVERYBODY added to the flags, taste [n_users]. */
bool odd_lists(const struct snapshot *s, const struct split *split, const uint32_t *user, size_t n_users, uint32_t k,
	       const struct task *task, struct odd_flags *flags, float *taste, struct err *err);

/* The inside: one step a file. */
struct odd_counts { /* n_ui by users and by items: distinct items, their numbers of events */
	struct csr by_user, by_item;
};
bool odd_users(const struct split *split, const struct odd_counts *c, const struct task *task, struct odd_flags *out,
	       struct err *err);
bool odd_pairs(const struct odd_counts *c, const struct task *task, struct odd_flags *out, struct err *err);
/* Items that are one another's twins have one twin[i]: the lowest of them. */
bool odd_twins(const struct dataset *d, const struct odd_counts *c, const struct task *task, uint32_t *twin,
	       struct odd_flags *out, struct err *err);
bool odd_leaks(const struct split *split, const uint32_t *twin, struct odd_flags *out, struct err *err);

#endif
