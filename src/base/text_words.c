/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text_words.c - see text_words.h. */
#include "base/text_words.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

enum kind { APART, LETTER, DIGIT, PAIRED /* of a script without blanks */ };

/* Blocks from U+0080 on that are no part of a word (Unicode's Blocks.txt; general categories P, S, Z, C). */
static const struct utf8_range apart[] = {
	{ 0x0080, 0x00a9 }, { 0x00ab, 0x00b4 }, { 0x00b6, 0x00b9 }, { 0x00bb, 0x00bf }, { 0x00d7, 0x00d7 },
	{ 0x00f7, 0x00f7 }, { 0x037e, 0x037e }, { 0x0387, 0x0387 }, { 0x055a, 0x055f }, { 0x0589, 0x058a },
	{ 0x05be, 0x05be }, { 0x05f3, 0x05f4 }, { 0x0609, 0x060d }, { 0x061b, 0x061f }, { 0x066a, 0x066d },
	{ 0x06d4, 0x06d4 }, { 0x0964, 0x0965 }, { 0x0e3f, 0x0e3f }, { 0x0e4f, 0x0e4f }, { 0x0e5a, 0x0e5b },
	{ 0x1680, 0x1680 }, { 0x2000, 0x206f }, { 0x207a, 0x207e }, { 0x208a, 0x208e },
	{ 0x20a0, 0x20ff }, { 0x2190, 0x2bff }, { 0x2e00, 0x2e7f }, { 0x3000, 0x3004 }, { 0x3008, 0x3020 },
	{ 0x3030, 0x3030 }, { 0x303d, 0x303f }, { 0x30a0, 0x30a0 }, { 0x30fb, 0x30fb }, { 0x3200, 0x33ff },
	{ 0xd800, 0xf8ff }, { 0xfd3e, 0xfd3f }, { 0xfe00, 0xfe1f }, { 0xfe30, 0xfe6f }, { 0xfeff, 0xff0f },
	{ 0xff1a, 0xff20 }, { 0xff3b, 0xff40 }, { 0xff5b, 0xff65 }, { 0xffe0, 0xffff }, { 0x1f000, 0x1faff },
	{ 0xe0000, 0x10ffff },
};
/* Han, Hiragana, Katakana. */
static const struct utf8_range paired[] = {
	{ 0x2e80, 0x2fdf }, { 0x3005, 0x3007 }, { 0x3021, 0x3029 }, { 0x3041, 0x30ff }, { 0x31f0, 0x31ff },
	{ 0x3400, 0x4dbf }, { 0x4e00, 0x9fff }, { 0xf900, 0xfaff }, { 0xff66, 0xff9f }, { 0x20000, 0x3fffd },
};

static enum kind kind_of(uint32_t cp)
{
	if (cp < 0x80) {
		if (cp >= '0' && cp <= '9')
			return DIGIT;
		return (cp | 0x20) >= 'a' && (cp | 0x20) <= 'z' ? LETTER : APART;
	}
	if (utf8_in_ranges(cp, apart, sizeof(apart) / sizeof(*apart)))
		return APART;
	return utf8_in_ranges(cp, paired, sizeof(paired) / sizeof(*paired)) ? PAIRED : LETTER;
}

/* The next character of the text at `at`, narrow; 0 bytes at the end. */
static size_t look(const struct text_words *r, size_t at, uint32_t *cp, enum kind *kind)
{
	size_t used = at < r->n ? utf8_decode(r->s + at, r->n - at, cp) : 0;

	*kind = APART;
	if (!used)
		return 0;
	if (*cp >= 0xff01 && *cp <= 0xff5e) /* the wide forms of ASCII */
		*cp -= 0xfee0;
	*kind = kind_of(*cp);
	return used;
}

static void put(struct text_word *w, uint32_t cp)
{
	char bytes[4];
	size_t n = utf8_encode(utf8_fold(cp), bytes);

	if (w->n + n > TEXT_WORD_MAX)
		return;
	memcpy(w->s + w->n, bytes, n);
	w->n += n;
}

/* The character at r->at is of a script without blanks; nothing is put when the pair before told it. */
static void take_paired(struct text_words *r, struct text_word *w, uint32_t cp, size_t used)
{
	uint32_t second;
	enum kind kind;
	size_t more = look(r, r->at + used, &second, &kind);
	bool told = r->paired;

	w->from = r->at;
	r->at += used;
	w->to = r->at;
	r->paired = kind == PAIRED;
	if (r->paired)
		w->to += more;
	else if (told)
		return;
	put(w, cp);
	if (r->paired)
		put(w, second);
}

/* Whether the character at `at` ties what stands before it, of kind `before`, to what follows. */
static bool joins(const struct text_words *r, size_t at, uint32_t cp, size_t used, enum kind before)
{
	uint32_t next;
	enum kind kind;

	look(r, at + used, &next, &kind);
	if (cp == '\'' || cp == 0x2019)
		return before == LETTER && kind == LETTER;
	return cp == '.' && before == DIGIT && kind == DIGIT;
}

static void take_word(struct text_words *r, struct text_word *w)
{
	enum kind kind, before = APART;
	unsigned letters = 0;
	uint32_t cp;
	size_t used;

	w->from = r->at;
	for (; (used = look(r, r->at, &cp, &kind)); r->at += used) {
		if (kind == LETTER || kind == DIGIT) {
			put(w, cp);
			letters++;
			before = kind;
		} else if (kind == APART && (cp == '+' || cp == '#') && letters == 1 && before == LETTER) {
			put(w, cp);
		} else if (kind != APART || !joins(r, r->at, cp, used, before)) {
			break;
		} else if (cp == '.') {
			put(w, cp);
		}
	}
	w->to = r->at;
}

bool text_words_next(struct text_words *r, struct text_word *w)
{
	enum kind kind;
	uint32_t cp;
	size_t used;

	w->n = 0;
	while (!w->n && (used = look(r, r->at, &cp, &kind))) {
		if (kind == PAIRED) {
			take_paired(r, w, cp, used);
			continue;
		}
		r->paired = false;
		if (kind == APART)
			r->at += used;
		else
			take_word(r, w);
	}
	w->s[w->n] = '\0';
	return w->n > 0;
}
