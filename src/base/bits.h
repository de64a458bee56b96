/* SPDX-License-Identifier: GPL-3.0-or-later */
/* bits.h - a set of small numbers as bits of 64-bit words: number i is bit i % 64 of word i / 64.  Thread: ANY. */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Words that hold 0 .. n; one more than 0 .. n - 1 may need, so that there is always one. */
static inline size_t bits_words(uint32_t n) { return (size_t)n / 64 + 1; }
static inline bool bits_has(const uint64_t *set, uint32_t i) { return set[i / 64] >> i % 64 & 1; }
static inline void bits_add(uint64_t *set, uint32_t i) { set[i / 64] |= (uint64_t)1 << i % 64; }
static inline void bits_flip(uint64_t *set, uint32_t i) { set[i / 64] ^= (uint64_t)1 << i % 64; }

#endif
