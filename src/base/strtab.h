/* SPDX-License-Identifier: GPL-3.0-or-later */
/* strtab.h - many strings in one block, numbered 0..n-1, and the hash that finds a string's number.
 *
 * A strtab interns: strtab_intern() returns the number of an equal string seen before, or the next
 * one.  strtab_push() appends without looking (titles).  Strings are NUL-terminated bytes without NUL
 * inside.  Building is single-threaded; reading is const and ANY thread.
 * Cost: the bytes, 4 bytes of offset/16 and about 8 bytes of hash a string (see strtab.c).
 */
#ifndef BASE_STRTAB_H
#define BASE_STRTAB_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define STRTAB_NONE UINT32_MAX

struct strtab {
	char *bytes;       /* all strings, NUL after each */
	size_t used, cap;
	size_t *offset;    /* [n] */
	uint32_t n, n_cap;
	uint32_t *slot;    /* open addressing, STRTAB_NONE = empty; NULL when nothing was interned */
	uint32_t *hash;    /* [n] high bits of each string's hash, to skip compares */
	uint32_t n_slots;  /* power of two */
};

void strtab_init(struct strtab *t);
void strtab_done(struct strtab *t);
/* Both return the number, or STRTAB_NONE with *err set (memory, more than 2^32-2 strings). */
uint32_t strtab_intern(struct strtab *t, const char *s, size_t len, struct err *err);
uint32_t strtab_intern_hashed(struct strtab *t, const char *s, size_t len, uint64_t hash, struct err *err);
uint32_t strtab_push(struct strtab *t, const char *s, size_t len, struct err *err);
uint32_t strtab_find(const struct strtab *t, const char *s, size_t len); /* STRTAB_NONE */
static inline const char *strtab_get(const struct strtab *t, uint32_t i)
{
	return t->bytes + t->offset[i];
}
bool strtab_shrink(struct strtab *t, struct err *err); /* gives spare capacity back */

#endif
