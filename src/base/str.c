/* SPDX-License-Identifier: GPL-3.0-or-later */
/* str.c - the growable string, and figures as people read them. */
#include "base/str.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Room for `more` bytes and the NUL. */
static void str_reserve(struct str *s, size_t more)
{
	size_t need = s->len + more + 1;

	if (need <= s->cap)
		return;
	if (need < s->len)
		mem_must(NULL);
	if (need < s->cap * 2)
		need = s->cap * 2;
	if (need < 64)
		need = 64;
	s->s = mem_must(realloc(s->s, need));
	s->cap = need;
}

void str_done(struct str *s)
{
	free(s->s);
	*s = (struct str)STR_INIT;
}

void str_clear(struct str *s)
{
	s->len = 0;
	if (s->s)
		s->s[0] = '\0';
}

void str_append(struct str *s, const char *bytes, size_t n)
{
	str_reserve(s, n);
	if (n)
		memcpy(s->s + s->len, bytes, n);
	s->len += n;
	s->s[s->len] = '\0';
}

void str_puts(struct str *s, const char *text)
{
	str_append(s, text, strlen(text));
}

void str_putc(struct str *s, char c)
{
	str_append(s, &c, 1);
}

void str_vprintf(struct str *s, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	str_reserve(s, 0);
	va_copy(again, ap);
	n = vsnprintf(s->s + s->len, s->cap - s->len, fmt, ap);
	if (n > 0 && (size_t)n >= s->cap - s->len) {
		str_reserve(s, (size_t)n);
		vsnprintf(s->s + s->len, s->cap - s->len, fmt, again);
	}
	va_end(again);
	if (n > 0)
		s->len += (size_t)n;
	s->s[s->len] = '\0';
}

void str_printf(struct str *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vprintf(s, fmt, ap);
	va_end(ap);
}

const char *str_text(const struct str *s)
{
	return s->s ? s->s : "";
}

char *str_take(struct str *s)
{
	char *text;

	str_reserve(s, 0);
	s->s[s->len] = '\0';
	text = s->s;
	*s = (struct str)STR_INIT;
	return text;
}

const char *str_thousands(uint64_t n, char buf[32])
{
	char *at = buf + 31;
	unsigned digits = 0;

	*at = '\0';
	do {
		if (digits && digits % 3 == 0)
			*--at = ',';
		*--at = (char)('0' + n % 10);
		n /= 10;
		digits++;
	} while (n);
	return memmove(buf, at, (size_t)(buf + 32 - at));
}

const char *str_bytes(uint64_t n, char buf[32])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	double v = (double)n;
	size_t unit = 0;

	/* 999.5 would print as 1000 in three figures. */
	while (v >= 999.5 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		v /= 1000;
		unit++;
	}
	snprintf(buf, 32, "%.*f %s", unit == 0 || v >= 99.95 ? 0 : v >= 9.995 ? 1 : 2, v, units[unit]);
	return buf;
}

const char *str_seconds(double s, char buf[32])
{
	uint64_t whole;

	if (!(s >= 0 && s < 1e15)) {
		snprintf(buf, 32, "-");
		return buf;
	}
	if (s > 0 && s < 0.0995) {
		snprintf(buf, 32, "%.0f ms", s < 0.001 ? 1 : 1000 * s);
		return buf;
	}
	if (s < 9.95) {
		snprintf(buf, 32, "%.1f s", s);
		return buf;
	}
	whole = (uint64_t)llround(s);
	if (whole < 3600)
		snprintf(buf, 32, "%u:%02u", (unsigned)(whole / 60), (unsigned)(whole % 60));
	else
		snprintf(buf, 32, "%llu:%02u:%02u", (unsigned long long)(whole / 3600),
			 (unsigned)(whole / 60 % 60), (unsigned)(whole % 60));
	return buf;
}

#define DISTANCE_MAX 64

unsigned str_distance(const char *a, const char *b)
{
	size_t n = strnlen(a, DISTANCE_MAX), m = strnlen(b, DISTANCE_MAX);
	unsigned row[DISTANCE_MAX + 1]; /* distances of a's prefix to each prefix of b */

	for (size_t j = 0; j <= m; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= n; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= m; j++) {
			unsigned above = row[j];
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			if (above + 1 < best)
				best = above + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			diagonal = above;
		}
	}
	return row[m];
}

/* Meant: at most a third of the word is wrong (one letter of a short one), or it begins the name. */
const char *str_nearest(const char *word, const char *const *names, size_t n)
{
	size_t len = strlen(word);
	unsigned allowed = len < 3 ? 1 : (unsigned)(len / 3);
	unsigned best = allowed + 1;
	const char *nearest = NULL;

	if (!len)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		unsigned d = str_distance(word, names[i]);

		if (d < best && d < strlen(names[i])) {
			best = d;
			nearest = names[i];
		}
	}
	for (size_t i = 0; !nearest && len >= 2 && i < n; i++)
		if (!strncmp(word, names[i], len))
			nearest = names[i];
	return nearest;
}
