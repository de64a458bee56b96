/* SPDX-License-Identifier: GPL-3.0-or-later */
/* strtab.c - the string table.
 *
 * DESIGN: what an interning costs is the memory it must wait for, so a slot says as much as it can by
 * itself.  `text` of a string of up to 7 bytes, as most ids are, is the string: its bytes from the lowest
 * up, and its length + 1 in the highest.  Of a longer one it is 255 in the highest byte and the offset
 * of its bytes below, so that comparing needs no look at offset[].  0 is an empty slot.  `tag` is half of
 * the hash: it settles nearly every probe of long strings that ends elsewhere, and, as it also chooses
 * the slot (linear probing, at most 3/4 full), growing never looks at a string again. */
#include "base/strtab.h"

#include <string.h>

#include "base/mem.h"

#define SLOTS_MIN 64
#define SLOTS_MAX ((uint64_t)1 << 32)
#define SHORT_MAX 7
#define LONG ((uint64_t)0xff << 56)

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

static void place(struct strtab_slot *slot, size_t n_slots, const struct strtab_slot *entry)
{
	size_t at = entry->tag & (n_slots - 1);

	while (slot[at].text)
		at = (at + 1) & (n_slots - 1);
	slot[at] = *entry;
}

static bool grow_slots(struct strtab *t, struct err *err)
{
	size_t n_slots = t->n_slots ? t->n_slots * 2 : SLOTS_MIN;
	struct strtab_slot *slot = mem_zeroed(n_slots, sizeof(*slot), err);

	if (!slot)
		return false;
	for (size_t i = 0; i < t->n_slots; i++)
		if (t->slot[i].text)
			place(slot, n_slots, &t->slot[i]);
	mem_free(t->slot);
	t->slot = slot;
	t->n_slots = n_slots;
	return true;
}

/* The string itself; loads overlap where the length is between, as in hash.c. */
static uint64_t short_text(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	uint64_t v = 0;

	if (len >= 4) {
		uint32_t low, high;

		memcpy(&low, p, 4);
		memcpy(&high, p + len - 4, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
		low = __builtin_bswap32(low);
		high = __builtin_bswap32(high);
#endif
		v = low | (uint64_t)high << (len - 4) * 8;
	} else if (len) {
		v = p[0] | (uint64_t)p[len / 2] << len / 2 * 8 | (uint64_t)p[len - 1] << (len - 1) * 8;
	}
	return v | (uint64_t)(len + 1) << 56;
}

/* The slot of an equal string, or the empty one where it would go. */
static size_t slot_of(const struct strtab *t, const char *s, size_t len, uint32_t tag)
{
	size_t mask = t->n_slots - 1, at = tag & mask;
	const struct strtab_slot *slot = t->slot;

	if (len <= SHORT_MAX) {
		uint64_t text = short_text(s, len);

		while (slot[at].text && slot[at].text != text)
			at = (at + 1) & mask;
		return at;
	}
	for (; slot[at].text; at = (at + 1) & mask) {
		size_t offset = slot[at].text & ~LONG; /* nonsense for a short one */

		/* A string that fits before the end, is equal, and ends there. */
		if (slot[at].tag == tag && slot[at].text >= LONG && len < t->used - offset &&
		    !memcmp(t->bytes + offset, s, len) && !t->bytes[offset + len])
			break;
	}
	return at;
}

uint32_t strtab_intern_hashed(struct strtab *t, const char *s, size_t len, uint64_t hash, struct err *err)
{
	uint32_t tag = (uint32_t)(hash >> 32), number;
	size_t at;

	if (t->n_slots < SLOTS_MAX && t->n >= t->n_slots / 4 * 3 && !grow_slots(t, err))
		return STRTAB_NONE;
	at = slot_of(t, s, len, tag);
	if (t->slot[at].text)
		return t->slot[at].number;
	number = append(t, s, len, err);
	if (number != STRTAB_NONE)
		t->slot[at] = (struct strtab_slot){
			.text = len <= SHORT_MAX ? short_text(s, len) : LONG | t->offset[number],
			.tag = tag,
			.number = number,
		};
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
	const struct strtab_slot *slot;

	if (!t->slot)
		return STRTAB_NONE;
	slot = &t->slot[slot_of(t, s, len, (uint32_t)(strtab_hash(s, len) >> 32))];
	return slot->text ? slot->number : STRTAB_NONE;
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

static void *copy_of(const void *p, size_t n, size_t size, struct err *err)
{
	void *copy = mem_alloc(n ? n : 1, size, err);

	if (copy && n)
		memcpy(copy, p, n * size);
	return copy;
}

bool strtab_copy(struct strtab *to, const struct strtab *from, struct err *err)
{
	*to = (struct strtab){ .used = from->used, .cap = from->used, .n = from->n, .n_cap = from->n, .n_slots = from->n_slots };
	to->bytes = copy_of(from->bytes, from->used, 1, err);
	to->offset = to->bytes ? copy_of(from->offset, from->n, sizeof(*from->offset), err) : NULL;
	if (to->offset && from->slot)
		to->slot = copy_of(from->slot, from->n_slots, sizeof(*from->slot), err);
	if (to->offset && (to->slot || !from->slot))
		return true;
	strtab_done(to);
	return false;
}
