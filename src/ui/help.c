/* SPDX-License-Identifier: GPL-3.0-or-later */
/* help.c - the help overlay, written from the tables of keys, actions and commands. */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "cmd/command.h"
#include "ui/screen_parts.h"

static void pad(struct str *out, size_t from, int cols)
{
	int w = utf8_text_width(str_text(out) + from, out->len - from);

	do
		str_putc(out, ' ');
	while (++w < cols);
}

static void write_pair(struct str *out, const char *left, int cols, const char *right)
{
	size_t from = out->len;

	str_printf(out, "  %s", left);
	pad(out, from, cols);
	str_printf(out, "%s\n", right);
}

/* What a binding does in words: its action's or its command's summary. */
static void say_binding(const struct binding *b, struct str *out)
{
	char name[40];
	const struct action *a;
	struct err err = { 0 };
	const struct command *c;

	if (!strcmp(b->text, "/") || !strcmp(b->text, "\\") || !strcmp(b->text, ":")) {
		str_puts(out, *b->text == '/' ? "search" : *b->text == ':' ? "type a command or an action"
			      : "filter the rows");
		return;
	}
	snprintf(name, sizeof name, "%.*s", (int)strcspn(b->text + (*b->text == ':'), " "),
		 b->text + (*b->text == ':'));
	a = action_find(name);
	c = a ? NULL : command_find(name, &err);
	if (a && strcmp(b->text, a->name))
		str_printf(out, "%s", b->text);
	else if (a)
		str_printf(out, "%s", a->summary);
	else if (c)
		str_printf(out, "%-14s %s", b->text, c->summary);
	else
		str_puts(out, b->text);
}

/* "Up k": every key with the same text, but only at the first of them. */
static bool list_keys(const struct screen *sc, size_t at, struct str *out)
{
	const struct view *v = &sc->view[sc->current];
	const struct binding *b, *first = keymap_list(sc->keys, v->kind->name, view_pane_name(v), at);

	for (size_t i = 0; (b = keymap_list(sc->keys, v->kind->name, view_pane_name(v), i)); i++) {
		if (strcmp(b->text, first->text))
			continue;
		if (i < at)
			return false;
		str_printf(out, "%s%s", out->len ? " " : "", b->key);
	}
	return true;
}

static void write_keys(const struct screen *sc, struct str *out, bool own)
{
	const struct view *v = &sc->view[sc->current];
	const struct binding *b;
	struct str keys = STR_INIT, does = STR_INIT;

	for (size_t i = 0; (b = keymap_list(sc->keys, v->kind->name, view_pane_name(v), i)); i++) {
		str_clear(&keys);
		str_clear(&does);
		if (own != (strcmp(b->where, "all") != 0) || !list_keys(sc, i, &keys))
			continue;
		say_binding(b, &does);
		write_pair(out, str_text(&keys), 12, str_text(&does));
	}
	str_done(&keys);
	str_done(&does);
}

void help_write(const struct screen *sc, struct str *out)
{
	const struct view *v = &sc->view[sc->current];

	str_printf(out, "Keys of %s, pane %s:\n", v->kind->title, v->kind->panes[v->focus].title);
	write_keys(sc, out, true);
	str_puts(out, "\nKeys everywhere (mouse: click, click again to open, wheel):\n");
	write_keys(sc, out, false);
	str_puts(out, "\nActions, at the prompt and in the file of keys:\n");
	for (int i = 0; i < N_ACTIONS; i++)
		write_pair(out, action_table[i].synopsis, 36, action_table[i].summary);
	str_puts(out, "\nCommands (help COMMAND tells more):\n");
	for (size_t i = 0; command_table[i]; i++)
		write_pair(out, command_table[i]->name, 14, command_table[i]->summary);
}
