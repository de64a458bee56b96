/* SPDX-License-Identifier: GPL-3.0-or-later */
/* idmap.h - from an id as it stands in a file to its number.
 *
 * A strtab with a shortcut: most ids are small whole numbers, and those are looked up in a plain array.
 * idmap_find() is const and ANY thread, as long as nobody interns; idmap_intern() is one thread alone.
 * The reading of events leans on that: pieces look ids up in parallel, the new ones are interned between
 * two waves, in file order.
 */
#ifndef DATA_IDMAP_H
#define DATA_IDMAP_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "base/strtab.h"

struct idmap {
	struct strtab tab;
	uint32_t *dense; /* [n_dense] number of the id "0", "1", …; STRTAB_NONE: not seen */
	uint32_t n_dense;
};

void idmap_init(struct idmap *m);
void idmap_done(struct idmap *m);
/* STRTAB_NONE: not seen.  8 bytes from s on must be readable, whatever n. */
uint32_t idmap_find(const struct idmap *m, const char *s, size_t n);
uint32_t idmap_intern(struct idmap *m, const char *s, size_t n, struct err *err);

#define IDMAP_DIGITS 8

/* True for the id of a number that the array covers: *v indexes m->dense.  For loops that look up many at
 * once.  No loop over the digits, whose end a processor cannot guess: they are moved to the high end of a
 * word, led by zeros, and added up by neighbours.  "01" and "+1" are other ids than "1". */
static inline bool idmap_dense(const struct idmap *m, const char *s, size_t n, uint32_t *v)
{
	uint64_t w;

	if (n == 0 || n > IDMAP_DIGITS || (s[0] == '0' && n > 1))
		return false;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	memcpy(&w, s, 8);
	w = w << (64 - 8 * n) | 0x1818181818181818u >> (8 * n - 1);
	if (((w & 0xf0f0f0f0f0f0f0f0u) | (((w + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) >> 4)) !=
	    0x3333333333333333u)
		return false;
	w &= 0x0f0f0f0f0f0f0f0fu;
	w = (w * 10 + (w >> 8)) & 0x00ff00ff00ff00ffu;
	w = (w * 100 + (w >> 16)) & 0x0000ffff0000ffffu;
	*v = (uint32_t)(w * 10000 + (w >> 32));
#else
	w = 0;
	for (size_t i = 0; i < n; i++) {
		unsigned digit = (unsigned)(unsigned char)s[i] - '0';

		if (digit > 9)
			return false;
		w = w * 10 + digit;
	}
	*v = (uint32_t)w;
#endif
	return *v < m->n_dense;
}

#endif
