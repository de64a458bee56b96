/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_train_curves.c - loss and validation of the run under the cursor and those laid over, and its progress. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ui/bars.h"
#include "ui/plot.h"
#include "ui/text.h"
#include "ui/v_train.h"

#define MAX_SERIES (CURVE_LOSSES + OVERLAY_MAX)

/* Series with the memory that their points lie in. */
struct series_set {
	struct plot_series series[MAX_SERIES];
	double *points[MAX_SERIES];
	size_t n;
	double epochs; /* the axis reaches this far */
};

static const uint16_t series_style[] = { STYLE_SERIES_1, STYLE_SERIES_2, STYLE_SERIES_3, STYLE_SERIES_4 };
static const int series_on[] = { 1, 1, 3, 2 }, series_period[] = { 1, 3, 5, 6 };

/* loss < 0: the validation metric, where it was measured. */
static void add_series(struct series_set *set, const struct run *run, int loss, const char *label)
{
	const struct curves *c = &run->rec.curves;
	struct err err = { 0 };
	size_t k = set->n, n = 0;
	double *x;

	if (k == MAX_SERIES || !c->n)
		return;
	x = mem_alloc(2 * c->n, sizeof *x, &err);
	if (!x)
		return;
	for (size_t i = 0; i < c->n; i++) {
		double y = loss < 0 ? c->point[i].valid
			   : (unsigned)loss < c->point[i].n_loss ? c->point[i].loss[loss] : NAN;

		if (isnan(y))
			continue; /* epochs between two measurements are no gap */
		x[n] = c->point[i].epoch;
		x[c->n + n++] = y;
	}
	set->points[k] = x;
	set->series[k] = (struct plot_series){ .label = label, .style = series_style[k % 4], .on = series_on[k % 4],
					       .period = series_period[k % 4], .x = x, .y = x + c->n, .n = n };
	set->n++;
	set->epochs = fmax(set->epochs, c->point[c->n - 1].epoch);
	/* Room for what is to come, but never so much that what is there shrinks to a line. */
	if (run->job)
		set->epochs = fmax(set->epochs, fmin(run->rec.epochs_asked, fmax(10, 4.0 * c->point[c->n - 1].epoch)));
}

static void drop_series(struct series_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		mem_free(set->points[i]);
}

static void add_overlays(struct series_set *set, const struct train_state *st, const struct session *s,
			 const struct run *focus, bool valid)
{
	for (size_t i = 0; i < session_n_runs(s); i++) {
		const struct run *run = session_run(s, i);

		if (run == focus || !train_is_overlaid(st, run->rec.name))
			continue;
		if (valid && (strcmp(run->rec.metric, focus->rec.metric) || !run->of_split))
			continue; /* another metric, or other users: not comparable */
		add_series(set, run, valid ? -1 : 0, run->rec.name);
	}
}

static void draw_series(const struct view *v, const struct run *focus, const struct series_set *set, bool valid,
			struct surface *out, struct rect in)
{
	const struct train_state *st = v->state;
	struct plot_series churn;
	double *points = NULL;
	struct plot p = { .series = set->series, .n_series = set->n, .x_lo = 0, .x_hi = set->epochs, .whole_x = true,
			  .log_y = !valid && st->log_scale, .legend_low = valid, .mark_x = st->best && focus->rec.best_epoch ? (double)focus->rec.best_epoch : NAN,
			  .at_x = scrub_is_on(&st->scrub, focus) ? st->scrub.epoch : 0, .x_label = "epoch",
			  .under = valid && !st->n_overlay ? scrub_churn(focus, &churn, &points) : NULL };

	plot_draw(out, (struct rect){ in.x + 1, in.y, in.w - 2, in.h }, &p);
	mem_free(points);
}

static const char *why_no_curve(const struct run *run, bool valid)
{
	if (!run)
		return "No run yet: t trains ease";
	if (run->job && !run->rec.curves.n)
		return "The first epoch is under way …";
	if (run->job)
		return valid && run->rec.valid_every ? "Nothing was measured on valid events yet"
		       : valid ? "Nothing is measured on valid events" : "Waiting for the second epoch …";
	if (run->rec.epochs_asked <= 1)
		return valid ? "One value: this model is computed at once"
			     : "No curve: this model is computed at once";
	return valid ? "Nothing was measured on valid events" : "No epoch was finished";
}

void train_draw_loss(const struct view *v, const struct session *s, struct surface *out)
{
	const struct train_state *st = v->state;
	const struct run *run = train_focus(v, s);
	struct series_set set = { 0 };
	char title[128] = "Loss";
	struct rect in;

	if (run)
		snprintf(title, sizeof title, st->log_scale ? "Loss · %s · log scale" : "Loss · %s", run->rec.name);
	in = view_pane(v, out, LOSS, title);
	if (run && (run->rec.curves.n > 1 || st->n_overlay)) {
		const struct curves *c = &run->rec.curves;

		if (st->n_overlay) {
			add_series(&set, run, 0, run->rec.name);
			add_overlays(&set, st, s, run, false);
		} else {
			for (unsigned i = 0; i < c->n_loss; i++)
				add_series(&set, run, (int)i, *c->loss_name[i] ? c->loss_name[i] : "train");
		}
	}
	if (set.n)
		draw_series(v, run, &set, false, out, in);
	else
		pane_say(out, in, why_no_curve(run, false));
	drop_series(&set);
}

static void say_valid(const struct run *run, char *out, size_t size)
{
	const struct run_record *r = &run->rec;
	char best[32], patience[64] = "";
	uint32_t every = r->valid_every ? r->valid_every : 1;

	if (isnan(r->best_metric)) {
		snprintf(out, size, "Validation");
		return;
	}
	text_real(best, sizeof best, r->best_metric, 4);
	if (r->epochs_asked <= 1) {
		snprintf(out, size, "Validation %s · %s", r->metric, best);
		return;
	}
	if (run->job && r->patience && r->epochs >= r->best_epoch)
		snprintf(patience, sizeof patience, " · patience %u of %u", (r->epochs - r->best_epoch) / every,
			 r->patience);
	snprintf(out, size, "Validation %s · best %s at epoch %u%s", r->metric, best, r->best_epoch, patience);
}

void train_draw_valid(const struct view *v, const struct session *s, struct surface *out)
{
	const struct train_state *st = v->state;
	const struct run *run = train_focus(v, s);
	struct series_set set = { 0 };
	char title[160] = "Validation";
	struct rect in;

	if (run)
		say_valid(run, title, sizeof title);
	in = view_pane(v, out, VALID, title);
	if (run && (run->rec.curves.n > 1 || st->n_overlay)) {
		add_series(&set, run, -1, run->rec.name);
		add_overlays(&set, st, s, run, true);
	}
	if (set.n && set.series[0].n)
		draw_series(v, run, &set, true, out, in);
	else
		pane_say(out, in, why_no_curve(run, true));
	drop_series(&set);
}

/* --- now ------------------------------------------------------------------------------------------------------- */

static void add_part(struct str *line, const char *text)
{
	str_printf(line, "%s%s", line->len ? " · " : "", text);
}

static void say_figures(const struct run *run, struct str *line)
{
	const struct run_record *r = &run->rec;
	const struct curve_point *last = r->curves.n ? &r->curves.point[r->curves.n - 1] : NULL;
	double rate = run->job ? run->rate_now : last ? last->rate : NAN;
	char n[32], text[96];

	if (rate > 0 && isfinite(rate) && r->seconds > 0) {
		text_short(n, sizeof n, rate);
		snprintf(text, sizeof text, "%s %s/s", n, run->rate_unit ? run->rate_unit : "examples");
		add_part(line, text);
	}
	if (r->epochs_asked > 1 && r->epochs && r->seconds > 0 && !r->tuning) {
		snprintf(text, sizeof text, "%.3g s/epoch", r->seconds / r->epochs);
		add_part(line, text);
	}
	if (!isnan(run_record_told(r)) && r->epochs && !r->tuning) {
		text_seconds(n, sizeof n, run_record_told(r));
		snprintf(text, sizeof text, "told %s", n);
		add_part(line, text);
	}
	if (run_bytes(run))
		add_part(line, str_bytes(run_bytes(run), n));
	if (!isnan(curves_gap(&r->curves))) {
		double gap = curves_gap(&r->curves);

		snprintf(text, sizeof text, "valid loss %.3g %s train", fabs(gap), gap < 0 ? "below" : "above");
		add_part(line, text);
	}
	if (last && !isnan(last->lr)) {
		snprintf(text, sizeof text, "lr %.4g", last->lr);
		add_part(line, text);
	}
	if (last && !isnan(last->gradient_norm)) {
		snprintf(text, sizeof text, "gradient norm %.3g", last->gradient_norm);
		add_part(line, text);
	}
}

/* What was told of one epoch: losses, metric, churn. */
static void say_epoch(const struct run *run, uint32_t epoch, struct str *line)
{
	const struct curves *c = &run->rec.curves;
	char text[96];

	for (size_t i = 0; i < c->n; i++) {
		const struct curve_point *p = &c->point[i];

		if (p->epoch != epoch)
			continue;
		snprintf(text, sizeof text, "epoch %u", epoch);
		add_part(line, text);
		for (unsigned k = 0; k < p->n_loss; k++) {
			snprintf(text, sizeof text, "%s %.4g", *c->loss_name[k] ? c->loss_name[k] : "loss", p->loss[k]);
			if (!isnan(p->loss[k]))
				add_part(line, text);
		}
		snprintf(text, sizeof text, "%s %.4f", c->metric, p->valid);
		if (!isnan(p->valid))
			add_part(line, text);
		snprintf(text, sizeof text, "churn@%d %.2f", CHURN_K, p->churn);
		if (!isnan(p->churn))
			add_part(line, text);
	}
}

static void say_params(const struct run *run, struct str *line)
{
	const char *key;
	json_t *value;

	json_object_foreach(run->rec.params, key, value) {
		char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
		size_t n = text ? strlen(text) : 0;
		bool quoted = n >= 2 && text[0] == '"';

		str_printf(line, "%s%s=%.*s", line->len ? " " : "", key, (int)(quoted ? n - 2 : n),
			   text ? text + quoted : "");
		free(text);
	}
}

static void draw_progress(const struct run *run, const struct job_row *job, struct surface *out, struct rect line)
{
	char text[96], right[64] = "", left[32], n[32], of[32];
	double share = job->total ? (double)job->done / (double)job->total : 0;
	int x = line.x, w, w_right;

	if (job_is_paused(job) || !strcmp(job->state_text, "queued"))
		snprintf(right, sizeof right, "%s", job->state_text);
	else if (!isnan(job->left))
		snprintf(right, sizeof right, "%3.0f%%  left %s", floor(share * 100), str_seconds(job->left, left));
	else if (job->total)
		snprintf(right, sizeof right, "%3.0f%%", floor(share * 100));
	if (run->rec.tuning) {
		text_count(n, sizeof n, train_trials(run) + 1);
		text_count(of, sizeof of,
			   (uint64_t)json_integer_value(json_object_get(run->rec.tuning, "trials_asked")));
	} else {
		text_count(n, sizeof n, run->rec.epochs);
		text_count(of, sizeof of, run->rec.epochs_asked);
	}
	snprintf(text, sizeof text, "%s %s of %s", run->rec.tuning ? "trial" : "epoch", n, of);
	x += surface_text(out, x, line.y, line.w, STYLE_PLAIN, text) + 1;
	w_right = surface_width(out, right);
	w = line.x + line.w - x - w_right - 1;
	bar_draw(out, x, line.y, w, share, STYLE_BAR);
	surface_text_right(out, line.x + line.w - w_right, line.y, w_right, STYLE_PLAIN, right);
}

static void say_end(const struct run *run, char *out, size_t size)
{
	const struct run_record *r = &run->rec;
	char time[32], best[48] = "", of[32];

	text_seconds(time, sizeof time, r->seconds);
	text_real(of, sizeof of, r->best_metric, 4);
	if (!isnan(r->best_metric))
		snprintf(best, sizeof best, ", best at epoch %u", r->best_epoch);
	if (!strcmp(r->stopped, "failed"))
		snprintf(out, size, "failed: %s", r->failure);
	else if (train_trials(run))
		train_say_trials(run, out, size);
	else if (r->epochs_asked <= 1 && !strcmp(r->stopped, "done"))
		snprintf(out, size, "computed in %s", time);
	else
		snprintf(out, size, "%s after epoch %u%s, %s", !strcmp(r->stopped, "early") ? "stopped early" : r->stopped,
			 r->epochs, best, time);
}

void train_draw_now(const struct view *v, const struct session *s, struct surface *out)
{
	const struct train_state *st = v->state;
	const struct run *run = train_focus(v, s);
	char title[128] = "Now", end[320];
	struct str text = STR_INIT;
	struct job_row job;
	struct rect in, line;

	if (run)
		snprintf(title, sizeof title, run->job ? "Now · %s" : "%s", run->label);
	in = view_pane(v, out, NOW, title);
	line = (struct rect){ in.x + 1, in.y, in.w - 2, 1 };
	if (!run || in.h < 1) {
		pane_say(out, in, "Nothing is training");
		return;
	}
	if (run->job && session_find_job(s, run->job, &job)) {
		draw_progress(run, &job, out, line);
	} else {
		say_end(run, end, sizeof end);
		surface_text(out, line.x, line.y, line.w,
			     strcmp(run->rec.stopped, "failed") ? STYLE_PLAIN : STYLE_BAD, end);
	}
	if (scrub_is_on(&st->scrub, run))
		say_epoch(run, st->scrub.epoch, &text);
	else
		say_figures(run, &text);
	if (++line.y < in.y + in.h)
		surface_text(out, line.x, line.y, line.w, STYLE_DIM, str_text(&text));
	str_clear(&text);
	say_params(run, &text);
	if (++line.y < in.y + in.h)
		surface_text(out, line.x, line.y, line.w, STYLE_DIM, str_text(&text));
	str_done(&text);
}
