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

#endif
