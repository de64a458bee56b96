/* SPDX-License-Identifier: GPL-3.0-or-later */
/* strtab.h - many strings in one block, numbered 0..n-1, and the hash that finds a string's number.
 *
 * A strtab interns: strtab_intern() returns the number of an equal string seen before, or the next
 * one.  strtab_push() appends without looking (titles).  Strings are NUL-terminated bytes without NUL
 * inside.  A table is built by one of the two, on one thread; reading is const and ANY thread.
 * Cost a string: its bytes and the NUL, 8 bytes of offset and, where interned, 21 to 43 bytes of hash.
 */
#ifndef BASE_STRTAB_H
#define BASE_STRTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"

#define STRTAB_NONE UINT32_MAX

struct strtab {
	char *bytes;       /* all strings, NUL after each */
	size_t used, cap;
	size_t *offset;    /* [n] */
	uint32_t n, n_cap;
	struct strtab_slot *slot; /* open addressing; NULL when nothing was interned */
	size_t n_slots;           /* power of two */
};

struct strtab_slot { /* see strtab.c */
	uint64_t text;
	uint32_t tag, number;
};

void strtab_init(struct strtab *t);
void strtab_done(struct strtab *t);
/* All return the number, or STRTAB_NONE with *err set (memory, more than 2^32-2 strings).  The hash of
 * strtab_intern_hashed() is strtab_hash()'s; where many strings wait, strtab_prefetch() some before. */
uint32_t strtab_intern(struct strtab *t, const char *s, size_t len, struct err *err);
uint32_t strtab_intern_hashed(struct strtab *t, const char *s, size_t len, uint64_t hash, struct err *err);
uint32_t strtab_push(struct strtab *t, const char *s, size_t len, struct err *err);
uint32_t strtab_find(const struct strtab *t, const char *s, size_t len); /* STRTAB_NONE */
static inline const char *strtab_get(const struct strtab *t, uint32_t i)
{
	return t->bytes + t->offset[i];
}
static inline size_t strtab_len(const struct strtab *t, uint32_t i)
{
	return (i + 1 < t->n ? t->offset[i + 1] : t->used) - t->offset[i] - 1;
}
static inline uint64_t strtab_hash(const char *s, size_t len)
{
	return hash_bytes(s, len, 0);
}
static inline void strtab_prefetch(const struct strtab *t, uint64_t hash)
{
	if (t->slot)
		__builtin_prefetch(&t->slot[(hash >> 32) & (t->n_slots - 1)]);
}
size_t strtab_bytes(const struct strtab *t); /* memory held */
bool strtab_shrink(struct strtab *t, struct err *err); /* gives spare capacity back */
bool strtab_copy(struct strtab *to, const struct strtab *from, struct err *err); /* without spare capacity */

#endif
