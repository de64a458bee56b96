/* SPDX-License-Identifier: GPL-3.0-or-later */
/* odd_twins.c - items with nearly the same title, or the very same users.
 *
 * Titles of the same words, whatever their order, have one hash.  For those that differ by one letter each title gives
 * a hash for every letter left out and one as it is; two titles with a hash in common are compared in full (the
 * deletions of Mor & Fraenkel 1982, "A hash code method for detecting and correcting spelling errors").
 */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/text_words.h"
#include "explain/odd.h"

#define TYPO_LEAST 10      /* bytes of letters: in short titles one letter is another title */
#define TYPO_WORD 4        /* bytes: and in short words another word (gun, gin) */
#define PASS_ENTRIES 4e6   /* hashes held at a time */
#define MOST_WORDS 32

struct entry { uint64_t hash; uint32_t item; };

struct titles {
	struct str *text;  /* [I] words in their order, one blank between; "" none */
	uint64_t *sorted;  /* [I] hash of the words in sorted order */
	uint64_t *digits;  /* [I] hash of the words with digits */
	size_t entries;    /* deletions in all, and one a title */
};

static int by_hash(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash > y->hash ? 1 : -1;
	return (x->item > y->item) - (x->item < y->item);
}

static bool has_digit(const struct text_word *w)
{
	return strpbrk(w->s, "0123456789") != NULL;
}

/* A sum: the order of the words does not count. */
static void read_title(struct titles *t, const struct dataset *d, uint32_t item)
{
	const char *title = strtab_get(&d->titles, item);
	struct text_words r = text_words_of(title, strlen(title));
	struct text_word w;
	int n = 0;

	while (n < MOST_WORDS && text_words_next(&r, &w)) {
		uint64_t hash = hash_bytes(w.s, w.n, 1);

		t->sorted[item] += hash_mix(hash, 7);
		if (has_digit(&w))
			t->digits[item] += hash;
		str_printf(&t->text[item], "%s%s", n++ ? " " : "", w.s);
	}
	if (n)
		t->entries += t->text[item].len + 1;
}

static void titles_done(struct titles *t, uint32_t n)
{
	for (uint32_t i = 0; t->text && i < n; i++)
		str_done(&t->text[i]);
	mem_free(t->text);
	mem_free(t->sorted);
	mem_free(t->digits);
}

static bool titles_make(struct titles *t, const struct dataset *d, const struct task *task, struct err *err)
{
	if (!(t->text = mem_zeroed((size_t)d->n_items + 1, sizeof(*t->text), err)) ||
	    !(t->sorted = mem_zeroed((size_t)d->n_items + 1, sizeof(*t->sorted), err)) ||
	    !(t->digits = mem_zeroed((size_t)d->n_items + 1, sizeof(*t->digits), err)))
		return false;
	for (uint32_t i = 0; d->titles.n && i < d->n_items; i++) {
		if (i % 1024 == 0 && !task_keep_going(task))
			return task_cancelled(err);
		read_title(t, d, i);
	}
	return true;
}

/* --- groups --------------------------------------------------------------------------------------------------- */

static uint32_t root_of(uint32_t *twin, uint32_t i)
{
	while (twin[i] != i)
		i = twin[i] = twin[twin[i]];
	return i;
}

/* The lower root stays one. */
static void join(uint32_t *twin, uint32_t a, uint32_t b)
{
	a = root_of(twin, a);
	b = root_of(twin, b);
	if (a < b)
		twin[b] = a;
	else
		twin[a] = b;
}

/* One insertion, deletion, change, or two neighbours swapped; *where: from which byte on. */
static bool one_apart(const struct str *a, const struct str *b, size_t *where)
{
	size_t n = a->len < b->len ? a->len : b->len, head = 0, tail = 0;

	while (head < n && a->s[head] == b->s[head])
		head++;
	*where = head;
	while (tail < n - head && a->s[a->len - 1 - tail] == b->s[b->len - 1 - tail])
		tail++;
	if (a->len == b->len && head + tail + 2 == a->len)
		return a->s[head] == b->s[head + 1] && a->s[head + 1] == b->s[head];
	return a->len - head - tail <= 1 && b->len - head - tail <= 1;
}

/* A character of three bytes and more is a syllable or a word of its own (Chinese volumes: 上, 下). */
static bool is_of_syllables(const struct str *s, size_t at)
{
	while (at > 0 && at < s->len && ((unsigned char)s->s[at] & 0xc0) == 0x80)
		at--;
	return at < s->len && (unsigned char)s->s[at] >= 0xe0;
}

/* Bytes of the word that `at` is in or behind; 0 where it is a number in Roman figures. */
static size_t word_length(const struct str *s, size_t at)
{
	size_t from = at, to = at;
	bool roman = true;

	while (from > 0 && s->s[from - 1] != ' ')
		from--;
	while (to < s->len && s->s[to] != ' ')
		to++;
	for (size_t i = from; i < to; i++)
		roman &= strchr("ivxlc", s->s[i]) != NULL;
	return roman ? 0 : to - from;
}

static bool is_typo(const struct titles *t, uint32_t a, uint32_t b)
{
	const struct str *x = &t->text[a], *y = &t->text[b];
	size_t at, in_x, in_y;

	if (t->digits[a] != t->digits[b] || !one_apart(x, y, &at) || is_of_syllables(x, at) || is_of_syllables(y, at))
		return false;
	in_x = word_length(x, at);
	in_y = word_length(y, at);
	return (in_x > in_y ? in_x : in_y) >= TYPO_WORD;
}

struct twins {
	const struct titles *t;
	uint32_t *twin, *near; /* near[i]: the first item found to be i's twin by title; NO_ITEM */
};

static void note(struct twins *w, uint32_t a, uint32_t b)
{
	if (w->near[a] == NO_ITEM)
		w->near[a] = b;
	if (w->near[b] == NO_ITEM)
		w->near[b] = a;
	join(w->twin, a, b);
}

/* Calls for each two items of an equal hash. */
static void join_equal(struct twins *w, struct entry *e, size_t n, bool typos)
{
	if (n)
		qsort(e, n, sizeof(*e), by_hash);
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && e[end].hash == e[i].hash; end++)
			if (!typos)
				note(w, e[i].item, e[end].item);
		for (size_t a = i; typos && a < end; a++)
			for (size_t b = a + 1; b < end; b++)
				if (e[a].item != e[b].item && is_typo(w->t, e[a].item, e[b].item))
					note(w, e[a].item, e[b].item);
	}
}

static uint64_t hash_without(const struct str *s, size_t at, char *room)
{
	memcpy(room, s->s, at);
	memcpy(room + at, s->s + at + 1, s->len - at - 1);
	return hash_bytes(room, s->len - 1, 3);
}

static size_t put_deletions(const struct titles *t, uint32_t item, uint64_t pass, uint64_t passes, char *room,
			    struct entry *e)
{
	const struct str *s = &t->text[item];
	size_t n = 0;

	for (size_t at = 0; at <= s->len; at++) {
		uint64_t hash = at < s->len ? hash_without(s, at, room) : hash_bytes(s->s, s->len, 3);

		if (hash % passes == pass)
			e[n++] = (struct entry){ hash, item };
	}
	return n;
}

static size_t letters(const struct str *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->len; i++)
		n += s->s[i] != ' ' && !(s->s[i] >= '0' && s->s[i] <= '9');
	return n;
}

static bool join_typos(struct twins *w, uint32_t n_items, const struct task *task, struct err *err)
{
	uint64_t passes = 1 + (uint64_t)((double)w->t->entries / PASS_ENTRIES);
	struct entry *e = mem_alloc(w->t->entries + 1, sizeof(*e), err);
	size_t most = 1;
	char *room;
	bool good = true;

	for (uint32_t i = 0; i < n_items; i++)
		most = w->t->text[i].len > most ? w->t->text[i].len : most;
	room = e ? mem_alloc(most, 1, err) : NULL;
	for (uint64_t pass = 0; room && good && pass < passes; pass++) {
		size_t n = 0;

		for (uint32_t i = 0; good && i < n_items; i++) {
			if (i % 1024 == 0 && !task_keep_going(task))
				good = task_cancelled(err);
			if (letters(&w->t->text[i]) >= TYPO_LEAST)
				n += put_deletions(w->t, i, pass, passes, room, e + n);
		}
		if (good)
			join_equal(w, e, n, true);
	}
	mem_free(e);
	mem_free(room);
	return good && room;
}

static bool join_words(struct twins *w, uint32_t n_items, struct err *err)
{
	struct entry *e = mem_alloc((size_t)n_items + 1, sizeof(*e), err);
	size_t n = 0;

	if (!e)
		return false;
	for (uint32_t i = 0; i < n_items; i++)
		if (w->t->text[i].len)
			e[n++] = (struct entry){ w->t->sorted[i], i };
	join_equal(w, e, n, false);
	mem_free(e);
	return true;
}

static bool flag_titles(const struct twins *w, uint32_t n_items, struct odd_flags *out, struct err *err)
{
	for (uint32_t i = 0; i < n_items; i++) {
		struct odd_flag f = { .kind = ODD_TITLE, .who = i, .user = NO_USER, .item = w->near[i],
				      .other = NO_ITEM, .n = 1, .time = NO_TIME };

		if (w->near[i] != NO_ITEM && !odd_add(out, &f, err))
			return false;
	}
	return true;
}

/* --- audiences ------------------------------------------------------------------------------------------------ */

/* Where titles tell two films apart, that the same few took both makes them no one film. */
static bool flag_audiences(const struct csr *x, struct entry *e, size_t n, bool titled, uint32_t *twin,
			   struct odd_flags *out, struct err *err)
{
	for (size_t i = 0; i < n; i++) {
		struct odd_flag f = { .kind = ODD_AUDIENCE, .who = e[i].item, .user = NO_USER, .item = NO_ITEM,
				      .other = NO_ITEM, .n = (double)csr_row_n(x, e[i].item), .time = NO_TIME };

		for (size_t j = 0; j < n && f.item == NO_ITEM; j++)
			if (j != i && csr_row_n(x, e[i].item) == csr_row_n(x, e[j].item) &&
			    !memcmp(csr_row(x, e[i].item), csr_row(x, e[j].item), csr_row_n(x, e[i].item) * sizeof(*x->idx)))
				f.item = e[j].item;
		if (f.item == NO_ITEM)
			continue;
		if (!titled)
			join(twin, f.who, f.item);
		if (!odd_add(out, &f, err))
			return false;
	}
	return true;
}

static bool join_audiences(const struct csr *x, bool titled, uint32_t *twin, struct odd_flags *out, struct err *err)
{
	struct entry *e = mem_alloc((size_t)x->rows + 1, sizeof(*e), err);
	size_t n = 0;
	bool good = e != NULL;

	for (uint32_t i = 0; good && i < x->rows; i++)
		if (csr_row_n(x, i) >= AUDIENCE_LEAST)
			e[n++] = (struct entry){ hash_bytes(csr_row(x, i), csr_row_n(x, i) * sizeof(*x->idx), 5), i };
	if (good && n)
		qsort(e, n, sizeof(*e), by_hash);
	for (size_t i = 0, end; good && i < n; i = end) {
		for (end = i + 1; end < n && e[end].hash == e[i].hash; end++)
			continue;
		good = end - i < 2 || flag_audiences(x, e + i, end - i, titled, twin, out, err);
	}
	mem_free(e);
	return good;
}

bool odd_twins(const struct dataset *d, const struct odd_counts *c, const struct task *task, uint32_t *twin,
	       struct odd_flags *out, struct err *err)
{
	struct titles t = { 0 };
	struct twins w = { .t = &t, .twin = twin,
			   .near = mem_alloc((size_t)d->n_items + 1, sizeof(*w.near), err) };
	bool good = w.near && titles_make(&t, d, task, err);

	for (uint32_t i = 0; good && i < d->n_items; i++) {
		twin[i] = i;
		w.near[i] = NO_ITEM;
	}
	good = good && join_words(&w, d->n_items, err) && join_typos(&w, d->n_items, task, err) &&
	       flag_titles(&w, d->n_items, out, err) && join_audiences(&c->by_item, d->titles.n > 0, twin, out, err);
	for (uint32_t i = 0; good && i < d->n_items; i++)
		twin[i] = root_of(twin, i);
	titles_done(&t, d->n_items);
	mem_free(w.near);
	return good;
}
