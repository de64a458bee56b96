/* SPDX-License-Identifier: GPL-3.0-or-later */
/* order.h - which rows of a table of users or items show, and in which order.
 *
 * A filter is a part of the id, the title or the user's note, whatever its case.  Sorting is stable: equal
 * rows stay in the order of their numbers, reversed or not; what has no figure (NaN) comes last either way.
 * Ids that are whole numbers come first, by value.  Asks the task every few thousand rows.  ANY thread.
 */
#ifndef SERVE_ORDER_H
#define SERVE_ORDER_H

#include "base/task.h"
#include "data/dataset.h"
#include "serve/answers.h"

struct order_request {
	const struct dataset *data;
	bool items;          /* else users */
	enum order_key key;
	bool reverse;
	const char *filter;  /* "": all */
	const float *metric; /* [U] for ORDER_METRIC, or NULL: none has a figure */
};

/* *row is mem_alloc'ed. */
bool order_rows(const struct order_request *r, const struct task *task, uint32_t **row, size_t *n,
		struct err *err);

#endif
