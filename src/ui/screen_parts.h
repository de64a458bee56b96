/* SPDX-License-Identifier: GPL-3.0-or-later */
/* screen_parts.h - what screen.c, screen_run.c, frame.c and pager.c share of a screen.  ui/ only. */
#ifndef UI_SCREEN_PARTS_H
#define UI_SCREEN_PARTS_H

#include "cmd/command.h"
#include "ui/keys.h"
#include "ui/pager.h"
#include "ui/screen.h"
#include "ui/view.h"

/* A command under way, in a list. */
struct waiting {
	struct waiting *next, **link;
	struct screen *sc;
	uint64_t typed;   /* 0: a key's, whose result is not shown */
	char line[96];
};

struct screen {
	struct session *session;
	struct view view[N_VIEWS];
	int current;
	struct keymap *keys;
	struct pager pager;               /* help and results, over the view */
	unsigned wishes;
	int w, h;                         /* of the last drawing */

	char message[512];
	enum log_level message_level;     /* LOG_ERROR: stays until Esc */
	bool has_message;

	char question[512], asked[1024];  /* "…? y/N", and the line it is about; "" when nothing is asked */
	struct view *asker;                            /* whose question it is; NULL: the line's */

	bool shows_result;                /* the next result is for whoever typed the last line */
	struct waiting *waiting;          /* commands started, not answered */
	uint64_t typed;                   /* lines run so far, to tell which result is the last line's */
};

static inline struct view *screen_view(struct screen *sc)
{
	return &sc->view[sc->current];
}

/* screen_run.c */
bool screen_expand(struct screen *sc, const char *text, struct str *out); /* {user} … ; false: told why not */
void screen_do(struct screen *sc, const char *line);   /* a view action or a command, asking first if need be */
void screen_forget(struct waiting *w);
void screen_start(struct screen *sc, const char *line); /* without asking */
void screen_news(void *ctx, const struct call *call, const struct result *r); /* command_listen()'s, of a screen */
void screen_open_prompt(struct screen *sc, char label, const char *text);
void screen_say(struct screen *sc, enum log_level level, const char *text);
size_t screen_complete(void *ctx, const char *line, size_t cursor, size_t *from, struct candidate *out, size_t max);
bool screen_front_job(const struct session *s, struct job_row *out);

/* frame.c */
void frame_draw_header(const struct screen *sc, struct surface *out, struct rect r);
void frame_draw_tabs(const struct screen *sc, struct surface *out, struct rect r);
int frame_tab_at(const struct screen *sc, int w, int x); /* -1: none */
void frame_draw_last(const struct screen *sc, struct surface *out, struct rect r);
void frame_draw_candidates(struct surface *out, struct rect body);

/* help.c */
void help_write(const struct screen *sc, struct str *out);

#endif
