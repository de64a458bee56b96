/* SPDX-License-Identifier: GPL-3.0-or-later */
/* result.h - what a command answers, and its three printers: text, JSON, the screen.
 *
 * A result is an ordered head (keys and values, as interface.md's JSON names them) and at most one table
 * (rows under `rows_key`).  Columns say how a row's values read as text; the JSON holds every key.
 * Ids are strings; not a number is null; floats are %.9g.  UI thread, or the worker that makes it.
 */
#ifndef CMD_RESULT_H
#define CMD_RESULT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

enum column_type { COLUMN_TEXT, COLUMN_ID, COLUMN_INT, COLUMN_REAL, COLUMN_SCORE /* four decimals */,
		   COLUMN_SECONDS, COLUMN_BYTES, COLUMN_SHARE, COLUMN_YES };
struct result_column {
	const char *key, *title;
	enum column_type type;
};

struct result {
	json_t *head;                        /* object, insertion order; owned */
	const char *rows_key;                /* NULL: no table */
	json_t *rows;                        /* array of objects; owned */
	const struct result_column *columns; /* of the text; ends with a NULL key */
	struct result_column *own_columns;   /* made by result_add_column(); NULL: columns are a constant table */
	bool upright;                        /* as text one column a row of it, its first value on top */
	char *text;                          /* when set, printed instead of the head (help); owned */
};
void result_init(struct result *r);
void result_done(struct result *r);
void result_set(struct result *r, const char *key, json_t *take); /* into the head */
json_t *result_add_row(struct result *r);                         /* borrowed object to fill: json_put() */
/* Columns that depend on what was asked.  A key "metrics/ndcg@10" looks inside the object "metrics". */
void result_add_column(struct result *r, const char *key, const char *title, enum column_type type);

/* {"command":…, head…, rows}: one line, no newline. */
char *result_json(const char *command, const struct result *r); /* free() */
char *result_error_json(const char *command, const struct err *err); /* free() */
/* Aligned text; for_tty: sanitised. width 0: not cut. */
void result_text(const struct result *r, bool for_tty, int width, struct str *out);

#endif
