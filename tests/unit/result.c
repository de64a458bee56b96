/* SPDX-License-Identifier: GPL-3.0-or-later */
/* result.c - one result as JSON, as text for a file and as text for a terminal. */
#include "cmd/result.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "base/json.h"
#include "tap.h"

static const struct result_column columns[] = {
	{ "item", "item", COLUMN_ID },      { "title", "title", COLUMN_TEXT }, { "n", "events", COLUMN_INT },
	{ "score", "score", COLUMN_SCORE }, { "hit", "hit", COLUMN_YES },      { NULL, NULL, 0 },
};

static void add(struct result *r, const char *item, const char *title, int n, double score, bool hit)
{
	json_t *row = result_add_row(r);

	json_object_set_new(row, "item", json_text(item));
	json_object_set_new(row, "title", json_text(title));
	json_object_set_new(row, "n", json_integer(n));
	json_object_set_new(row, "score", json_number(score));
	json_object_set_new(row, "hit", json_boolean(hit));
}

static void make(struct result *r)
{
	result_init(r);
	r->rows_key = "items";
	r->columns = columns;
	result_set(r, "user", json_text("196"));
	add(r, "a b", "A \033[31mtitle", 12345, 0.5, true);
	add(r, "7", "\xe7\x88\xb1", 3, NAN, false);
}

static void text_is(const struct result *r, bool tty, int width, const char *want, const char *name)
{
	struct str s = STR_INIT;

	result_text(r, tty, width, &s);
	is_str(s.s, want, name);
	str_done(&s);
}

static void test_json(void)
{
	struct result r;
	struct err err = { .code = ERR_SYNTAX, .line = 17, .file = "a.csv", .msg = "bad" };
	char *line;

	make(&r);
	line = result_json("recommend", &r);
	is_str(line, "{\"command\":\"recommend\",\"user\":\"196\",\"items\":[{\"item\":\"a b\",\"title\":\"A \\u001B[31mtitle\","
	       "\"n\":12345,\"score\":0.5,\"hit\":true},{\"item\":\"7\",\"title\":\"\xe7\x88\xb1\",\"n\":3,\"score\":null,"
	       "\"hit\":false}]}", "JSON: command, head, rows; not a number is null");
	free(line);
	line = result_error_json("load", &err);
	is_str(line, "{\"command\":\"load\",\"error\":{\"code\":\"syntax\",\"message\":\"bad\",\"file\":\"a.csv\",\"line\":17}}",
	       "an error as JSON");
	free(line);
	result_done(&r);
}

static void test_text(void)
{
	struct result r;

	make(&r);
	text_is(&r, false, 0, "user  196\n"
		"item  title         events   score  hit\n"
		"a b   A \033[31mtitle  12,345  0.5000  yes\n"
		"7     \xe7\x88\xb1                 3       -  no\n", "text for a file stays raw");
	text_is(&r, true, 0, "user  196\n"
		"item   title         events   score  hit\n"
		"\"a b\"  A \xef\xbf\xbd[31mtitle  12,345  0.5000  yes\n"
		"7      \xe7\x88\xb1                 3       -  no\n",
		"text for a terminal: sanitised, ids quoted, wide characters aligned");
	text_is(&r, true, 32, "user  196\n"
		"item   title     events   score  hit\n"
		"\"a b\"  A \xef\xbf\xbd[31m\xe2\x80\xa6  12,345  0.5000  yes\n"
		"7      \xe7\x88\xb1             3       -  no\n", "a narrow terminal cuts texts and marks the cut");
	r.upright = true;
	text_is(&r, false, 0, "user  196\n"
		"item             a b   7\n"
		"title   A \033[31mtitle  \xe7\x88\xb1\n"
		"events        12,345   3\n"
		"score         0.5000   -\n"
		"hit              yes  no\n", "upright: one column a row");
	result_done(&r);
}

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	test_json();
	test_text();
	return done_testing();
}
