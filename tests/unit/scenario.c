/* SPDX-License-Identifier: GPL-3.0-or-later */
/* scenario.c - weights and figures in, who fits best out: worked out by hand. */
#include "train/scenario.h"

#include <math.h>
#include <string.h>

#include "tap.h"

static void blank(double (*f)[N_CRITERIA], size_t n)
{
	for (size_t r = 0; r < n; r++)
		for (int c = 0; c < N_CRITERIA; c++)
			f[r][c] = NAN;
}

static void by_hand(void)
{
	struct scenario w = { .name = "x", .weight = { [CRITERION_ACCURACY] = 3, [CRITERION_LATENCY] = 1, [CRITERION_REPEATS] = 5 } };
	double f[2][N_CRITERIA], fit[2];
	struct str text = STR_INIT;

	blank(f, 2);
	f[0][CRITERION_ACCURACY] = 0.2;
	f[1][CRITERION_ACCURACY] = 0.1;
	f[0][CRITERION_LATENCY] = 8;
	f[1][CRITERION_LATENCY] = 0.1; /* counts as 1 ms */
	ok(scenario_judge(&w, f, 2, fit) == 0, "the better one");
	ok(fabs(fit[0] - (3 * 1 + 1 / 8.0) / 4) < 1e-12, "3 of 3 for accuracy, an eighth for latency, repeats not measured: %g", fit[0]);
	ok(fabs(fit[1] - (3 * 0.5 + 1) / 4) < 1e-12, "half of the accuracy, all of the latency: %g", fit[1]);
	scenario_describe(&w, f, 2, &text);
	ok(!strcmp(str_text(&text), "accuracy 3, latency 1"), "what was weighed: %s", str_text(&text));
	str_done(&text);
	f[1][CRITERION_REPEATS] = 0.3;
	ok(scenario_judge(&w, f, 2, fit) == 1 && fabs(fit[0] - (3 + 1 / 8.0) / 9) < 1e-12, "who cannot have it has 0 of it");
	f[0][CRITERION_LATENCY] = 0.9;
	scenario_judge(&w, f, 2, fit);
	ok(fabs(fit[0] - 4.0 / 9) < 1e-12, "quick enough is quick enough");
}

static void weights(void)
{
	struct scenario w = *scenario_find("shop");
	struct err err;

	ok(scenario_weigh(&w, "accuracy:7,latency:0", &err) && w.weight[CRITERION_ACCURACY] == 7 && w.weight[CRITERION_LATENCY] == 0 &&
	   w.weight[CRITERION_REPEATS] == scenario_find("shop")->weight[CRITERION_REPEATS], "some are changed, the others stay");
	ok(!scenario_weigh(&w, "acuracy:1", &err) && strstr(err.msg, "did you mean accuracy"), "the nearest one is named: %s", err.msg);
	ok(!scenario_weigh(&w, "accuracy:-1", &err) && err.code == ERR_RANGE, "none below 0");
	ok(!scenario_weigh(&w, "accuracy", &err) && err.code == ERR_SYNTAX, "and a weight each");
	ok(!scenario_find("shops") && scenario_find("music"), "found by name");
	for (const struct scenario *s = scenario_table; s->name; s++)
		ok(strstr(SCENARIO_CHOICES, s->name) != NULL, "%s can be chosen", s->name);
}

int main(void)
{
	by_hand();
	weights();
	return done_testing();
}
