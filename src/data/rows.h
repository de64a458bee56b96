/* SPDX-License-Identifier: GPL-3.0-or-later */
/* rows.h - a small table held whole, as text: what files about items and users are read into.  WORKER. */
#ifndef DATA_ROWS_H
#define DATA_ROWS_H

#include "base/err.h"
#include "base/task.h"
#include "data/dataset.h"
#include "data/table.h"

struct rows {
	size_t n_rows, n_cols;
	size_t *at; /* [n_rows * n_cols] where a cell's text begins in bytes; each ends with NUL */
	size_t n_at, cap_at;
	char *bytes;
	size_t n_bytes, cap_bytes;
	uint64_t bad;
};

static inline const char *rows_cell(const struct rows *r, size_t row, size_t col)
{
	return r->bytes + r->at[row * r->n_cols + col];
}

/* Rows that do not have n_cols fields, or cannot be read, are added to the report's rejects. */
bool rows_read(struct rows *r, const struct member *m, struct table_layout *l, size_t n_cols, uint32_t file,
	       struct load_report *report, const struct task *task, struct err *err);
void rows_done(struct rows *r);

/* One more row that could not be read: listed while there is room, always counted. */
bool report_reject(struct load_report *report, uint32_t file, uint64_t line, const char *why, struct err *err);

#endif
