/* SPDX-License-Identifier: GPL-3.0-or-later */
/* script.h - commands without a screen: -c texts and -f files in the order given, each waited for.
 *
 * Results on standard output, progress (on a terminal), warnings and errors on standard error.  UI thread.
 */
#ifndef CMD_SCRIPT_H
#define CMD_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

struct session;
struct loop;

struct script_item {
	bool is_file;     /* "-": standard input */
	const char *text; /* the command, or the file's name; borrowed */
};
struct script_options {
	bool json;
	char *const *paths; /* loaded first */
	size_t n_paths;
	const struct script_item *items;
	size_t n_items;
};

/* The exit status of interface.md: 0 all done, 1 a command failed, 128 + signal when interrupted. */
int script_run(struct session *s, struct loop *l, const struct script_options *o);

#endif
