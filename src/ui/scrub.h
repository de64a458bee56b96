/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scrub.h - stepping through the epochs of a run: which one shows, its lists, an item's rank over all of them.
 *
 * Train and Users have one each.  Off, a run shows as it is now.  UI thread; nothing is owned.
 */
#ifndef UI_SCRUB_H
#define UI_SCRUB_H

#include "app/session.h"
#include "ui/surface.h"

struct scrub {
	char run[64];
	uint32_t epoch; /* 0: off */
};

bool scrub_is_on(const struct scrub *sc, const struct run *run); /* on, and for this run */
/* "previous", "next" or "now"; past the newest it is off again.  Says on the last line why it cannot. */
void scrub_step(struct scrub *sc, struct session *s, const struct run *run, const char *where);
/* The lists of the epoch that shows (off: the newest), or NULL; *before: those kept before, or NULL. */
const struct epoch_lists *scrub_lists(const struct scrub *sc, const struct run *run, const struct epoch_lists **before);
/* "epoch 5 of 12 · churn@10 0.23 · 1 in 2 epochs is kept" */
void scrub_say(const struct scrub *sc, const struct run *run, char *out, size_t size);
/* Why there are no lists to show. */
const char *scrub_why_none(const struct run *run);
/* The churn of the run's epochs as a row under a plot; NULL: none was told.  mem_free(*points) in any case. */
struct plot_series;
const struct plot_series *scrub_churn(const struct run *run, struct plot_series *out, double **points);
/* The rank of an item in the list of the at-th watched user over the epochs. */
void scrub_draw_ranks(const struct scrub *sc, const struct run *run, uint32_t at, uint32_t item, struct surface *out,
		      struct rect in);
/* The next (step 1) or previous watched user; `from` may be none.  NO_USER: nobody is watched. */
uint32_t scrub_next_user(const struct run *run, uint32_t from, int step);

#endif
