/* SPDX-License-Identifier: GPL-3.0-or-later */
/* split_rules.h - the kinds of split: each says which part every event falls into.
 *
 * Only split.c uses this.  `part` has one byte an event, all PART_TRAIN at first.  WORKER.
 */
#ifndef DATA_SPLIT_RULES_H
#define DATA_SPLIT_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/param.h"
#include "base/task.h"
#include "data/dataset.h"

struct split_rule {
	const char *kind;
	const struct param_spec *params;
	bool draws; /* the seed matters */
	bool cold_items; /* holds out whole items */
	bool (*apply)(const struct dataset *d, const struct params *p, uint64_t seed, uint8_t *part,
		      const struct task *task, struct err *err);
};

/* true: with the others as they are, this parameter says nothing (temporal's test= once at= is given). */
bool split_rule_ignores(const struct split_rule *rule, const struct params *p, const char *name);
const struct split_rule *split_rule_find(const char *kind); /* NULL: no such kind */

#endif
