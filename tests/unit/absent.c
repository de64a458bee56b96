/* SPDX-License-Identifier: GPL-3.0-or-later */
/* absent.c - of each item the first row stays, pieces are put together in order, and there is an end to it. */
#include "data/absent.h"

#include <stdio.h>
#include <string.h>

#include "tap.h"

static struct absent_item row(uint64_t line, const char *aside)
{
	return (struct absent_item){ .aside = aside, .rejected = !aside, .has_row = true, .file = 1, .line = line };
}

static bool note(struct absent *a, const char *id, struct absent_item what)
{
	struct err err;

	return absent_note(a, id, strlen(id), what, &err);
}

static bool is(const struct absent *a, const char *id, uint64_t line, const char *aside, bool core)
{
	const struct absent_item *i = absent_find(a, id);

	return i && i->line == line && i->aside == aside && i->rejected == !aside && i->outside_core == core;
}

static void test_end(void)
{
	struct absent a, b;
	struct err err;
	char id[16];
	bool fine = true;

	absent_init(&a);
	absent_init(&b);
	for (unsigned k = 0; k < ABSENT_KEPT; k++) {
		snprintf(id, sizeof(id), "%u", k);
		fine &= note(&a, id, row(k, NULL));
	}
	ok(fine && !a.more && a.ids.n == ABSENT_KEPT && is(&a, "99999", 99999, NULL, false), "so many are kept");
	fine = note(&a, "beyond", row(1, NULL)) && note(&a, "7", row(9, NULL)) && note(&b, "7", row(3, NULL)) &&
	       note(&b, "behind", row(4, NULL)) && absent_merge(&a, &b, 10, &err);
	ok(fine && a.more && a.ids.n == ABSENT_KEPT && !absent_find(&a, "beyond") && !absent_find(&a, "behind") &&
	   is(&a, "7", 7, NULL, false), "no more, and that is said");
	ok(absent_bytes(&a) > ABSENT_KEPT * sizeof(*a.item) && absent_bytes(&a) < 20 << 20, "%zu bytes", absent_bytes(&a));
	absent_done(&a);
	absent_done(&b);
}

int main(void)
{
	static const char rule[] = "value not above 0", other[] = "no time";
	struct absent a, b;
	struct err err;

	absent_init(&a);
	absent_init(&b);
	ok(!absent_find(&a, "x"), "nothing is known at first");
	ok(note(&a, "x", row(3, rule)) && note(&a, "x", row(5, NULL)) && is(&a, "x", 3, rule, false), "the first row stays");
	ok(note(&b, "x", row(1, other)) && note(&b, "y", row(2, NULL)) && absent_merge(&a, &b, 100, &err) &&
	   is(&a, "x", 3, rule, false) && is(&a, "y", 102, NULL, false), "a piece behind it counts its lines on");
	ok(note(&a, "x", (struct absent_item){ .outside_core = true }) && is(&a, "x", 3, rule, true), "the core is told beside the row");
	absent_done(&a);
	absent_done(&b);
	absent_done(&a);
	test_end();
	return done_testing();
}
