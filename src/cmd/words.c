/* SPDX-License-Identifier: GPL-3.0-or-later */
/* words.c - one scanner for the grammar; the parser, the completion and the quoter share its rules. */
#include "cmd/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

/* One word while it is read. */
struct growing {
	struct str text, marks;
	bool quoted;
	size_t equals; /* 1 + position of the first unquoted '=' in text; 0: none */
};

static void grow(struct growing *g, char c, bool quoted)
{
	if (c == '=' && !quoted && !g->equals)
		g->equals = g->text.len + 1;
	str_putc(&g->text, c);
	str_putc(&g->marks, quoted ? 1 : 0);
	g->quoted |= quoted;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* An escape inside "…"; p stands on the backslash.  NULL: no such escape. */
static const char *read_escape(const char *p, const char *end, char *out)
{
	int hi, lo;

	if (end - p < 2)
		return NULL;
	switch (p[1]) {
	case '\\':
	case '"':
		*out = p[1];
		return p + 2;
	case 'n':
		*out = '\n';
		return p + 2;
	case 't':
		*out = '\t';
		return p + 2;
	case 'x':
		if (end - p < 4)
			return NULL;
		hi = hex_digit(p[2]);
		lo = hex_digit(p[3]);
		if (hi < 0 || lo < 0 || hi + lo == 0)
			return NULL;
		*out = (char)(hi * 16 + lo);
		return p + 4;
	default:
		return NULL;
	}
}

enum scan { SCAN_DONE, SCAN_OPEN_QUOTE, SCAN_BAD_ESCAPE, SCAN_LONE_BACKSLASH };

/* Reads the word that starts at p, up to a blank or the end; *p is left behind it. */
static enum scan scan_word(const char **p, const char *end, struct growing *g)
{
	const char *s = *p;
	enum scan how = SCAN_DONE;

	while (s < end && !is_blank(*s) && how == SCAN_DONE) {
		if (*s == '\'') {
			g->quoted = true;
			for (s++; s < end && *s != '\''; s++)
				grow(g, *s, true);
			if (s == end)
				how = SCAN_OPEN_QUOTE;
			else
				s++;
		} else if (*s == '"') {
			g->quoted = true;
			s++;
			while (s < end && *s != '"') {
				char c = *s;
				const char *next = c == '\\' ? read_escape(s, end, &c) : s + 1;

				if (!next) {
					how = SCAN_BAD_ESCAPE;
					break;
				}
				grow(g, c, true);
				s = next;
			}
			if (how == SCAN_DONE && s == end)
				how = SCAN_OPEN_QUOTE;
			else if (how == SCAN_DONE)
				s++;
		} else if (*s == '\\') {
			if (s + 1 == end) {
				how = SCAN_LONE_BACKSLASH;
				s++;
			} else {
				grow(g, s[1], true);
				s += 2;
			}
		} else {
			grow(g, *s++, false);
		}
	}
	*p = s;
	return how;
}

/* How many bytes at the start are an unquoted `name=`'s name: [a-z][a-z0-9-]*; 0: it is none. */
static size_t name_length(const struct growing *g)
{
	size_t n = g->equals ? g->equals - 1 : 0;

	for (size_t i = 0; i < n; i++) {
		char c = g->text.s[i];
		bool letter = c >= 'a' && c <= 'z';

		if (g->marks.s[i] || !(letter || (i && ((c >= '0' && c <= '9') || c == '-'))))
			return 0;
	}
	return n;
}

static char *copy_bytes(const char *s, size_t n)
{
	char *copy = mem_must(malloc(n + 1));

	if (n)
		memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

static void add_word(struct words *out, const struct growing *g, size_t from, size_t to)
{
	size_t name = name_length(g), skip = name ? name + 1 : 0;
	struct word *w;

	out->w = mem_must(realloc(out->w, (out->n + 1) * sizeof(*out->w)));
	w = &out->w[out->n++];
	w->name = name ? copy_bytes(g->text.s, name) : NULL;
	w->text = copy_bytes(str_text(&g->text) + skip, g->text.len - skip);
	w->marks = copy_bytes(str_text(&g->marks) + skip, g->text.len - skip);
	w->quoted = g->quoted;
	w->from = from;
	w->to = to;
}

static void growing_clear(struct growing *g)
{
	str_clear(&g->text);
	str_clear(&g->marks);
	g->quoted = false;
	g->equals = 0;
}

static bool scan_failed(enum scan how, struct err *err)
{
	if (how == SCAN_OPEN_QUOTE)
		return err_set(err, ERR_SYNTAX, "a quote is opened and never closed");
	if (how == SCAN_LONE_BACKSLASH)
		return err_set(err, ERR_SYNTAX, "a backslash at the end of the line has nothing to quote");
	return err_set(err, ERR_SYNTAX,
		       "unknown escape between double quotes: known are \\\\ \\\" \\n \\t \\xHH (not \\x00)");
}

bool words_parse(struct words *out, const char *line, struct err *err)
{
	const char *p = line, *end = line + strlen(line);
	struct growing g = { .text = STR_INIT, .marks = STR_INIT };
	enum scan how = SCAN_DONE;

	*out = (struct words){ 0 };
	while (how == SCAN_DONE) {
		const char *from;

		while (p < end && is_blank(*p))
			p++;
		if (p == end || *p == '#')
			break;
		from = p;
		growing_clear(&g);
		how = scan_word(&p, end, &g);
		if (how == SCAN_DONE)
			add_word(out, &g, (size_t)(from - line), (size_t)(p - line));
	}
	str_done(&g.text);
	str_done(&g.marks);
	if (how == SCAN_DONE)
		return true;
	words_done(out);
	return scan_failed(how, err);
}

void word_done(struct word *w)
{
	free(w->text);
	free(w->name);
	free(w->marks);
	*w = (struct word){ 0 };
}

void words_done(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		word_done(&w->w[i]);
	free(w->w);
	*w = (struct words){ 0 };
}

bool word_split_list(struct words *out, const struct word *w, struct err *err)
{
	size_t n = strlen(w->text), from = 0;

	*out = (struct words){ 0 };
	for (size_t i = 0; i <= n; i++) {
		struct word *e;

		if (i < n && (w->text[i] != ',' || w->marks[i]))
			continue;
		if (i == from && !(w->quoted && n == 0)) {
			words_done(out);
			return err_set(err, ERR_SYNTAX, "a list has an empty element: %s", w->text);
		}
		out->w = mem_must(realloc(out->w, (out->n + 1) * sizeof(*out->w)));
		e = &out->w[out->n++];
		*e = (struct word){ .text = copy_bytes(w->text + from, i - from),
				    .marks = copy_bytes(w->marks + from, i - from),
				    .from = w->from, .to = w->to };
		for (size_t k = from; k < i; k++)
			e->quoted |= w->marks[k] != 0;
		from = i + 1;
	}
	return true;
}

char *word_cut_at(struct word *w, char mark)
{
	for (size_t i = strlen(w->text); i-- > 0;) {
		if (w->text[i] == mark && !w->marks[i]) {
			w->text[i] = '\0';
			return w->text + i + 1;
		}
	}
	return NULL;
}

void word_expand_home(struct word *w)
{
	const char *home = getenv("HOME");
	struct str text = STR_INIT, marks = STR_INIT;

	if (!home || w->text[0] != '~' || w->marks[0] || (w->text[1] && w->text[1] != '/'))
		return;
	str_puts(&text, home);
	for (size_t i = 0; i < text.len; i++)
		str_putc(&marks, 1);
	str_puts(&text, w->text + 1);
	str_append(&marks, w->marks + 1, strlen(w->text) - 1);
	free(w->text);
	free(w->marks);
	w->text = str_take(&text);
	w->marks = marks.s ? str_take(&marks) : copy_bytes("", 0);
}

/* Bytes that mean something to the grammar wherever they stand, and to the texts bound to keys. */
static bool has_meaning(char c)
{
	return is_blank(c) || strchr("'\"\\=,:{}", c) != NULL;
}

void word_quote(struct str *out, const char *id)
{
	size_t n = strlen(id), used;
	struct str plain = STR_INIT, body = STR_INIT;
	bool quote = n == 0 || strchr("#+-~", id[0]) != NULL;

	for (size_t i = 0; i < n; i += used) {
		uint32_t cp;

		used = utf8_decode(id + i, n - i, &cp);
		str_clear(&plain);
		utf8_sanitise(&plain, id + i, used);
		if (plain.len != used || memcmp(plain.s, id + i, used) != 0) {
			quote = true;
			for (size_t k = i; k < i + used; k++) {
				if (id[k] == '\n')
					str_puts(&body, "\\n");
				else if (id[k] == '\t')
					str_puts(&body, "\\t");
				else
					str_printf(&body, "\\x%02X", (unsigned char)id[k]);
			}
			continue;
		}
		quote |= has_meaning(id[i]);
		if (id[i] == '"' || id[i] == '\\')
			str_putc(&body, '\\');
		str_append(&body, id + i, used);
	}
	if (quote)
		str_putc(out, '"');
	str_append(out, str_text(&body), body.len);
	if (quote)
		str_putc(out, '"');
	str_done(&plain);
	str_done(&body);
}

size_t words_tail(const char *line, size_t cursor, char **typed, bool *quoted, bool *comment)
{
	const char *p = line, *end = line + cursor;
	struct growing g = { .text = STR_INIT, .marks = STR_INIT };
	size_t from = cursor;

	*comment = false;
	while (p < end) {
		while (p < end && is_blank(*p))
			p++;
		growing_clear(&g);
		from = (size_t)(p - line);
		if (p < end && *p == '#') {
			*comment = true;
			break;
		}
		/* Whatever is unfinished is what is being typed. */
		if (p < end && scan_word(&p, end, &g) != SCAN_DONE)
			break;
		if (p < end)
			from = cursor;
	}
	*quoted = g.quoted;
	*typed = copy_bytes(str_text(&g.text), g.text.len);
	str_done(&g.text);
	str_done(&g.marks);
	return from;
}
