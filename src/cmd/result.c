/* SPDX-License-Identifier: GPL-3.0-or-later */
/* result.c - a result made, and printed as JSON.  The text is in result_text.c. */
#include "cmd/result.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"

void result_init(struct result *r)
{
	*r = (struct result){ .head = mem_must(json_object()), .rows = mem_must(json_array()) };
}

void result_done(struct result *r)
{
	if (r->own_columns) {
		for (struct result_column *c = r->own_columns; c->key; c++) {
			free((char *)c->key);
			free((char *)c->title);
		}
		free(r->own_columns);
	}
	json_decref(r->head);
	json_decref(r->rows);
	free(r->text);
	*r = (struct result){ 0 };
}

void result_set(struct result *r, const char *key, json_t *take)
{
	json_put(r->head, key, take);
}

json_t *result_add_row(struct result *r)
{
	json_t *row = mem_must(json_object());

	if (json_array_append_new(r->rows, row) != 0)
		mem_must(NULL);
	return row;
}

void result_add_column(struct result *r, const char *key, const char *title, enum column_type type)
{
	size_t n = 0;

	while (r->own_columns && r->own_columns[n].key)
		n++;
	r->own_columns = mem_must(realloc(r->own_columns, (n + 2) * sizeof(*r->own_columns)));
	r->own_columns[n] = (struct result_column){ mem_strdup(key), mem_strdup(title), type };
	r->own_columns[n + 1] = (struct result_column){ 0 };
	r->columns = r->own_columns;
}

char *result_json(const char *command, const struct result *r)
{
	json_t *all = mem_must(json_object());
	char *line;

	if (json_object_set_new(all, "command", json_text(command)) != 0 ||
	    json_object_update(all, r->head) != 0 ||
	    (r->rows_key && json_object_set(all, r->rows_key, r->rows) != 0))
		mem_must(NULL);
	line = mem_must(json_line(all));
	json_decref(all);
	return line;
}

char *result_error_json(const char *command, const struct err *err)
{
	json_t *all = mem_must(json_object()), *e = mem_must(json_object());
	char *line;
	int bad = 0;

	bad |= json_object_set_new(e, "code", json_text(err_code_text(err->code)));
	bad |= json_object_set_new(e, "message", json_text(err->msg));
	bad |= json_object_set_new(e, "file", err->file[0] ? json_text(err->file) : json_null());
	bad |= json_object_set_new(e, "line", err->line ? json_integer((json_int_t)err->line) : json_null());
	bad |= json_object_set_new(all, "command", json_text(command));
	bad |= json_object_set_new(all, "error", e);
	if (bad)
		mem_must(NULL);
	line = mem_must(json_line(all));
	json_decref(all);
	return line;
}
