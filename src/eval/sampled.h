/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sampled.h - each test item ranked alone against a few others; only src/eval uses it.
 *
 * The others are drawn (sampled=) uniformly without replacement from the candidates outside the user's
 * history and test items, or given in a file (negatives=).  A user's value is the mean over the test items.
 * Ties go to the lower item.  WORKER.
 */
#ifndef EVAL_SAMPLED_H
#define EVAL_SAMPLED_H

#include "eval/metrics.h"
#include "eval/tally.h"
#include "eval/targets.h"

struct negatives; /* read from a file */
/* Lines of "(user,item)" and items, tab-separated as in NCF's .test.negative files, or of a user and items
 * (for all the user's test items), separated by tabs, blanks or commas.  Ids are the dataset's own. */
struct negatives *negatives_read(const char *path, const struct dataset *d, struct err *err);
void negatives_free(struct negatives *n);
/* The items for (user, test item); NULL when the file has none. */
const uint32_t *negatives_of(const struct negatives *n, uint32_t user, uint32_t item, uint32_t *count);
uint64_t negatives_unknown(const struct negatives *n); /* ids that the data does not have, left out */

struct sampled_job {
	struct asker *asker;
	const struct targets *targets;
	const uint64_t *barred;            /* items that are no candidates, or NULL */
	const struct negatives *negatives; /* NULL: drawn */
	const struct eval_options *o;
	enum dialect dialect;
	struct tally *tally;
	uint64_t pairs_without;            /* out: test items that the file has no negatives for */
};
bool sampled_run(struct sampled_job *job, const struct task *task, struct err *err);

#endif
