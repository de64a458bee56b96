/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keys - the tables hold what they promise: names are unique, every binding does something that exists, no view
 * takes a key that has one meaning everywhere; a user's lines come after ours. */
#include "cmd/command.h"
#include "tap.h"
#include "ui/keys.h"
#include "ui/v_items.h"
#include "ui/v_users.h"
#include "ui/view.h"
#include "ui/views.h"

static const struct view_kind *find_view(const char *name, size_t n)
{
	for (int i = 0; view_list[i]; i++)
		if (strlen(view_list[i]->name) == n && !strncmp(view_list[i]->name, name, n))
			return view_list[i];
	return NULL;
}

static bool has_pane(const struct view_kind *v, const char *pane)
{
	for (int i = 0; i < v->n_panes; i++)
		if (!strcmp(v->panes[i].name, pane))
			return true;
	return false;
}

/* "all", a view, or a pane of one. */
static bool is_somewhere(const char *where)
{
	size_t n = strcspn(where, ".");
	const struct view_kind *v = find_view(where, n);

	return !strcmp(where, "all") ||
	       (v && (!where[n] || has_pane(v, where + n + 1) ||
		      (v == &view_users && has_pane(&view_users_beside, where + n + 1)) ||
		      (v == &view_items && has_pane(&view_items_map, where + n + 1))));
}

/* An action or a command starts the text; an action is of the view that binds it. */
static bool does_something(const struct binding *b)
{
	const char *text = b->text + (strchr(":/\\", *b->text) != NULL);
	char name[40], view[40];
	struct err err = { 0 };
	const struct action *a;

	if (!*text)
		return true;
	snprintf(name, sizeof name, "%.*s", (int)strcspn(text, " "), text);
	snprintf(view, sizeof view, "%.*s", (int)strcspn(b->where, "."), b->where);
	a = action_find(name);
	return a ? !strcmp(view, "all") || action_is_of(a, view) : command_find(name, &err) != NULL;
}

static void builtin_keys_are_sound(void)
{
	size_t n = 0, wrong = 0;
	uint32_t code, other;

	for (const struct binding *b = builtin_keys; b->key; b++, n++) {
		if (!key_parse(b->key, &code) || !is_somewhere(b->where) || !does_something(b)) {
			printf("# %s %s %s\n", b->where, b->key, b->text);
			wrong++;
		}
		for (const struct binding *c = builtin_keys; c < b; c++) {
			bool one_is_all = !strcmp(b->where, "all") || !strcmp(c->where, "all");

			if (key_parse(c->key, &other) && other == code &&
			    (!strcmp(b->where, c->where) || (one_is_all && strcmp(b->text, "move right")
							     && strcmp(c->text, "move right")))) {
				printf("# %s %s and %s %s\n", b->where, b->key, c->where, c->key);
				wrong++;
			}
		}
	}
	ok(n > 40 && !wrong, "%zu bindings are sound, %zu are not", n, wrong);
}

static void actions_are_sound(void)
{
	size_t wrong = 0;
	struct err err = { 0 };

	for (int i = 0; i < N_ACTIONS; i++) {
		const struct action *a = &action_table[i];

		wrong += (int)a->id != i || !a->name || !a->synopsis || !a->summary ||
			 strncmp(a->synopsis, a->name, strlen(a->name)) || command_find(a->name, &err) != NULL ||
			 action_find(a->name) != a;
		for (const char *v = a->views; v && *v;) {
			size_t n = strcspn(v, " ");

			wrong += !find_view(v, n);
			v += n + (v[n] == ' ');
		}
	}
	ok(!wrong, "no two actions, and no action and command, share a name");
}

static void names_go_both_ways(void)
{
	static const char *const names[] = { "Up", "PgDn", "S-Tab", "Tab", "Enter", "Esc", "Space", "C-a", "C-z", "F1",
					     "F12", "M-x", "M-Up", "q", "Q", "\\", "/", "é", "电" };
	char buf[16];
	uint32_t code;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!key_parse(names[i], &code) || strcmp(key_text(code, buf), names[i]))
			ok(false, "%s is a key", names[i]);
	ok(!key_parse("", &code) && !key_parse("ab", &code) && !key_parse("C-1", &code) && !key_parse("F13", &code) &&
	   !key_parse("F1x", &code) && !key_parse("M-", &code), "what is no key is none");
}

static void a_users_lines(void)
{
	struct keymap *m = keymap_new();
	struct err err = { 0 };
	uint32_t t;

	key_parse("t", &t);
	is_str(keymap_find(m, "train", "runs", t)->text, "train {settings}", "ours");
	ok(keymap_add(m, "  train  t   train bpr epochs=5 ", &err), "a line");
	is_str(keymap_find(m, "train", "runs", t)->text, "train bpr epochs=5 ", "theirs comes after");
	ok(keymap_add(m, "train.settings t edit", &err), "of one pane");
	is_str(keymap_find(m, "train", "settings", t)->text, "edit", "the narrowest wins");
	ok(keymap_add(m, "all t quit", &err), "of all");
	is_str(keymap_find(m, "train", "runs", t)->text, "train bpr epochs=5 ", "though it came later");
	is_str(keymap_find(m, "jobs", "jobs", t)->text, "quit", "which rules where nothing else does");
	ok(keymap_add(m, "# a comment", &err) && keymap_add(m, "", &err), "comments and blank lines");
	ok(!keymap_add(m, "train nokey x", &err) && strstr(err.msg, "nokey"), "a wrong key is named: %s", err.msg);
	ok(!keymap_add(m, "train t", &err), "a short line is refused: %s", err.msg);
	keymap_free(m);
}

int main(void)
{
	builtin_keys_are_sound();
	actions_are_sound();
	names_go_both_ways();
	a_users_lines();
	return done_testing();
}
