/* SPDX-License-Identifier: GPL-3.0-or-later */
/* num_parse.c - numbers from text.
 *
 * DESIGN: a double is read as digits times a power of ten.  Where the digits fit 2^53 and the power is
 * at most 10^22 both are exact doubles, and one multiplication or division rounds once, which is the
 * correct rounding (Clinger 1990, "How to read floating point numbers accurately").  What programs write
 * in 16 or 17 digits is read in the same way with 64 bits of precision where the processor has them.
 * All else is written down again without a decimal point, as DIGITSeEXPONENT, for strtod(): so the
 * locale has no say.  768 digits decide any double; of more only matters whether they are all 0. */
#include "base/num_parse.h"

#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECIDING_DIGITS 768
#define EXPONENT_LIMIT 1000000 /* beyond it every double is 0 or infinite, whatever 16 MiB of digits say */

static bool is_digit(char c)
{
	return (unsigned char)(c - '0') < 10;
}

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
/* Eight digits at once: pairs, then fours, then all, each by a multiplication that adds neighbours. */
static bool eight_digits(const char *s, uint64_t *out)
{
	uint64_t v, low;

	memcpy(&v, s, 8);
	/* High nibble 3 in each byte, and still so with 6 added: '0' to '9'. */
	if (((v & 0xf0f0f0f0f0f0f0f0u) | (((v + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) >> 4)) !=
	    0x3333333333333333u)
		return false;
	low = v & 0x0f0f0f0f0f0f0f0fu;
	low = (low * 10 + (low >> 8)) & 0x00ff00ff00ff00ffu;
	low = (low * 100 + (low >> 16)) & 0x0000ffff0000ffffu;
	*out = (low * 10000 + (low >> 32)) & 0xffffffffu;
	return true;
}
#else
static bool eight_digits(const char *s, uint64_t *out)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++) {
		if (!is_digit(s[i]))
			return false;
		v = v * 10 + (uint64_t)(s[i] - '0');
	}
	*out = v;
	return true;
}
#endif

/* Digits from s on, at most 19 of them taken in; where they end. */
static const char *read_digits(const char *s, const char *end, uint64_t *value, unsigned *taken)
{
	uint64_t v = *value, eight;
	unsigned n = *taken;

	while (end - s >= 8 && n + 8 <= 19 && eight_digits(s, &eight)) {
		v = v * 100000000 + eight;
		s += 8;
		n += 8;
	}
	while (s < end && is_digit(*s) && n < 19) {
		v = v * 10 + (uint64_t)(*s++ - '0');
		n++;
	}
	*value = v;
	*taken = n;
	return s;
}

/* The exponent after 'e', clamped; false when it is malformed. */
static bool read_exponent(const char *s, const char *end, long *out)
{
	bool minus = false;
	long v = 0;

	if (s < end && (*s == '+' || *s == '-'))
		minus = *s++ == '-';
	if (s == end)
		return false;
	for (; s < end; s++) {
		if (!is_digit(*s))
			return false;
		if (v < 100 * EXPONENT_LIMIT)
			v = v * 10 + (*s - '0');
	}
	*out = minus ? -v : v;
	return true;
}

/* The careful way.  s is sign-less and known to begin with a digit or a point. */
static bool read_slowly(const char *s, const char *end, bool minus, double *out)
{
	char text[DECIDING_DIGITS + 32];
	size_t n = 0;
	long point = 0, exponent = 0; /* value = text * 10^(point + exponent) */
	bool seen_point = false, seen_digit = false, rest = false;
	double v;

	for (; s < end && (is_digit(*s) || (*s == '.' && !seen_point)); s++) {
		if (*s == '.') {
			seen_point = true;
			continue;
		}
		seen_digit = true;
		if (n < DECIDING_DIGITS) {
			if (n || *s != '0')
				text[n++] = *s;
			point -= seen_point;
		} else {
			rest |= *s != '0';
			point += !seen_point;
		}
	}
	if (!seen_digit)
		return false;
	if (s < end && ((*s | 0x20) != 'e' || !read_exponent(s + 1, end, &exponent)))
		return false;
	if (!n) {
		*out = minus ? -0.0 : 0.0;
		return true;
	}
	if (rest) { /* a little more than what is written */
		text[n++] = '1';
		point--;
	}
	exponent += point;
	if (exponent > EXPONENT_LIMIT)
		exponent = EXPONENT_LIMIT;
	if (exponent < -EXPONENT_LIMIT)
		exponent = -EXPONENT_LIMIT;
	snprintf(text + n, sizeof(text) - n, "e%ld", exponent);
	v = strtod(text, NULL);
	*out = minus ? -v : v;
	return isfinite(v);
}

#if (defined(__x86_64__) || defined(__i386__)) && LDBL_MANT_DIG == 64
/* All 64 bits of digits and powers up to 10^27 are exact; the quotient or product is rounded to 64 bits,
 * and then to 53.  Rounding twice goes wrong only where the first lands on the middle of two doubles:
 * then false.  So too where the bits beyond 53 are all 0: it is rare, and always so under valgrind,
 * which computes with 53. */
static bool read_extended(uint64_t digits, long exponent, double *out)
{
	static const long double power[] = {
		1e0L, 1e1L, 1e2L, 1e3L, 1e4L, 1e5L, 1e6L, 1e7L, 1e8L, 1e9L, 1e10L, 1e11L, 1e12L, 1e13L,
		1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L, 1e20L, 1e21L, 1e22L, 1e23L, 1e24L, 1e25L, 1e26L, 1e27L,
	};
	long double v = (long double)digits;
	uint64_t mantissa;

	if (exponent < -27 || exponent > 27)
		return false;
	v = exponent < 0 ? v / power[-exponent] : v * power[exponent];
	memcpy(&mantissa, &v, 8);
	if ((mantissa & 0x7ff) == 0x400 || (mantissa & 0x7ff) == 0)
		return false;
	*out = (double)v;
	return true;
}
#else
static bool read_extended(uint64_t digits, long exponent, double *out)
{
	(void)digits;
	(void)exponent;
	(void)out;
	return false;
}
#endif

bool num_parse_double(const char *s, size_t n, double *out)
{
	static const double power[] = {
		1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
		1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
	};
	const char *end = s + n, *at, *whole_end;
	uint64_t digits = 0;
	unsigned taken = 0;
	long exponent = 0, given = 0;
	bool minus = false;
	double v;

	if (n && (*s == '-' || *s == '+'))
		minus = *s++ == '-';
	at = whole_end = read_digits(s, end, &digits, &taken);
	if (at < end && *at == '.') {
		at = read_digits(at + 1, end, &digits, &taken);
		exponent = -(at - whole_end - 1);
	}
	if (!taken)
		return false;
	if (at < end && (*at | 0x20) == 'e') {
		if (!read_exponent(at + 1, end, &given))
			return false;
		at = end;
	}
	exponent += given;
	if (at != end)
		return read_slowly(s, end, minus, out);
	if (FLT_EVAL_METHOD == 0 && digits <= (uint64_t)1 << 53 && exponent >= -22 && exponent <= 22) {
		v = (double)digits;
		v = exponent < 0 ? v / power[-exponent] : v * power[exponent];
	} else if (!read_extended(digits, exponent, &v)) {
		return read_slowly(s, end, minus, out);
	}
	*out = minus ? -v : v;
	return true;
}

bool num_parse_float(const char *s, size_t n, float *out)
{
	double d;

	if (!num_parse_double(s, n, &d))
		return false;
	*out = (float)d;
	return isfinite(*out);
}

bool num_parse_u64(const char *s, size_t n, uint64_t *out)
{
	const char *end = s + n, *at;
	uint64_t v = 0;
	unsigned taken = 0;

	if (n && *s == '+')
		s++;
	while (end - s > 19 && *s == '0')
		s++;
	at = read_digits(s, end, &v, &taken);
	if (!taken)
		return false;
	/* Of 20 digits one is left; 2^64 - 1 has 20. */
	if (end - at == 1 && is_digit(*at)) {
		if (__builtin_mul_overflow(v, (uint64_t)10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*at - '0'), &v))
			return false;
		at++;
	}
	if (at != end)
		return false;
	*out = v;
	return true;
}

bool num_parse_i64(const char *s, size_t n, int64_t *out)
{
	bool minus = n && *s == '-';
	uint64_t v;

	if (minus && n > 1 && s[1] == '+')
		return false;
	if (!num_parse_u64(s + minus, n - minus, &v) || v > (uint64_t)INT64_MAX + minus)
		return false;
	*out = minus ? (int64_t)(0 - v) : (int64_t)v;
	return true;
}

/* A number as it stands before a unit: "1.5" of "1.5GB". */
static size_t number_len(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && (is_digit(s[i]) || s[i] == '.'))
		i++;
	return i;
}

bool num_parse_bytes(const char *s, size_t n, uint64_t *out)
{
	static const char letters[] = "kmgt";
	size_t len = number_len(s, n);
	const char *unit = s + len, *letter;
	size_t left = n - len;
	double v, factor = 1;
	uint64_t whole;

	if (left && *unit && (letter = memchr(letters, *unit | 0x20, 4))) {
		bool binary = left >= 2 && (unit[1] | 0x20) == 'i';

		for (long i = 0; i <= letter - letters; i++)
			factor *= binary ? 1024 : 1000;
		unit += 1 + binary;
		left -= 1 + binary;
		if (binary && !left)
			return false;
	}
	if (left > 1 || (left == 1 && (*unit | 0x20) != 'b'))
		return false;
	if (factor == 1 && num_parse_u64(s, len, &whole)) {
		*out = whole;
		return true;
	}
	if (!num_parse_double(s, len, &v) || !(v * factor < 0x1p63))
		return false;
	*out = (uint64_t)(v * factor);
	return true;
}

bool num_parse_seconds(const char *s, size_t n, double *out)
{
	static const struct {
		char unit;
		double seconds;
	} units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 }, { 's', 1 } };
	size_t next = 0; /* units grow smaller from part to part */
	double sum = 0, v;

	if (n && number_len(s, n) == n)
		return num_parse_double(s, n, out);
	if (!n)
		return false;
	while (n) {
		size_t len = number_len(s, n);

		if (len == n || !num_parse_double(s, len, &v))
			return false;
		while (next < 4 && units[next].unit != s[len])
			next++;
		if (next == 4)
			return false;
		sum += v * units[next++].seconds;
		s += len + 1;
		n -= len + 1;
	}
	if (!isfinite(sum))
		return false;
	*out = sum;
	return true;
}
