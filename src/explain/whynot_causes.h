/* SPDX-License-Identifier: GPL-3.0-or-later */
/* whynot_causes.h - the causes outside the model; explain/ only. */
#ifndef EXPLAIN_WHYNOT_CAUSES_H
#define EXPLAIN_WHYNOT_CAUSES_H

#include "explain/whynot.h"

/* Of an item of the dataset.  Returns whether it can have a rank. */
bool whynot_find_causes(const struct snapshot *s, const struct split *split, const struct query *q, uint32_t item,
			const struct whynot_options *o, struct whynot_causes *out);

#endif
