/* SPDX-License-Identifier: GPL-3.0-or-later */
/* num_parse.c - the whole field or nothing, correctly rounded (against strtod), whatever the locale. */
#include "base/num_parse.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "tap.h"

static uint64_t state = 88172645463325252u;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 2685821657736338717u;
}

static bool parses_to(const char *s, double want)
{
	double got = -77;

	return num_parse_double(s, strlen(s), &got) && !memcmp(&got, &want, sizeof(got));
}

static bool same_as_strtod(const char *s)
{
	char *end;
	double want = strtod(s, &end), got = -77;
	bool good = num_parse_double(s, strlen(s), &got);

	if (*end || !isfinite(want))
		return !good;
	return good && !memcmp(&got, &want, sizeof(got));
}

static void doubles(void)
{
	static const char *const good[] = {
		"0", "-0", "+5", "3.5", ".5", "5.", "1e3", "1E+3", "1e-3", "12345678", "123456789012345678901234567890",
		"9007199254740993", "9007199254740992e22", "1e22", "1e23", "123456789e-22", "4.9e-324", "2.4e-324",
		"2.5e-324", "1e-999", "0e999", "0e99999999999999999999", "1.7976931348623157e308",
		"1.7976931348623158e308", "2.2250738585072011e-308", "0.000000000000000000000000000000000012345",
		"00000000000000000000000000000000000000001.5", "8.5", "100000000000000000000000",
		"179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096"
		"330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730"
		"270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880",
		"1.00000000000000011102230246251565404236316680908203125",
		"1.000000000000000111022302462515654042363166809082031250000000000000000000000000000000000000000000001",
		"1.00000000000000011102230246251565404236316680908203124999999999999999999999999999999999999999999999",
	};
	static const char *const bad[] = {
		"", "+", "-", ".", "e5", "-.e1", "1e", "1e+", "1 ", " 1", "5 stars", "nan", "inf", "-inf", "infinity",
		"0x10", "1,5", "1e999", "-1e999", "1.7976931348623159e308", "1e99999999999999999999", "--1", "+-1",
		"1.2.3", "1e5.0", "1f", "1_000", "\xd9\xa1",
	};
	char nul[] = "1\0" "2";
	double v;
	unsigned failed = 0;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!same_as_strtod(good[i]) || !num_parse_double(good[i], strlen(good[i]), &v))
			printf("# %s (%u)\n", good[i], ++failed);
	ok(!failed, "what is a number is read as strtod reads it");
	failed = 0;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (num_parse_double(bad[i], strlen(bad[i]), &v))
			printf("# %s (%u)\n", bad[i], ++failed);
	ok(!failed, "what is none is refused");
	ok(!num_parse_double(nul, 3, &v), "a NUL byte is no end");
	ok(num_parse_double("123456", 3, &v) && v == 123, "not a byte beyond n is read");
	ok(parses_to("-0", -0.0) && parses_to("-0e5", -0.0) && parses_to("-1e-999", -0.0), "a zero keeps its sign");
}

/* 1 and 800 zeros and a 1 lies above the middle of two doubles only by its last digit. */
static void long_digits(void)
{
	size_t n = 20000;
	char *s = malloc(n + 32);
	const char half[] = "1.00000000000000011102230246251565404236316680908203125";
	size_t len = strlen(half);
	double v;

	memcpy(s, half, len);
	memset(s + len, '0', n - len);
	s[n] = '\0';
	ok(parses_to(s, 1.0), "exactly between two doubles: to the even one");
	s[n - 1] = '1';
	ok(parses_to(s, 1.0 + DBL_EPSILON), "a digit 20000 places on decides");
	memset(s, '9', n);
	ok(!num_parse_double(s, n, &v), "20000 nines are too large");
	snprintf(s + n, 32, "e-19990");
	ok(num_parse_double(s, strlen(s), &v) && v == 1e10, "unless the exponent brings them back");
	memset(s, '0', n);
	s[1] = '.';
	snprintf(s + n, 32, "12e19998");
	ok(num_parse_double(s, strlen(s), &v) && v == 0.12, "and so do 20000 zeros after the point");
	free(s);
}

/* Numbers of every shape, and random bytes of the alphabet that numbers are made of. */
static void random_against_strtod(void)
{
	static const char alphabet[] = "0123456789012345678901234567890123456789.-+eE ";
	char s[64];
	unsigned failed = 0;
	double bits;

	for (int i = 0; i < 200000; i++) {
		uint64_t r = draw();

		memcpy(&bits, &r, sizeof(bits));
		snprintf(s, sizeof(s), "%.*g", (int)(draw() % 20), bits);
		if (isfinite(bits) && !same_as_strtod(s) && failed++ < 5)
			printf("# %s\n", s);
		snprintf(s, sizeof(s), "%llu.%0*llue%d", (unsigned long long)(draw() >> draw() % 64),
			 (int)(draw() % 12), (unsigned long long)(draw() >> (40 + draw() % 24)), (int)(draw() % 60) - 30);
		if (!same_as_strtod(s) && failed++ < 5)
			printf("# %s\n", s);
	}
	ok(!failed, "400000 random numbers agree with strtod to the bit");
	failed = 0;
	for (int i = 0; i < 400000; i++) {
		double v;

		snprintf(s, sizeof(s), "%llue%d", (unsigned long long)(draw() >> draw() % 12), (int)(draw() % 60) - 30);
		if (!same_as_strtod(s) && failed++ < 5)
			printf("# %s\n", s);
		/* Middles of two doubles, and their neighbours: where rounding twice would show. */
		v = (double)((1ull << 53) + draw() % (1ull << 53)) * 2;
		snprintf(s, sizeof(s), "%llu", (unsigned long long)v + 1 + (draw() % 3) - 1);
		if (!same_as_strtod(s) && failed++ < 5)
			printf("# %s\n", s);
		snprintf(s, sizeof(s), "%.*f", 1 + (int)(draw() % 3),
			 ((double)((1ull << 52) + draw() % (1ull << 52)) + 0.5) / (double)(1 << draw() % 4));
		if (!same_as_strtod(s) && failed++ < 5)
			printf("# %s\n", s);
	}
	ok(!failed, "so do 1200000 of 16 to 20 digits, many between two doubles");
	failed = 0;
	for (int i = 0; i < 500000; i++) {
		size_t n = draw() % 24;
		double v;

		for (size_t j = 0; j < n; j++)
			s[j] = alphabet[draw() % (sizeof(alphabet) - 1)];
		s[n] = '\0';
		/* strtod skips spaces before a number; we do not. */
		if ((n && s[0] == ' ') || !n ? num_parse_double(s, n, &v) : !same_as_strtod(s))
			if (failed++ < 5)
				printf("# '%s'\n", s);
	}
	ok(!failed, "500000 random texts are judged as strtod judges them");
	failed = 0;
	for (int i = 0; i < 300000; i++) {
		size_t n = draw() % 20;
		double v;
		int64_t w;
		uint64_t u;
		float f;
		bool plain = n > 0;

		for (size_t j = 0; j < n; j++) {
			s[j] = (char)draw();
			plain &= (s[j] >= '0' && s[j] <= '9') || strchr("+-.eE", s[j]);
		}
		if (!plain)
			failed += num_parse_double(s, n, &v) || num_parse_i64(s, n, &w) || num_parse_u64(s, n, &u) ||
				  num_parse_float(s, n, &f);
	}
	ok(!failed, "300000 random byte strings: none is taken for a number");
}

static void floats(void)
{
	float f;

	ok(num_parse_float("3.4028235e38", 12, &f) && f == FLT_MAX, "the largest float");
	ok(!num_parse_float("3.5e38", 6, &f), "and a larger one");
	ok(num_parse_float("0.1", 3, &f) && f == 0.1f, "0.1 as a float");
}

static bool i64_is(const char *s, int64_t want)
{
	int64_t v;

	return num_parse_i64(s, strlen(s), &v) && v == want;
}

static bool i64_no(const char *s)
{
	int64_t v;

	return !num_parse_i64(s, strlen(s), &v);
}

static void integers(void)
{
	uint64_t u;
	unsigned failed = 0;
	char s[64];

	ok(i64_is("9223372036854775807", INT64_MAX) && i64_is("-9223372036854775808", INT64_MIN), "the bounds");
	ok(i64_no("9223372036854775808") && i64_no("-9223372036854775809") && i64_no("99999999999999999999999"),
	   "one beyond each, and far beyond");
	ok(i64_no("") && i64_no("-") && i64_no("+") && i64_no("-+1") && i64_no("+-1") && i64_no("1 ") && i64_no("1.0") &&
	   i64_no("12345678x") && i64_no("1234567:") && i64_no("/2345678"), "no numbers");
	ok(i64_is("+7", 7) && i64_is("-0", 0) && i64_is("000000000000000000000000012", 12), "signs and leading zeros");
	ok(num_parse_u64("18446744073709551615", 20, &u) && u == UINT64_MAX, "2^64 - 1");
	ok(!num_parse_u64("18446744073709551616", 20, &u) && !num_parse_u64("-1", 2, &u), "2^64 and -1 are refused");
	for (int i = 0; i < 200000; i++) {
		int64_t v = (int64_t)(draw() >> draw() % 64);

		v = draw() & 1 ? v : (int64_t)(0 - (uint64_t)v);
		snprintf(s, sizeof(s), "%lld", (long long)v);
		failed += !i64_is(s, v);
	}
	ok(!failed, "200000 random integers read back");
	failed = 0;
	for (int i = 0; i < 8; i++)
		for (int c = 0; c < 256; c++) {
			char eight[9] = "12345678";
			bool digit = c >= '0' && c <= '9';

			eight[i] = (char)c;
			failed += num_parse_u64(eight, 8, &u) != (digit || (i == 0 && c == '+'));
		}
	ok(!failed, "each byte at each place of eight digits");
}

static bool bytes_are(const char *s, uint64_t want)
{
	uint64_t v = 1;

	return num_parse_bytes(s, strlen(s), &v) && v == want;
}

static bool seconds_are(const char *s, double want)
{
	double v = -1;

	return num_parse_seconds(s, strlen(s), &v) && v == want;
}

static void units(void)
{
	static const char *const no_bytes[] = { "", "k", "-1", "1x", "1kk", "1 k", "1ki", "1e3", "1kBs", "99999999999999TB" };
	static const char *const no_seconds[] = { "", "m", "-5", "5x", "1m1h", "1h1h", "1h30", "1.2.3s", "1 m", "1e3" };
	uint64_t u;
	double d;
	unsigned failed = 0;

	ok(bytes_are("512", 512) && bytes_are("64k", 64000) && bytes_are("2GB", 2000000000) && bytes_are("2gb", 2000000000),
	   "bytes in powers of 1000");
	ok(bytes_are("64KiB", 65536) && bytes_are("1.5M", 1500000) && bytes_are("7B", 7) &&
	   bytes_are("18446744073709551615", UINT64_MAX), "of 1024 where it says so");
	for (size_t i = 0; i < sizeof(no_bytes) / sizeof(no_bytes[0]); i++)
		if (num_parse_bytes(no_bytes[i], strlen(no_bytes[i]), &u))
			printf("# '%s' (%u)\n", no_bytes[i], ++failed);
	ok(!failed, "what is no size is refused");
	ok(seconds_are("90", 90) && seconds_are("90s", 90) && seconds_are("10m", 600) && seconds_are("1h30m", 5400) &&
	   seconds_are("2d", 172800) && seconds_are("1h1s", 3601) && seconds_are("1.5h", 5400) && seconds_are("0.25", 0.25),
	   "durations");
	failed = 0;
	for (size_t i = 0; i < sizeof(no_seconds) / sizeof(no_seconds[0]); i++)
		if (num_parse_seconds(no_seconds[i], strlen(no_seconds[i]), &d))
			printf("# '%s' (%u)\n", no_seconds[i], ++failed);
	ok(!failed, "what is none is refused");
}

/* In whichever comma locale this machine has; the careful path is the one that calls strtod(). */
static void comma_locale(void)
{
	static const char *const names[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE.utf8", "es_ES.UTF-8", "nl_NL.UTF-8" };
	const char *set = NULL;
	double v;

	for (size_t i = 0; !set && i < sizeof(names) / sizeof(names[0]); i++)
		set = setlocale(LC_ALL, names[i]);
	if (!set || strcmp(localeconv()->decimal_point, ",")) {
		puts("# no locale with a decimal comma here");
		set = setlocale(LC_ALL, "C");
	}
	ok(num_parse_double("1.5", 3, &v) && v == 1.5 && num_parse_double("1.2345678901234567890123", 24, &v) &&
	   v == 1.2345678901234567890123 && !num_parse_double("1,5", 3, &v), "a point is a point in locale %s", set);
	setlocale(LC_ALL, "C");
}

int main(void)
{
	doubles();
	long_digits();
	random_against_strtod();
	floats();
	integers();
	units();
	comma_locale();
	return done_testing();
}
