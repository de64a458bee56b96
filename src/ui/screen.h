/* SPDX-License-Identifier: GPL-3.0-or-later */
/* screen.h - everything on the screen but the terminal: views, keys, prompt, messages, help, confirmations.
 *
 * It takes keys and draws on a surface, so that a whole screen is tested as text.  ui.c puts it between a
 * terminal and the loop.  UI thread.
 */
#ifndef UI_SCREEN_H
#define UI_SCREEN_H

#include "app/session.h"
#include "ui/keys.h"
#include "ui/surface.h"

struct screen;
struct screen_options {
	const char *past_file, *keys_file; /* NULL: none */
};
/* Watches the session (session_watch) until it is freed. */
struct screen *screen_new(struct session *s, const struct screen_options *o);
/* What was started and has not answered must not answer any more: wait for it, or end the session next. */
void screen_free(struct screen *sc);

void screen_key(struct screen *sc, struct key key);
void screen_paste(struct screen *sc, const char *utf8, size_t n); /* to the prompt; else swallowed */
void screen_run(struct screen *sc, const char *line);             /* as if typed at the prompt */
void screen_run_quietly(struct screen *sc, const char *line);     /* the answer opens nothing */
void screen_draw(struct screen *sc, struct surface *out);         /* asks what it needs, then draws */

/* What has to be done outside, taken once. */
enum { WISH_PAINT = 1 /* a worker changed something */, WISH_REDRAW = 2, WISH_SUSPEND = 4, WISH_QUIT = 8,
       WISH_ANSWER = 16 /* what changed may be an answer */ };
unsigned screen_take_wishes(struct screen *sc);
/* Seconds after which it should be drawn though nothing happens (progress of jobs, a search under way);
 * below 0: never. */
double screen_next_wake(const struct screen *sc);
size_t screen_waiting(const struct screen *sc); /* commands that were started and have not answered yet */

#endif
