/* SPDX-License-Identifier: GPL-3.0-or-later */
/* event_time.c - the time of an event as it stands in a file: seconds since 1970, or a date. */
#include <string.h>

#include "base/clock.h"
#include "base/num_parse.h"
#include "data/events.h"

bool events_parse_time(const char *s, size_t n, enum time_kind kind, int64_t *out)
{
	static const int64_t per_second[] = { 1, 1000, 1000000, 1000000000 };
	int64_t whole, unit;
	double v;

	if (kind == TIME_DATE_DIGITS) {
		char date[] = "YYYY-MM-DD";

		if (n != 8)
			return false;
		memcpy(date, s, 4);
		memcpy(date + 5, s + 4, 2);
		memcpy(date + 8, s + 6, 2);
		return clock_parse_date(date, 10, false, out);
	}
	if (kind >= TIME_DATE) {
		if (n > 4 && (!memcmp(s + n - 4, " UTC", 4) || !memcmp(s + n - 4, " GMT", 4)))
			n -= 4;
		return clock_parse_date(s, n, kind == TIME_DATE_DAY_FIRST, out);
	}
	unit = per_second[kind];
	if (num_parse_i64(s, n, &whole)) {
		*out = whole >= 0 ? whole / unit : -((-(whole + 1)) / unit) - 1;
		return true;
	}
	if (!num_parse_double(s, n, &v) || v > 9e18 || v < -9e18)
		return false;
	v /= (double)unit;
	*out = (int64_t)v - (v < (double)(int64_t)v); /* floor */
	return true;
}
