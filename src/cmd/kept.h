/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kept.h - what of a command goes into the journal, and at which place (app/journal.h).  UI thread. */
#ifndef CMD_KEPT_H
#define CMD_KEPT_H

#include "cmd/command.h"

struct kept {
	bool any;
	size_t entry;
	char *line;           /* as it was given, without a comment behind it */
	char run[64];         /* a run still in training that it reads; "": none */
	uint64_t data, split; /* what was current when it began; 0: nothing */
};
/* The call is parsed, or could not be.  Before the first command of a session come its settings. */
void kept_begin(struct kept *k, const struct call *c, const char *line);
/* It ended; before the call is released. */
void kept_end(struct kept *k, const struct call *c, const struct err *err);

#endif
