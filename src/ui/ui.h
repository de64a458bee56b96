/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ui.h - the screens, from the first paint to the terminal given back.
 *
 * ui_run() opens the terminal on standard input and output, watches the session and the loop (its signals,
 * its turns), runs `lines` as if they were typed once the first screen stands, and returns when `quit` was
 * asked or a signal ended it.  When it returns the terminal is as it was; jobs may still run: session_free()
 * ends them.  UI thread.  LC_CTYPE must be set by the caller.
 */
#ifndef UI_UI_H
#define UI_UI_H

#include <stdbool.h>
#include <stddef.h>

struct session;
struct loop;

struct ui_options {
	bool no_color, ascii, no_mouse; /* NO_COLOR and the locale do the same */
	const char *const *lines;       /* commands such as "load PATH"; borrowed until ui_run returns */
	size_t n_lines;
};

/* The exit status: 0, 1 when there is no usable terminal (told on standard error), 128 + the signal that
 * ended it. */
int ui_run(struct session *session, struct loop *loop, const struct ui_options *options);

#endif
