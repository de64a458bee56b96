/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_runs.c - the runs, what they score, and how they learned. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cmd/report.h"
#include "cmd/report_html.h"

static const char *const metric_names[REPORT_METRICS] = {
	[REPORT_NDCG] = "NDCG@10", [REPORT_RECALL] = "recall@20", [REPORT_MRR] = "MRR@10",
	[REPORT_NOVELTY] = "novelty@10 (bits)", [REPORT_COVERAGE] = "coverage@10",
};

static void put_cell(FILE *f, double v, double lo, double hi)
{
	if (isnan(v))
		page_put(f, "<td class=\"n\">n/a</td>");
	else if (isnan(lo) || isnan(hi))
		page_put(f, "<td class=\"n\">%.4f</td>", v);
	else
		page_put(f, "<td class=\"n\">%.4f<br><span class=\"dim\">[%.4f, %.4f]</span></td>", v, lo, hi);
}

static void put_params(FILE *f, const json_t *params)
{
	const char *name;
	json_t *value;
	const char *between = "";

	json_object_foreach((json_t *)params, name, value) {
		char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));

		page_put(f, "%s", between);
		page_text(f, name);
		page_put(f, " ");
		page_text(f, text ? text : "");
		free(text);
		between = ", ";
	}
}

static void put_table(FILE *f, const struct report *r)
{
	char text[32];

	page_put(f, "<div class=\"wide\">\n<table>\n<thead><tr><th scope=\"col\">run</th>");
	for (int m = 0; m < REPORT_METRICS; m++)
		page_put(f, "<th scope=\"col\" class=\"n\">%s</th>", metric_names[m]);
	page_put(f, "<th scope=\"col\" class=\"n\">trained in</th><th scope=\"col\" class=\"n\">memory</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < r->n_runs; i++) {
		const struct report_run *run = &r->run[i];
		const struct run_record *rec = &run->hold.record;

		page_put(f, "<tr><th scope=\"row\">");
		page_text(f, rec->name);
		page_put(f, "</th>");
		for (int m = 0; m < REPORT_METRICS; m++)
			put_cell(f, run->value[m], run->lo[m], run->hi[m]);
		page_put(f, "<td class=\"n\">%s</td>", str_seconds(rec->seconds, text));
		page_put(f, "<td class=\"n\">%s</td></tr>\n", str_bytes(rec->bytes, text));
	}
	page_put(f, "</tbody>\n</table>\n</div>\n");
}

static void put_how(FILE *f, const struct report *r)
{
	page_put(f, "<h3>Parameters</h3>\n<table>\n<tbody>\n");
	for (size_t i = 0; i < r->n_runs; i++) {
		const struct run_record *rec = &r->run[i].hold.record;

		page_put(f, "<tr><th scope=\"row\">");
		page_text(f, rec->name);
		page_put(f, "</th><td>");
		page_text(f, rec->stopped);
		if (rec->epochs > 1)
			page_put(f, " after %u epochs, best %u", rec->epochs, rec->best_epoch);
		page_put(f, ", seed %llu</td><td>", (unsigned long long)rec->seed);
		put_params(f, rec->params);
		page_put(f, "</td></tr>\n");
	}
	page_put(f, "</tbody>\n</table>\n");
}

static void put_intervals(FILE *f, const struct report *r)
{
	struct chart_row *row = mem_must(calloc(r->n_runs + 1, sizeof(*row)));

	for (size_t i = 0; i < r->n_runs; i++)
		row[i] = (struct chart_row){ r->run[i].hold.record.name, r->run[i].value[REPORT_NDCG],
					     r->run[i].lo[REPORT_NDCG], r->run[i].hi[REPORT_NDCG] };
	chart_intervals(f, "NDCG@10 on test, with 95% intervals", row, r->n_runs);
	free(row);
}

static bool any_finite(const double *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (isfinite(v[i]))
			return true;
	return false;
}

static void put_curves(FILE *f, const struct run_record *rec)
{
	const struct curves *c = &rec->curves;
	double *x = mem_must(calloc(c->n, sizeof(*x) * (CURVE_LOSSES + 2))), *y = x + c->n;
	struct chart_line line[CURVE_LOSSES];
	struct str title = STR_INIT;
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		x[i] = c->point[i].epoch;
	for (unsigned k = 0; k < c->n_loss; k++) {
		for (size_t i = 0; i < c->n; i++)
			y[k * c->n + i] = k < c->point[i].n_loss ? c->point[i].loss[k] : NAN;
		if (any_finite(y + k * c->n, c->n))
			line[n++] = (struct chart_line){ c->loss_name[k], y + k * c->n };
	}
	page_put(f, "<div class=\"side keep\">\n");
	str_printf(&title, "%s: loss", rec->name);
	if (n)
		chart_lines(f, title.s, "epoch", x, c->n, line, n, rec->best_epoch, "best");
	for (size_t i = 0; i < c->n; i++)
		y[i] = c->point[i].valid;
	str_clear(&title);
	str_printf(&title, "%s: %s on valid", rec->name, c->metric);
	if (any_finite(y, c->n))
		chart_lines(f, title.s, "epoch", x, c->n, &(struct chart_line){ c->metric, y }, 1, rec->best_epoch, "best");
	page_put(f, "</div>\n");
	str_done(&title);
	free(x);
}

void report_put_runs(FILE *f, const struct report *r)
{
	page_put(f, "<section id=\"runs\">\n<h2>Runs</h2>\n<p class=\"dim\">On the test events of the split, all items ranked; "
		    "95%% intervals by bootstrap over users.</p>\n");
	if (r->n_runs) {
		put_table(f, r);
		put_intervals(f, r);
		put_how(f, r);
	} else {
		page_put(f, "<p>No run of this split is kept.</p>\n");
	}
	page_put(f, "</section>\n");
}

void report_put_curves(FILE *f, const struct report *r)
{
	size_t n = 0;

	page_put(f, "<section id=\"curves\">\n<h2>Curves</h2>\n");
	for (size_t i = 0; i < r->n_runs; i++) {
		const struct run_record *rec = &r->run[i].hold.record;

		if (rec->curves.n > 1) {
			put_curves(f, rec);
			n++;
		}
	}
	if (!n)
		page_put(f, "<p>No run was trained in epochs.</p>\n");
	page_put(f, "</section>\n");
}
