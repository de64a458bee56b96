/* SPDX-License-Identifier: GPL-3.0-or-later */
/* comparison_table.h - the columns of a comparison, from its rows: one list for a CSV and for the page of a report.
 *
 * rows: as the command compare tells them (JSON); a column is found in a row by its path.  Pure.  Thread: that of the JSON.
 */
#ifndef CMD_COMPARISON_TABLE_H
#define CMD_COMPARISON_TABLE_H

#include "cmd/result.h"

struct comparison_column {
	char name[64];          /* "train_seconds", "users with 5-9 events" */
	char path[96];          /* "metrics/ndcg@10", "shares/0/value": keys, and places in lists */
	char named[48];         /* of a list of objects with names: the one of this name; "": none */
	enum column_type type;
};
/* Those that at least one row has, in their order: figures first, then parts of the data.  free() */
struct comparison_column *comparison_columns(const json_t *rows, size_t *n);
/* Borrowed; NULL: the row does not have it. */
const json_t *comparison_cell(const json_t *row, const struct comparison_column *c);
const json_t *comparison_at(const json_t *row, const char *path);
/* No other row is both better and trained as quickly (the Pareto front).  Seconds below `least` count as it. */
bool comparison_on_front(const json_t *rows, size_t i, double least);
double comparison_number(const json_t *row, const char *path); /* NaN: there is none */

#endif
