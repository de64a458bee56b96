/* SPDX-License-Identifier: GPL-3.0-or-later */
/* strtab.c - equal strings get one number, numbers follow first appearance, running out leaves a table
 * that still answers. */
#include "base/strtab.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tap.h"

static struct err err;

static uint32_t intern(struct strtab *t, const char *s)
{
	return strtab_intern(t, s, strlen(s), &err);
}

static void first_appearance(void)
{
	struct strtab t;

	strtab_init(&t);
	ok(strtab_find(&t, "a", 1) == STRTAB_NONE, "nothing is found in an empty table");
	ok(intern(&t, "b") == 0 && intern(&t, "a") == 1 && intern(&t, "b") == 0 && intern(&t, "") == 2 &&
	   intern(&t, "bb") == 3, "numbers follow first appearance");
	is_str(strtab_get(&t, 1), "a", "a number gives its string");
	ok(strtab_len(&t, 2) == 0 && strtab_len(&t, 3) == 2, "and its length, of the last too");
	ok(strtab_find(&t, "bb", 2) == 3 && strtab_find(&t, "bbb", 3) == STRTAB_NONE &&
	   strtab_find(&t, "bb", 1) == 0, "finding takes the length given, not the NUL");
	strtab_done(&t);
}

static void many(void)
{
	struct strtab t;
	char s[64];
	bool fresh = true, again = true, found = true, text = true;
	const uint32_t n = 200000;

	strtab_init(&t);
	for (uint32_t i = 0; i < n; i++) {
		snprintf(s, sizeof(s), i % 3 ? "%u" : "a-longer-identifier-%u", i);
		fresh &= intern(&t, s) == i;
	}
	for (uint32_t i = 0; i < n; i++) {
		snprintf(s, sizeof(s), i % 3 ? "%u" : "a-longer-identifier-%u", i);
		again &= intern(&t, s) == i;
		found &= strtab_find(&t, s, strlen(s)) == i;
		text &= !strcmp(strtab_get(&t, i), s) && strtab_len(&t, i) == strlen(s);
	}
	ok(fresh && t.n == n, "200000 different strings, 200000 numbers");
	ok(again && t.n == n, "interned again they keep them");
	ok(found, "all are found");
	ok(text, "and read back");
	ok(strtab_shrink(&t, &err) && t.cap == t.used && t.n_cap == t.n, "spare room can be given back");
	ok(strtab_bytes(&t) == mem_bytes_now(), "strtab_bytes tells what is held");
	ok(intern(&t, "one more") == n && intern(&t, "17") == 17, "and the table goes on growing after that");
	strtab_done(&t);
}

/* However full the table is, looking for what is not there comes to an end. */
static void absent(void)
{
	struct strtab t;
	char s[16];
	bool good = true;

	strtab_init(&t);
	for (uint32_t i = 0; i < 600; i++) {
		snprintf(s, sizeof(s), "%u", i);
		good &= intern(&t, s) == i && strtab_find(&t, "absent", 6) == STRTAB_NONE &&
			strtab_find(&t, "absent, and long", 16) == STRTAB_NONE;
	}
	ok(good, "what is not there is not found, at 600 sizes");
	strtab_done(&t);
}

/* Every length and place of a difference, around the one where strings no longer fit a slot. */
static void near_misses(void)
{
	struct strtab t;
	char s[40], other[40];
	bool good = true;

	strtab_init(&t);
	for (size_t len = 0; len < 40; len++) {
		memset(s, 'x', len);
		for (size_t at = 0; at < len; at++) {
			uint32_t a, b;

			memcpy(other, s, len);
			other[at] = 'y';
			/* One hash for both: only the compare can tell them apart. */
			a = strtab_intern_hashed(&t, s, len, (uint64_t)7 << 32, &err);
			b = strtab_intern_hashed(&t, other, len, (uint64_t)7 << 32, &err);
			good &= a != b && strtab_intern_hashed(&t, other, len, (uint64_t)7 << 32, &err) == b;
		}
	}
	ok(good && t.n == 39 * 40 / 2 + 39, "strings of one hash are told apart wherever they differ (%u)", t.n);
	strtab_done(&t);

	good = true;
	memset(s, 'x', sizeof(s));
	for (uint32_t i = 0; i < 40; i++) /* longest first: each begins all that are there */
		good &= strtab_intern_hashed(&t, s, 40 - i, (uint64_t)7 << 32, &err) == i;
	ok(good, "and from those that begin with them");
	strtab_done(&t);
}

static void pushes(void)
{
	struct strtab t;

	strtab_init(&t);
	ok(strtab_push(&t, "same", 4, &err) == 0 && strtab_push(&t, "same", 4, &err) == 1,
	   "pushing does not look");
	ok(!t.slot && strtab_find(&t, "same", 4) == STRTAB_NONE, "and makes no hash");
	is_str(strtab_get(&t, 1), "same", "but keeps the text");
	strtab_done(&t);
}

/* Fails the 1st, 2nd, 3rd … allocation of a long session; after each the table must still be whole. */
static void running_out(void)
{
	bool whole = true, told = true;
	unsigned failures = 0;

	for (uint64_t nth = 1;; nth++) {
		struct strtab t;
		char s[32];
		uint32_t had, refused = 0;

		strtab_init(&t);
		mem_fail_at(nth);
		for (unsigned i = 0; i < 3000; i++) {
			snprintf(s, sizeof(s), "item %u", i);
			err.code = ERR_OK;
			had = t.n;
			if (intern(&t, s) == STRTAB_NONE) {
				refused++;
				told &= err.code == ERR_NOMEM && t.n == had;
				whole &= intern(&t, s) == had; /* the next try works */
			}
		}
		err.code = ERR_OK;
		if (!strtab_shrink(&t, &err)) {
			refused++;
			told &= err.code == ERR_NOMEM;
		}
		mem_fail_at(0);
		for (unsigned i = 0; i < 3000; i++) {
			snprintf(s, sizeof(s), "item %u", i);
			whole &= strtab_find(&t, s, strlen(s)) == i && !strcmp(strtab_get(&t, i), s);
		}
		strtab_done(&t);
		failures += refused;
		if (!refused)
			break;
	}
	ok(failures > 20, "each allocation failed once (%u)", failures);
	ok(told, "each time the caller was told and no number was used up");
	ok(whole, "and the table stayed whole");
}

int main(void)
{
	first_appearance();
	many();
	absent();
	near_misses();
	pushes();
	running_out();
	ok(mem_bytes_now() == 0, "nothing is left behind");
	return done_testing();
}
