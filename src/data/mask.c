/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mask.c - a keyed permutation of 0..n-1, and its number as a name. */
#include "data/mask.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define ROUNDS 8
#define NAMES 16

static _Atomic bool on;
static uint64_t key; /* 0: none yet; written before `on`, then only read */

bool mask_put_on(struct err *err)
{
	while (key == 0)
		if (getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key))
			return err_set(err, ERR_IO, "ids cannot be masked: the system gives no random key: %s", strerror(errno));
	atomic_store_explicit(&on, true, memory_order_release);
	return true;
}

void mask_take_off(void)
{
	atomic_store_explicit(&on, false, memory_order_release);
}

bool mask_is_on(void)
{
	return atomic_load_explicit(&on, memory_order_acquire);
}

/* splitmix64's finaliser (Steele, Lea & Flood 2014). */
static uint64_t scramble(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9u;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* Of 2 * half bits: one round swaps the halves and mixes one by the other, so that each can be undone. */
static uint64_t permute(uint64_t x, unsigned half, uint64_t tweak)
{
	const uint64_t low = ((uint64_t)1 << half) - 1;
	uint64_t l = x >> half, r = x & low;

	for (uint64_t round = 0; round < ROUNDS; round++) {
		uint64_t f = scramble(scramble(key + tweak) ^ (r << 8 | round)) & low, was = r;

		r = l ^ f;
		l = was;
	}
	return l << half | r;
}

const char *mask_name(const char *kind, uint32_t index, uint32_t n)
{
	static _Thread_local char name[NAMES][24];
	static _Thread_local unsigned at;
	char *out = name[at++ % NAMES];
	unsigned half = 1;
	uint64_t x = index;

	while (half < 16 && (uint64_t)1 << 2 * half < n)
		half++;
	do
		x = permute(x, half, (unsigned char)kind[0]);
	while (x >= n);
	snprintf(out, sizeof(name[0]), "%.8s~%u", kind, (unsigned)x + 1);
	return out;
}
