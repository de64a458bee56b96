/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_compare_plots.h - a comparison as pictures: accuracy against the time of training, and learning curves.
 *
 * rows: as the command compare tells them, best first.  UI thread; nothing is kept.
 */
#ifndef UI_V_COMPARE_PLOTS_H
#define UI_V_COMPARE_PLOTS_H

#include <jansson.h>

#include "ui/surface.h"

/* Each run a point, the time of training on a log scale; bold and with a mark of its own where no other is both better
 * and quicker (the Pareto front). */
void compare_draw_cost(struct surface *out, struct rect in, const json_t *rows, const char *metric, size_t cursor);
/* The metric at each share of the train events; false: it was not measured, nothing is drawn. */
bool compare_draw_appetite(struct surface *out, struct rect in, const json_t *rows);
/* rows of the command rerank: the metric against the diversity and the coverage that the weights buy. */
bool compare_draw_rerank(struct surface *out, struct rect in, const json_t *rows);

#endif
