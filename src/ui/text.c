/* SPDX-License-Identifier: GPL-3.0-or-later */
/* text.c - see text.h. */
#include "ui/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static bool put_dash(char *out, size_t size, double v)
{
	if (!isnan(v))
		return false;
	snprintf(out, size, "–");
	return true;
}

void text_count(char *out, size_t size, uint64_t n)
{
	char buf[32];

	snprintf(out, size, "%s", str_thousands(n, buf));
}

void text_real(char *out, size_t size, double v, int decimals)
{
	if (!put_dash(out, size, v))
		snprintf(out, size, "%.*f", decimals, v);
}

void text_signed(char *out, size_t size, double v, int decimals)
{
	if (!put_dash(out, size, v))
		snprintf(out, size, "%+.*f", decimals, v);
}

void text_short(char *out, size_t size, double v)
{
	double a = fabs(v);
	char buf[32];

	if (put_dash(out, size, v))
		return;
	if (a >= 1e12 || (a > 0 && a < 1e-3))
		snprintf(out, size, "%.2g", v);
	else if (a >= 1000)
		snprintf(out, size, "%s%s", v < 0 ? "-" : "", str_thousands((uint64_t)(a + 0.5), buf));
	else
		snprintf(out, size, "%.*f", a >= 100 ? 0 : a >= 10 ? 1 : a >= 1 ? 2 : 3, v);
}

void text_value(char *out, size_t size, double v)
{
	if (fabs(v) < 1000 && (fabs(v) >= 0.001 || v == 0))
		snprintf(out, size, "%.3g", v);
	else
		text_short(out, size, v);
}

void text_share(char *out, size_t size, double v)
{
	if (!put_dash(out, size, v))
		snprintf(out, size, v >= 0.1 ? "%.1f%%" : v >= 0.001 ? "%.2f%%" : "%.2g%%", v * 100);
}

void text_seconds(char *out, size_t size, double s)
{
	char buf[32];

	if (!put_dash(out, size, s))
		snprintf(out, size, "%s", str_seconds(s, buf));
}

bool job_is_paused(const struct job_row *j)
{
	return !strcmp(j->state_text, "paused");
}

bool job_is_alive(const struct job_row *j)
{
	return !strcmp(j->state_text, "running") || !strcmp(j->state_text, "queued") || job_is_paused(j);
}
