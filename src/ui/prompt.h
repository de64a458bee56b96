/* SPDX-License-Identifier: GPL-3.0-or-later */
/* prompt.h - one line to edit: readline's editing without readline's terminal.
 *
 * DESIGN: readline keeps its state in globals, so there is one prompt a process.  It is used through its
 * callback interface and fed byte by byte; its terminal, signal and redisplay code is switched off, and the
 * screen draws what its buffer holds.  So the screen lives on while a line is typed.  UI thread.
 */
#ifndef UI_PROMPT_H
#define UI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#include "cmd/command.h"
#include "ui/keys.h"
#include "ui/surface.h"

#define PROMPT_CANDIDATES 200

typedef size_t prompt_complete_fn(void *ctx, const char *line, size_t cursor, size_t *from, struct candidate *out,
				  size_t max);

/* past_file: where the lines of ":" are kept (mode 0600), NULL: nowhere.  complete may be NULL. */
void prompt_init(const char *past_file, prompt_complete_fn *complete, void *ctx);
void prompt_done(void); /* keeps the past lines, closes */

struct prompt_ask {
	const char *label, *text;  /* copied */
	bool command;              /* past lines and completion */
	/* Called once, after the prompt was closed; NULL: given up.  The line is borrowed. */
	void (*done)(void *ctx, const char *line);
	void (*changed)(void *ctx, const char *line); /* after each change; NULL: nobody asks */
	void *ctx;
};
void prompt_open(const struct prompt_ask *ask);
bool prompt_is_open(void);
void prompt_close(void); /* as given up */
void prompt_feed(struct key key);
void prompt_paste(const char *utf8, size_t n); /* as text, whatever is in it */
void prompt_draw(struct surface *s, struct rect line);
/* What Tab found, to be listed; *chosen is -1 before one was stepped to. */
const struct candidate *prompt_candidates(size_t *n, int *chosen);

#endif
