/* SPDX-License-Identifier: GPL-3.0-or-later */
/* prompt - readline does the editing, and nothing else: keys, wide text, completion, pasting, past lines. */
#include <locale.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/mem.h"
#include "tap.h"
#include "ui/prompt.h"

static struct surface s;
static char given[128], latest[128];
static int times_done;

static void done(void *ctx, const char *line)
{
	(void)ctx;
	times_done++;
	snprintf(given, sizeof given, "%s", line ? line : "(given up)");
}

static void changed(void *ctx, const char *line)
{
	(void)ctx;
	snprintf(latest, sizeof latest, "%s", line);
}

static size_t complete(void *ctx, const char *line, size_t cursor, size_t *from, struct candidate *out, size_t max)
{
	static const char *const words[] = { "train", "trace", "use" };
	size_t n = 0;

	(void)ctx;
	for (*from = cursor; *from > 0 && line[*from - 1] != ' ';)
		--*from;
	for (size_t i = 0; i < 3 && n < max; i++)
		if (!strncmp(words[i], line + *from, cursor - *from))
			out[n++] = (struct candidate){ mem_strdup(words[i]), NULL };
	return n;
}

static void open_with(const char *label, const char *text, bool command)
{
	struct prompt_ask ask = { .label = label, .text = text, .command = command, .done = done, .changed = changed };

	times_done = 0;
	given[0] = latest[0] = '\0';
	prompt_open(&ask);
}

static void type(const char *text)
{
	while (*text)
		prompt_feed((struct key){ .code = (unsigned char)*text++ });
}

static void key(uint32_t code)
{
	prompt_feed((struct key){ .code = code });
}

static const char *drawn(int cols)
{
	static struct str out = STR_INIT;

	surface_resize(&s, cols, 1);
	prompt_draw(&s, (struct rect){ 0, 0, cols, 1 });
	str_clear(&out);
	surface_dump(&s, &out);
	if (out.len)
		out.s[out.len - 1] = '\0';
	return str_text(&out);
}

static void lines_are_edited(void)
{
	open_with(":", "", true);
	type("use eas");
	is_str(latest, "use eas", "each change is told");
	key(K_LEFT);
	key(K_LEFT);
	type("X");
	is_str(drawn(20), ":use eXas", "arrows and typing");
	ok(s.cursor_x == 7 && s.cursor_y == 0, "the cursor is where it types (%d)", s.cursor_x);
	key(K_BACKSPACE);
	key(K_END);
	type("e#1");
	key(K_ENTER);
	ok(times_done == 1 && !prompt_is_open(), "Enter gives the line once");
	is_str(given, "use ease#1", "as it stood");
	open_with("/", "old", false);
	key(K_ESC);
	is_str(given, "(given up)", "Esc gives up");
	open_with("/", "", false);
	key(K_BACKSPACE);
	is_str(given, "(given up)", "so does deleting from an empty line");
	open_with(":", "one two", true);
	prompt_feed((struct key){ .code = 'b' | K_ALT });
	type("X");
	is_str(latest, "one Xtwo", "Meta keys reach readline");
	prompt_close();
}

static void wide_text(void)
{
	open_with(":", "", true);
	prompt_feed((struct key){ .code = 0x7535 });
	prompt_feed((struct key){ .code = 0x5f71 });
	key(K_LEFT);
	is_str(drawn(20), ":电影", "characters of two columns");
	ok(s.cursor_x == 3, "the cursor counts columns, not bytes (%d)", s.cursor_x);
	key(K_BACKSPACE);
	is_str(latest, "影", "one is deleted whole");
	prompt_close();
	open_with(":", "0123456789abcdefghij", true);
	is_str(drawn(12), ":…bcdefghij", "a long line shows its end, the cut marked");
	ok(s.cursor_x == 11, "with the cursor in sight (%d)", s.cursor_x);
	prompt_close();
}

static void tab_completes(void)
{
	size_t n;
	int chosen;

	open_with(":", "", true);
	type("tr");
	key(K_TAB);
	is_str(latest, "tra", "to what all have in common");
	prompt_candidates(&n, &chosen);
	ok(n == 2 && chosen == -1, "and lists them");
	key(K_TAB);
	is_str(latest, "train", "again: the first");
	key(K_TAB);
	is_str(latest, "trace", "the next");
	key(K_SHIFT_TAB);
	is_str(latest, "train", "and back");
	type(" ");
	prompt_candidates(&n, &chosen);
	ok(n == 0, "typing on closes the list");
	type("us");
	key(K_TAB);
	is_str(latest, "train use ", "an only one is completed with a blank");
	prompt_close();
	open_with("/", "tr", false);
	key(K_TAB);
	prompt_candidates(&n, &chosen);
	ok(n == 0 && prompt_is_open(), "only commands are completed");
	prompt_close();
}

static void pasted_text(void)
{
	open_with(":", "", true);
	prompt_paste("quit\rquit\n\x1b[A", 13);
	ok(times_done == 0 && prompt_is_open(), "a line break in pasted text runs nothing");
	is_str(latest, "quit quit  [A", "controls are blanks");
	prompt_close();
}

static void past_lines(const char *path)
{
	struct stat st;

	open_with(":", "first", true);
	key(K_ENTER);
	open_with(":", "second", true);
	key(K_ENTER);
	open_with(":", "second", true);
	key(K_ENTER);
	open_with("/", "a search", false);
	key(K_ENTER);
	prompt_done();
	ok(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600, "past lines are for the owner alone");
	prompt_init(path, complete, NULL);
	open_with(":", "", true);
	key(K_UP);
	is_str(latest, "second", "the newest, once");
	key(K_UP);
	is_str(latest, "first", "the one before; a search is none of them");
	prompt_close();
	open_with("/", "", false);
	key(K_UP);
	is_str(latest, "", "and a search sees no commands");
	prompt_close();
}

/* Nothing is told but to a leak checker: undo's notes of a line, of past lines that were edited, of a search. */
static void given_up(void)
{
	open_with(":", "text", true);
	type(" more\x17");
	key(K_UP);
	type("edited");
	key(K_UP);
	type("\x17");
	key(K_ESC);
	is_str(given, "(given up)", "Esc gives up an edited past line");
	open_with(":", "", true);
	type("\x12se");
	key(K_ESC);
	is_str(given, "(given up)", "and a search for one");
	open_with(":", "", true);
	key(K_UP);
	type("!");
	key(K_UP);
	key(K_ENTER);
	ok(*given && strcmp(given, "(given up)") != 0, "another line can be taken instead");
	open_with(":", "", true);
	prompt_feed((struct key){ .code = K_ALT | '5' });
	key(K_ESC);
	is_str(given, "(given up)", "and half an argument");
	for (int i = 0; i < 1100; i++) {
		char line[16];

		open_with(":", "", true);
		key(K_UP);
		type("!"); /* a note of undo's, kept with a line that will be the oldest one day */
		key(K_DOWN);
		snprintf(line, sizeof line, "line %d", i);
		type(line);
		key(K_ENTER);
	}
	is_str(given, "line 1099", "and more lines than are kept");
}

/* 5 x, then the end of the line: readline tells it one key late. */
static void arguments(void)
{
	open_with(":", "", true);
	prompt_feed((struct key){ .code = K_ALT | '5' });
	type("x");
	is_str(latest, "xxxxx", "an argument repeats a key");
	prompt_feed((struct key){ .code = K_ALT | '2' });
	key(K_ENTER);
	is_str(given, "xxxxx", "Enter behind an argument gives the line at once");
	ok(!prompt_is_open() && times_done == 1, "and ends the prompt");
}

int main(void)
{
	char *path = file_join(getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp", "state/past-lines");

	setlocale(LC_CTYPE, "C.UTF-8");
	setenv("INPUTRC", "/dev/null", 1);
	surface_init(&s, 20, 1);
	prompt_init(path, complete, NULL);
	lines_are_edited();
	wide_text();
	tab_completes();
	pasted_text();
	prompt_done();
	remove(path);
	prompt_init(path, complete, NULL);
	past_lines(path);
	arguments();
	given_up();
	prompt_done();
	surface_done(&s);
	free(path);
	return done_testing();
}
