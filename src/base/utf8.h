/* SPDX-License-Identifier: GPL-3.0-or-later */
/* utf8.h - decode, judge, sanitise and measure text.
 *
 * The one place that decides what text from data may look like on a terminal: C0, DEL, C1, bidi
 * controls, zero-width joiners and other format characters become U+FFFD or vanish.  Decode, sanitise,
 * then measure.  Widths come from the C library's wcwidth in a UTF-8 locale, with our own answer for
 * what it does not know.  Thread: ANY.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* Decodes one code point at s[0..n-1]; returns bytes used (>= 1 for n >= 1).  A broken byte gives
 * U+FFFD and 1.  Overlong forms, surrogates and > U+10FFFF are broken. */
size_t utf8_decode(const char *s, size_t n, uint32_t *cp);
size_t utf8_encode(uint32_t cp, char out[4]);
bool utf8_valid(const char *s, size_t n);
int utf8_width(uint32_t cp);                  /* 0, 1 or 2 columns; combining 0 */
int utf8_text_width(const char *s, size_t n); /* of the sanitised text */
/* Appends s made safe for a terminal: one line, no control, no bidi, no joiner. */
void utf8_sanitise(struct str *out, const char *s, size_t n);
/* The longest prefix of sanitised s that fits `cols` columns, with … (or ~ in ascii) when cut. */
void utf8_fit(struct str *out, const char *s, size_t n, int cols, bool ascii);
void utf8_from_latin1(struct str *out, const char *s, size_t n);
struct utf8_range { uint32_t first, last; }; /* code points */
bool utf8_in_ranges(uint32_t cp, const struct utf8_range *r, size_t n); /* r ascending, apart from each other */
uint32_t utf8_fold(uint32_t cp); /* the small form of a Latin, Greek or Cyrillic letter, else cp itself */
/* Case-insensitive (by utf8_fold) substring test, for filters. */
bool utf8_contains_fold(const char *hay, const char *needle);

#endif
