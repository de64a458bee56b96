/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hash.c - the same bytes give the same value for ever, and close bytes give distant values. */
#include "base/hash.h"

#include <stdlib.h>

#include "tap.h"

#define N 200000

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static unsigned duplicates(uint64_t *v, size_t n)
{
	unsigned same = 0;

	qsort(v, n, sizeof(*v), compare);
	for (size_t i = 1; i < n; i++)
		same += v[i] == v[i - 1];
	return same;
}

/* Fingerprints are stored in runs: these values must never change. */
static void pinned(void)
{
	static const struct { const char *s; uint64_t hash; } t[] = {
		{ "", 0x01df728190c35b14u },
		{ "a", 0x076f2023c0bcc8a2u },
		{ "abc", 0x965eefc72a852eb4u },
		{ "1234", 0x6deeec24f32a49fcu },
		{ "1234567", 0xabe60cb3ef78b057u },
		{ "12345678", 0x2e4761ae39fbe07au },
		{ "0123456789abcdef", 0xf0e09d095e687dd3u },
		{ "0123456789abcdefg", 0xb56090f1b4fe5a24u },
		{ "The quick brown fox jumps over the lazy dog, and then again over the same lazy dog.", 0x72f22b103d45652fu },
		{ "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 0x0c448b4f97c23a49u },
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		ok(hash_bytes(t[i].s, strlen(t[i].s), 7) == t[i].hash, "pinned: %zu bytes (0x%016llx)", strlen(t[i].s),
		   (unsigned long long)hash_bytes(t[i].s, strlen(t[i].s), 7));
}

/* Numbers as ids are the common case; both halves are used (slot and tag). */
static void short_ids(uint64_t *v)
{
	unsigned filled[4096] = { 0 }, worst = 0;
	char s[32];

	for (unsigned i = 0; i < N; i++) {
		int n = snprintf(s, sizeof(s), "%u", i);

		v[i] = hash_bytes(s, (size_t)n, 0);
		filled[v[i] >> 32 & 4095]++;
	}
	for (unsigned i = 0; i < 4096; i++)
		worst = filled[i] > worst ? filled[i] : worst;
	/* 49 on average, 7 the standard deviation. */
	ok(worst < 49 + 6 * 7, "200000 numbers spread over 4096 slots (fullest: %u)", worst);
	ok(duplicates(v, N) == 0, "without a collision of 64 bits");
}

/* Each bit of the input flips each bit of the value about half the time. */
static void avalanche(void)
{
	static const size_t lengths[] = { 1, 3, 4, 7, 8, 15, 16, 17, 33, 64, 65, 200 };

	for (size_t l = 0; l < sizeof(lengths) / sizeof(lengths[0]); l++) {
		size_t n = lengths[l];
		unsigned char s[200];
		double low = 1, high = 0;

		for (size_t bit = 0; bit < n * 8; bit += n > 20 ? 13 : 1) {
			unsigned flips[64] = { 0 };
			uint64_t x = 12345 + bit;

			for (int trial = 0; trial < 1000; trial++) {
				uint64_t before, after;

				for (size_t i = 0; i < n; i++) {
					x = x * 6364136223846793005u + 1442695040888963407u;
					s[i] = (unsigned char)(x >> 56);
				}
				before = hash_bytes(s, n, x); /* one byte has few values: vary the seed too */
				s[bit / 8] ^= (unsigned char)(1 << bit % 8);
				after = before ^ hash_bytes(s, n, x);
				for (int b = 0; b < 64; b++)
					flips[b] += (unsigned)(after >> b & 1);
			}
			for (int b = 0; b < 64; b++) {
				low = flips[b] < low * 1000 ? flips[b] / 1000.0 : low;
				high = flips[b] > high * 1000 ? flips[b] / 1000.0 : high;
			}
		}
		/* 0.016 the standard deviation, up to 13000 pairs: 6 of them. */
		ok(low > 0.4 && high < 0.6, "%zu bytes: every bit flips every bit (%.3f to %.3f)", n, low, high);
	}
}

static void lengths_and_seeds(uint64_t *v)
{
	static const char zeros[400];
	size_t n = 0;

	for (size_t len = 0; len < 400; len++)
		for (uint64_t seed = 0; seed < 100; seed++)
			v[n++] = hash_bytes(zeros, len, seed);
	ok(duplicates(v, n) == 0, "0 bytes of 400 lengths under 100 seeds: all values differ");
}

static void mixing(uint64_t *v)
{
	for (uint64_t i = 0; i < N; i++)
		v[i] = hash_mix(hash_mix(1, i / 400), i % 400);
	ok(duplicates(v, N) == 0, "pairs of small numbers mixed: all values differ");
	ok(hash_mix(hash_mix(1, 2), 3) != hash_mix(hash_mix(1, 3), 2), "the order matters");
}

int main(void)
{
	uint64_t *v = malloc(N * sizeof(*v));

	pinned();
	short_ids(v);
	avalanche();
	lengths_and_seeds(v);
	mixing(v);
	free(v);
	return done_testing();
}
