/* SPDX-License-Identifier: GPL-3.0-or-later */
/* clock.c - dates against the C library over the whole calendar, and dates that are none. */
#include "base/clock.h"

#include <stdlib.h>
#include <time.h>

#include "tap.h"

static bool is(const char *s, bool day_first, int64_t want)
{
	int64_t got;

	if (!clock_parse_date(s, strlen(s), day_first, &got))
		return ok(false, "%s is a date", s);
	return ok(got == want, "%s is %lld", s, (long long)got);
}

static void reads(void)
{
	is("1970-01-01", false, 0);
	is("2011-12-01", false, 1322697600);
	is("2011-12-01 08:26:00", false, 1322727960);
	is("2011-12-01T08:26:00Z", false, 1322727960);
	is("2011-12-01T08:26", false, 1322727960);
	is("2011-12-01T10:26:00+02:00", false, 1322727960);
	is("2011-12-01T10:26:00+0200", false, 1322727960);
	is("2011-12-01T02:56:00-05:30", false, 1322727960);
	is("2011-12-01T10:26:00+02", false, 1322727960);
	is("2011-12-01T08:26:00.999999", false, 1322727960);
	is("2011-12-01 08:26:00,5Z", false, 1322727960);
	is("12/1/2010 8:26", false, 1291191960);
	is("1/12/2010 8:26", true, 1291191960);
	is("12/01/2010", false, 1291161600);
	is("12/1/2010 8:26:30", false, 1291191990);
	is("2000-02-29", false, 951782400);
	is("2024-02-29 23:59:59", false, 1709251199);
	is("0001-01-01", false, -62135596800);
	is("9999-12-31", false, 253402214400);
	is("1969-12-31 23:59:59", false, -1);
}

static void refuses(void)
{
	static const char *const none[] = {
		"", "2011", "2011-12", "2011-13-01", "2011-00-10", "2011-04-31", "2011-02-29", "1900-02-29", "2011-12-00",
		"2011-12-32", "0000-01-01", "2011-12-01 ", "2011-12-01 24:00", "2011-12-01 08:60", "2011-12-01 08:26:60",
		"2011-12-01 8:26", "2011-12-01x", "2011-12-01T", "2011-12-01 08:26:00.", "2011-12-01 08:26:00+", "11-12-01",
		"2011-12-01 08:26:00+2", "2011-12-01 08:26:00+24:00", "2011-12-01 08:26:00+02:60", "2011-12-01Z", "20111-12-01",
		"2011-12-1", "2011-1-12", "13/1/2010", "2/29/2010", "12/1/10", "12/1/2010T8:26", "12/1/2010 8:2", "123/1/2010",
		"1322697600", "yesterday", " 2011-12-01", "2011/12/01", "+2011-12-01", "2011--2-01",
	};
	int64_t t;
	unsigned failed = 0;

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		if (clock_parse_date(none[i], strlen(none[i]), false, &t))
			printf("# '%s' (%u)\n", none[i], ++failed);
	ok(!failed, "what is no date is refused");
	ok(!clock_parse_date("12/13/2010", 10, true, &t) && clock_parse_date("13/12/2010", 10, true, &t),
	   "there is no month 13, day first");
	ok(clock_parse_date("2011-12-01 08:26", 10, false, &t) && t == 1322697600, "not a byte beyond n is read");
}

/* Every 37 hours and some over 8000 years: the C library's calendar and ours. */
static void whole_calendar(void)
{
	unsigned failed = 0, n = 0;
	char ours[32], theirs[32];

	for (int64_t t = -59000000000; t < 250000000000; t += 133337, n++) {
		time_t when = (time_t)t;
		struct tm tm;
		int64_t back;

		gmtime_r(&when, &tm);
		strftime(theirs, sizeof(theirs), "%Y-%m-%d %H:%M", &tm);
		/* strftime leaves out leading zeros of years below 1000. */
		if (tm.tm_year + 1900 >= 1000)
			failed += strcmp(clock_date_minute(t, ours), theirs) != 0;
		clock_date_minute(t, ours);
		failed += !clock_parse_date(ours, strlen(ours), false, &back) || back != t - ((t % 60) + 60) % 60;
	}
	ok(!failed, "%u moments: as the C library writes them, and read back", n);
}

int main(void)
{
	double before = clock_now();
	struct timespec nap = { 0, 2000000 };
	int64_t early, now, late;
	char buf[32];

	reads();
	refuses();
	whole_calendar();
	is_str(clock_date(1322727960, buf), "2011-12-01", "a date");
	is_str(clock_date_minute(-1, buf), "1969-12-31 23:59", "a minute before 1970");
	clock_date(INT64_MAX, buf);
	clock_date_minute(INT64_MIN, buf);
	ok(strlen(buf) < 32, "the ends of time fit (%s)", buf);
	nanosleep(&nap, NULL);
	ok(clock_now() - before >= 0.002, "the monotonic clock goes on");
	early = time(NULL); /* may lag by a tick */
	now = clock_wall();
	late = time(NULL);
	ok(now >= early && now <= late + 1, "the wall clock is the system's");
	return done_testing();
}
