/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/absent.h"

#include <string.h>

#include "base/mem.h"

void absent_init(struct absent *a)
{
	*a = (struct absent){ .item = NULL };
	strtab_init(&a->ids);
}

void absent_done(struct absent *a)
{
	strtab_done(&a->ids);
	mem_free(a->item);
	absent_init(a);
}

bool absent_note(struct absent *a, const char *id, size_t n, struct absent_item what, struct err *err)
{
	uint32_t k = strtab_find(&a->ids, id, n);

	if (k != STRTAB_NONE) {
		a->item[k].outside_core |= what.outside_core;
		return true;
	}
	if (a->ids.n == ABSENT_KEPT) {
		a->more = true;
		return true;
	}
	k = a->ids.n;
	if (!mem_grow((void **)&a->item, &a->cap, (size_t)k + 1, sizeof(*a->item), err) ||
	    strtab_intern(&a->ids, id, n, err) == STRTAB_NONE)
		return false;
	a->item[k] = what;
	return true;
}

bool absent_merge(struct absent *to, const struct absent *from, uint64_t first_line, struct err *err)
{
	for (uint32_t k = 0; k < from->ids.n; k++) {
		struct absent_item what = from->item[k];

		what.line += first_line;
		if (!absent_note(to, strtab_get(&from->ids, k), strtab_len(&from->ids, k), what, err))
			return false;
	}
	to->more |= from->more;
	return true;
}

const struct absent_item *absent_find(const struct absent *a, const char *id)
{
	uint32_t k = strtab_find(&a->ids, id, strlen(id));

	return k == STRTAB_NONE ? NULL : &a->item[k];
}

size_t absent_bytes(const struct absent *a)
{
	return strtab_bytes(&a->ids) + a->cap * sizeof(*a->item);
}
