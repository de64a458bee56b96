/* SPDX-License-Identifier: GPL-3.0-or-later */
/* report_html.h - what a report is written with: text that cannot become markup, tables, and charts as inline SVG.
 *
 * A page is one file that asks nothing of anywhere: its style and its charts are in it, there are no scripts,
 * and a policy in its head forbids the browser to fetch.  It follows the reader's light or dark, and prints light.
 * What comes from data goes through page_text() alone, which takes away what is no text and escapes the rest.
 * WORKER.
 */
#ifndef CMD_REPORT_HTML_H
#define CMD_REPORT_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

void page_begin(FILE *f, const char *title);
void page_end(FILE *f);
void page_text(FILE *f, const char *text); /* escaped; fit for attributes in double quotes as well */
void page_put(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3))); /* markup of our own: no data */

/* <tr><th>name</th><td>value</td></tr> of a table of facts. */
void page_fact(FILE *f, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* --- charts ------------------------------------------------------------------------------------------------- */

struct chart_line {
	const char *name;  /* "valid loss" */
	const double *y;   /* [n]; NaN: a gap */
};
#define CHART_LINES 6
/* Lines over x[n], ascending; mark: a place on x that is told apart, NaN: none. */
void chart_lines(FILE *f, const char *title, const char *x_name, const double *x, size_t n,
		 const struct chart_line *line, size_t n_lines, double mark, const char *mark_name);
/* Columns over n equal places; labels stand below the first, the middle and the last. */
void chart_columns(FILE *f, const char *title, const double *value, size_t n, const char *const label[3]);
/* A value and its interval a row.  NaN bounds: the value alone. */
struct chart_row {
	const char *name;
	double value, lo, hi;
};
void chart_intervals(FILE *f, const char *title, const struct chart_row *row, size_t n);
/* Points by their seconds on a log scale and a value; full: drawn as a full one, and named in ink. */
struct chart_point {
	const char *name;
	double seconds, value;
	bool full;
};
void chart_scatter(FILE *f, const char *title, const struct chart_point *point, size_t n);
/* Bars to the left and to the right of nothing, one a row, its number beside it. */
void chart_parts(FILE *f, const char *title, const struct chart_row *row, size_t n);

#endif
