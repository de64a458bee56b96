/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of texts in several scripts. */
#include "base/text_words.h"

#include <string.h>

#include "tap.h"

/* The words, each behind a bar. */
static const char *words_of(const char *text)
{
	static char all[1024];
	struct text_words r = text_words_of(text, strlen(text));
	struct text_word w;

	all[0] = '\0';
	while (text_words_next(&r, &w)) {
		strcat(all, "|");
		strcat(all, w.s);
	}
	return all;
}

static void is(const char *text, const char *want, const char *what)
{
	const char *got = words_of(text);

	ok(!strcmp(got, want), "%s: %s", what, got);
}

static void test_places(void)
{
	static const char text[] = "Am\xc3\xa9lie \xe4\xba\xba\xe6\xa0\xbc\xe4\xb8\x8e: 2.0";
	static const struct { size_t from, to; } want[] = { { 0, 7 }, { 8, 14 }, { 11, 17 }, { 19, 22 } };
	struct text_words r = text_words_of(text, sizeof(text) - 1);
	struct text_word w;
	bool right = true;
	size_t n = 0;

	for (; text_words_next(&r, &w); n++)
		right = right && n < 4 && w.from == want[n].from && w.to == want[n].to && w.n == strlen(w.s);
	ok(right && n == 4, "each word knows where it stands");
}

int main(void)
{
	is("Toy Story (1995)", "|toy|story|1995", "a title with its year");
	is("", "", "nothing");
	is(" -- !? ", "", "no word");
	is("Schindler's List; don\u2019t 'quote'", "|schindlers|list|dont|quote", "apostrophes join letters alone");
	is("Sci-Fi|Action", "|sci|fi|action", "hyphens and bars part");
	is("Version 2.0, 1.5.", "|version|2.0|1.5", "a point between digits");
	is("C++ and F# or A+ but no++ #1", "|c++|and|f#|or|a+|but|no|1", "signs behind a lone letter");
	is("\u00c9T\u00c9 \u00d8re \u00c5ngstr\u00f6m stra\u00dfe", "|\u00e9t\u00e9|\u00f8re|\u00e5ngstr\u00f6m|stra\u00dfe",
	   "Latin letters with accents are made small");
	is("\u0391\u0398\u0397\u039d\u0391 \u041c\u041e\u0421\u041a\u0412\u0410",
	   "|\u03b1\u03b8\u03b7\u03bd\u03b1|\u043c\u043e\u0441\u043a\u0432\u0430", "Greek, Cyrillic");
	is("e\u0301te\u0301", "|e\u0301te\u0301", "a mark stays on its letter");
	is("\u4eba\u683c\u4e0e\u7cbe\u795e", "|\u4eba\u683c|\u683c\u4e0e|\u4e0e\u7cbe|\u7cbe\u795e", "Chinese in pairs");
	is("\u5b66 \u4e60", "|\u5b66|\u4e60", "lone characters stand for themselves");
	is("\u5fc3\u7406\uff0c\u5b66", "|\u5fc3\u7406|\u5b66", "wide punctuation parts");
	is("Java\u8bed\u8a00\u5165\u95e82020", "|java|\u8bed\u8a00|\u8a00\u5165|\u5165\u95e8|2020", "Chinese beside Latin");
	is("\uff21\uff22\uff23\uff11\uff12", "|abc12", "wide letters are narrow ones");
	is("\u3072\u3089\u304c\u306a", "|\u3072\u3089|\u3089\u304c|\u304c\u306a", "Hiragana");
	is("\ud55c\uad6d \uc601\ud654", "|\ud55c\uad6d|\uc601\ud654", "Hangul sets blanks");
	is("\U0001f600 Cats\U0001f408\u200d\u2b1b\ufe0f&dogs 1\ufe0f\u20e3", "|cats|dogs|1", "emoji part, and are no words");
	is("a\xff\xc3z", "|a|z", "broken bytes part"); /* U+FFFD */
	{
		char longest[200];
		struct text_words r = text_words_of(longest, sizeof(longest));
		struct text_word w;

		memset(longest, 'x', sizeof(longest));
		ok(text_words_next(&r, &w) && w.n == TEXT_WORD_MAX && w.to == 200 && !text_words_next(&r, &w),
		   "a word too long is cut");
	}
	test_places();
	return done_testing();
}
