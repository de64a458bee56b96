/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	va_list ap;

	err->code = code;
	va_start(ap, fmt);
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	return false;
}

bool err_wrap(struct err *err, const char *fmt, ...)
{
	char prefix[128], inner[sizeof(err->msg)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(prefix, sizeof(prefix), fmt, ap);
	va_end(ap);
	memcpy(inner, err->msg, sizeof(inner));
	snprintf(err->msg, sizeof(err->msg), "%s: %.*s", prefix,
		 (int)(sizeof(err->msg) - sizeof(prefix) - 3), inner);
	return false;
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
