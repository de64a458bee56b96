/* SPDX-License-Identifier: GPL-3.0-or-later */
/* utf8.c - decoding, sanitising and measuring.
 *
 * Decoding follows table 3-7 of the Unicode standard (well-formed byte sequences).  What is shown of
 * a text comes from next_shown() alone, so that what is measured is what is drawn. */
#include "base/utf8.h"

#include <string.h>
#include <wchar.h>

#define REPLACEMENT 0xfffd
#define MARKS_MAX 3 /* combining marks kept on one character; more would pile up over other rows */

bool utf8_in_ranges(uint32_t cp, const struct utf8_range *r, size_t n)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (cp > r[mid].last)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < n && cp >= r[lo].first;
}

#define IN(cp, table) utf8_in_ranges(cp, table, sizeof(table) / sizeof((table)[0]))

static bool continues(unsigned char c, unsigned char lo, unsigned char hi)
{
	return c >= lo && c <= hi;
}

size_t utf8_decode(const char *text, size_t n, uint32_t *cp)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned char lo = 0x80, hi = 0xbf; /* bounds of the second byte */

	*cp = REPLACEMENT;
	if (!n)
		return 0;
	if (s[0] < 0x80) {
		*cp = s[0];
		return 1;
	}
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 1;
	if (s[0] < 0xe0) {
		if (n < 2 || !continues(s[1], lo, hi))
			return 1;
		*cp = (uint32_t)(s[0] & 0x1f) << 6 | (s[1] & 0x3f);
		return 2;
	}
	if (s[0] < 0xf0) {
		if (s[0] == 0xe0)
			lo = 0xa0; /* overlong below */
		if (s[0] == 0xed)
			hi = 0x9f; /* surrogates above */
		if (n < 3 || !continues(s[1], lo, hi) || !continues(s[2], 0x80, 0xbf))
			return 1;
		*cp = (uint32_t)(s[0] & 0x0f) << 12 | (uint32_t)(s[1] & 0x3f) << 6 | (s[2] & 0x3f);
		return 3;
	}
	if (s[0] == 0xf0)
		lo = 0x90; /* overlong below */
	if (s[0] == 0xf4)
		hi = 0x8f; /* beyond U+10FFFF above */
	if (n < 4 || !continues(s[1], lo, hi) || !continues(s[2], 0x80, 0xbf) || !continues(s[3], 0x80, 0xbf))
		return 1;
	*cp = (uint32_t)(s[0] & 0x07) << 18 | (uint32_t)(s[1] & 0x3f) << 12 | (uint32_t)(s[2] & 0x3f) << 6 |
	      (s[3] & 0x3f);
	return 4;
}

size_t utf8_encode(uint32_t cp, char out[4])
{
	if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
		cp = REPLACEMENT;
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

bool utf8_valid(const char *s, size_t n)
{
	while (n) {
		uint32_t cp;
		size_t used;

		/* Most text is ASCII: eight bytes at a time. */
		while (n >= 8) {
			uint64_t word;

			memcpy(&word, s, 8);
			if (word & 0x8080808080808080u)
				break;
			s += 8;
			n -= 8;
		}
		if (!n)
			break;
		used = utf8_decode(s, n, &cp);
		if (used == 1 && (unsigned char)*s >= 0x80)
			return false;
		s += used;
		n -= used;
	}
	return true;
}

/* For what the C library does not know (outside a UTF-8 locale that is everything): blocks of marks
 * that take no column, and blocks that take two (Unicode's EastAsianWidth.txt: W and F, by block). */
static const struct utf8_range no_column[] = {
	{ 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd }, { 0x0610, 0x061a }, { 0x064b, 0x065f },
	{ 0x0e34, 0x0e3a }, { 0x0e47, 0x0e4e }, { 0x1160, 0x11ff }, { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff },
	{ 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0x20d0, 0x20ff }, { 0x302a, 0x302d },
	{ 0x3099, 0x309a }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }, { 0xfeff, 0xfeff }, { 0xe0000, 0xe0fff },
};

static const struct utf8_range two_columns[] = {
	{ 0x1100, 0x115f }, { 0x231a, 0x231b }, { 0x2e80, 0x303e }, { 0x3041, 0x33ff }, { 0x3400, 0x4dbf },
	{ 0x4e00, 0x9fff }, { 0xa000, 0xa4cf }, { 0xa960, 0xa97c }, { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff },
	{ 0xfe10, 0xfe19 }, { 0xfe30, 0xfe6f }, { 0xff00, 0xff60 }, { 0xffe0, 0xffe6 }, { 0x16fe0, 0x18cff },
	{ 0x1aff0, 0x1b2ff }, { 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f7e0, 0x1f7eb },
	{ 0x1f90c, 0x1f9ff }, { 0x1fa70, 0x1faff }, { 0x20000, 0x2fffd }, { 0x30000, 0x3fffd },
};

int utf8_width(uint32_t cp)
{
	int width;

	if (cp >= 0x20 && cp < 0x7f)
		return 1;
	if (cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
		return 0;
	width = wcwidth((wchar_t)cp);
	if (width >= 0)
		return width > 2 ? 2 : width;
	return IN(cp, no_column) ? 0 : IN(cp, two_columns) ? 2 : 1;
}

/* Characters that order, join or hide others and show nothing themselves: of Unicode's general category
 * Cf all but the few with a shape, variation selectors, and fillers that look like nothing. */
static const struct utf8_range vanish[] = {
	{ 0x00ad, 0x00ad }, { 0x034f, 0x034f }, { 0x061c, 0x061c }, { 0x115f, 0x1160 }, { 0x17b4, 0x17b5 },
	{ 0x180b, 0x180f }, { 0x200b, 0x200f }, { 0x202a, 0x202e }, { 0x2060, 0x206f }, { 0x3164, 0x3164 },
	{ 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb },
	{ 0x13430, 0x1343f }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a }, { 0xe0000, 0xe0fff },
};

static bool is_noncharacter(uint32_t cp)
{
	return (cp & 0xfffe) == 0xfffe || (cp >= 0xfdd0 && cp <= 0xfdef);
}

/* 0: vanishes. */
static uint32_t shown(uint32_t cp)
{
	if (cp >= 0x20 && cp < 0x7f)
		return cp;
	if ((cp >= '\t' && cp <= '\r') || cp == 0x85 || cp == 0x2028 || cp == 0x2029)
		return ' ';
	if (cp < 0xa0 || is_noncharacter(cp))
		return REPLACEMENT;
	return IN(cp, vanish) ? 0 : cp;
}

struct walk {
	const char *s;
	size_t n;
	bool has_base; /* a character that a mark could stand on */
	unsigned marks;
};

static bool next_shown(struct walk *w, uint32_t *cp, int *width)
{
	while (w->n) {
		size_t used = utf8_decode(w->s, w->n, cp);

		w->s += used;
		w->n -= used;
		*cp = shown(*cp);
		if (!*cp)
			continue;
		*width = utf8_width(*cp);
		if (*width) {
			w->has_base = true;
			w->marks = 0;
			return true;
		}
		/* With nothing before it, a mark would land on the neighbour's text. */
		if (w->has_base && w->marks++ < MARKS_MAX)
			return true;
	}
	return false;
}

int utf8_text_width(const char *s, size_t n)
{
	struct walk w = { .s = s, .n = n };
	uint32_t cp;
	int width, sum = 0;

	while (next_shown(&w, &cp, &width))
		sum += width;
	return sum;
}

static void put(struct str *out, uint32_t cp)
{
	char bytes[4];

	str_append(out, bytes, utf8_encode(cp, bytes));
}

void utf8_sanitise(struct str *out, const char *s, size_t n)
{
	struct walk w = { .s = s, .n = n };
	uint32_t cp;
	int width;

	str_append(out, "", 0);
	while (next_shown(&w, &cp, &width))
		put(out, cp);
}

void utf8_fit(struct str *out, const char *s, size_t n, int cols, bool ascii)
{
	struct walk w = { .s = s, .n = n };
	size_t cut;   /* where the text ends if a mark of one column must follow */
	int sum = 0, width;
	uint32_t cp;

	str_append(out, "", 0);
	cut = out->len;
	while (next_shown(&w, &cp, &width)) {
		if (sum + width > cols) {
			out->len = cut;
			out->s[cut] = '\0';
			if (cols > 0)
				str_puts(out, ascii ? "~" : "\u2026");
			return;
		}
		put(out, cp);
		sum += width;
		if (sum < cols)
			cut = out->len;
	}
}

void utf8_from_latin1(struct str *out, const char *s, size_t n)
{
	str_append(out, "", 0);
	for (size_t i = 0; i < n; i++)
		put(out, (unsigned char)s[i]);
}

/* Runs of letters whose small forms lie `add` further; step 2: capital and small take turns, capitals
 * at first, first + 2 … (CaseFolding.txt, status C, of the Latin, Greek and Cyrillic blocks). */
static const struct fold {
	uint32_t first, last;
	int32_t add;
	uint32_t step;
} folds[] = {
	{ 0x0041, 0x005a, 32, 1 },    { 0x00b5, 0x00b5, 775, 1 },   { 0x00c0, 0x00d6, 32, 1 },
	{ 0x00d8, 0x00de, 32, 1 },    { 0x0100, 0x012e, 1, 2 },     { 0x0132, 0x0136, 1, 2 },
	{ 0x0139, 0x0147, 1, 2 },     { 0x014a, 0x0176, 1, 2 },     { 0x0178, 0x0178, -121, 1 },
	{ 0x0179, 0x017d, 1, 2 },     { 0x017f, 0x017f, -268, 1 },  { 0x01cd, 0x01db, 1, 2 },
	{ 0x01de, 0x01ee, 1, 2 },     { 0x01f8, 0x021e, 1, 2 },     { 0x0222, 0x0232, 1, 2 },
	{ 0x0386, 0x0386, 38, 1 },    { 0x0388, 0x038a, 37, 1 },    { 0x038c, 0x038c, 64, 1 },
	{ 0x038e, 0x038f, 63, 1 },    { 0x0391, 0x03a1, 32, 1 },    { 0x03a3, 0x03ab, 32, 1 },
	{ 0x03c2, 0x03c2, 1, 1 },     { 0x0400, 0x040f, 80, 1 },    { 0x0410, 0x042f, 32, 1 },
	{ 0x0460, 0x0480, 1, 2 },     { 0x048a, 0x04be, 1, 2 },     { 0x04c0, 0x04c0, 15, 1 },
	{ 0x04c1, 0x04cd, 1, 2 },     { 0x04d0, 0x052e, 1, 2 },     { 0x1e00, 0x1e94, 1, 2 },
	{ 0x1e9e, 0x1e9e, -7615, 1 }, { 0x1ea0, 0x1efe, 1, 2 },
};

uint32_t utf8_fold(uint32_t cp)
{
	if (cp < 0x80)
		return cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
	if (cp > 0x1eff)
		return cp;
	for (size_t i = 1; i < sizeof(folds) / sizeof(folds[0]) && cp >= folds[i].first; i++)
		if (cp <= folds[i].last)
			return (cp - folds[i].first) % folds[i].step ? cp : (uint32_t)((int32_t)cp + folds[i].add);
	return cp;
}

static bool begins_folded(const char *hay, size_t hay_len, const char *needle, size_t needle_len)
{
	while (needle_len) {
		uint32_t a, b;
		size_t used_a, used_b = utf8_decode(needle, needle_len, &b);

		if (!hay_len)
			return false;
		used_a = utf8_decode(hay, hay_len, &a);
		if (utf8_fold(a) != utf8_fold(b))
			return false;
		hay += used_a;
		hay_len -= used_a;
		needle += used_b;
		needle_len -= used_b;
	}
	return true;
}

bool utf8_contains_fold(const char *hay, const char *needle)
{
	size_t hay_len = strlen(hay), needle_len = strlen(needle);
	uint32_t first, cp;

	if (!needle_len)
		return true;
	utf8_decode(needle, needle_len, &first);
	first = utf8_fold(first);
	while (hay_len) {
		size_t used = utf8_decode(hay, hay_len, &cp);

		if (utf8_fold(cp) == first && begins_folded(hay, hay_len, needle, needle_len))
			return true;
		hay += used;
		hay_len -= used;
	}
	return false;
}
