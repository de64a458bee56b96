/* SPDX-License-Identifier: GPL-3.0-or-later */
/* persona.c - the numbers of personas in a session: never given out twice, and gone with whom they stood for; what
 * edits are told to be unsaved. */
#include "app/persona.h"

#include <stdlib.h>

#include "app/session_change.h"
#include "event_fixture.h"
#include "tap.h"

static struct session *session;
static struct dataset *data;

static struct persona *made(const char *name, uint32_t item)
{
	uint32_t items[] = { item };
	float x[] = { 2 };
	const struct given_history history = { .user = 0, .n = 1, .items = items, .x = x };
	struct err err = { 0 };
	struct persona *p = persona_new(name, data, &history, &err);

	ok(p != NULL, "%s %s", name, err.msg);
	p->in_memory = true;
	return p;
}

static void test_numbers(void)
{
	struct err err;
	uint32_t first, second;

	session_put_persona(session, made("bob", 0));
	session_put_persona(session, made("anna", 1));
	is_str(session_persona(session, 0)->name, "anna", "by name");
	first = session_persona(session, 1)->number;
	ok(first > data->n_users && session_person(session, first) == session_persona(session, 1), "found by its number");
	ok(!session_person(session, 0) && !session_person(session, NO_USER), "a user's number is no persona's");
	session_put_persona(session, made("bob", 1));
	second = session_persona(session, 1)->number;
	ok(session_n_personas(session) == 2 && second != first, "another of the same name has another number");
	ok(!session_person(session, first), "the old number is nobody's");
	edits_begin(session_edits(session), second);
	edits_toggle(session_edits(session), 1);
	ok(session_drop_persona(session, "bob", &err) && !session_person(session, second), "deleted");
	ok(session_edits_now(session)->user == NO_USER && !edits_unsaved(session_edits_now(session)),
	   "its edits went with it");
	ok(!session_drop_persona(session, "bob", &err) && err.code == ERR_NOTFOUND, "once: %s", err.msg);
}

static void test_settle(void)
{
	struct persona *p = made("carl", 1);

	persona_settle(p, data);
	ok(p->of_data && p->history.n == 1 && p->history.items[0] == 1 && p->history.user == 0, "found in its data");
	p->data_fingerprint++;
	persona_settle(p, data);
	ok(!p->of_data && !p->history.n, "not in other data");
	p->data_fingerprint--;
	p->as[0] = '?';
	persona_settle(p, data);
	ok(!p->of_data, "nor without its user");
	persona_free(p);
}

static void test_unsaved(void)
{
	struct edits e;

	edits_init(&e);
	edits_begin(&e, 1);
	ok(!edits_unsaved(&e), "no edit is no loss");
	edits_add(&e, 3, 1);
	ok(edits_unsaved(&e), "an edit is");
	edits_note_saved(&e);
	ok(!edits_unsaved(&e), "unless it was saved");
	edits_add(&e, 4, 1);
	ok(edits_unsaved(&e), "one more is unsaved");
	edits_undo(&e);
	ok(!edits_unsaved(&e), "and undone saved again");
	edits_undo(&e);
	ok(!edits_unsaved(&e), "with none left nothing can be lost");
	edits_add(&e, 5, 1);
	ok(edits_unsaved(&e), "another version in the place of the saved one is unsaved");
	edits_done(&e);
}

int main(void)
{
	static const struct event events[] = { { .user = 0, .item = 0 }, { .user = 0, .item = 1 }, { .user = 1, .item = 1 },
					       { .user = 1, .item = 2 } };
	const struct session_options options = { .threads = 1, .readonly = true };
	struct err err = { 0 };
	struct loop *loop = loop_new(&err);

	session = session_new(&options, loop, &err);
	data = dataset_of(events, 4, 2, 3, WITH_ORDER);
	test_numbers();
	test_settle();
	test_unsaved();
	dataset_unref(data);
	session_free(session);
	loop_free(loop);
	return done_testing();
}
