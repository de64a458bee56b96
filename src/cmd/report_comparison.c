/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_comparison.c - what was compared last: the verdict, what accuracy costs, learning curves, every figure. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cmd/comparison_table.h"
#include "cmd/report.h"
#include "cmd/report_html.h"

#define SECONDS_LEAST 0.001 /* a quicker training stands at the axis */

static const char *text_in(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

/* --- sentences -------------------------------------------------------------------------------------------------- */

static void put_sentences(FILE *f, const json_t *list, const char *key)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one) {
		page_put(f, "<p>");
		page_text(f, key ? text_in(one, key) : json_string_value(one));
		page_put(f, "</p>\n");
	}
}

static void put_words(FILE *f, const json_t *head)
{
	const json_t *rewards = json_object_get(head, "rewards"), *left_out = json_object_get(head, "left_out"), *one;
	size_t i;

	if (json_object_get(head, "verdict")) {
		page_put(f, "<h3>Verdict</h3>\n");
		put_sentences(f, json_object_get(head, "verdict"), NULL);
	}
	if (json_array_size(rewards)) {
		page_put(f, "<h3>What the data reward</h3>\n");
		put_sentences(f, rewards, "text");
	}
	json_array_foreach(left_out, i, one) {
		page_put(f, "<p>Left out: ");
		page_text(f, text_in(one, "model"));
		page_put(f, ": ");
		page_text(f, text_in(one, "why"));
		page_put(f, "</p>\n");
	}
}

static void put_scenario(FILE *f, const json_t *scenario)
{
	const char *name;
	const json_t *one;
	json_t *weight;
	size_t i;

	if (!json_is_object(scenario))
		return;
	page_put(f, "<h3>Scenario ");
	page_text(f, text_in(scenario, "name"));
	page_put(f, "</h3>\n<p class=\"dim\">The weights are an opinion:");
	json_object_foreach((json_t *)json_object_get(scenario, "weights"), name, weight)
		page_put(f, " %s %g", name, json_number_value(weight));
	page_put(f, ".</p>\n<table>\n<tbody>\n");
	json_array_foreach(json_object_get(scenario, "fit"), i, one) {
		page_put(f, "<tr><th scope=\"row\">");
		page_text(f, text_in(one, "run"));
		page_put(f, "</th><td class=\"n\">%.2f</td></tr>\n", json_number_in(one, "fit"));
	}
	page_put(f, "</tbody>\n</table>\n");
}

/* --- pictures ---------------------------------------------------------------------------------------------------- */

static void put_cost(FILE *f, const json_t *rows)
{
	size_t n = json_array_size(rows);
	struct chart_point *point = mem_must(calloc(n + 1, sizeof(*point)));
	struct str title = STR_INIT;

	for (size_t i = 0; i < n; i++) {
		const json_t *row = json_array_get(rows, i);

		point[i] = (struct chart_point){ text_in(row, "run"), fmax(json_number_in(row, "train_seconds"), SECONDS_LEAST),
						 json_number_in(row, "value"), comparison_on_front(rows, i, SECONDS_LEAST) };
	}
	str_printf(&title, "%s by the time of training; full: none better is quicker", text_in(json_array_get(rows, 0), "metric"));
	chart_scatter(f, str_text(&title), point, n);
	str_done(&title);
	free(point);
}

/* Best first, as many as lines are told apart. */
static void put_learning(FILE *f, const json_t *rows)
{
	const json_t *shares = json_object_get(json_array_get(rows, 0), "shares");
	size_t n = json_array_size(shares), lines = json_array_size(rows) < CHART_LINES ? json_array_size(rows) : CHART_LINES;
	double *x = mem_must(calloc(n * (CHART_LINES + 1) + 1, sizeof(*x)));
	struct chart_line line[CHART_LINES];
	struct str title = STR_INIT;

	for (size_t k = 0; k < n; k++)
		x[k] = 100 * json_number_in(json_array_get(shares, k), "share");
	for (size_t i = 0; i < lines; i++) {
		const json_t *row = json_array_get(rows, i);
		double *y = x + n * (i + 1);

		for (size_t k = 0; k < n; k++)
			y[k] = json_number_in(json_array_get(json_object_get(row, "shares"), k), "value");
		line[i] = (struct chart_line){ text_in(row, "run"), y };
	}
	str_printf(&title, "%s after training on a share of the events%s", text_in(json_array_get(rows, 0), "metric"),
		   json_array_size(rows) > CHART_LINES ? ", of the best six" : "");
	if (n > 1)
		chart_lines(f, str_text(&title), "% of the events", x, n, line, lines, NAN, "");
	str_done(&title);
	free(x);
}

/* --- the table ---------------------------------------------------------------------------------------------------- */

static void put_value(FILE *f, const json_t *v, enum column_type type)
{
	char text[32];

	page_put(f, "<td class=\"n\">");
	if (json_is_string(v))
		page_text(f, json_string_value(v));
	else if (json_is_boolean(v))
		page_put(f, "%s", json_is_true(v) ? "yes" : "no");
	else if (!json_is_number(v))
		page_put(f, "n/a");
	else if (type == COLUMN_SECONDS)
		page_put(f, "%s", str_seconds(json_number_value(v), text));
	else if (type == COLUMN_BYTES)
		page_put(f, "%s", str_bytes((uint64_t)json_number_value(v), text));
	else if (type == COLUMN_INT)
		page_put(f, "%s", str_thousands((uint64_t)json_number_value(v), text));
	else
		page_put(f, "%.4f", json_number_value(v));
	page_put(f, "</td>");
}

/* Upright: there are more figures than runs.  The first column is the run's name. */
static void put_figures(FILE *f, const json_t *rows)
{
	size_t n, i;
	struct comparison_column *column = comparison_columns(rows, &n);
	const json_t *row;

	page_put(f, "<h3>Figures</h3>\n<div class=\"wide\">\n<table>\n<thead><tr><th scope=\"col\"></th>");
	json_array_foreach(rows, i, row) {
		page_put(f, "<th scope=\"col\" class=\"n\">");
		page_text(f, text_in(row, "run"));
		page_put(f, "</th>");
	}
	page_put(f, "</tr></thead>\n<tbody>\n");
	for (size_t k = 1; k < n; k++) {
		page_put(f, "<tr><th scope=\"row\">");
		page_text(f, column[k].name);
		page_put(f, "</th>");
		json_array_foreach(rows, i, row)
			put_value(f, comparison_cell(row, &column[k]), column[k].type);
		page_put(f, "</tr>\n");
	}
	page_put(f, "</tbody>\n</table>\n</div>\n");
	free(column);
}

void report_put_comparison(FILE *f, const struct report *r)
{
	page_put(f, "<section id=\"comparison\">\n<h2>Comparison</h2>\n");
	if (!r->compared) {
		page_put(f, "<p>Nothing was compared on this split.</p>\n</section>\n");
		return;
	}
	page_put(f, "<p class=\"dim\">On ");
	page_text(f, text_in(r->verdict, "on"));
	page_put(f, ", best first; 95%% intervals by bootstrap over users; with_best: not told apart from the best.</p>\n");
	put_words(f, r->verdict);
	put_scenario(f, json_object_get(r->verdict, "scenario"));
	page_put(f, "<div class=\"side keep\">\n");
	put_cost(f, r->compared);
	put_learning(f, r->compared);
	page_put(f, "</div>\n");
	put_figures(f, r->compared);
	page_put(f, "</section>\n");
}
