/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plot - ticks are nice and cover the data; a plot looks as drawn here; bars are exact to an eighth. */
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "tap.h"
#include "ui/bars.h"
#include "ui/plot.h"

static struct surface s;

static const char *dump(void)
{
	static struct str out = STR_INIT;

	str_clear(&out);
	surface_dump(&s, &out);
	return str_text(&out);
}

static void ticks_cover(void)
{
	static const double range[][2] = { { 0, 1 }, { 0.44, 1.38 }, { 1e-9, 3e-9 }, { -5, 17 }, { 3, 3 },
					   { 0, 0 }, { 99, 101 }, { 1e6, 9e9 }, { -1, 1 } };
	double tick[PLOT_TICKS];
	int decimals;

	for (size_t i = 0; i < sizeof range / sizeof *range; i++)
		for (int most = 3; most <= PLOT_TICKS; most++) {
			double lo = range[i][0], hi = range[i][1], step;
			int n = plot_ticks(lo, hi, most, false, tick, &decimals);

			step = n > 1 ? tick[1] - tick[0] : 0;
			if (n < 2 || n > most || tick[0] > lo + step * 1e-6 || tick[n - 1] < hi - step * 1e-6)
				ok(false, "%g..%g in %d: %d ticks from %g to %g", lo, hi, most, n, tick[0],
				   tick[n - 1]);
			step /= pow(10, floor(log10(step) + 1e-9));
			if (fabs(step - 1) > 1e-6 && fabs(step - 2) > 1e-6 && fabs(step - 5) > 1e-6)
				ok(false, "the step %g is nice", step);
		}
	ok(plot_ticks(0, 1, 2, true, tick, &decimals) == 2 && decimals == 0, "whole ticks have no decimals");
	ok(plot_log_ticks(0.02, 30, 10, tick) == 3 && fabs(tick[0] - 0.1) < 1e-12 && fabs(tick[2] - 10) < 1e-9,
	   "powers of ten within the data");
	ok(plot_log_ticks(1e-12, 1, 4, tick) <= 4, "thinned out when many");
	ok(plot_log_ticks(0.13, 0.6, 5, tick) == 2 && fabs(tick[0] - 0.2) < 1e-12 && fabs(tick[1] - 0.5) < 1e-12,
	   "twos and fives where there are few");
	ok(plot_log_ticks(0.25, 0.45, 5, tick) == 2 && fabs(tick[0] - 0.3) < 1e-12, "or threes and fours");
	ok(plot_log_ticks(0.31, 0.34, 5, tick) == 2 && tick[0] < 0.311 && tick[1] > 0.339, "else the ends");
}

static void a_falling_curve(void)
{
	double x[9], y[9];
	struct plot_series series = { .label = "train", .on = 1, .period = 1, .x = x, .y = y, .n = 9 };
	struct plot p = { .series = &series, .n_series = 1, .whole_x = true, .mark_x = NAN, .x_label = "epoch" };

	for (int i = 0; i < 9; i++) {
		x[i] = i;
		y[i] = 1 - i / 8.0;
	}
	surface_resize(&s, 40, 7);
	plot_draw(&s, (struct rect){ 0, 0, 40, 7 }, &p);
	is_str(dump(),
	       "1.0┤⠉⠑⠒⠢⠤⢄⣀\n"
	       "   │       ⠉⠑⠒⠢⠤⢄⣀⣀\n"
	       "0.5┤               ⠉⠉⠒⠒⠤⣀⡀\n"
	       "   │                     ⠈⠉⠑⠒⠢⠤⢄⣀\n"
	       "0.0┤                             ⠉⠑⠒⠢⠤⢄⣀\n"
	       "   └┬─────────────────────┬─────────────\n"
	       "    0                     5        epoch\n", "axes, labels and curve");
}

static void gaps_and_logs(void)
{
	double x[] = { 0, 1, 2, 3 }, y[] = { 1, NAN, 0, 100 };
	struct plot_series series = { .on = 1, .period = 1, .x = x, .y = y, .n = 4 };
	struct plot p = { .series = &series, .n_series = 1, .mark_x = NAN, .log_y = true };
	int dots = 0;

	surface_resize(&s, 30, 4);
	plot_draw(&s, (struct rect){ 0, 0, 30, 4 }, &p);
	for (int i = 0; i < 30 * 4; i++)
		dots += s.cell[i].cp > 0x2800 && s.cell[i].cp <= 0x28ff;
	ok(dots == 2, "not a number and 0 on a log scale are gaps: two lone dots (%d)", dots);
	for (int w = 1; w < 60; w++)
		for (int h = 1; h < 12; h++)
			plot_draw(&s, (struct rect){ 0, 0, w, h }, &p);
	ok(true, "any size is survived");
	p.n_series = 0;
	plot_draw(&s, (struct rect){ 0, 0, 30, 4 }, &p);
	ok(true, "and no series at all");
}

static void two_curves_without_colour(void)
{
	double x[] = { 0, 10 }, a[] = { 0, 0 }, b[] = { 1, 1 };
	struct plot_series series[] = {
		{ .label = "a", .on = 1, .period = 1, .x = x, .y = a, .n = 2, .style = STYLE_SERIES_1 },
		{ .label = "b", .on = 1, .period = 3, .x = x, .y = b, .n = 2, .style = STYLE_SERIES_2 },
	};
	struct plot p = { .series = series, .n_series = 2, .mark_x = NAN };

	surface_resize(&s, 30, 3);
	plot_draw(&s, (struct rect){ 0, 0, 30, 3 }, &p);
	ok(strstr(dump(), "─ a") && strstr(dump(), "· b"), "a legend names them");
	p.n_series = 1;
	surface_clear(&s, 0);
	plot_draw(&s, (struct rect){ 0, 0, 30, 3 }, &p);
	ok(!strstr(dump(), "─ a"), "one curve needs none");
	p.n_series = 2;
	p.legend_low = true;
	surface_clear(&s, 0);
	plot_draw(&s, (struct rect){ 0, 0, 30, 3 }, &p);
	ok(strstr(dump(), "⠁⠈") && strstr(dump(), "⣀⣀⣀"), "one solid, one dotted");
	if (!strstr(dump(), "⣀⣀⣀"))
		printf("# %s\n", dump());
}

static void bars(void)
{
	uint64_t v[4] = { 0, 1, 2, 4 };

	surface_resize(&s, 10, 1);
	bar_draw(&s, 0, 0, 10, 0.5, 0);
	is_str(dump(), "█████\n", "half");
	surface_clear(&s, 0);
	bar_draw(&s, 0, 0, 10, 0.04375, 0);
	is_str(dump(), "▌\n", "eighths are rounded to the nearest");
	surface_clear(&s, 0);
	bar_draw(&s, 0, 0, 10, -0.25, 0);
	is_str(dump(), "▒▒▒\n", "negative");
	surface_clear(&s, 0);
	bar_draw(&s, 0, 0, 10, 1e-9, 0);
	is_str(dump(), "▏\n", "what is not 0 shows");
	surface_clear(&s, 0);
	bar_draw(&s, 0, 0, 10, NAN, 0);
	bar_draw(&s, 0, 0, 10, 0, 0);
	is_str(dump(), "\n", "what is nothing does not");
	surface_resize(&s, 4, 2);
	bars_draw_columns(&s, (struct rect){ 0, 0, 4, 2 }, v, 4, 0);
	is_str(dump(), "   █\n ▄██\n", "columns");
}

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	surface_init(&s, 40, 7);
	ticks_cover();
	a_falling_curve();
	gaps_and_logs();
	two_curves_without_colour();
	bars();
	surface_done(&s);
	return done_testing();
}
