/* SPDX-License-Identifier: GPL-3.0-or-later */
/* err.h - what went wrong, where, in words the operator can act on.
 *
 * A function that can fail returns bool and takes `struct err *err` last.
 * It fills err exactly once, at the deepest place that knows the reason;
 * callers on the way up may prefix it with err_wrap().  `err` is never NULL.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

enum err_code {
#define ERR_CODES(X)                                   \
	X(OK,        "success")                        \
	X(NOMEM,     "out of memory")                  \
	X(IO,        "input/output error")             \
	X(SYNTAX,    "malformed input")                \
	X(RANGE,     "value out of range")             \
	X(CANCELLED, "cancelled")                      \
	X(NUMERIC,   "training diverged")
#define X(name, text) ERR_##name,
	ERR_CODES(X)
#undef X
};

struct err {
	enum err_code code;
	char msg[256]; /* complete sentence fragment, no trailing newline */
};

/* Always returns false, so that `return err_set(...)` reads as failure. */
bool err_set(struct err *err, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Prefixes "context: " to the message; keeps the code.  Returns false. */
bool err_wrap(struct err *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

const char *err_code_text(enum err_code code);

#endif
