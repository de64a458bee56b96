/* SPDX-License-Identifier: GPL-3.0-or-later */
/* synth_world.h - the items of made-up data and who would take which; only synth*.c use it.
 *
 * Built once from (options, seed), then const: users are drawn from it in parallel.
 */
#ifndef DATA_SYNTH_WORLD_H
#define DATA_SYNTH_WORLD_H

#include "base/rng.h"
#include "base/str.h"
#include "base/task.h"
#include "data/synth_words.h"

struct synth_item {
	uint8_t taste, second; /* second == taste: it has one taste only */
	float share;           /* of the first taste: 0.55 .. 1 */
	float quality;         /* N(0, 1): what raises its ratings */
	double popularity;     /* a power of its rank */
};

/* Items of one taste, or all, with running sums of how likely each is drawn. */
struct synth_shelf {
	uint32_t n;
	uint32_t *item; /* [n] */
	double *sum;    /* [n] ascending; the last is the total */
};

struct synth_world {
	const struct synth_scenario *scenario;
	uint32_t n_items;
	struct synth_item *item;
	double taste_sum[SYNTH_MOST_TASTES]; /* how common tastes are, running sums */
	struct synth_shelf shelf[SYNTH_MOST_TASTES], all;
	uint32_t *next; /* [I] which item follows each; NULL: order is not planted */
};

bool synth_world_make(struct synth_world *w, const struct synth_scenario *sc, uint32_t n_items, uint64_t seed,
		      struct err *err);
void synth_world_done(struct synth_world *w);
/* Makes ->next: the items by rank, each followed by the one that stands at its place after all were moved a little.
 * So popularity stays as it is under such steps, they know nothing of tastes, and nothing follows itself. */
bool synth_world_order(struct synth_world *w, uint64_t seed, struct err *err);
uint32_t synth_draw_taste(const struct synth_world *w, struct rng *rng);
uint32_t synth_draw_item(const struct synth_shelf *s, struct rng *rng);

/* A field of a csv row, quoted where it must be. */
void synth_put_field(struct str *out, const char *text);
/* items.csv: item,title,tags,text; distinct titles.  A share `text` of the words and tags is of the item's tastes. */
bool synth_put_items(const struct synth_world *w, double text, uint64_t seed, const struct task *task, struct str *out,
		     struct err *err);

#endif
