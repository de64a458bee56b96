/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mask.c - masks are one to one, stay, differ by kind, and do not follow the order. */
#include "data/mask.h"

#include <stdlib.h>

#include "base/num_parse.h"
#include "tap.h"

#define MOST 70000
static bool seen[MOST];

/* N of "KIND~N", 1..n; 0: it is none. */
static uint64_t number(const char *name, const char *kind)
{
	size_t k = strlen(kind);
	uint64_t n;

	return !strncmp(name, kind, k) && name[k] == '~' && num_parse_u64(name + k + 1, strlen(name + k + 1), &n) ? n : 0;
}

static bool one_to_one(uint32_t n)
{
	memset(seen, 0, sizeof(seen));
	for (uint32_t i = 0; i < n; i++) {
		uint64_t m = number(mask_name("user", i, n), "user");

		if (m < 1 || m > n || seen[m - 1])
			return false;
		seen[m - 1] = true;
	}
	return true;
}

int main(void)
{
	static const uint32_t sizes[] = { 1, 2, 3, 4, 5, 16, 17, 255, 257, 1000, 65536, 65537, MOST };
	unsigned rises = 0, same_place = 0, same_kind = 0;
	const char *kept;
	char first[24];
	struct err err;

	ok(!mask_is_on(), "off at first");
	ok(mask_put_on(&err) && mask_is_on(), "on");
	for (size_t k = 0; k < sizeof(sizes) / sizeof(*sizes); k++)
		ok(one_to_one(sizes[k]), "%u ids have as many masks", sizes[k]);
	for (uint32_t i = 0; i + 1 < 10000; i++) {
		uint64_t a = number(mask_name("user", i, 10000), "user");

		rises += a < number(mask_name("user", i + 1, 10000), "user");
		same_place += a == i + 1;
		same_kind += a == number(mask_name("item", i, 10000), "item");
	}
	/* Of a random permutation: half of the steps rise (sd 29), one number stays where it was (sd 1). */
	ok(rises > 4700 && rises < 5300, "they do not follow the order (%u of 9999 rise)", rises);
	ok(same_place < 12 && same_kind < 12, "nor the numbers (%u), nor those of items (%u)", same_place, same_kind);
	snprintf(first, sizeof(first), "%s", mask_name("user", 7, 1000));
	mask_take_off();
	ok(!mask_is_on() && mask_put_on(&err), "off, and on again");
	is_str(mask_name("user", 7, 1000), first, "a mask stays");
	kept = mask_name("user", 7, 1000);
	for (uint32_t i = 0; i < 15; i++)
		mask_name("user", i, 1000);
	is_str(kept, first, "and is borrowed over 15 others");
	ok(strlen(mask_name("user", UINT32_MAX - 1, UINT32_MAX)) < 24, "the greatest fits");
	return done_testing();
}
