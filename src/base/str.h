/* SPDX-License-Identifier: GPL-3.0-or-later */
/* str.h - a growable byte string, always NUL-terminated once touched.
 *
 * `struct str s = STR_INIT;` … str_printf(&s, …) … str_done(&s).  str_take() gives the buffer away
 * (free with free()).  Meant for messages, lines and reports: growth failure aborts (mem_must).
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	char *s; /* never NULL after the first append; use str_text() otherwise */
	size_t len, cap;
};
#define STR_INIT { NULL, 0, 0 }

void str_done(struct str *s);
void str_clear(struct str *s);
void str_append(struct str *s, const char *bytes, size_t n);
void str_puts(struct str *s, const char *text);
void str_putc(struct str *s, char c);
void str_printf(struct str *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void str_vprintf(struct str *s, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
const char *str_text(const struct str *s); /* "" when empty */
char *str_take(struct str *s);

/* 1234567 -> "1,234,567"; buf of 32 bytes. */
const char *str_thousands(uint64_t n, char buf[32]);
/* 123456789 -> "123 MB" (powers of 1000, three figures). */
const char *str_bytes(uint64_t n, char buf[32]);
/* 98.2 -> "1:38", 3723 -> "1:02:03"; under 10 s "4.2 s", under a tenth "12 ms"; "-" for what is no duration. */
const char *str_seconds(double s, char buf[32]);

/* Levenshtein distance, for "did you mean"; both at most 64 bytes are compared. */
unsigned str_distance(const char *a, const char *b);
/* The nearest of n names, or NULL when none is near enough to be meant. */
const char *str_nearest(const char *word, const char *const *names, size_t n);

#endif
