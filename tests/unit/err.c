/* SPDX-License-Identifier: GPL-3.0-or-later */
/* err.c - messages are set once, prefixed on the way up, never overrun. */
#include "base/err.h"

#include "tap.h"

int main(void)
{
	struct err err;
	char longer[2 * sizeof(err.msg)];

	ok(!err_set(&err, ERR_SYNTAX, "line %d: %s", 7, "no such column"), "setting reads as failure");
	ok(err.code == ERR_SYNTAX, "the code is kept");
	is_str(err.msg, "line 7: no such column", "the message is formatted");

	ok(!err_wrap(&err, "ratings.csv"), "wrapping reads as failure");
	ok(err.code == ERR_SYNTAX, "wrapping keeps the code");
	is_str(err.msg, "ratings.csv: line 7: no such column", "wrapping prefixes");

	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	err_set(&err, ERR_IO, "%s", longer);
	ok(strlen(err.msg) == sizeof(err.msg) - 1, "a long message is cut");
	err_wrap(&err, "%s", longer);
	ok(strlen(err.msg) < sizeof(err.msg), "a long prefix does not overrun");

	is_str(err_code_text(ERR_NOMEM), "memory", "codes have a text");
	return done_testing();
}
