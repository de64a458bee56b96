/* SPDX-License-Identifier: GPL-3.0-or-later */
/* err.c - messages are set once, prefixed on the way up, never overrun. */
#include "base/err.h"

#include "tap.h"

static struct err err;

static void sets(void)
{
	char text[600];

	ok(!err_set(&err, ERR_SYNTAX, "column %d: %s", 7, "no such column"), "setting reads as failure");
	ok(err.code == ERR_SYNTAX, "the code is kept");
	is_str(err.msg, "column 7: no such column", "the message is formatted");
	err_text(&err, text, sizeof(text));
	is_str(text, "column 7: no such column", "without a file the text is the message");

	ok(!err_at(&err, ERR_RANGE, "ratings.csv", 12, "rating %s is no number", "5 stars"),
	   "setting with a place reads as failure");
	err_text(&err, text, sizeof(text));
	is_str(text, "ratings.csv:12: rating 5 stars is no number", "file and line come first");
	err_at(&err, ERR_IO, "ratings.csv", 0, "no such file");
	err_text(&err, text, sizeof(text));
	is_str(text, "ratings.csv: no such file", "line 0 is no line");
	err_set(&err, ERR_IO, "x");
	ok(!err.file[0] && !err.line, "a later error forgets the place of an earlier one");
}

static void wraps(void)
{
	err_at(&err, ERR_SYNTAX, "a.csv", 3, "no such column");
	ok(!err_wrap(&err, "load %s", "ml-1m"), "wrapping reads as failure");
	ok(err.code == ERR_SYNTAX && err.line == 3 && !strcmp(err.file, "a.csv"),
	   "wrapping keeps the code and the place");
	is_str(err.msg, "load ml-1m: no such column", "wrapping prefixes");
	err_set(&err, ERR_IO, "again: %s", err.msg);
	is_str(err.msg, "again: load ml-1m: no such column", "the old message may be an argument");
}

static void cuts(void)
{
	char longer[2 * sizeof(err.msg)], text[10];
	size_t n = 0;

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	err_at(&err, ERR_IO, longer, 1, "%s", longer);
	ok(strlen(err.msg) == sizeof(err.msg) - 1, "a long message is cut");
	ok(strlen(err.file) == sizeof(err.file) - 1 && !strncmp(err.file, "...x", 4),
	   "of a long path the end is kept");
	err_wrap(&err, "%s", longer);
	ok(strlen(err.msg) < sizeof(err.msg) && strstr(err.msg, ": x"),
	   "a long prefix neither overruns nor hides the message");

	for (; n + 3 < sizeof(longer); n += 3)
		memcpy(longer + n, "\u4e16", 3);
	longer[n] = '\0';
	err_set(&err, ERR_IO, "ab%s", longer); /* 2 + 3 * 169 = 509, and 2 bytes of the next */
	ok(strlen(err.msg) == 509, "a character is never cut in two (%zu)", strlen(err.msg));
	err_set(&err, ERR_IO, "0123456\u4e16");
	err_text(&err, text, sizeof(text));
	is_str(text, "0123456", "nor in a small buffer");
}

int main(void)
{
	sets();
	wraps();
	cuts();
	is_str(err_code_text(ERR_NOMEM), "memory", "codes have a text");
	is_str(err_code_text(ERR_NUMERIC), "diverged", "and the last one too");
	return done_testing();
}
