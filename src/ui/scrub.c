/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scrub.c - see scrub.h. */
#include "ui/scrub.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ui/pane.h"
#include "ui/plot.h"
#include "ui/text.h"

bool scrub_is_on(const struct scrub *sc, const struct run *run)
{
	return sc->epoch && run && !strcmp(sc->run, run->rec.name);
}

/* Epochs that can be stepped on: those whose lists are kept, else those of the curves. */
static size_t n_steps(const struct run *run)
{
	return run->lists.n ? run->lists.n : run->rec.curves.n;
}

static uint32_t step_epoch(const struct run *run, size_t i)
{
	return run->lists.n ? run->lists.at[i]->epoch : run->rec.curves.point[i].epoch;
}

void scrub_step(struct scrub *sc, struct session *s, const struct run *run, const char *where)
{
	const bool back = !strcmp(where, "previous");
	size_t n = run ? n_steps(run) : 0, at = n;

	if (!strcmp(where, "now") || !run) {
		sc->epoch = 0;
		return;
	}
	session_need_lists(s, run);
	if (n < 2) {
		session_tell(s, LOG_INFO, "%s has no epochs to step through", run->rec.name);
		return;
	}
	if (!scrub_is_on(sc, run)) {
		if (!back) {
			session_tell(s, LOG_INFO, "%s shows as it is now: [ goes back through its epochs", run->rec.name);
			return;
		}
		snprintf(sc->run, sizeof sc->run, "%s", run->rec.name);
		sc->epoch = step_epoch(run, n - 2);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t epoch = step_epoch(run, i);

		if (back ? epoch < sc->epoch : epoch > sc->epoch && at == n)
			at = i;
	}
	if (at < n)
		sc->epoch = step_epoch(run, at);
	else if (!back)
		sc->epoch = 0;
}

const struct epoch_lists *scrub_lists(const struct scrub *sc, const struct run *run, const struct epoch_lists **before)
{
	const struct watched *w = run ? &run->lists : NULL;
	size_t at;

	*before = NULL;
	if (!w || !w->n || !run->of_data)
		return NULL;
	at = scrub_is_on(sc, run) ? watched_find(w, sc->epoch) : w->n - 1;
	if (at == w->n)
		return NULL;
	if (at)
		*before = w->at[at - 1];
	return w->at[at];
}

static double churn_of(const struct curves *c, uint32_t epoch)
{
	for (size_t i = c->n; i-- > 0;)
		if (c->point[i].epoch == epoch)
			return c->point[i].churn;
	return NAN;
}

void scrub_say(const struct scrub *sc, const struct run *run, char *out, size_t size)
{
	const struct epoch_lists *before, *now = scrub_lists(sc, run, &before);
	uint32_t epoch = now ? now->epoch : scrub_is_on(sc, run) ? sc->epoch : run->rec.epochs;
	double churn = churn_of(&run->rec.curves, epoch);
	size_t used = (size_t)snprintf(out, size, "epoch %u of %u", epoch, run->rec.epochs);

	if (!isnan(churn) && used < size)
		used += (size_t)snprintf(out + used, size - used, " · churn@%d %.2f", CHURN_K, churn);
	if (run->lists.stride > 1 && used < size)
		snprintf(out + used, size - used, " · 1 in %u epochs is kept", run->lists.stride);
}

const char *scrub_why_none(const struct run *run)
{
	if (!run)
		return "No run yet";
	if (run->rec.epochs_asked <= 1)
		return "No epochs: this model is computed at once";
	if (!run->of_data)
		return "This run is of other data";
	if (run->job)
		return "The first epoch is under way …";
	return run->lists_read ? "No lists by epoch were kept of this run" : "[ reads the lists that were kept by epoch";
}

const struct plot_series *scrub_churn(const struct run *run, struct plot_series *out, double **points)
{
	const struct curves *c = &run->rec.curves;
	struct err err = { 0 };
	size_t n = 0;

	*points = mem_alloc(2 * c->n + 1, sizeof **points, &err);
	if (!*points)
		return NULL;
	for (size_t i = 0; i < c->n; i++)
		if (!isnan(c->point[i].churn)) {
			(*points)[n] = c->point[i].epoch;
			(*points)[c->n + n++] = c->point[i].churn;
		}
	*out = (struct plot_series){ .label = "churn", .style = STYLE_SERIES_2, .x = *points, .y = *points + c->n, .n = n };
	return n ? out : NULL;
}

void scrub_draw_ranks(const struct scrub *sc, const struct run *run, uint32_t at, uint32_t item, struct surface *out,
		      struct rect in)
{
	const struct watched *w = &run->lists;
	struct err err = { 0 };
	double *x = mem_alloc(2 * w->n + 1, sizeof *x, &err), *churn;
	struct plot_series ranks = { .style = STYLE_SERIES_1, .on = 1, .period = 1, .x = x, .y = x ? x + w->n : NULL,
				     .n = x ? w->n : 0 }, under;
	struct plot p = { .series = &ranks, .n_series = 1, .whole_x = true, .ranks = true, .mark_x = NAN,
			  .at_x = scrub_is_on(sc, run) ? sc->epoch : 0, .x_label = "epoch",
			  .under = scrub_churn(run, &under, &churn) };
	bool any = false;

	for (size_t i = 0; x && i < w->n; i++) {
		uint32_t rank = epoch_lists_rank(w->at[i], at, item);

		x[i] = w->at[i]->epoch;
		x[w->n + i] = rank ? -(double)rank : (double)NAN;
		any |= rank != 0;
	}
	p.x_hi = w->n ? w->at[w->n - 1]->epoch : 0;
	if (x && any)
		plot_draw(out, in, &p);
	else
		pane_say(out, in, "Not among the items kept of any epoch");
	mem_free(x);
	mem_free(churn);
}

uint32_t scrub_next_user(const struct run *run, uint32_t from, int step)
{
	const struct epoch_lists *l = run && run->lists.n ? run->lists.at[0] : NULL;
	uint32_t at = 0;

	if (!l)
		return NO_USER;
	if (from == NO_USER)
		return l->user[step > 0 ? 0 : l->n_users - 1];
	while (at < l->n_users && (step > 0 ? l->user[at] <= from : l->user[at] < from))
		at++;
	if (step > 0)
		return l->user[at % l->n_users];
	return l->user[(at + l->n_users - 1) % l->n_users];
}
