/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/rows.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

struct rows_reading {
	struct rows *rows;
	struct load_report *report;
	uint32_t file;
	size_t piece_rejects; /* rejects before the piece at work; there is one at a time */
	struct err err;
	bool failed;
};

static bool fails(struct rows_reading *r)
{
	r->failed = true;
	return false;
}

bool report_reject(struct load_report *report, uint32_t file, uint64_t line, const char *why, struct err *err)
{
	struct reject *v;

	report->rejected_total++;
	if (report->n_rejects >= REJECTS_KEPT)
		return true;
	v = mem_resize(report->rejects, report->n_rejects, report->n_rejects + 1, sizeof(*v), err);
	if (!v)
		return false;
	report->rejects = v;
	v[report->n_rejects++] = (struct reject){ file, line, mem_strdup(why) };
	return true;
}

static bool reject(struct rows_reading *r, uint64_t line, const char *why)
{
	r->rows->bad++;
	return report_reject(r->report, r->file, line, why, &r->err) || fails(r);
}

static bool take_row(void *out, uint64_t line, const struct field *f, size_t n, const char *bad)
{
	struct rows_reading *r = out;
	struct rows *rows = r->rows;
	size_t bytes = 0;

	if (bad)
		return reject(r, line, bad);
	if (n != rows->n_cols) {
		char why[80];

		snprintf(why, sizeof(why), "%zu field%s where %zu are due", n, n == 1 ? "" : "s", rows->n_cols);
		return reject(r, line, why);
	}
	for (size_t i = 0; i < n; i++)
		bytes += f[i].n + (size_t)1;
	if (!mem_grow((void **)&rows->at, &rows->cap_at, rows->n_at + n, sizeof(*rows->at), &r->err) ||
	    !mem_grow((void **)&rows->bytes, &rows->cap_bytes, rows->n_bytes + bytes, 1, &r->err))
		return fails(r);
	for (size_t i = 0; i < n; i++) {
		rows->at[rows->n_at++] = rows->n_bytes;
		memcpy(rows->bytes + rows->n_bytes, f[i].s, f[i].n);
		rows->n_bytes += f[i].n;
		rows->bytes[rows->n_bytes++] = '\0';
	}
	rows->n_rows++;
	return true;
}

static void *begin(void *ctx, unsigned slot, size_t piece, struct err *err)
{
	struct rows_reading *r = ctx;

	(void)slot;
	(void)piece;
	(void)err;
	r->piece_rejects = r->report->n_rejects;
	return ctx;
}

static bool end(void *ctx, void *out, struct err *err)
{
	struct rows_reading *r = ctx;

	(void)out;
	if (r->failed)
		*err = r->err;
	return !r->failed;
}

static bool merge(void *ctx, void *out, uint64_t first_line, bool *stop, struct err *err)
{
	struct rows_reading *r = ctx;

	for (size_t i = r->piece_rejects; i < r->report->n_rejects; i++)
		r->report->rejects[i].line += first_line;
	(void)out;
	(void)stop;
	(void)err;
	return true;
}

static void discard(void *ctx, void *out)
{
	(void)ctx;
	(void)out;
}

bool rows_read(struct rows *r, const struct member *m, struct table_layout *l, size_t n_cols, uint32_t file,
	       struct load_report *report, const struct task *task, struct err *err)
{
	struct rows_reading reading = { .rows = r, .report = report, .file = file };
	const struct table_reader reader = { .ctx = &reading, .begin = begin, .row = take_row, .end = end,
					     .merge = merge, .discard = discard, .pieces = 1 };

	memset(r, 0, sizeof(*r));
	r->n_cols = n_cols;
	return table_read(m, l, &reader, 0, 0, task, err);
}

void rows_done(struct rows *r)
{
	mem_free(r->at);
	mem_free(r->bytes);
	memset(r, 0, sizeof(*r));
}
