/* SPDX-License-Identifier: GPL-3.0-or-later */
/* utf8.c - every code point there and back, every broken form refused, nothing dangerous shown. */
#include "base/utf8.h"

#include <locale.h>
#include <stdlib.h>
#include <wchar.h>

#include "tap.h"

#define REPLACEMENT 0xfffd

static void is_sane(const char *s, const char *want, const char *name)
{
	struct str out = STR_INIT;

	utf8_sanitise(&out, s, strlen(s));
	is_str(str_text(&out), want, name);
	str_done(&out);
}

static void is_fit(const char *s, int cols, bool ascii, const char *want)
{
	struct str out = STR_INIT;

	utf8_fit(&out, s, strlen(s), cols, ascii);
	if (!ok(!strcmp(str_text(&out), want), "'%s' in %d columns is '%s'", s, cols, want))
		printf("# got '%s'\n", str_text(&out));
	str_done(&out);
}

static void there_and_back(void)
{
	bool same = true, none = true;
	char s[4];

	for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
		size_t n = utf8_encode(cp, s);
		uint32_t back;

		if (cp >= 0xd800 && cp <= 0xdfff) {
			none &= n == 3 && utf8_decode(s, n, &back) == 3 && back == REPLACEMENT;
			continue;
		}
		same &= utf8_decode(s, n, &back) == n && back == cp && utf8_valid(s, n);
		for (size_t less = 1; less < n; less++)
			same &= utf8_decode(s, less, &back) == 1 && back == REPLACEMENT && !utf8_valid(s, less);
	}
	ok(same, "every code point is encoded and decoded, and cut short is broken");
	ok(none, "surrogates are not encoded");
	ok(utf8_encode(0x110000, s) == 3, "nor what lies beyond U+10FFFF");
}

/* All first two bytes, each with four endings, against the C library. */
static void against_the_library(void)
{
	unsigned failed = 0;
	char s[4];

	if (!strcmp(setlocale(LC_ALL, NULL), "C")) {
		puts("# no UTF-8 locale here");
		return;
	}
	for (unsigned lead = 0x80; lead < 0x100; lead++)
		for (unsigned second = 0; second < 0x100; second++)
			for (int rest = 0; rest < 4; rest++) {
				static const unsigned char tail[] = { 0x80, 0xbf, 0x7f, 0xc0 };
				mbstate_t state = { 0 };
				uint32_t cp;
				wchar_t wc = 0;
				size_t got, want;

				s[0] = (char)lead;
				s[1] = (char)second;
				s[2] = (char)tail[rest];
				s[3] = (char)tail[rest];
				got = utf8_decode(s, 4, &cp);
				want = mbrtowc(&wc, s, 4, &state);
				/* glibc knows no end of Unicode. */
				if (want > 4 || wc > 0x10ffff)
					failed += got != 1 || cp != REPLACEMENT;
				else
					failed += got != want || cp != (uint32_t)wc;
			}
	ok(!failed, "131072 sequences are judged as mbrtowc judges them");
}

static void broken(void)
{
	static const char *const bad[] = {
		"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "ab\xc3", "\xe2\x82", "12345678\xe9" "abc",
	};
	unsigned failed = 0;
	uint32_t cp;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (utf8_valid(bad[i], strlen(bad[i])))
			printf("# %zu (%u)\n", i, ++failed);
	ok(!failed, "overlong forms, surrogates, stray and missing bytes are invalid");
	ok(utf8_valid("", 0) && utf8_valid("caf\u00e9 \u4e16\u754c \U0001f600, and so on", 29), "good text is valid");
	ok(utf8_decode("", 0, &cp) == 0, "of nothing nothing is used");
	is_sane("a\xe9" "b\xff", "a\ufffdb\ufffd", "a broken byte is shown as U+FFFD");
}

static void dangerous(void)
{
	char all[0x110000 / 4];
	struct str out = STR_INIT;
	bool clean = true;
	size_t n = 0;
	uint32_t cp;

	is_sane("a\x1b[31mred\x1b[0m", "a\ufffd[31mred\ufffd[0m", "escape sequences lose their escape");
	is_sane("a\xc2\x9b" "31m", "a\ufffd31m", "also the one-byte kind");
	is_sane("a\tb\nc\rd", "a b c d", "tabs and ends of lines are spaces");
	is_sane("\x07\x7f", "\ufffd\ufffd", "bell and DEL");
	is_sane("user\u202egnp.exe", "usergnp.exe", "bidi controls vanish");
	is_sane("\u2066a\u2069\u200f\u061c", "a", "all of them");
	is_sane("\U0001f468\u200d\U0001f469", "\U0001f468\U0001f469", "joiners vanish");
	is_sane("\u263a\ufe0f\ufeff\u00ad", "\u263a", "so do variation selectors, BOM, soft hyphen");
	is_sane("\u2028x\u2029", " x ", "line and paragraph separators");
	is_sane("e\u0301\u0301\u0301\u0301\u0301\u0301", "e\u0301\u0301\u0301", "a pile of marks is cut to three");
	is_sane("\u0301\u0302x\u0301", "x\u0301", "a mark with nothing to stand on vanishes");
	is_sane("\ufffe\ufdd0", "\ufffd\ufffd", "noncharacters");
	is_sane("", "", "nothing is nothing");

	/* Every code point at once, and sanitising twice changes nothing. */
	for (cp = 1; cp <= 0x10ffff && n + 4 < sizeof(all); cp += cp < 0x3000 ? 1 : 61)
		n += utf8_encode(cp, all + n);
	utf8_sanitise(&out, all, n);
	for (size_t i = 0; i < out.len;) {
		i += utf8_decode(out.s + i, out.len - i, &cp);
		clean &= cp >= 0x20 && (cp < 0x7f || cp >= 0xa0) && !(cp >= 0x200b && cp <= 0x200f) &&
			 !(cp >= 0x2028 && cp <= 0x202e) && !(cp >= 0x2060 && cp <= 0x206f) && cp != 0xfeff;
	}
	ok(clean, "of all code points none that steers a terminal is left");
	is_sane(out.s, out.s, "what is sane stays as it is");
	str_done(&out);
}

static void widths(void)
{
	ok(utf8_width('a') == 1 && utf8_width(0xe9) == 1 && utf8_width(0x4e16) == 2 && utf8_width(0x1f600) == 2 &&
	   utf8_width(0x301) == 0 && utf8_width(0xfffd) == 1 && utf8_width(0x2588) == 1 && utf8_width(0x28ff) == 1 &&
	   utf8_width(0xac00) == 2 && utf8_width(0xff21) == 2 && utf8_width(0x2026) == 1, "columns in locale %s",
	   setlocale(LC_CTYPE, NULL));
	ok(utf8_text_width("caf\u00e9 \u4e16\u754c", 12) == 9, "of a text");
	ok(utf8_text_width("e\u0301\u200d\x1b", 7) == 2, "as it is shown, not as it is stored");
}

static void fits(void)
{
	is_fit("short", 10, false, "short");
	is_fit("exactly", 7, false, "exactly");
	is_fit("too long", 7, false, "too lo\u2026");
	is_fit("too long", 7, true, "too lo~");
	is_fit("\u4e16\u754c\u4e16", 6, false, "\u4e16\u754c\u4e16");
	is_fit("\u4e16\u754c\u4e16", 5, false, "\u4e16\u754c\u2026");
	is_fit("\u4e16\u754c\u4e16", 4, false, "\u4e16\u2026");
	is_fit("\u4e16\u754c", 1, false, "\u2026");
	is_fit("ae\u0301bc", 3, false, "ae\u0301\u2026");
	is_fit("ae\u0301", 2, false, "ae\u0301");
	is_fit("abc", 0, false, "");
	is_fit("abc", -3, false, "");
	is_fit("", 5, false, "");
}

/* Whatever the bytes: never wider than asked, always valid, always the text itself where it fits. */
static void random_bytes(void)
{
	uint64_t state = 1;
	unsigned wide = 0, invalid = 0, unstable = 0, cut = 0;

	for (int i = 0; i < 100000; i++) {
		struct str sane = STR_INIT, fit = STR_INIT, latin = STR_INIT, again = STR_INIT;
		char s[24];
		size_t n;
		int cols, width;

		for (n = 0; n < sizeof(s); n++) {
			state = state * 6364136223846793005u + 1442695040888963407u;
			/* A third ASCII, a third anything, a third bytes that lead or continue. */
			s[n] = (char)(state >> 62 == 0 ? (state >> 40 & 0x7f) : state >> 62 == 1 ? state >> 40 :
				      0x80 | (state >> 40 & 0x7f));
		}
		n = state >> 33 & 15;
		cols = (int)(state >> 50 & 15);
		utf8_sanitise(&sane, s, n);
		utf8_fit(&fit, s, n, cols, false);
		utf8_from_latin1(&latin, s, n);
		utf8_sanitise(&again, sane.s, sane.len);
		width = utf8_text_width(s, n);
		invalid += !utf8_valid(sane.s, sane.len) || !utf8_valid(fit.s, fit.len) || !utf8_valid(latin.s, latin.len);
		wide += utf8_text_width(fit.s, fit.len) > cols || utf8_text_width(sane.s, sane.len) != width;
		unstable += sane.len != again.len || memcmp(sane.s, again.s, sane.len) != 0;
		cut += (width <= cols) != (fit.len == sane.len && !memcmp(fit.s, sane.s, sane.len)) && cols > 0;
		str_done(&sane);
		str_done(&fit);
		str_done(&latin);
		str_done(&again);
	}
	ok(!invalid && !wide && !unstable && !cut, "100000 random byte strings (%u %u %u %u)", invalid, wide, unstable, cut);
}

static void latin1(void)
{
	struct str out = STR_INIT;

	utf8_from_latin1(&out, "Am\xe9lie \xffz", 9);
	is_str(str_text(&out), "Am\u00e9lie \u00ffz", "Latin-1 is converted");
	str_done(&out);
}

static void folds(void)
{
	static const char *const upper_lower[][2] = {
		{ "ABCXYZ", "abcxyz" }, { "\u00c0\u00d6\u00d8\u00de", "\u00e0\u00f6\u00f8\u00fe" },
		{ "\u0100\u012e\u0139\u0147\u014a\u0176\u0178\u0179\u017d", "\u0101\u012f\u013a\u0148\u014b\u0177\u00ff\u017a\u017e" },
		{ "\u0391\u03a1\u03a3\u03a9\u0386\u0388\u038c\u038f", "\u03b1\u03c1\u03c3\u03c9\u03ac\u03ad\u03cc\u03ce" },
		{ "\u0410\u042f\u0401\u0490", "\u0430\u044f\u0451\u0491" }, { "\u1ea0\u1ef8\u1e9e", "\u1ea1\u1ef9\u00df" },
	};
	unsigned failed = 0;

	for (size_t i = 0; i < sizeof(upper_lower) / sizeof(upper_lower[0]); i++) {
		const char *u = upper_lower[i][0], *l = upper_lower[i][1];

		if (!utf8_contains_fold(u, l) || !utf8_contains_fold(l, u))
			printf("# %s %s (%u)\n", u, l, ++failed);
	}
	ok(!failed, "Latin, Greek and Cyrillic capitals meet their small letters");
	ok(utf8_contains_fold("\u03a3\u03af\u03c3\u03c5\u03c6\u03bf\u03c2", "\u03c6\u03bf\u03c3"), "both small sigmas are one");
	ok(utf8_contains_fold("The Matrix (1999)", "MATRIX") && utf8_contains_fold("Toy Story", "") &&
	   utf8_contains_fold("aab", "AB") && !utf8_contains_fold("aab", "abb") && !utf8_contains_fold("", "a"), "substrings");
	ok(!utf8_contains_fold("\u00d7", "\u00f7") && !utf8_contains_fold("@[", "`{"), "signs have no case");
	ok(utf8_contains_fold("\u4e16\u754c\u4eba", "\u754c"), "other scripts are compared as they are");
	ok(!utf8_contains_fold("\xe4\xb8", "\xe4\xb8\x96"), "half a character is no match");
}

int main(void)
{
	setlocale(LC_ALL, "C");
	widths(); /* by our own tables */
	fits();
	if (!setlocale(LC_ALL, "C.UTF-8"))
		setlocale(LC_ALL, "en_US.UTF-8");
	there_and_back();
	against_the_library();
	broken();
	dangerous();
	widths();
	fits();
	random_bytes();
	latin1();
	folds();
	return done_testing();
}
