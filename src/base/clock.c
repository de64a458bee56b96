/* SPDX-License-Identifier: GPL-3.0-or-later */
/* clock.c - clocks and calendar.
 *
 * Days are counted from years that begin in March, so that the leap day comes last; the arithmetic is
 * the one of Howard Hinnant's "chrono-compatible low-level date algorithms". */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

#define DAY 86400

double clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int64_t clock_wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t days_from_date(int64_t year, int month, int day)
{
	int64_t y = year - (month <= 2), era = floor_div(y, 400), of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static void date_from_days(int64_t days, int64_t *year, int *month, int *day)
{
	int64_t z = days + 719468, era = floor_div(z, 146097), d = z - era * 146097;
	int64_t y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
	int64_t of_year = d - (365 * y + y / 4 - y / 100);
	int m = (int)((5 * of_year + 2) / 153);

	*day = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = m < 10 ? m + 3 : m - 9;
	*year = y + era * 400 + (*month <= 2);
}

static bool date_exists(int year, int month, int day)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return year >= 1 && month >= 1 && month <= 12 && day >= 1 &&
	       day <= days[month - 1] + (leap && month == 2);
}

struct scan {
	const char *s, *end;
};

static bool skip(struct scan *in, char c)
{
	if (in->s == in->end || *in->s != c)
		return false;
	in->s++;
	return true;
}

/* min to max digits, and no digit after them. */
static bool digits(struct scan *in, int min, int max, int *out)
{
	int n = 0, v = 0;

	while (in->s < in->end && *in->s >= '0' && *in->s <= '9') {
		if (++n > max)
			return false;
		v = v * 10 + (*in->s++ - '0');
	}
	*out = v;
	return n >= min;
}

/* "Z", "+02:00", "-0530", "+02", or nothing. */
static bool read_zone(struct scan *in, int *seconds_east)
{
	int hours, minutes = 0, sign;

	*seconds_east = 0;
	if (in->s == in->end || skip(in, 'Z'))
		return true;
	sign = skip(in, '-') ? -1 : skip(in, '+') ? 1 : 0;
	if (!sign || in->end - in->s < 2)
		return false;
	if (in->end - in->s == 4) {
		if (!digits(in, 4, 4, &hours))
			return false;
		minutes = hours % 100;
		hours /= 100;
	} else if (!digits(in, 2, 2, &hours) || (skip(in, ':') && !digits(in, 2, 2, &minutes))) {
		return false;
	}
	*seconds_east = sign * (hours * 3600 + minutes * 60);
	return hours <= 23 && minutes <= 59;
}

/* "8:26", "08:26:00", "08:26:00.123"; fractions are cut off. */
static bool read_time(struct scan *in, int hour_digits, int *seconds)
{
	int h, m, s = 0, fraction_digits = 0;

	if (!digits(in, hour_digits, 2, &h) || !skip(in, ':') || !digits(in, 2, 2, &m))
		return false;
	if (skip(in, ':')) {
		if (!digits(in, 2, 2, &s))
			return false;
		if (skip(in, '.') || skip(in, ',')) {
			for (; in->s < in->end && *in->s >= '0' && *in->s <= '9'; in->s++)
				fraction_digits++;
			if (!fraction_digits)
				return false;
		}
	}
	*seconds = h * 3600 + m * 60 + s;
	return h <= 23 && m <= 59 && s <= 59;
}

bool clock_parse_date(const char *s, size_t n, bool day_first, int64_t *out)
{
	struct scan in = { s, s + n };
	int year, month, day, of_day = 0, zone = 0;
	bool iso = n >= 5 && s[4] == '-';

	if (iso) {
		if (!digits(&in, 4, 4, &year) || !skip(&in, '-') || !digits(&in, 2, 2, &month) ||
		    !skip(&in, '-') || !digits(&in, 2, 2, &day))
			return false;
	} else {
		int first, second;

		if (!digits(&in, 1, 2, &first) || !skip(&in, '/') || !digits(&in, 1, 2, &second) ||
		    !skip(&in, '/') || !digits(&in, 4, 4, &year))
			return false;
		month = day_first ? second : first;
		day = day_first ? first : second;
	}
	if (in.s < in.end) {
		if (!skip(&in, ' ') && !(iso && skip(&in, 'T')))
			return false;
		if (!read_time(&in, iso ? 2 : 1, &of_day) || !read_zone(&in, &zone))
			return false;
	}
	if (in.s != in.end || !date_exists(year, month, day))
		return false;
	*out = days_from_date(year, month, day) * DAY + of_day - zone;
	return true;
}

const char *clock_date(int64_t t, char buf[32])
{
	int64_t year;
	int month, day;

	date_from_days(floor_div(t, DAY), &year, &month, &day);
	snprintf(buf, 32, "%04lld-%02d-%02d", (long long)year, month, day);
	return buf;
}

const char *clock_date_minute(int64_t t, char buf[32])
{
	int64_t year;
	int month, day, minute = (int)((t % DAY + DAY) % DAY / 60);

	date_from_days(floor_div(t, DAY), &year, &month, &day);
	snprintf(buf, 32, "%04lld-%02d-%02d %02d:%02d", (long long)year, month, day, minute / 60, minute % 60);
	return buf;
}
