/* SPDX-License-Identifier: GPL-3.0-or-later */
/* v_train_tune.c - a tuned run on Train: its trials, best first, and how the best came to be. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ui/plot.h"
#include "ui/text.h"
#include "ui/v_train.h"

enum { T_NUMBER, T_VALID, T_GAIN, T_EPOCHS, T_ENDED, T_FIRST_PARAM };
enum { PARAMS_SHOWN = TABLE_COLUMNS - T_FIRST_PARAM };

static const json_t *trials_of(const struct run *run)
{
	return run ? json_object_get(run->rec.tuning, "trials") : NULL;
}

size_t train_trials(const struct run *run)
{
	return json_array_size(trials_of(run));
}

static double valid_of(const json_t *trial)
{
	const json_t *v = json_object_get(trial, "valid");

	return json_is_number(v) ? json_number_value(v) : NAN;
}

/* --- the table -------------------------------------------------------------------------------------------- */

struct ordered { const json_t *trial; double behind; /* smaller is better; NaN: it failed */ };

struct trials_ctx {
	struct ordered *order; /* best first, failed ones last */
	const json_t *effects;
	json_int_t best;       /* the number of the one that is taken */
};

static bool counts_up(const struct run *run)
{
	return !json_is_false(json_object_get(run->rec.tuning, "higher_better"));
}

static int by_valid(const void *a, const void *b)
{
	const struct ordered *x = a, *y = b;

	if (isnan(x->behind) || isnan(y->behind))
		return isnan(x->behind) - isnan(y->behind);
	return (x->behind > y->behind) - (x->behind < y->behind);
}

static void say_value(const json_t *v, char *out, size_t size)
{
	if (json_is_string(v))
		snprintf(out, size, "%s", json_string_value(v));
	else if (json_is_number(v))
		snprintf(out, size, "%.4g", json_number_value(v));
	else if (json_is_boolean(v))
		snprintf(out, size, "%s", json_is_true(v) ? "yes" : "no");
	else if (json_is_array(v)) {
		char *list = mem_must(json_dumps(v, JSON_COMPACT)); /* [64,32] */

		snprintf(out, size, "%.*s", (int)strcspn(list + 1, "]"), list + 1);
		free(list);
	}
}

static void trial_cell(const void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct trials_ctx *c = ctx;
	const json_t *t = c->order[row].trial;

	out->dim_row = isnan(valid_of(t));
	switch (column) {
	case T_NUMBER:
		snprintf(out->text, sizeof out->text, "%s%" JSON_INTEGER_FORMAT,
			 json_integer_value(json_object_get(t, "trial")) == c->best ? "*" : "",
			 json_integer_value(json_object_get(t, "trial")));
		break;
	case T_VALID:
		text_real(out->text, sizeof out->text, valid_of(t), 4);
		out->style = json_integer_value(json_object_get(t, "trial")) == c->best ? STYLE_GOOD : STYLE_PLAIN;
		break;
	case T_GAIN:
		if (json_is_number(json_object_get(t, "gain")))
			snprintf(out->text, sizeof out->text, "%+.4f ± %.4f", json_number_value(json_object_get(t, "gain")),
				 json_number_value(json_object_get(t, "gain_error")));
		break;
	case T_EPOCHS:
		text_count(out->text, sizeof out->text, (uint64_t)json_integer_value(json_object_get(t, "epochs")));
		break;
	case T_ENDED:
		snprintf(out->text, sizeof out->text, "%s", json_string_value(json_object_get(t, "stopped")));
		out->style = STYLE_DIM;
		break;
	default: {
		const json_t *e = json_array_get(c->effects, (size_t)(column - T_FIRST_PARAM));
		const char *name = json_string_value(json_object_get(e, "param"));

		if (name)
			say_value(json_object_get(json_object_get(t, "params"), name), out->text, sizeof out->text);
	}
	}
}

/* The parameters come with the one whose trials differ most in front: it is the last to give way. */
static int make_columns(const json_t *effects, struct table_column *column)
{
	int n = T_FIRST_PARAM;

	column[T_NUMBER] = (struct table_column){ .title = "trial", .width = 5, .right = true };
	column[T_VALID] = (struct table_column){ .title = "valid", .width = 7, .right = true };
	column[T_GAIN] = (struct table_column){ .title = "again", .width = 16, .right = true, .drop = 3 };
	column[T_EPOCHS] = (struct table_column){ .title = "epochs", .width = 6, .right = true, .drop = 2 };
	column[T_ENDED] = (struct table_column){ .title = "ended", .width = 6, .drop = 1 };
	for (size_t k = 0; k < json_array_size(effects) && k < PARAMS_SHOWN; k++) {
		const char *name = json_string_value(json_object_get(json_array_get(effects, k), "param"));
		int width = name ? (int)strlen(name) : 0;

		column[n++] = (struct table_column){ .title = name ? name : "", .width = width < 8 ? 8 : width,
						     .right = true, .drop = k ? 2 + (int)k : 0 };
	}
	return n;
}

void train_draw_trials(const struct view *v, const struct session *s, struct surface *out)
{
	const struct run *run = train_focus(v, s);
	size_t n = train_trials(run);
	struct trials_ctx c = { .order = mem_must(calloc(n + 1, sizeof *c.order)),
				.effects = json_object_get(run->rec.tuning, "effects"),
				.best = json_integer_value(json_object_get(run->rec.tuning, "best")) };
	double sign = counts_up(run) ? -1 : 1;
	struct table_column column[TABLE_COLUMNS];
	char title[192], asked[32], had[32];
	struct rect in;

	for (size_t i = 0; i < n; i++)
		c.order[i] = (struct ordered){ json_array_get(trials_of(run), i), sign * valid_of(json_array_get(trials_of(run), i)) };
	qsort(c.order, n, sizeof *c.order, by_valid);
	text_count(had, sizeof had, n);
	text_count(asked, sizeof asked,
		   (uint64_t)json_integer_value(json_object_get(run->rec.tuning, "trials_asked")));
	snprintf(title, sizeof title, "Trials · %s · %s of %s", run->rec.name, had, asked);
	in = view_pane(v, out, LOSS, title);
	table_draw(&v->table[LOSS], out, in, column, make_columns(c.effects, column), trial_cell, &c,
		   TABLE_HEAD | (v->focus == LOSS ? TABLE_FOCUS : 0));
	free(c.order);
}

void train_say_trials(const struct run *run, char *out, size_t size)
{
	char time[32], n[32], best[32];

	text_seconds(time, sizeof time, run->rec.seconds);
	text_count(n, sizeof n, train_trials(run));
	text_real(best, sizeof best, run->rec.best_metric, 4);
	snprintf(out, size, "%s after %s trials, best %s, %s", run->rec.stopped, n, best, time);
}

/* --- how the best came to be ------------------------------------------------------------------------------ */

void train_draw_search(const struct view *v, const struct session *s, struct surface *out)
{
	const struct run *run = train_focus(v, s);
	size_t n = train_trials(run), drawn = 0;
	double sign = counts_up(run) ? 1 : -1;
	double *room = mem_must(calloc(4 * n + 1, sizeof *room)), *x = room, *y = x + n, *top = y + n, best = NAN;
	char title[128], value[32];
	struct plot_series series[2];
	struct rect in;

	for (size_t i = 0; i < n; i++) {
		double valid = valid_of(json_array_get(trials_of(run), i));

		if (isnan(valid))
			continue;
		best = isnan(best) || sign * valid > sign * best ? valid : best;
		x[drawn] = (double)i + 1;
		y[drawn] = valid;
		top[drawn++] = best;
	}
	series[0] = (struct plot_series){ .label = "best so far", .style = STYLE_SERIES_1, .on = 1, .period = 1, .x = x,
					  .y = top, .n = drawn };
	series[1] = (struct plot_series){ .label = "trial", .style = STYLE_SERIES_2, .on = 1, .period = 3, .x = x,
					  .y = y, .n = drawn };
	text_real(value, sizeof value, run->rec.best_metric, 4);
	snprintf(title, sizeof title, "Search %s · best %s", run->rec.metric, value);
	in = view_pane(v, out, VALID, title);
	plot_draw(out, (struct rect){ in.x + 1, in.y, in.w - 2, in.h },
		  &(struct plot){ .series = series, .n_series = 2, .x_lo = 0, .x_hi = (double)n, .whole_x = true,
				  .legend_low = true, .mark_x = NAN, .x_label = "trial" });
	free(room);
}
