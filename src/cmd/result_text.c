/* SPDX-License-Identifier: GPL-3.0-or-later */
/* result_text.c - a result as aligned text.
 *
 * To a terminal everything is sanitised and ids stand quoted, as the prompt would read them; to a file
 * both stay raw, so that what is piped on are the data's own bytes.  Numbers align right.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "cmd/result.h"
#include "cmd/words.h"

#define COLUMN_GAP 2
#define COLUMN_LEAST 8 /* a text column is not cut below this */

/* "metrics/ndcg@10" looks inside an object. */
static const json_t *look_up(const json_t *row, const char *key)
{
	const char *slash = strchr(key, '/');
	char outer[64];

	if (!slash || (size_t)(slash - key) >= sizeof(outer))
		return json_object_get(row, key);
	memcpy(outer, key, (size_t)(slash - key));
	outer[slash - key] = '\0';
	return json_object_get(json_object_get(row, outer), slash + 1);
}

static void number_text(const json_t *v, enum column_type type, struct str *out)
{
	double x = json_number_value(v);
	char buf[32];

	switch (type) {
	case COLUMN_SCORE:
		str_printf(out, "%.4f", x);
		break;
	case COLUMN_SECONDS:
		str_printf(out, x < 0.0995 ? "%.3f s" : x < 99.5 ? "%.2f s" : "%.0f s", x);
		break;
	case COLUMN_BYTES:
		str_puts(out, str_bytes((uint64_t)x, buf));
		break;
	case COLUMN_SHARE:
		str_printf(out, "%.2f%%", 100 * x);
		break;
	default:
		if (json_is_integer(v))
			str_puts(out, str_thousands((uint64_t)json_integer_value(v), buf));
		else
			str_printf(out, "%.6g", x);
	}
}

static void value_text(const json_t *v, enum column_type type, bool for_tty, struct str *out)
{
	if (!v || json_is_null(v)) {
		str_putc(out, '-');
	} else if (json_is_string(v)) {
		const char *s = json_string_value(v);

		if (for_tty && type == COLUMN_ID)
			word_quote(out, s);
		else if (for_tty)
			utf8_sanitise(out, s, strlen(s));
		else
			str_puts(out, s);
	} else if (json_is_boolean(v)) {
		str_puts(out, json_is_true(v) ? "yes" : "no");
	} else if (json_is_number(v)) {
		number_text(v, type, out);
	} else {
		char *dump = json_dumps(v, JSON_COMPACT | JSON_REAL_PRECISION(9));

		str_puts(out, dump ? dump : "");
		free(dump);
	}
}

static bool is_left(enum column_type t)
{
	return t == COLUMN_TEXT || t == COLUMN_ID || t == COLUMN_YES;
}

static size_t count_columns(const struct result_column *c)
{
	size_t n = 0;

	while (c[n].key)
		n++;
	return n;
}

struct table {
	size_t cols, rows; /* rows with the line of titles */
	char **cell;       /* [rows][cols] */
	int *width;        /* [cols] */
	bool *left;        /* [cols] */
};

static void table_init(struct table *t, size_t rows, size_t cols)
{
	t->rows = rows;
	t->cols = cols;
	t->cell = mem_must(calloc(rows * cols, sizeof(*t->cell)));
	t->width = mem_must(calloc(cols, sizeof(*t->width)));
	t->left = mem_must(calloc(cols, sizeof(*t->left)));
}

static void table_put(struct table *t, size_t row, size_t col, struct str *take)
{
	int w = utf8_text_width(str_text(take), take->len);

	if (w > t->width[col])
		t->width[col] = w;
	t->cell[row * t->cols + col] = take->s ? str_take(take) : mem_strdup("");
}

/* One line a row, titles on top; upright: one column a row, titles at the left. */
static void table_fill(struct table *t, const struct result *r, bool for_tty)
{
	size_t n_columns = count_columns(r->columns), n_rows = json_array_size(r->rows);

	if (r->upright)
		table_init(t, n_columns, n_rows + 1);
	else
		table_init(t, n_rows + 1, n_columns);
	for (size_t c = 0; c < t->cols; c++)
		t->left[c] = r->upright ? c == 0 : is_left(r->columns[c].type);
	for (size_t row = 0; row <= n_rows; row++) {
		for (size_t c = 0; c < n_columns; c++) {
			const struct result_column *col = &r->columns[c];
			struct str s = STR_INIT;

			if (row == 0)
				str_puts(&s, col->title);
			else
				value_text(look_up(json_array_get(r->rows, row - 1), col->key), col->type,
					   for_tty, &s);
			table_put(t, r->upright ? c : row, r->upright ? row : c, &s);
		}
	}
}

/* Takes what is too much from the widest text column, again and again. */
static void table_narrow(struct table *t, int width)
{
	for (;;) {
		int total = -COLUMN_GAP;
		size_t widest = t->cols;

		for (size_t c = 0; c < t->cols; c++) {
			total += t->width[c] + COLUMN_GAP;
			if (t->left[c] && t->width[c] > COLUMN_LEAST &&
			    (widest == t->cols || t->width[c] > t->width[widest]))
				widest = c;
		}
		if (total <= width || widest == t->cols)
			return;
		t->width[widest]--;
	}
}

static void put_blanks(struct str *out, int n)
{
	while (n-- > 0)
		str_putc(out, ' ');
}

static void table_print(const struct table *t, struct str *out)
{
	for (size_t row = 0; row < t->rows; row++) {
		for (size_t c = 0; c < t->cols; c++) {
			const char *s = t->cell[row * t->cols + c];
			size_t n = strlen(s);
			int pad = t->width[c] - utf8_text_width(s, n);
			bool last = c + 1 == t->cols;

			if (!t->left[c])
				put_blanks(out, pad);
			if (pad < 0)
				utf8_fit(out, s, n, t->width[c], false);
			else
				str_append(out, s, n);
			if (t->left[c] && !last)
				put_blanks(out, pad);
			if (!last)
				put_blanks(out, COLUMN_GAP);
		}
		while (out->len && out->s[out->len - 1] == ' ')
			out->s[--out->len] = '\0';
		str_putc(out, '\n');
	}
}

static void table_done(struct table *t)
{
	for (size_t i = 0; i < t->rows * t->cols; i++)
		free(t->cell[i]);
	free(t->cell);
	free(t->width);
	free(t->left);
}

/* Text of our own making: lines are kept, what comes from data in between is made harmless. */
static void put_lines(struct str *out, const char *text, bool for_tty)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		if (for_tty)
			utf8_sanitise(out, text, n);
		else
			str_append(out, text, n);
		str_putc(out, '\n');
		text += n + (text[n] == '\n');
	}
}

static void put_head(struct str *out, const struct result *r, bool for_tty)
{
	const char *key;
	json_t *v;
	int widest = 0;

	json_object_foreach(r->head, key, v) {
		if ((int)strlen(key) > widest)
			widest = (int)strlen(key);
	}
	json_object_foreach(r->head, key, v) {
		if (!strcmp(key, "ok") || json_is_object(v) || json_is_array(v))
			continue;
		str_puts(out, key);
		put_blanks(out, widest - (int)strlen(key) + COLUMN_GAP);
		value_text(v, COLUMN_TEXT, for_tty, out);
		str_putc(out, '\n');
	}
}

void result_text(const struct result *r, bool for_tty, int width, struct str *out)
{
	struct table t;

	if (r->text)
		put_lines(out, r->text, for_tty);
	else
		put_head(out, r, for_tty);
	if (!r->rows_key || !r->columns || json_array_size(r->rows) == 0)
		return;
	table_fill(&t, r, for_tty);
	if (width > 0)
		table_narrow(&t, width);
	table_print(&t, out);
	table_done(&t);
}
