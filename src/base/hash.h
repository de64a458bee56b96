/* SPDX-License-Identifier: GPL-3.0-or-later */
/* hash.h - one 64-bit hash for tables and fingerprints.  Same bytes, same value, on every machine.
 * Not cryptographic.  Thread: ANY. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *p, size_t n, uint64_t seed);
static inline uint64_t hash_mix(uint64_t h, uint64_t v) /* fold a value into a running hash */
{
	h ^= v + 0x9e3779b97f4a7c15u + (h << 6) + (h >> 2);
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93u;
	h ^= h >> 32;
	return h;
}

#endif
