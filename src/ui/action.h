/* SPDX-License-Identifier: GPL-3.0-or-later */
/* action.h - the table of view actions: what changes only what is looked at.
 *
 * They have the shape of commands and work at the prompt, but are no commands: scripts refuse them and
 * nothing remembers them.  Help and completion read the table.  UI thread.
 */
#ifndef UI_ACTION_H
#define UI_ACTION_H

#include <stdbool.h>
#include <stddef.h>

enum action_id {
	ACT_VIEW, ACT_PANE, ACT_MOVE, ACT_SEARCH, ACT_SEARCH_NEXT, ACT_SEARCH_PREVIOUS, ACT_FILTER, ACT_SORT,
	ACT_REVERSE, ACT_BACK, ACT_HELP, ACT_REDRAW, ACT_SUSPEND, ACT_HOLD,
	ACT_FOLLOW, ACT_OVERLAY, ACT_LOG_SCALE, ACT_BEST, ACT_EDIT, ACT_OPEN, ACT_EXPLAIN, ACT_WHYNOT, ACT_BY, ACT_GO_USER, ACT_GO_ITEM,
	ACT_TOGGLE_EVENT, ACT_ADD_EVENT, ACT_RATE_EVENT, ACT_UNDO, ACT_REDO, ACT_CLEAR_EDITS, ACT_BESIDE,
	ACT_MAP, ACT_ZOOM, ACT_COLOUR,
	ACT_EPOCH, ACT_WATCH,
	ACT_MARK, ACT_COLUMNS, ACT_CURVE, ACT_GO_RUN,
	N_ACTIONS,
};

struct action {
	enum action_id id;
	const char *name, *synopsis, *summary;
	const char *views;   /* "users items", or NULL: all */
	const char *choices; /* of its word: "next|previous"; NULL: any or none */
	const char *as;      /* its word is completed as that of this command; NULL: by choices */
};
extern const struct action action_table[N_ACTIONS];

const struct action *action_find(const char *name); /* NULL: none, perhaps a command */
bool action_is_of(const struct action *a, const char *view);

/* One use of an action. */
struct act {
	enum action_id id;
	const char *arg; /* "" when none was given; borrowed for the call */
};

#endif
