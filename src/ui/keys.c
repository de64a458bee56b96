/* SPDX-License-Identifier: GPL-3.0-or-later */
/* keys.c - the built-in key table, a user's own lines after it, and the names of keys. */
#include "ui/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

const struct binding builtin_keys[] = {
	{ "data.files", "Enter", ":load ", "load" },
	{ "data.cleaning", "Enter", ":load ", "load" },
	{ "data.profile", "Enter", ":load ", "load" },
	{ "data.rejected", "Enter", ":load ", "load" },
	{ "data", "t", "view train", "train" },
	{ "data", "e", ":export ", "export" },

	{ "train", "t", "train {settings}", "train" },
	{ "train", "T", ":tune {model} ", "tune" },
	{ "train", "p", "hold", "pause" },
	{ "train", "x", "cancel {job}", "stop" },
	{ "train", "F", "follow", "follow" },
	{ "train", "o", "overlay", "overlay" },
	{ "train", "y", "log-scale", "log" },
	{ "train", "b", "best", "best epoch" },
	{ "train.runs", "Enter", "use {run}", "use run" },
	{ "train", "d", "delete {run}", "delete" },
	{ "train.settings", "Enter", "edit", "edit" },
	{ "train.settings", "Right", "move right", "next value" },
	{ "train.watched", "Enter", "show-user {user}", "see user" },
	{ "train", "e", ":export curves ", NULL },
	{ "train", "[", "epoch previous", "epochs" },
	{ "train", "]", "epoch next", NULL },
	{ "train", "{", "watch previous", NULL },
	{ "train", "}", "watch next", NULL },

	{ "users.users", "Enter", "pane list", "open" },
	{ "users.list", "Enter", "why", "explain" },
	{ "users.history", "Enter", "show-item {item}", "see item" },
	{ "users.history", "Space", "toggle-event", "remove/restore" },
	{ "users.history", "r", "rate-event", "re-rate" },
	{ "users.history", "a", ":add-event ", "add" },
	{ "users.list", "w", "why-not {item}", "why not" },
	{ "users.list", "a", "add-event {item}", "add to history" },
	{ "users.why", "Enter", "show-item {item}", "see item" },
	{ "users.why", "v", "stability {kept}{explained}", "other seeds" },
	{ "users", "v", "stability {kept}{explained}", NULL },
	{ "users", "w", ":why-not ", NULL },
	{ "users", "\\", "\\", "filter" },
	{ "users", "s", "sort", "sort" },
	{ "users", "b", "by", "history/content" },
	{ "users", "S", "reverse", NULL },
	{ "users", "e", ":export recommendations ", "export" },
	{ "users", "u", "undo", NULL },
	{ "users", "C-r", "redo", NULL },
	{ "users", "P", ":persona save ", NULL },
	{ "users.beside", "Enter", "why", "explain by both" },
	{ "users", "m", "beside", NULL },
	{ "users", "c", "clear-edits", NULL },
	{ "users", "[", "epoch previous", NULL },
	{ "users", "]", "epoch next", NULL },
	{ "users", "W", "watch", NULL },
	{ "users", "{", "watch previous", NULL },
	{ "users", "}", "watch next", NULL },

	{ "items.items", "Enter", "open", "nearest" },
	{ "items.model", "Enter", "show-item {item}", "go there" },
	{ "items.behaviour", "Enter", "show-item {item}", "go there" },
	{ "items.text", "Enter", "show-item {item}", "go there" },
	{ "items.why-near", "Enter", "show-item {item}", "go there" },
	{ "items.map", "Enter", "show-item {item}", "go there" },
	{ "items.map", "+", "zoom in", "zoom in" },
	{ "items.map", "-", "zoom out", "out" },
	{ "items.map", "c", "colour", "colour" },
	{ "items", "w", "why-not {item}", "why not" },
	{ "items", "b", "by", "nearest by" },
	{ "items", "m", "map", "map" },
	{ "items", "+", "zoom in", NULL },
	{ "items", "-", "zoom out", NULL },
	{ "items", "0", "zoom all", NULL },
	{ "items", "c", "colour", NULL },
	{ "items", "\\", "\\", "filter" },
	{ "items", "s", "sort", "sort" },
	{ "items", "S", "reverse", NULL },

	{ "compare", "Enter", "open", "open run" },
	{ "compare.runs", "Space", "mark", "mark" },
	{ "compare", "s", "sort", "sort" },
	{ "compare", "r", "curve", "rerank" },
	{ "compare", "c", ":columns ", "columns" },
	{ "compare.runs", "u", "use {run}", "use run" },
	{ "compare", "S", "reverse", NULL },
	{ "compare", "R", "compare", "compare runs" },
	{ "compare", "e", ":export metrics ", "export" },

	{ "jobs", "p", "hold", "pause" },
	{ "jobs", "x", "cancel {job}", "stop" },

	{ "odd.queue", "Enter", "open", "open" },
	{ "odd.flags", "Enter", "open", "open" },
	{ "odd.behind", "Enter", "open", "go there" },
	{ "odd", "s", "sort", "sort" },
	{ "odd", "\\", "\\", "filter" },
	{ "odd", "R", "odd", "look again" },
	{ "odd", "m", ":odd with=", "against a run" },
	{ "odd", "S", "reverse", NULL },

	{ "all", "Tab", "pane next", "pane" },
	{ "all", "/", "/", "search" },
	{ "all", ":", ":", "command" },
	{ "all", "?", "keys", "more" },
	{ "all", "S-Tab", "pane previous", NULL },
	{ "all", "1", "view data", NULL },
	{ "all", "2", "view train", NULL },
	{ "all", "3", "view users", NULL },
	{ "all", "4", "view items", NULL },
	{ "all", "5", "view compare", NULL },
	{ "all", "6", "view jobs", NULL },
	{ "all", "7", "view odd", NULL },
	{ "all", "Up", "move up", NULL },
	{ "all", "k", "move up", NULL },
	{ "all", "Down", "move down", NULL },
	{ "all", "j", "move down", NULL },
	{ "all", "Left", "move left", NULL },
	{ "all", "h", "move left", NULL },
	{ "all", "Right", "move right", NULL },
	{ "all", "l", "move right", NULL },
	{ "all", "PgUp", "move page-up", NULL },
	{ "all", "PgDn", "move page-down", NULL },
	{ "all", "g", "move first", NULL },
	{ "all", "Home", "move first", NULL },
	{ "all", "G", "move last", NULL },
	{ "all", "End", "move last", NULL },
	{ "all", "n", "search-next", NULL },
	{ "all", "N", "search-previous", NULL },
	{ "all", "Esc", "back", NULL },
	{ "all", "C-c", "cancel {front}", NULL },
	{ "all", "C-l", "redraw", NULL },
	{ "all", "C-z", "suspend", NULL },
	{ "all", "q", "quit", NULL },
	{ NULL, NULL, NULL, NULL },
};

/* --- names ------------------------------------------------------------------------------------------ */

static const struct { const char *name; uint32_t code; } key_names[] = {
	{ "Up", K_UP }, { "Down", K_DOWN }, { "Left", K_LEFT }, { "Right", K_RIGHT }, { "PgUp", K_PAGE_UP },
	{ "PgDn", K_PAGE_DOWN }, { "Home", K_HOME }, { "End", K_END }, { "Ins", K_INSERT }, { "Del", K_DELETE },
	{ "Backspace", K_BACKSPACE }, { "S-Tab", K_SHIFT_TAB }, { "Tab", K_TAB }, { "Enter", K_ENTER },
	{ "Esc", K_ESC }, { "Space", ' ' },
};
#define N_KEY_NAMES (sizeof key_names / sizeof *key_names)

bool key_parse(const char *name, uint32_t *code)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < N_KEY_NAMES; i++)
		if (!strcmp(key_names[i].name, name)) {
			*code = key_names[i].code;
			return true;
		}
	if (n == 3 && name[0] == 'C' && name[1] == '-' && name[2] >= 'a' && name[2] <= 'z') {
		*code = (uint32_t)(name[2] - 'a' + 1);
		return true;
	}
	if (n > 2 && name[0] == 'M' && name[1] == '-' && key_parse(name + 2, code)) {
		*code |= K_ALT;
		return true;
	}
	if (name[0] == 'F' && n >= 2 && n <= 3 && name[1] >= '1' && name[1] <= '9') {
		int number = name[1] - '0';

		if (n == 3 && (name[2] < '0' || name[2] > '9'))
			return false;
		number = n == 3 ? number * 10 + name[2] - '0' : number;
		*code = K_F1 + (uint32_t)number - 1;
		return number <= 12;
	}
	return n > 0 && utf8_decode(name, n, code) == n && *code > ' ' && *code != 0xfffd;
}

const char *key_text(uint32_t code, char buf[16])
{
	char utf8[5] = "";

	for (size_t i = 0; i < N_KEY_NAMES; i++)
		if (key_names[i].code == code) {
			snprintf(buf, 16, "%s", key_names[i].name);
			return buf;
		}
	if (code & K_ALT) {
		char rest[16];

		snprintf(buf, 16, "M-%.12s", key_text(code & ~K_ALT, rest));
	} else if (code >= K_F1 && code <= K_F12) {
		snprintf(buf, 16, "F%u", (unsigned)(code - K_F1 + 1));
	} else if (code < ' ') {
		snprintf(buf, 16, "C-%c", (int)(code + 'a' - 1));
	} else if (code < KEY_FIRST) {
		utf8[utf8_encode(code, utf8)] = '\0';
		snprintf(buf, 16, "%s", utf8);
	} else {
		snprintf(buf, 16, "?");
	}
	return buf;
}

/* --- the map ---------------------------------------------------------------------------------------- */

struct keymap {
	size_t n, n_builtin;
	struct binding *b; /* built-in ones first; the strings of later ones are owned */
	uint32_t *code;
};

static void push(struct keymap *m, struct binding b, uint32_t code)
{
	m->b = mem_must(realloc(m->b, (m->n + 1) * sizeof *m->b));
	m->code = mem_must(realloc(m->code, (m->n + 1) * sizeof *m->code));
	m->b[m->n] = b;
	m->code[m->n++] = code;
}

struct keymap *keymap_new(void)
{
	struct keymap *m = mem_must(calloc(1, sizeof *m));

	for (const struct binding *b = builtin_keys; b->key; b++) {
		uint32_t code = 0;

		if (key_parse(b->key, &code))
			push(m, *b, code);
	}
	m->n_builtin = m->n;
	return m;
}

void keymap_free(struct keymap *m)
{
	if (!m)
		return;
	for (size_t i = m->n_builtin; i < m->n; i++) {
		free((char *)m->b[i].where);
		free((char *)m->b[i].key);
		free((char *)m->b[i].text);
	}
	free(m->b);
	free(m->code);
	free(m);
}

bool keymap_add(struct keymap *m, const char *line, struct err *err)
{
	static const char blank[] = " \t";
	size_t where, key;
	char *part[3];
	uint32_t code;

	line += strspn(line, blank);
	if (!*line || *line == '#')
		return true;
	where = strcspn(line, blank);
	part[0] = mem_must(strndup(line, where));
	line += where + strspn(line + where, blank);
	key = strcspn(line, blank);
	part[1] = mem_must(strndup(line, key));
	line += key + strspn(line + key, blank);
	part[2] = mem_strdup(line);
	if (*part[2] && key_parse(part[1], &code)) {
		push(m, (struct binding){ part[0], part[1], part[2], NULL }, code);
		return true;
	}
	if (*part[2])
		err_set(err, ERR_SYNTAX, "no key is named \"%.40s\": a character, Enter, Up, C-x, M-x, F1 …", part[1]);
	else
		err_set(err, ERR_SYNTAX, "a line is VIEW KEY TEXT, such as: train C-e export curves curves.csv");
	for (int i = 0; i < 3; i++)
		free(part[i]);
	return false;
}

bool keymap_read(struct keymap *m, const char *path, struct err *err)
{
	char *bytes, *next;
	uint64_t line = 0;
	bool good = true;
	size_t n;

	if (!file_exists(path))
		return true;
	if (!file_read_whole(path, 1 << 20, &bytes, &n, err))
		return false;
	for (char *at = bytes; at; at = next) {
		struct err e = { 0 };

		next = strchr(at, '\n');
		if (next)
			*next++ = '\0';
		line++;
		if (!keymap_add(m, at, &e) && good) {
			good = false;
			err_at(err, e.code, path, line, "%s", e.msg);
		}
	}
	mem_free(bytes);
	return good;
}

/* How narrow a binding is in this pane: 3 the pane's own, 2 the view's, 1 for all, 0 not here. */
static int breadth(const struct binding *b, const char *view, const char *pane)
{
	size_t n = strlen(view);

	if (!strcmp(b->where, "all"))
		return 1;
	if (strncmp(b->where, view, n))
		return 0;
	if (!b->where[n])
		return 2;
	return b->where[n] == '.' && pane && !strcmp(b->where + n + 1, pane) ? 3 : 0;
}

static size_t find_best(const struct keymap *m, const char *view, const char *pane, uint32_t code)
{
	size_t best = m->n;
	int narrow = 0;

	for (size_t i = 0; i < m->n; i++) {
		int b = m->code[i] == code ? breadth(&m->b[i], view, pane) : 0;

		if (b && b >= narrow) {
			best = i;
			narrow = b;
		}
	}
	return best;
}

const struct binding *keymap_find(const struct keymap *m, const char *view, const char *pane, uint32_t code)
{
	size_t i = find_best(m, view, pane, code);

	return i < m->n ? &m->b[i] : NULL;
}

const struct binding *keymap_list(const struct keymap *m, const char *view, const char *pane, size_t i)
{
	/* A pane's own keys come first: they are what Enter does here. */
	for (int narrow = 3; narrow >= 1; narrow--)
		for (size_t k = 0; k < m->n; k++) {
			if (breadth(&m->b[k], view, pane) != narrow || find_best(m, view, pane, m->code[k]) != k)
				continue;
			if (i-- == 0)
				return &m->b[k];
		}
	return NULL;
}
