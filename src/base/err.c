/* SPDX-License-Identifier: GPL-3.0-or-later */
/* err.c - errors as values.
 *
 * Each message is made in a buffer of its own before it replaces the old one, so that the old message
 * may be among the arguments.  What does not fit is cut between characters, never within one. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void cut_broken_tail(char *s)
{
	size_t n = strlen(s), at = n;

	while (at && ((unsigned char)s[at - 1] & 0xc0) == 0x80)
		at--;
	if (at && (unsigned char)s[at - 1] >= 0xc0) {
		unsigned char lead = (unsigned char)s[at - 1];
		size_t whole = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;

		if (n - at + 1 < whole)
			n = at - 1;
	}
	s[n] = '\0';
}

__attribute__((format(printf, 3, 0)))
static void format(char *buf, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(buf, size, fmt, ap);

	if (n < 0)
		snprintf(buf, size, "(message cannot be shown)");
	else if ((size_t)n >= size)
		cut_broken_tail(buf);
}

__attribute__((format(printf, 5, 0)))
static void set(struct err *err, enum err_code code, const char *file, uint64_t line, const char *fmt,
		va_list ap)
{
	char msg[sizeof(err->msg)], path[sizeof(err->file)];
	size_t n = strlen(file);

	format(msg, sizeof(msg), fmt, ap);
	/* Of a path too long the end tells more than the start. */
	if (n < sizeof(path))
		memcpy(path, file, n + 1);
	else
		snprintf(path, sizeof(path), "...%s", file + n - (sizeof(path) - 4));
	err->code = code;
	err->line = line;
	memcpy(err->msg, msg, sizeof(msg));
	memcpy(err->file, path, sizeof(path));
}

bool err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(err, code, "", 0, fmt, ap);
	va_end(ap);
	return false;
}

bool err_at(struct err *err, enum err_code code, const char *file, uint64_t line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(err, code, file, line, fmt, ap);
	va_end(ap);
	return false;
}

bool err_wrap(struct err *err, const char *fmt, ...)
{
	char prefix[sizeof(err->msg) / 2], msg[sizeof(prefix) + sizeof(err->msg) + 2];
	va_list ap;

	va_start(ap, fmt);
	format(prefix, sizeof(prefix), fmt, ap);
	va_end(ap);
	snprintf(msg, sizeof(msg), "%s: %s", prefix, err->msg);
	if (strlen(msg) >= sizeof(err->msg)) {
		msg[sizeof(err->msg) - 1] = '\0';
		cut_broken_tail(msg);
	}
	memcpy(err->msg, msg, strlen(msg) + 1);
	return false;
}

void err_text(const struct err *err, char *buf, size_t size)
{
	int n;

	if (!size)
		return;
	if (err->file[0] && err->line)
		n = snprintf(buf, size, "%s:%llu: %s", err->file, (unsigned long long)err->line, err->msg);
	else if (err->file[0])
		n = snprintf(buf, size, "%s: %s", err->file, err->msg);
	else
		n = snprintf(buf, size, "%s", err->msg);
	if (n >= 0 && (size_t)n >= size)
		cut_broken_tail(buf);
}

const char *err_code_text(enum err_code code)
{
	static const char *const text[] = {
#define X(name, text) [ERR_##name] = text,
		ERR_CODES(X)
#undef X
	};

	return text[code];
}
