/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hash.c - a multiply-and-fold hash.
 *
 * The step is the folded 64x64 -> 128 bit product that mum-hash and wyhash (Makarov 2016, Wang Yi
 * 2019) made known: the high half of the product carries what the low half loses.  The schedule, the
 * constants (fractional bits of square roots of primes, made odd) and the finish are our own.  Words
 * are read little-endian on every machine, so that values can be stored. */
#include "base/hash.h"

#include <string.h>

#define K0 0x6a09e667f3bcc909u /* sqrt 2 */
#define K1 0xbb67ae8584caa73bu /* sqrt 3 */
#define K2 0x3c6ef372fe94f82bu /* sqrt 5 */
#define K3 0xa54ff53a5f1d36f1u /* sqrt 7 */
#define K4 0x510e527fade682d1u /* sqrt 11 */

static uint64_t word8(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap64(v);
#endif
	return v;
}

static uint64_t word4(const unsigned char *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap32(v);
#endif
	return v;
}

static uint64_t fold(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	unsigned __int128 p = (unsigned __int128)a * b;

	return (uint64_t)p ^ (uint64_t)(p >> 64);
#else
	uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
	uint64_t ll = al * bl, lh = al * bh, hl = ah * bl, hh = ah * bh;
	uint64_t mid = (ll >> 32) + (uint32_t)lh + (uint32_t)hl;

	return ((mid << 32) | (uint32_t)ll) ^ (hh + (lh >> 32) + (hl >> 32) + (mid >> 32));
#endif
}

uint64_t hash_bytes(const void *bytes, size_t n, uint64_t seed)
{
	const unsigned char *p = bytes;
	uint64_t h = seed ^ K0, a = 0, b = 0;

	if (n <= 16) {
		/* Two words that together cover all bytes; they overlap where n is between. */
		if (n >= 8) {
			a = word8(p);
			b = word8(p + n - 8);
		} else if (n >= 4) {
			a = word4(p);
			b = word4(p + n - 4);
		} else if (n) {
			a = (uint64_t)p[0] << 16 | (uint64_t)p[n / 2] << 8 | p[n - 1];
		}
	} else {
		const unsigned char *end = p + n;

		if (n > 64) {
			uint64_t x = h, y = h ^ K1, z = h ^ K2, w = h ^ K3;

			/* Four chains, for one product waits for the one before it. */
			for (; end - p > 64; p += 64) {
				x = fold(word8(p) ^ K1, word8(p + 8) ^ x);
				y = fold(word8(p + 16) ^ K2, word8(p + 24) ^ y);
				z = fold(word8(p + 32) ^ K3, word8(p + 40) ^ z);
				w = fold(word8(p + 48) ^ K4, word8(p + 56) ^ w);
			}
			h = fold(x ^ K1, y ^ K2) ^ fold(z ^ K3, w ^ K4);
		}
		for (; end - p > 16; p += 16)
			h = fold(word8(p) ^ K1, word8(p + 8) ^ h);
		a = word8(end - 16);
		b = word8(end - 8);
	}
	h = fold(a ^ K1 ^ n, b ^ h ^ K4);
	return fold(h ^ K2, (h >> 32 | h << 32) ^ K3 ^ n);
}
