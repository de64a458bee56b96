/* SPDX-License-Identifier: GPL-3.0-or-later */
/* side_numbers.c - columns of numbers in a file about items: each a modality of dimension 1.
 *
 * A column counts when its cells are numbers (one in a hundred may be something else: no number, and told)
 * or say that there is none, at least two values differ, and neither its name nor its values are those of
 * ids or dates.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num_parse.h"
#include "data/columns.h"
#include "data/side_private.h"

#define NUMBERS_MOST 64     /* columns of one file */
#define IDS_DENSE 20        /* so many different whole numbers close together count something off */
#define IDS_MANY 1000       /* so many different ones, wherever they lie */

static bool is_missing(const char *cell)
{
	static const char *const words[] = { "", "NA", "N/A", "nan", "null", "none", "\\N", "-", "?" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (!strcasecmp(cell, words[i]))
			return true;
	return false;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* All different and whole: the numbers of rows, catalogues, telephones. */
static bool look_like_ids(double *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] != floor(v[i]))
			return false;
	qsort(v, n, sizeof(*v), ascending);
	for (size_t i = 1; i < n; i++)
		if (v[i] == v[i - 1])
			return false;
	return n >= IDS_MANY || (n >= IDS_DENSE && v[n - 1] - v[0] < 4 * (double)n);
}

/* 19990131: years apart as numbers, days apart as dates. */
static bool look_like_dates(const struct rows *r, size_t col)
{
	int64_t t;

	for (size_t row = 0; row < r->n_rows; row++) {
		const char *cell = rows_cell(r, row, col);

		if (!is_missing(cell) && !events_parse_time(cell, strlen(cell), TIME_DATE_DIGITS, &t))
			return false;
	}
	return true;
}

/* v: room for a number a row.  *odd: cells that are no numbers. */
static bool is_numeric(const struct rows *r, size_t col, double *v, size_t *odd)
{
	size_t n = 0;

	*odd = 0;
	for (size_t row = 0; row < r->n_rows; row++) {
		const char *cell = rows_cell(r, row, col);

		if (is_missing(cell))
			continue;
		if (num_parse_double(cell, strlen(cell), &v[n]))
			n++;
		else if (++*odd > r->n_rows / 100)
			return false;
	}
	return n && *odd <= n / 100 && !look_like_dates(r, col) && !look_like_ids(v, n);
}

/* The first row of an item that has a number counts. */
static bool take_column(struct side *w, const struct rows *r, size_t id, size_t col, const char *name, size_t *n,
			struct err *err)
{
	struct modality *m;
	double x;

	if (!side_add_modality(w, name, 1, &m, err))
		return false;
	if (!m)
		return true;
	for (size_t row = 0; row < r->n_rows; row++) {
		const uint32_t item = side_find_item(w, rows_cell(r, row, id));
		const char *cell = rows_cell(r, row, col);

		if (item == NO_ITEM || m->has[item] || !num_parse_double(cell, strlen(cell), &x) || fabs(x) > 1e30)
			continue;
		m->v[item] = (float)x;
		m->has[item] = 1;
	}
	if (side_standardise(m, w->d->n_items))
		++*n;
	else
		side_drop_modality(w);
	return true;
}

bool side_take_numbers(struct side *w, const struct side_file *f, const struct rows *r, size_t id, const bool *taken,
		       struct str *names, struct err *err)
{
	double *v = mem_alloc(r->n_rows + 1, sizeof(*v), err);
	size_t n = 0;
	bool fine = v != NULL;

	for (size_t c = 0; fine && c < f->s->n_names && c < r->n_cols && n < NUMBERS_MOST; c++) {
		const size_t before = n;
		size_t odd;

		if (taken[c] || column_is_key(f->s->names[c]) || !is_numeric(r, c, v, &odd))
			continue;
		fine = (task_keep_going(w->task) || task_cancelled(err)) &&
		       take_column(w, r, id, c, f->s->names[c], &n, err);
		if (n > before)
			str_printf(names, "%s%s", before ? ", " : "", f->s->names[c]);
		if (n > before && odd)
			str_printf(names, " (%zu cell%s no number)", odd, odd == 1 ? " is" : "s are");
	}
	mem_free(v);
	return fine;
}
