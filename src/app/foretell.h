/* SPDX-License-Identifier: GPL-3.0-or-later */
/* foretell.h - what each model would take to train on the data that are loaded, with default parameters
 * (train/cost.h): for `models`, and for the form of Train.
 */
#ifndef APP_FORETELL_H
#define APP_FORETELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/task.h"

struct session;
struct split;

struct foretold {
	const char *model;      /* fixed text */
	double epoch, seconds;  /* of one; of all that are allowed, at most; NaN: nothing is foretold */
	uint32_t epochs;
	uint64_t bytes;
	bool fits;              /* in what memory is free */
};

/* What it takes from the session, to be done by a worker. */
struct foretelling {
	const struct split *split;
	char *home;
	bool readonly;
	struct foretold *of;    /* [n], out */
	size_t n;
	uint64_t available;     /* bytes, out */
};
/* UI.  A split must be there. */
void foretelling_begin(struct foretelling *f, const struct session *s);
/* WORKER.  Measures the machine where that is not done yet. */
bool foretelling_run(struct foretelling *f, const struct task *t, struct err *err);
void foretelling_done(struct foretelling *f);

/* UI.  Has it told behind the screen, anew when the data or the split changed. */
void session_foretell(struct session *s);
/* UI.  NULL: not told yet. */
const struct foretold *session_foretold(const struct session *s, const char *model);

#endif
