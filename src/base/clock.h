/* SPDX-License-Identifier: GPL-3.0-or-later */
/* clock.h - the monotonic clock for measuring, and calendar time for data.
 *
 * Data times are whole seconds since 1970-01-01 00:00 UTC (proleptic Gregorian).  Thread: ANY.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

double clock_now(void); /* monotonic seconds; differences only */
int64_t clock_wall(void); /* seconds since 1970, UTC */

/* ISO 8601 dates and times ("2011-12-01", "2011-12-01 08:26:00", "…T08:26:00Z", "+02:00", fractions),
 * and "12/1/2010 8:26" (month first unless day_first).  UTC unless a zone is given.  Dates that do not
 * exist are refused. */
bool clock_parse_date(const char *s, size_t n, bool day_first, int64_t *out);
/* "2011-12-01" and "2011-12-01 08:26"; buf of 32 bytes. */
const char *clock_date(int64_t t, char buf[32]);
const char *clock_date_minute(int64_t t, char buf[32]);

#endif
