/* SPDX-License-Identifier: GPL-3.0-or-later */
/* strtab.c - the string table.
 *
 * DESIGN: a slot holds 32 bits of the string's hash beside its number, so that nearly every probe that
 * ends elsewhere is settled in the slot itself, and so that growing never looks at a string again.  The
 * hash bits also choose the slot (linear probing, at most 3/4 full).  An empty slot is all ones, which
 * no entry can be: the number STRTAB_NONE is never given out. */
#include "base/strtab.h"

#include <string.h>

#include "base/mem.h"

#define EMPTY UINT64_MAX
#define SLOTS_MIN 64
#define SLOTS_MAX ((uint64_t)1 << 32)

void strtab_init(struct strtab *t)
{
	memset(t, 0, sizeof(*t));
}

void strtab_done(struct strtab *t)
{
	mem_free(t->bytes);
	mem_free(t->offset);
	mem_free(t->slot);
	strtab_init(t);
}

static bool reserve_bytes(struct strtab *t, size_t more, struct err *err)
{
	size_t cap = t->cap + t->cap / 2;
	char *bytes;

	if (more <= t->cap - t->used)
		return true;
	if (cap < t->used + more)
		cap = t->used + more;
	if (cap < 256)
		cap = 256;
	bytes = mem_resize(t->bytes, t->used, cap, 1, err);
	if (!bytes)
		return false;
	t->bytes = bytes;
	t->cap = cap;
	return true;
}

static bool reserve_number(struct strtab *t, struct err *err)
{
	uint64_t cap = (uint64_t)t->n_cap + t->n_cap / 2;
	size_t *offset;

	if (t->n < t->n_cap)
		return true;
	if (t->n == STRTAB_NONE)
		return err_set(err, ERR_RANGE, "more than %u different texts", STRTAB_NONE);
	if (cap < 16)
		cap = 16;
	if (cap > STRTAB_NONE)
		cap = STRTAB_NONE;
	offset = mem_resize(t->offset, t->n, cap, sizeof(*offset), err);
	if (!offset)
		return false;
	t->offset = offset;
	t->n_cap = (uint32_t)cap;
	return true;
}

static uint32_t append(struct strtab *t, const char *s, size_t len, struct err *err)
{
	if (!reserve_number(t, err) || !reserve_bytes(t, len + 1, err))
		return STRTAB_NONE;
	t->offset[t->n] = t->used;
	if (len)
		memcpy(t->bytes + t->used, s, len);
	t->bytes[t->used + len] = '\0';
	t->used += len + 1;
	return t->n++;
}

static void place(uint64_t *slot, size_t n_slots, uint64_t entry)
{
	size_t at = (entry >> 32) & (n_slots - 1);

	while (slot[at] != EMPTY)
		at = (at + 1) & (n_slots - 1);
	slot[at] = entry;
}

static bool grow_slots(struct strtab *t, struct err *err)
{
	size_t n_slots = t->n_slots ? t->n_slots * 2 : SLOTS_MIN;
	uint64_t *slot = mem_alloc(n_slots, sizeof(*slot), err);

	if (!slot)
		return false;
	memset(slot, 0xff, n_slots * sizeof(*slot));
	for (size_t i = 0; i < t->n_slots; i++)
		if (t->slot[i] != EMPTY)
			place(slot, n_slots, t->slot[i]);
	mem_free(t->slot);
	t->slot = slot;
	t->n_slots = n_slots;
	return true;
}

/* Ids are mostly a few bytes, where a call of memcmp costs more than the comparing. */
static bool same(const struct strtab *t, uint32_t i, const char *s, size_t len)
{
	const char *have = strtab_get(t, i);

	if (strtab_len(t, i) != len)
		return false;
	if (len > 16)
		return !memcmp(have, s, len);
	while (len >= 8) {
		uint64_t a, b;

		memcpy(&a, have, 8);
		memcpy(&b, s, 8);
		if (a != b)
			return false;
		have += 8;
		s += 8;
		len -= 8;
	}
	while (len--)
		if (*have++ != *s++)
			return false;
	return true;
}

/* The slot of an equal string, or the empty one where it would go. */
static size_t slot_of(const struct strtab *t, const char *s, size_t len, uint32_t tag)
{
	size_t at = tag & (t->n_slots - 1);

	for (uint64_t entry; (entry = t->slot[at]) != EMPTY; at = (at + 1) & (t->n_slots - 1))
		if ((uint32_t)(entry >> 32) == tag && same(t, (uint32_t)entry, s, len))
			break;
	return at;
}

uint32_t strtab_intern_hashed(struct strtab *t, const char *s, size_t len, uint64_t hash, struct err *err)
{
	uint32_t tag = (uint32_t)(hash >> 32), number;
	size_t at;

	if (t->n_slots < SLOTS_MAX && t->n >= t->n_slots / 4 * 3 && !grow_slots(t, err))
		return STRTAB_NONE;
	at = slot_of(t, s, len, tag);
	if (t->slot[at] != EMPTY)
		return (uint32_t)t->slot[at];
	number = append(t, s, len, err);
	if (number != STRTAB_NONE)
		t->slot[at] = (uint64_t)tag << 32 | number;
	return number;
}

uint32_t strtab_intern(struct strtab *t, const char *s, size_t len, struct err *err)
{
	return strtab_intern_hashed(t, s, len, strtab_hash(s, len), err);
}

uint32_t strtab_push(struct strtab *t, const char *s, size_t len, struct err *err)
{
	return append(t, s, len, err);
}

uint32_t strtab_find(const struct strtab *t, const char *s, size_t len)
{
	uint64_t entry;

	if (!t->slot)
		return STRTAB_NONE;
	entry = t->slot[slot_of(t, s, len, (uint32_t)(strtab_hash(s, len) >> 32))];
	return entry == EMPTY ? STRTAB_NONE : (uint32_t)entry;
}

size_t strtab_bytes(const struct strtab *t)
{
	return t->cap + t->n_cap * sizeof(*t->offset) + t->n_slots * sizeof(*t->slot);
}

bool strtab_shrink(struct strtab *t, struct err *err)
{
	char *bytes;
	size_t *offset;

	if (!t->n)
		return true;
	bytes = mem_resize(t->bytes, t->used, t->used, 1, err);
	if (!bytes)
		return false;
	t->bytes = bytes;
	t->cap = t->used;
	offset = mem_resize(t->offset, t->n, t->n, sizeof(*offset), err);
	if (!offset)
		return false;
	t->offset = offset;
	t->n_cap = t->n;
	return true;
}
