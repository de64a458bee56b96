/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ui.c - a screen between a terminal and the loop.
 *
 * DESIGN: a key, a resize and the answers to a key are drawn at the end of the turn that brought them: after a key
 * as many answers as there are panes to be answered.  What else workers change is drawn at most 30 times a second: a
 * turn that comes too early asks the loop to wake once more.  While jobs run their progress is looked at a few times a second; with none, nothing ever wakes.
 */
#include "ui/ui.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/paths.h"
#include "app/settings.h"
#include "base/clock.h"
#include "base/str.h"
#include "base/utf8.h"
#include "ui/screen.h"
#include "ui/term.h"

#define FRAME_SECONDS (1.0 / 30)
#define PASTE_MOST (1 << 16)

struct ui {
	struct session *session;
	struct loop *loop;
	struct screen *screen;
	struct surface surface;
	int answers_due;              /* that may be to the last key */
	bool key_paint, worker_paint; /* what waits to be drawn, and for whom */
	double painted, due;          /* clock_now(); due: when progress is to be looked at, 0: never */
	bool pasting, over;
	struct str paste;
	int status;
};

static void paint(struct ui *u)
{
	double wake;
	int w, h;

	term_size(&w, &h);
	if ((w != u->surface.w || h != u->surface.h) && !surface_resize(&u->surface, w, h))
		return;
	u->surface.ascii = term_is_ascii();
	u->surface.double_focus = term_palette() == PALETTE_MONO;
	/* Asked before drawing: what comes to rest meanwhile is drawn once more. */
	wake = screen_next_wake(u->screen);
	screen_draw(u->screen, &u->surface);
	term_show(&u->surface);
	u->key_paint = u->worker_paint = false;
	u->painted = clock_now();
	u->due = wake >= 0 ? u->painted + wake : 0;
	if (wake >= 0)
		loop_wake_in(u->loop, wake);
}

static void take_paste(struct ui *u, struct key key)
{
	char utf8[4];

	if (key.code == K_PASTE_END) {
		u->pasting = false;
		screen_paste(u->screen, str_text(&u->paste), u->paste.len);
		str_clear(&u->paste);
	} else if (key.code < KEY_FIRST && u->paste.len < PASTE_MOST) {
		str_append(&u->paste, utf8, utf8_encode(key.code, utf8));
	}
}

static void on_input(void *ctx)
{
	struct ui *u = ctx;
	struct key key;
	bool any = false;

	while (term_read(&key)) {
		any = true;
		if (u->pasting) {
			take_paste(u, key);
		} else if (key.code == K_PASTE_BEGIN) {
			u->pasting = true;
		} else if (key.code != K_RESIZE && key.code != K_OTHER) {
			screen_key(u->screen, key);
		}
	}
	u->key_paint |= any;
	if (any)
		u->answers_due = N_PANES;
	if (!any && term_is_lost()) {
		u->status = 128 + SIGHUP;
		loop_stop(u->loop);
	}
}

static void on_signal(void *ctx, int signo)
{
	struct ui *u = ctx;

	switch (signo) {
	case SIGWINCH:
		term_resize();
		break;
	case SIGTSTP:
		term_suspend();
		break;
	case SIGCONT:
		term_resume();
		break;
	default:
		u->status = 128 + signo;
		loop_stop(u->loop);
	}
	u->key_paint = true;
}

static void on_turn(void *ctx)
{
	struct ui *u = ctx;
	unsigned wishes = screen_take_wishes(u->screen);
	double now = clock_now();

	if (wishes & WISH_QUIT) {
		u->over = true;
		loop_stop(u->loop);
		return;
	}
	if (wishes & WISH_SUSPEND)
		term_suspend();
	if (wishes & (WISH_REDRAW | WISH_SUSPEND)) {
		term_redraw();
		u->key_paint = true;
	}
	if ((wishes & WISH_ANSWER) && u->answers_due > 0) {
		u->answers_due--;
		u->key_paint = true;
	}
	u->worker_paint |= (wishes & WISH_PAINT) != 0 || (u->due > 0 && now >= u->due);
	if (u->key_paint || (u->worker_paint && now - u->painted >= FRAME_SECONDS))
		paint(u);
	else if (u->worker_paint)
		loop_wake_in(u->loop, FRAME_SECONDS - (now - u->painted));
}

static void run_lines(struct ui *u, const struct ui_options *o)
{
	for (size_t i = 0; i < o->n_lines; i++)
		screen_run_quietly(u->screen, o->lines[i]);
	u->key_paint = true;
	on_turn(u);
}

static bool start(struct ui *u, const struct ui_options *o, struct err *err)
{
	struct term_options term = { o->no_color, o->ascii, o->no_mouse };
	char *past = session_readonly(u->session) ? NULL : path_state("past-lines"), *keys = path_config("keys");
	struct screen_options options = { .past_file = past, .keys_file = keys };
	int w, h;

	if (!term_open(&term, err)) {
		free(past);
		free(keys);
		return false;
	}
	term_size(&w, &h);
	u->screen = screen_new(u->session, &options);
	free(past);
	free(keys);
	if (!surface_init(&u->surface, w, h))
		return err_set(err, ERR_NOMEM, "no memory for a screen of %dx%d", w, h);
	return loop_watch_fd(u->loop, STDIN_FILENO, on_input, u, err);
}

int ui_run(struct session *session, struct loop *loop, const struct ui_options *options)
{
	struct ui u = { .session = session, .loop = loop };
	struct err err = { 0 };
	bool started = start(&u, options, &err);

	if (started) {
		loop_on_signal(loop, on_signal, &u);
		loop_on_turn(loop, on_turn, &u);
		settings_read(session);
		paint(&u);
		run_lines(&u, options);
		if (!u.over) /* a line may have been quit */
			loop_run(loop);
		loop_on_signal(loop, NULL, NULL);
		loop_on_turn(loop, NULL, NULL);
		loop_unwatch_fd(loop, STDIN_FILENO);
	}
	screen_free(u.screen);
	term_close();
	surface_done(&u.surface);
	str_done(&u.paste);
	if (!started)
		fprintf(stderr, "whyrec: %s\n", err.msg);
	return started ? u.status : 1;
}
