/* SPDX-License-Identifier: GPL-3.0-or-later */
/* prompt.c - readline, tamed.  See prompt.h; the pieces that are switched off are listed in prompt_init(). */
#include "ui/prompt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"

#define PAST_LINES 1000
#define PAST_BYTES (1 << 22)

static struct {
	char *past_file;
	prompt_complete_fn *complete;
	void *complete_ctx;
	bool ready, open, over; /* over: readline has given its line */
	bool command;
	char *line;             /* given, or NULL */
	char label[80];
	void (*done)(void *ctx, const char *line);
	void (*changed)(void *ctx, const char *line);
	void *ctx;
	char fed[64];           /* bytes that readline has not taken yet */
	size_t fed_at, fed_n;
	HISTORY_STATE *past, *none; /* of commands; an empty one for all other lines */
	struct candidate found[PROMPT_CANDIDATES];
	size_t n_found, found_from;
	int chosen;
	bool tabbed;            /* the last key was Tab: the next one steps through what was found */
} p;

/* --- what readline is given instead of a terminal ------------------------------------------------------ */

static void prep_nothing(int meta)
{
	(void)meta;
}

static void deprep_nothing(void)
{
}

static int next_fed_byte(FILE *f)
{
	(void)f;
	return p.fed_at < p.fed_n ? (unsigned char)p.fed[p.fed_at++] : EOF;
}

static int fed_bytes_left(void)
{
	return p.fed_at < p.fed_n;
}

static void draw_later(void)
{
}

static void line_done(char *line)
{
	rl_callback_handler_remove();
	p.line = line;
	p.over = true;
}

/* --- completion ------------------------------------------------------------------------------------------ */

static void forget_found(void)
{
	for (size_t i = 0; i < p.n_found; i++) {
		free(p.found[i].text);
		free(p.found[i].hint);
	}
	p.n_found = 0;
	p.chosen = -1;
}

static void put_word(const char *text, size_t n)
{
	char *word = mem_must(strndup(text, n));

	rl_begin_undo_group();
	rl_delete_text((int)p.found_from, rl_point);
	rl_point = (int)p.found_from;
	rl_insert_text(word);
	rl_end_undo_group();
	free(word);
}

static size_t common_prefix(void)
{
	size_t n = strlen(p.found[0].text);

	for (size_t i = 1; i < p.n_found; i++) {
		size_t k = 0;

		while (k < n && p.found[i].text[k] == p.found[0].text[k])
			k++;
		n = k;
	}
	while (n > 0 && ((unsigned char)p.found[0].text[n] & 0xc0) == 0x80) /* not inside a character */
		n--;
	return n;
}

static void put_only(void)
{
	const char *text = p.found[0].text;
	size_t n = strlen(text);

	put_word(text, n);
	if (n && text[n - 1] != '=' && text[n - 1] != '/')
		rl_insert_text(" ");
	forget_found();
}

static int complete(int count, int key)
{
	(void)count;
	(void)key;
	if (!p.complete || !p.command)
		return 0;
	if (p.tabbed && p.n_found > 1) { /* again: step through them */
		p.chosen = (p.chosen + 1) % (int)p.n_found;
		put_word(p.found[p.chosen].text, strlen(p.found[p.chosen].text));
		return 0;
	}
	forget_found();
	p.n_found = p.complete(p.complete_ctx, rl_line_buffer, (size_t)rl_point, &p.found_from, p.found,
			       PROMPT_CANDIDATES);
	if (p.n_found == 1) {
		put_only();
	} else if (p.n_found > 1) {
		size_t typed = (size_t)rl_point - p.found_from, n = common_prefix();

		/* Found by title: what they share need not be what was typed. */
		if (n > typed && !strncmp(p.found[0].text, rl_line_buffer + p.found_from, typed))
			put_word(p.found[0].text, n);
	}
	return 0;
}

static int complete_back(int count, int key)
{
	(void)count;
	(void)key;
	if (p.tabbed && p.n_found > 1) {
		p.chosen = p.chosen <= 0 ? (int)p.n_found - 1 : p.chosen - 1;
		put_word(p.found[p.chosen].text, strlen(p.found[p.chosen].text));
	}
	return 0;
}

/* M-? and its kin would list with readline's own printer. */
static void show_candidates_in_ui(char **matches, int n, int longest)
{
	(void)matches;
	(void)n;
	(void)longest;
}

static char **complete_nothing(const char *text, int start, int end)
{
	(void)text;
	(void)start;
	(void)end;
	rl_attempted_completion_over = 1;
	return NULL;
}

const struct candidate *prompt_candidates(size_t *n, int *chosen)
{
	*n = p.n_found;
	*chosen = p.chosen;
	return p.found;
}

/* --- past lines ------------------------------------------------------------------------------------------ */

static void read_past(void)
{
	struct err err = { 0 };
	char *bytes, *next;
	size_t n;

	if (!p.past_file || !file_exists(p.past_file) || !file_read_whole(p.past_file, PAST_BYTES, &bytes, &n, &err))
		return;
	for (char *at = bytes; *at; at = next) {
		next = at + strcspn(at, "\n");
		if (*next)
			*next++ = '\0';
		if (*at)
			add_history(at);
	}
	mem_free(bytes);
}

static void keep_past(void)
{
	struct str text = STR_INIT;
	struct err err = { 0 };
	HIST_ENTRY **list;
	char *folder;

	if (!p.past_file)
		return;
	list = history_list();
	for (size_t i = 0; list && list[i]; i++)
		str_printf(&text, "%s\n", list[i]->line);
	folder = mem_strdup(p.past_file);
	if (strrchr(folder, '/'))
		*strrchr(folder, '/') = '\0';
	/* Losing past lines is no reason to end badly: the log says why. */
	if (!file_make_folders(folder, 0700, &err) ||
	    !file_write_whole(p.past_file, str_text(&text), text.len, 0600, &err))
		log_add(LOG_WARN, "past lines were not kept: %s", err.msg);
	free(folder);
	str_done(&text);
}

/* A full history drops the oldest line by itself, but not what undo kept of one that was edited. */
static void make_room(void)
{
	UNDO_LIST *undo = history_length < PAST_LINES ? NULL : free_history_entry(remove_history(0));

	for (UNDO_LIST *next; undo; undo = next) {
		next = undo->next;
		if (undo->what == UNDO_DELETE)
			free(undo->text);
		free(undo);
	}
}

static void remember(const char *line)
{
	HIST_ENTRY *last;

	history_set_history_state(p.past);
	last = history_length ? history_get(history_base + history_length - 1) : NULL;
	if (*line && (!last || strcmp(last->line, line))) {
		make_room();
		add_history(line);
	}
	free(p.past);
	p.past = history_get_history_state();
}

/* --- life -------------------------------------------------------------------------------------------------- */

static void tame_readline(void)
{
	rl_readline_name = "whyrec";
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_change_environment = 0;
	rl_prep_term_function = prep_nothing;
	rl_deprep_term_function = deprep_nothing;
	rl_getc_function = next_fed_byte;
	rl_input_available_hook = fed_bytes_left;
	rl_redisplay_function = draw_later;
	rl_completion_display_matches_hook = show_candidates_in_ui;
	rl_attempted_completion_function = complete_nothing;
	rl_instream = mem_must(fopen("/dev/null", "r"));
	rl_outstream = mem_must(fopen("/dev/null", "w"));
	rl_initialize();
	rl_variable_bind("bell-style", "none");
	rl_variable_bind("enable-bracketed-paste", "off");
	rl_variable_bind("show-mode-in-prompt", "off");
	rl_bind_key('\t', complete);
	rl_bind_keyseq("\033[Z", complete_back);
	rl_bind_keyseq_if_unbound("\033[3~", rl_delete);
	using_history();
	stifle_history(PAST_LINES);
	p.none = history_get_history_state();
	p.past = history_get_history_state();
}

void prompt_init(const char *past_file, prompt_complete_fn *complete_fn, void *ctx)
{
	if (!p.ready)
		tame_readline();
	p.ready = true;
	p.past_file = past_file ? mem_strdup(past_file) : NULL;
	p.complete = complete_fn;
	p.complete_ctx = ctx;
	p.chosen = -1;
	history_set_history_state(p.past);
	read_past();
	free(p.past);
	p.past = history_get_history_state();
}

void prompt_done(void)
{
	if (!p.ready)
		return;
	prompt_close();
	history_set_history_state(p.past);
	keep_past();
	rl_clear_history(); /* with what undo kept of past lines that were edited */
	free(p.past);
	p.past = history_get_history_state();
	free(p.past_file);
	p.past_file = NULL;
	p.complete = NULL;
}

bool prompt_is_open(void)
{
	return p.open;
}

void prompt_open(const struct prompt_ask *ask)
{
	prompt_close();
	p.open = true;
	p.over = false;
	p.command = ask->command;
	p.done = ask->done;
	p.changed = ask->changed;
	p.ctx = ask->ctx;
	p.fed_at = p.fed_n = 0;
	snprintf(p.label, sizeof p.label, "%s", ask->label);
	history_set_history_state(p.command ? p.past : p.none);
	rl_callback_handler_install(p.label, line_done);
	using_history();
	if (ask->text && *ask->text)
		rl_insert_text(ask->text);
}

/* Everything is put away before done() runs: it may open the next prompt. */
static void finish(const char *line)
{
	void (*done)(void *ctx, const char *line) = p.done;

	p.open = false;
	forget_found();
	if (line && p.command)
		remember(line);
	if (done)
		done(p.ctx, line);
}

void prompt_close(void)
{
	if (!p.open)
		return;
	if (!p.over) {
		if (RL_ISSTATE(RL_STATE_NUMERICARG)) /* which the next line forgets, but not the label it took the place of */
			rl_restore_prompt();
		rl_callback_sigcleanup(); /* a search or an argument half typed */
		rl_free_line_state();     /* what undo would need */
		rl_callback_handler_remove();
	}
	finish(NULL);
}

static void take_line(void)
{
	char *line = p.line;

	p.line = NULL;
	finish(line);
	free(line);
}

static void feed_bytes(const char *bytes, size_t n)
{
	char *was = p.changed ? mem_strdup(rl_line_buffer) : NULL;

	if (n > sizeof p.fed)
		n = sizeof p.fed;
	memcpy(p.fed, bytes, n);
	p.fed_at = 0;
	p.fed_n = n;
	while (p.fed_at < p.fed_n && !p.over)
		rl_callback_read_char();
	if (rl_done && !p.over) { /* Enter behind an argument ends the line, but readline tells it at the next key */
		p.fed[0] = '\r';
		p.fed_at = 0;
		p.fed_n = 1;
		rl_callback_read_char();
	}
	if (p.over)
		take_line();
	else if (was && strcmp(was, rl_line_buffer))
		p.changed(p.ctx, rl_line_buffer);
	free(was);
}

void prompt_paste(const char *utf8, size_t n)
{
	struct str text = STR_INIT;

	if (!p.open)
		return;
	for (size_t i = 0; i < n; i++) /* a line break in pasted text runs nothing */
		str_putc(&text, (unsigned char)utf8[i] < ' ' ? ' ' : utf8[i]);
	rl_insert_text(str_text(&text));
	str_done(&text);
	forget_found();
	if (p.changed)
		p.changed(p.ctx, rl_line_buffer);
}

static const char *sequence_of(uint32_t code)
{
	switch (code) {
	case K_UP: return "\033[A";
	case K_DOWN: return "\033[B";
	case K_RIGHT: return "\033[C";
	case K_LEFT: return "\033[D";
	case K_HOME: return "\033[H";
	case K_END: return "\033[F";
	case K_DELETE: return "\033[3~";
	case K_SHIFT_TAB: return "\033[Z";
	case K_BACKSPACE: return "\177";
	case K_ENTER: return "\r";
	default: return NULL;
	}
}

static bool gives_up(uint32_t code)
{
	return code == K_ESC || code == 3 /* C-c */ ||
	       ((code == K_BACKSPACE || code == 8 || code == 127) && rl_end == 0);
}

void prompt_feed(struct key key)
{
	const char *sequence = sequence_of(key.code);
	char bytes[8];
	size_t n = 0;

	if (!p.open)
		return;
	if (gives_up(key.code)) {
		prompt_close();
		return;
	}
	p.tabbed = p.n_found && (key.code == K_TAB || key.code == K_SHIFT_TAB);
	if (!p.tabbed)
		forget_found();
	if (sequence) {
		feed_bytes(sequence, strlen(sequence));
		return;
	}
	if (key.code & K_ALT)
		bytes[n++] = K_ESC;
	key.code &= ~K_ALT;
	if (key.code >= KEY_FIRST)
		return;
	n += utf8_encode(key.code, bytes + n);
	feed_bytes(bytes, n);
}

/* --- drawing ----------------------------------------------------------------------------------------------- */

/* The first byte to draw, so that the cursor is within `cols`. */
static size_t first_byte(int cols)
{
	size_t from = 0;
	uint32_t cp;

	while (from < (size_t)rl_point &&
	       utf8_text_width(rl_line_buffer + from, (size_t)rl_point - from) > cols - 2)
		from += utf8_decode(rl_line_buffer + from, (size_t)rl_point - from, &cp);
	return from;
}

void prompt_draw(struct surface *s, struct rect line)
{
	const char *label = rl_display_prompt && *rl_display_prompt ? rl_display_prompt : p.label;
	int x = line.x, end = line.x + line.w;
	size_t from;

	surface_fill(s, line, ' ', STYLE_PROMPT);
	x += surface_text(s, x, line.y, line.w / 2, STYLE_KEY, label);
	from = first_byte(end - x);
	if (from) /* more to the left */
		surface_mark(s, x++, line.y, STYLE_DIM, MARK_CUT);
	surface_text(s, x, line.y, end - x, STYLE_PROMPT, rl_line_buffer + from);
	s->cursor_x = x + utf8_text_width(rl_line_buffer + from, (size_t)rl_point - from);
	s->cursor_y = line.y;
	if (s->cursor_x >= end)
		s->cursor_x = end - 1;
}
