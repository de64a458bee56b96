/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tap.h - the whole unit-test framework.  One program per source file. */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failed;

__attribute__((format(printf, 2, 3)))
static inline bool ok(bool pass, const char *fmt, ...)
{
	va_list ap;

	tap_failed += !pass;
	printf("%sok %d - ", pass ? "" : "not ", ++tap_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	return pass;
}

static inline bool is_str(const char *got, const char *want, const char *name)
{
	bool pass = !strcmp(got, want);

	if (!ok(pass, "%s", name))
		printf("#  got: %s\n# want: %s\n", got, want);
	return pass;
}

static inline int done_testing(void)
{
	printf("1..%d\n", tap_count);
	fflush(stdout);
	return tap_failed != 0;
}

#endif
