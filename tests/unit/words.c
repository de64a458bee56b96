/* SPDX-License-Identifier: GPL-3.0-or-later */
/* words.c - the grammar of interface.md, case by case, and parse(quote(id)) = id over random bytes. */
#include "cmd/words.h"

#include <stdlib.h>

#include "base/rng.h"
#include "base/utf8.h"
#include "tap.h"

/* Prints words as [text], named ones as [name=text], quoted ones with a bar: "[a] [k=|b c]". */
static char *show(const struct words *w)
{
	struct str s = STR_INIT;

	for (size_t i = 0; i < w->n; i++) {
		str_puts(&s, i ? " [" : "[");
		if (w->w[i].name)
			str_printf(&s, "%s=", w->w[i].name);
		str_printf(&s, "%s%s]", w->w[i].quoted ? "|" : "", w->w[i].text);
	}
	return s.s ? str_take(&s) : strdup("");
}

static void parses(const char *line, const char *want)
{
	struct words w;
	struct err err = { .code = ERR_OK };
	char *got;

	if (words_parse(&w, line, &err)) {
		got = show(&w);
		words_done(&w);
	} else {
		got = strdup(err.msg);
	}
	is_str(got, want, line[0] ? line : "an empty line");
	free(got);
}

static void refuses(const char *line, const char *part)
{
	struct words w;
	struct err err = { .code = ERR_OK };
	bool good = words_parse(&w, line, &err);

	ok(!good && err.code == ERR_SYNTAX && strstr(err.msg, part), "%s is refused: %s", line, part);
	if (good)
		words_done(&w);
}

static void test_words(void)
{
	parses("", "");
	parses("   \t ", "");
	parses("# all comment", "");
	parses("  # all comment", "");
	parses("recommend 196", "[recommend] [196]");
	parses("  a\t b  ", "[a] [b]");
	parses("a # b", "[a]");
	parses("a#b ease#1", "[a#b] [ease#1]");
	parses("'a b' \"c d\"", "[|a b] [|c d]");
	parses("a' b'c", "[|a bc]");
	parses("'\\n'", "[|\\n]");
	parses("\"\\n\\t\\\\\\\"\\x41\"", "[|\n\t\\\"A]");
	parses("a\\ b \\# \\'", "[|a b] [|#] [|']");
	parses("'' \"\"", "[|] [|]");
	refuses("'a", "never closed");
	refuses("\"a", "never closed");
	refuses("\"\\q\"", "unknown escape");
	refuses("\"\\x4\"", "unknown escape");
	refuses("\"\\x00\"", "unknown escape");
	refuses("a\\", "backslash");
}

static void test_names(void)
{
	parses("k=10", "[k=10]");
	parses("min-value=3 x=", "[min-value=3] [x=]");
	parses("k=\"1 0\"", "[k=|1 0]");
	parses("\"k\"=10", "[|k=10]");
	parses("k\\=10", "[|k=10]");
	parses("'k=10'", "[|k=10]");
	parses("K=10 /a=b -k=1 9k=1 =1", "[K=10] [/a=b] [-k=1] [9k=1] [=1]");
	parses("k=a=b", "[k=a=b]");
}

static void split(const char *line, const char *want)
{
	struct words w, list = { 0 };
	struct err err = { .code = ERR_OK };
	char *got;

	words_parse(&w, line, &err);
	got = word_split_list(&list, &w.w[0], &err) ? show(&list) : strdup(err.msg);
	is_str(got, want, line);
	free(got);
	words_done(&list);
	words_done(&w);
}

static void test_lists(void)
{
	split("a,b,c", "[a] [b] [c]");
	split("a", "[a]");
	split("history=\"a,b\",c:4", "[|a,b] [c:4]");
	split("a\\,b,c", "[|a,b] [c]");
	split("a,,b", "a list has an empty element: a,,b");
	split("a,", "a list has an empty element: a,");
}

static void cut(const char *line, char mark, const char *want_left, const char *want_right)
{
	struct words w;
	struct err err;
	char *right;

	words_parse(&w, line, &err);
	right = word_cut_at(&w.w[0], mark);
	ok(!strcmp(w.w[0].text, want_left) && !strcmp(right ? right : "(none)", want_right), "%s cut at %c", line, mark);
	words_done(&w);
}

static void test_marks(void)
{
	cut("c:4", ':', "c", "4");
	cut("a:b:4", ':', "a:b", "4");
	cut("\"a:b\"", ':', "a:b", "(none)");
	cut("\"a:b\":3", ':', "a:b", "3");
	cut("a\\:b", ':', "a:b", "(none)");
}

static void quotes(const char *id, const char *want)
{
	struct str s = STR_INIT;

	word_quote(&s, id);
	is_str(s.s, want, want);
	str_done(&s);
}

static void test_quote(void)
{
	quotes("196", "196");
	quotes("ease#1", "ease#1");
	quotes("#1", "\"#1\"");
	quotes("", "\"\"");
	quotes("a b", "\"a b\"");
	quotes("~/x", "\"~/x\"");
	quotes("-x", "\"-x\"");
	quotes("+x", "\"+x\"");
	quotes("k=3", "\"k=3\"");
	quotes("a,b", "\"a,b\"");
	quotes("a\"b\\c", "\"a\\\"b\\\\c\"");
	quotes("a\nb\tc", "\"a\\nb\\tc\"");
	quotes("\033[31mred", "\"\\x1B[31mred\"");
	quotes("\xc2\x9b", "\"\\xC2\\x9B\"");
	quotes("\xff", "\"\\xFF\"");
	quotes("\xe5\xbc\xa0", "\xe5\xbc\xa0");
}

/* Every id comes back, as the only word, without a name; and what is printed cannot touch a terminal. */
static bool comes_back(const char *id)
{
	struct str s = STR_INIT, safe = STR_INIT;
	struct words w = { 0 };
	struct err err;
	bool good;

	word_quote(&s, id);
	utf8_sanitise(&safe, s.s, s.len);
	good = words_parse(&w, s.s, &err) && w.n == 1 && !w.w[0].name && !strcmp(w.w[0].text, id) &&
	       safe.len == s.len && !memcmp(safe.s, s.s, s.len);
	if (!good)
		printf("# lost: %s\n", safe.s);
	words_done(&w);
	str_done(&s);
	str_done(&safe);
	return good;
}

static void test_round_trip(void)
{
	static const char favourites[] = " \t\n'\"\\#=,:+-{}k1\x1b\x7f\xc2\x9b\xe2\x80\x8f\xff";
	struct rng r = rng_stream(7, "test.words", 0, 0);
	size_t lost = 0;

	for (int n = 0; n < 200000; n++) {
		char id[24];
		uint32_t len = rng_below(&r, sizeof(id));

		for (uint32_t i = 0; i < len; i++)
			id[i] = rng_below(&r, 2) ? favourites[rng_below(&r, sizeof(favourites) - 1)]
						 : (char)(1 + rng_below(&r, 255));
		id[len] = '\0';
		lost += !comes_back(id);
	}
	ok(lost == 0, "parse(quote(id)) = id, 200,000 random ids");
}

static void tail(const char *line, size_t want_from, const char *want_typed)
{
	char *typed;
	bool quoted, comment;
	size_t from = words_tail(line, strlen(line), &typed, &quoted, &comment);

	ok(from == want_from && !strcmp(typed, want_typed), "the tail of <%s> is <%s>", line, typed);
	free(typed);
}

static void test_tail(void)
{
	tail("", 0, "");
	tail("re", 0, "re");
	tail("recommend ", 10, "");
	tail("recommend 19", 10, "19");
	tail("item \"Star W", 5, "Star W");
	tail("item 'a b' c", 11, "c");
	tail("load a\\ b", 5, "a b");
}

int main(void)
{
	test_words();
	test_names();
	test_lists();
	test_marks();
	test_quote();
	test_round_trip();
	test_tail();
	return done_testing();
}
