/* SPDX-License-Identifier: GPL-3.0-or-later */
/* str.c - the growable string, figures for people, and "did you mean". */
#include "base/str.h"

#include <math.h>
#include <stdlib.h>

#include "tap.h"

static void grows(void)
{
	struct str s = STR_INIT;
	char *taken;

	is_str(str_text(&s), "", "untouched it reads as empty");
	str_append(&s, "", 0);
	ok(s.s && s.len == 0 && !*s.s, "after the first append there is a buffer");
	for (int i = 0; i < 1000; i++)
		str_printf(&s, "%d,", i);
	ok(s.len == 3890 && !strncmp(s.s, "0,1,2,", 6) && !strcmp(s.s + s.len - 8, "998,999,"),
	   "a thousand pieces follow each other");
	str_clear(&s);
	str_puts(&s, "a");
	str_putc(&s, 'b');
	str_append(&s, "c\0d", 3);
	ok(s.len == 5 && !memcmp(s.s, "abc\0d", 6), "bytes of 0 are bytes like any other");
	str_clear(&s);
	str_printf(&s, "%0200d", 7);
	ok(s.len == 200 && s.s[199] == '7', "one piece larger than the buffer");
	taken = str_take(&s);
	ok(strlen(taken) == 200 && !s.s && !s.len, "taking leaves it empty");
	free(taken);
	taken = str_take(&s);
	is_str(taken, "", "taking from an untouched one gives an empty text");
	free(taken);
	str_done(&s);
}

static void figures(void)
{
	static const struct { uint64_t n; const char *thousands, *bytes; } t[] = {
		{ 0, "0", "0 B" },
		{ 999, "999", "999 B" },
		{ 1000, "1,000", "1.00 kB" },
		{ 12345, "12,345", "12.3 kB" },
		{ 123456, "123,456", "123 kB" },
		{ 999499, "999,499", "999 kB" },
		{ 999500, "999,500", "1.00 MB" },
		{ 9995000, "9,995,000", "10.0 MB" },
		{ 99950000, "99,950,000", "100 MB" },
		{ 123456789, "123,456,789", "123 MB" },
		{ UINT64_MAX, "18,446,744,073,709,551,615", "18.4 EB" },
	};
	static const struct { double s; const char *text; } d[] = {
		{ 0, "0.0 s" }, { 0.0001, "1 ms" }, { 0.0124, "12 ms" }, { 0.0994, "99 ms" }, { 0.0996, "0.1 s" }, { 4.24, "4.2 s" }, { 9.94, "9.9 s" }, { 9.96, "0:10" }, { 59.6, "1:00" },
		{ 98.2, "1:38" }, { 3599.4, "59:59" }, { 3723, "1:02:03" }, { 360000, "100:00:00" },
		{ -1, "-" }, { NAN, "-" }, { INFINITY, "-" },
	};
	char buf[32];

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		is_str(str_thousands(t[i].n, buf), t[i].thousands, "thousands");
		is_str(str_bytes(t[i].n, buf), t[i].bytes, "bytes");
	}
	for (size_t i = 0; i < sizeof(d) / sizeof(d[0]); i++)
		is_str(str_seconds(d[i].s, buf), d[i].text, "seconds");
}

static void nearest(void)
{
	static const char *const names[] = { "popularity", "item-knn", "user-knn", "ease", "ials", "bpr" };
	const char *got;

	ok(str_distance("", "abc") == 3 && str_distance("abc", "") == 3, "distance from nothing");
	ok(str_distance("kitten", "sitting") == 3, "kitten, sitting: 3");
	ok(str_distance("lamda", "lambda") == 1 && str_distance("abc", "abc") == 0, "one letter, none");
	ok(str_distance("ab", "ba") == 2, "a swap is two");

	got = str_nearest("popularty", names, 6);
	is_str(got ? got : "none", "popularity", "a letter missing");
	got = str_nearest("ease2", names, 6);
	is_str(got ? got : "none", "ease", "a letter too many");
	got = str_nearest("pop", names, 6);
	is_str(got ? got : "none", "popularity", "a beginning");
	got = str_nearest("iten-knn", names, 6);
	is_str(got ? got : "none", "item-knn", "the nearer of two alike");
	ok(!str_nearest("xyzzy", names, 6) && !str_nearest("iris", names, 6), "nothing near: no guess");
	ok(!str_nearest("", names, 6), "an empty word: no guess");
	ok(!str_nearest("q", names, 6), "a letter: no guess");
}

int main(void)
{
	grows();
	figures();
	nearest();
	return done_testing();
}
