/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_train.h - what v_train.c (runs, settings) v_train_curves.c (plots, progress) and
 * v_train_tune.c (trials) share. */
#ifndef UI_V_TRAIN_H
#define UI_V_TRAIN_H

#include "ui/form.h"
#include "ui/scrub.h"
#include "ui/view.h"

enum { RUNS, SETTINGS, LOSS, VALID, WATCHED, NOW };

#define OVERLAY_MAX 3

struct train_state {
	struct form form;
	size_t n_runs;
	char overlay[OVERLAY_MAX][64]; /* runs kept in the plots, by name */
	int n_overlay;
	bool log_scale, best;
	struct scrub scrub;            /* the epoch that shows of the run under the cursor */
	uint32_t user;                 /* whose lists show; one who is not watched stands for the first */
};

const struct run *train_focus(const struct view *v, const struct session *s); /* under the cursor, or NULL */
bool train_is_overlaid(const struct train_state *st, const char *run);
void train_draw_loss(const struct view *v, const struct session *s, struct surface *out);
void train_draw_valid(const struct view *v, const struct session *s, struct surface *out);
/* Of a tuned run, in the place of the two plots; 0: the run is none, or no trial has ended. */
size_t train_trials(const struct run *run);
void train_draw_trials(const struct view *v, const struct session *s, struct surface *out);
void train_draw_search(const struct view *v, const struct session *s, struct surface *out);
void train_say_trials(const struct run *run, char *out, size_t size);
/* v_train_watched.c */
void train_watched_sync(struct view *v, struct session *s);
bool train_watched(struct view *v, struct session *s, const struct act *act); /* false: none of its actions */
uint32_t train_watched_item(const struct view *v, const struct session *s); /* under the cursor; NO_ITEM */
uint32_t train_watched_user(const struct view *v, const struct session *s); /* whose list shows; NO_USER */
void train_watched_row(const struct view *v, const struct session *s, size_t row, struct str *out);
void train_draw_watched(const struct view *v, const struct session *s, struct surface *out);
void train_draw_now(const struct view *v, const struct session *s, struct surface *out);

#endif
