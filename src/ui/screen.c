/* SPDX-License-Identifier: GPL-3.0-or-later */
/* screen.c - a screen's life: keys in, a frame out. */
#include "ui/screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ui/prompt.h"
#include "ui/screen_parts.h"
#include "ui/text.h"

#define PROGRESS_EVERY 0.2   /* seconds between looks at a running job */
#define SEARCH_BUDGET 0.003  /* seconds a turn that a search may take */

static void on_changed(void *ctx, unsigned what)
{
	struct screen *sc = ctx;

	sc->wishes |= WISH_PAINT; /* sync looks at everything a view shows */
	if (what & CHANGED_ANSWER)
		sc->wishes |= WISH_ANSWER;
	if (command_quit_asked(sc->session))
		sc->wishes |= WISH_QUIT;
}

static void on_told(void *ctx, enum log_level level, const char *text)
{
	struct screen *sc = ctx;

	screen_say(sc, level, text);
	sc->wishes |= WISH_PAINT;
}

struct screen *screen_new(struct session *s, const struct screen_options *o)
{
	struct screen *sc = mem_must(calloc(1, sizeof *sc));
	struct session_watcher watcher = { .changed = on_changed, .told = on_told, .ctx = sc };
	struct err err = { 0 };

	sc->session = s;
	for (int i = 0; i < N_VIEWS; i++)
		view_init(&sc->view[i], view_list[i]);
	sc->keys = keymap_new();
	prompt_init(o->past_file, screen_complete, sc);
	session_watch(s, &watcher);
	command_listen(screen_news, sc);
	if (o->keys_file && !keymap_read(sc->keys, o->keys_file, &err)) {
		char text[600];

		err_text(&err, text, sizeof text);
		screen_say(sc, LOG_ERROR, text);
	}
	return sc;
}

void screen_free(struct screen *sc)
{
	if (!sc)
		return;
	session_watch(sc->session, NULL);
	command_listen(NULL, NULL);
	prompt_done();
	for (int i = 0; i < N_VIEWS; i++)
		view_done(&sc->view[i]);
	while (sc->waiting)
		screen_forget(sc->waiting);
	keymap_free(sc->keys);
	pager_close(&sc->pager);
	free(sc);
}

unsigned screen_take_wishes(struct screen *sc)
{
	unsigned wishes = sc->wishes;

	sc->wishes = 0;
	return wishes;
}

double screen_next_wake(const struct screen *sc)
{
	for (int i = 0; i < N_VIEWS; i++)
		if (sc->view[i].search_step)
			return 0;
	if (!session_jobs_alive(sc->session))
		return -1;
	for (size_t i = session_n_jobs(sc->session); i-- > 0;) { /* those alive are among the newest */
		struct job_row row;

		session_job(sc->session, i, &row);
		if (!strcmp(row.state_text, "running") || (job_is_paused(&row) && !row.rests))
			return PROGRESS_EVERY;
	}
	return -1; /* all have paused: nothing moves */
}

size_t screen_waiting(const struct screen *sc)
{
	size_t n = 0;

	for (const struct waiting *w = sc->waiting; w; w = w->next)
		n++;
	return n;
}

/* --- keys -------------------------------------------------------------------------------------------- */

/* "…? y/N": any other key is no. */
static void answer_question(struct screen *sc, struct key key)
{
	char line[sizeof sc->asked];

	struct view *asker = sc->asker;

	snprintf(line, sizeof line, "%s", sc->asked);
	sc->question[0] = sc->asked[0] = '\0';
	sc->asker = NULL;
	if (key.code != 'y' && key.code != 'Y')
		return;
	if (asker)
		asker->wish.yes(asker, sc->session);
	else
		screen_start(sc, line);
}

static void run_binding(struct screen *sc, uint32_t code)
{
	struct view *v = screen_view(sc);
	const struct binding *b = keymap_find(sc->keys, v->kind->name, view_pane_name(v), code);
	struct str line = STR_INIT;

	if (b && strchr(":/\\", *b->text)) {
		if (screen_expand(sc, b->text + 1, &line))
			screen_open_prompt(sc, *b->text, str_text(&line));
	} else if (b && screen_expand(sc, b->text, &line)) {
		sc->shows_result = false;
		screen_do(sc, str_text(&line));
	}
	str_done(&line);
}

static void take_mouse(struct screen *sc, struct key key)
{
	struct view *v = screen_view(sc);
	int tab = key.y == 1 ? frame_tab_at(sc, sc->w, key.x) : -1;

	if (key.code == K_WHEEL_UP || key.code == K_WHEEL_DOWN) {
		view_wheel(v, key.x, key.y, key.code == K_WHEEL_UP ? -3 : 3);
	} else if (tab >= 0) {
		sc->current = tab;
	} else if (view_click(v, key.x, key.y) || key.code == K_DOUBLE_CLICK) {
		run_binding(sc, K_ENTER);
	}
}

static bool is_mouse(struct key key)
{
	return key.code >= K_CLICK && key.code <= K_WHEEL_DOWN;
}

void screen_key(struct screen *sc, struct key key)
{
	if (prompt_is_open()) {
		prompt_feed(key);
		return;
	}
	if (sc->question[0] && !is_mouse(key)) {
		answer_question(sc, key);
		return;
	}
	if (sc->has_message && (sc->message_level != LOG_ERROR || key.code == K_ESC)) {
		sc->has_message = false;
		if (sc->message_level == LOG_ERROR) /* this Esc was for the error */
			return;
	}
	if (sc->pager.open && pager_key(&sc->pager, key))
		return;
	if (sc->pager.open)
		pager_close(&sc->pager);
	if (is_mouse(key))
		take_mouse(sc, key);
	else
		run_binding(sc, key.code);
}

void screen_paste(struct screen *sc, const char *utf8, size_t n)
{
	if (prompt_is_open())
		prompt_paste(utf8, n);
	else
		screen_say(sc, LOG_INFO, "pasted text goes to the prompt: press : first");
}

/* --- a frame ------------------------------------------------------------------------------------------ */

static void draw_too_small(struct surface *out)
{
	surface_printf(out, 0, out->h / 2, out->w, STYLE_PLAIN, "%d×%d: whyrec needs %d×%d", out->w, out->h,
		       SCREEN_LEAST_W, SCREEN_LEAST_H);
}

void screen_draw(struct screen *sc, struct surface *out)
{
	struct screen_layout l;
	struct view *v = screen_view(sc);

	layout_screen(out->w, out->h, &l);
	surface_clear(out, STYLE_PLAIN);
	sc->w = out->w;
	sc->h = out->h;
	if (l.too_small) {
		draw_too_small(out);
		return;
	}
	view_place(v, l.body);
	if (view_search_on(v, sc->session, clock_now() + SEARCH_BUDGET))
		sc->wishes |= WISH_PAINT;
	v->kind->sync(v, sc->session);
	frame_draw_header(sc, out, l.header);
	frame_draw_tabs(sc, out, l.tabs);
	v->kind->draw(v, sc->session, out);
	if (sc->pager.open) {
		pager_place(&sc->pager, l.body);
		pager_draw(&sc->pager, out, l.body);
	}
	if (prompt_is_open())
		frame_draw_candidates(out, l.body);
	frame_draw_last(sc, out, l.last);
}
