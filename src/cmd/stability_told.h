/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stability_told.h - what `stability` found, for the view that shows it beside the explanation that it is of.
 *
 * Users and items are numbers of the data and the split that it was found on: who keeps it holds it to these.  UI thread.
 */
#ifndef CMD_STABILITY_TOLD_H
#define CMD_STABILITY_TOLD_H

#include "cmd/command.h"
#include "train/stability.h"

struct stability_told {
	uint64_t data_id, split; /* session_split_serial() */
	uint32_t who;            /* of the data, or a persona's number */
	uint32_t item;           /* NO_ITEM: of the list alone */
	char run[64];
	struct stability found;  /* without its rows */
};
/* Of a call that ended well; false: of another command. */
bool stability_told(const struct call *c, struct stability_told *out);
/* "5 other seeds: lists overlap 0.62 (0.50-0.80), …"; of the item: its ranks, and what is said of its parts. */
void say_stability(struct str *out, const struct stability_told *t);
void say_stability_item(struct str *out, const struct stability_told *t);

#endif
