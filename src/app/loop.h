/* SPDX-License-Identifier: GPL-3.0-or-later */
/* loop.h - the one poll(): signals, messages of workers, and the terminal when there is one.
 *
 * Scripts and the screen run the same loop.  Signal handlers set a flag and write one byte into a pipe;
 * the watcher then runs here, on the UI thread.  Nothing wakes when nothing happens.  UI thread only.
 */
#ifndef APP_LOOP_H
#define APP_LOOP_H

#include <stdbool.h>

#include "base/err.h"

struct loop;
struct loop *loop_new(struct err *err); /* installs the handlers: INT TERM HUP TSTP CONT WINCH (PIPE ignored) */
void loop_free(struct loop *l);         /* restores them */

bool loop_watch_fd(struct loop *l, int fd, void (*ready)(void *ctx), void *ctx, struct err *err);
void loop_unwatch_fd(struct loop *l, int fd);
void loop_on_signal(struct loop *l, void (*signal)(void *ctx, int signo), void *ctx); /* one receiver */
/* Called once after each turn in which something happened, before poll sleeps again: draw here. */
void loop_on_turn(struct loop *l, void (*turn)(void *ctx), void *ctx);
/* Wakes the loop after so many seconds once (the earliest wins until it fired). */
void loop_wake_in(struct loop *l, double seconds);

/* Turns until loop_stop(); one turn with at most `timeout` seconds of sleep (< 0: any). */
void loop_run(struct loop *l);
bool loop_turn(struct loop *l, double timeout, struct err *err);
void loop_stop(struct loop *l);

#endif
