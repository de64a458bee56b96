/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_train.h - what v_train.c (runs, settings) v_train_curves.c (plots, progress) and
 * v_train_tune.c (trials) share. */
#ifndef UI_V_TRAIN_H
#define UI_V_TRAIN_H

#include "ui/form.h"
#include "ui/view.h"

enum { RUNS, SETTINGS, LOSS, VALID, NOW };

#define OVERLAY_MAX 3

struct train_state {
	struct form form;
	size_t n_runs;
	char overlay[OVERLAY_MAX][64]; /* runs kept in the plots, by name */
	int n_overlay;
	bool log_scale, best;
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
void train_draw_now(const struct view *v, const struct session *s, struct surface *out);

#endif
