/* SPDX-License-Identifier: GPL-3.0-or-later */
/* err.h - what went wrong, where, in words the operator can act on.
 *
 * A function that can fail returns bool (or a pointer) and takes `struct err *err` last.  It fills
 * err exactly once, at the deepest place that knows the reason; callers on the way up may prefix it
 * with err_wrap().  `err` is never NULL.  Thread: ANY.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The second column is the "code" of interface.md's JSON errors. */
enum err_code {
#define ERR_CODES(X)                \
	X(OK,          "ok")          \
	X(NOMEM,       "memory")      \
	X(IO,          "io")          \
	X(SYNTAX,      "syntax")      \
	X(RANGE,       "range")       \
	X(USAGE,       "usage")       \
	X(NOTFOUND,    "not-found")   \
	X(EXISTS,      "exists")      \
	X(UNSUPPORTED, "unsupported") \
	X(CANCELLED,   "cancelled")   \
	X(NUMERIC,     "diverged")
#define X(name, text) ERR_##name,
	ERR_CODES(X)
#undef X
};

struct err {
	enum err_code code;
	uint64_t line;  /* 1-based line in `file`; 0: none */
	char file[256]; /* "" when the fault lies in no file */
	char msg[512];  /* what is wrong and what would be right; no trailing newline */
};

/* Both always return false, so that `return err_set(...)` reads as failure. */
bool err_set(struct err *err, enum err_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
bool err_at(struct err *err, enum err_code code, const char *file, uint64_t line,
	    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Prefixes "context: " to the message; keeps the code and the place.  Returns false. */
bool err_wrap(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Writes "FILE:LINE: message" (or less, where there is less) to buf, NUL-terminated. */
void err_text(const struct err *err, char *buf, size_t size);

const char *err_code_text(enum err_code code);

#endif
