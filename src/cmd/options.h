/* SPDX-License-Identifier: GPL-3.0-or-later */
/* options.h - the words of whyrec's own command line: one table, read by main, --help and the manual. */
#ifndef CMD_OPTIONS_H
#define CMD_OPTIONS_H

#include "app/session.h"
#include "cmd/script.h"

struct option_row {
	char letter;          /* 0: none */
	const char *name, *argument, *meaning; /* argument NULL: takes none */
};
extern const struct option_row option_table[]; /* ends with a NULL name */

struct options {
	struct session_options session; /* home borrowed from argv */
	struct script_item *items;      /* of -c and -f, in the order given; owned */
	size_t n_items;
	char **paths;                   /* borrowed from argv */
	size_t n_paths;
	bool json, no_color, ascii, no_mouse, help, version;
};
/* A wrong call: false, with *err saying what would be right.  argv is reordered as getopt does. */
bool options_parse(struct options *o, int argc, char **argv, struct err *err);
void options_done(struct options *o);
void options_help(struct str *out);

#endif
