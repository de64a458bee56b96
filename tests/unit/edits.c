/* SPDX-License-Identifier: GPL-3.0-or-later */
/* edits.c - the net of edits on the screen, undone and done again. */
#include "app/edits.h"

#include "tap.h"

static struct edits e;

/* "-3 +4=2 5=1" */
static const char *now(void)
{
	static char text[200];
	size_t n;
	const struct edit *edit = edits_now(&e, &n);
	int at = 0;

	text[0] = '\0';
	for (size_t k = 0; k < n; k++)
		at += snprintf(text + at, sizeof(text) - (size_t)at, "%s%s%u", k ? " " : "",
			       edit[k].kind == EDIT_REMOVE ? "-" : edit[k].kind == EDIT_ADD ? "+" : "=", edit[k].item);
	return text;
}

int main(void)
{
	uint64_t serial;

	edits_init(&e);
	edits_begin(&e, 7);
	is_str(now(), "", "none at first");
	ok(!edits_undo(&e) && !edits_redo(&e), "nothing to undo");
	edits_toggle(&e, 3);
	edits_add(&e, 4, 2);
	edits_rate(&e, 5, 1);
	is_str(now(), "-3 +4 =5", "removed, added, rated");
	ok(edits_of(&e, 4)->value == 2 && !edits_of(&e, 9), "each is found by its item");
	edits_rate(&e, 4, 5);
	ok(edits_of(&e, 4)->kind == EDIT_ADD && edits_of(&e, 4)->value == 5, "an added event is rated as it is added");
	edits_toggle(&e, 3);
	is_str(now(), "=5 +4", "toggled again, the event is back");
	edits_toggle(&e, 5);
	is_str(now(), "+4 -5", "a rated event that is removed is removed");
	edits_toggle(&e, 4);
	is_str(now(), "-5", "an added event that is removed was never there");
	edits_add(&e, 5, 1);
	is_str(now(), "", "a removed event that is added is back");
	ok(edits_undo(&e), "undone");
	is_str(now(), "-5", "the removal is back");
	ok(edits_undo(&e) && edits_undo(&e), "and further");
	is_str(now(), "=5 +4", "step by step");
	ok(edits_redo(&e), "and done again");
	is_str(now(), "+4 -5", "in order");
	serial = e.serial;
	edits_add(&e, 8, 1);
	ok(!edits_redo(&e) && e.serial != serial, "a change drops what was undone");
	edits_clear(&e);
	is_str(now(), "", "cleared");
	ok(edits_undo(&e), "which can be undone");
	is_str(now(), "+4 -5 +8", "all of it");
	for (uint32_t k = 0; k < 100; k++)
		edits_add(&e, 100 + k, 1);
	for (uint32_t k = 0; k < 100; k++)
		edits_undo(&e);
	is_str(now(), "+4 -5 +8", "a hundred times too");
	while (edits_undo(&e))
		;
	is_str(now(), "", "back to the beginning");
	edits_begin(&e, 8);
	ok(!edits_redo(&e) && e.user == 8, "another user begins afresh");
	edits_done(&e);
	return done_testing();
}
