/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tune_space.h - what a tuning searches: an axis for each parameter that varies, and the settings drawn from it.
 *
 * A model's table says over what a parameter is tuned (struct param_spec, tune); the operator's own ranges take
 * its place:
 *	LO..HI   any number between, by factors where the table's log_scale says so and LO > 0
 *	A,B,C    one of these (of a list of widths: A|B|C)
 *	A        fixed
 * Settings depend on (seed, trial, axis) alone, not on what was drawn before: trial 12 of a tuning that went on is
 * trial 12 of one that never stopped.  Trial 0 is the model's default where the axes hold it.  Random search:
 * Bergstra & Bengio 2012.  A grid takes three points of a range and all of a list, in a seeded order.
 * Thread: ANY, const.
 */
#ifndef TRAIN_TUNE_SPACE_H
#define TRAIN_TUNE_SPACE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/param.h"

#define TUNE_GRID_POINTS 3
#define TUNE_GRID_MOST 1000000

struct tune_axis {
	int param;           /* its row in the table */
	double lo, hi;       /* of a range; n == 0 */
	bool by_factors;
	size_t n;            /* of a list */
	char (*value)[96];   /* [n]; owned */
};
struct tune_space {
	struct params base;  /* defaults, and what is fixed */
	size_t n;
	struct tune_axis axis[PARAM_MAX];
	char given[PARAM_MAX][96]; /* the operator's own text of each row, or "" */
};

/* The axes of the table's own ranges. */
bool tune_space_init(struct tune_space *s, const struct param_spec *specs, struct err *err);
void tune_space_done(struct tune_space *s);
/* One parameter by the operator's text.  Errors name the parameter, its range and what was wrong. */
bool tune_space_give(struct tune_space *s, const char *name, const char *text, struct err *err);
json_t *tune_space_to_json(const struct tune_space *s); /* what was given: {"dim":"16..64"} */

bool tune_space_has_default(const struct tune_space *s);
uint64_t tune_grid_size(const struct tune_space *s); /* over TUNE_GRID_MOST: too large to be drawn from */
void tune_draw_random(const struct tune_space *s, uint64_t seed, uint32_t trial, struct params *out);
void tune_draw_grid(const struct tune_space *s, uint64_t seed, uint32_t trial, struct params *out); /* trial < grid size */

#endif
