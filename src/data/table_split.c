/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A piece of whole records into rows of fields.
 *
 * Most files have neither quotes nor anything else odd; for those the separators of 64 bytes are found at
 * once, as the bits of a word.  All else goes line by line.  Both call the same row function. */
#include "data/table.h"

#include <stdlib.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "base/mem.h"
#include "base/utf8.h"
#include "data/source_csv.h"

#define BAD_NUL "a NUL byte in the row"
#define BAD_CR "a carriage return inside the row"
#define BAD_UTF8 "broken UTF-8 in a file that is UTF-8 elsewhere"

struct piece_facts {
	bool quotes, nul, cr, lone_cr, high;
};

bool table_scratch_room(struct table_scratch *x, size_t fields, size_t text, struct err *err)
{
	if (fields > x->cap_f) {
		struct field *f = mem_resize(x->f, x->cap_f, fields, sizeof(*f), err);

		if (!f)
			return false;
		x->f = f;
		x->cap_f = fields;
	}
	if (text > x->cap_text) {
		char *t = mem_resize(x->text, 0, text * 2, 1, err);

		if (!t)
			return false;
		x->text = t;
		x->cap_text = text * 2;
	}
	return true;
}

void table_scratch_done(struct table_scratch *x)
{
	csv_scratch_done(x);
	mem_free(x->f);
	mem_free(x->text);
	str_done(&x->utf8);
	memset(x, 0, sizeof(*x));
}

bool table_has_high(const char *s, size_t n)
{
	uint64_t seen = 0, word;
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		memcpy(&word, s + i, 8);
		seen |= word;
	}
	for (; i < n; i++)
		seen |= (unsigned char)s[i];
	return (seen & 0x8080808080808080u) != 0;
}

static struct piece_facts look_over(const char *s, size_t n)
{
	const char *end = s + n, *cr = memchr(s, '\r', n);
	struct piece_facts f = {
		.quotes = memchr(s, '"', n) != NULL,
		.nul = memchr(s, '\0', n) != NULL,
		.cr = cr != NULL,
		.high = table_has_high(s, n),
	};

	for (; cr && !f.lone_cr; cr = memchr(cr + 1, '\r', (size_t)(end - cr - 1)))
		f.lone_cr = cr + 1 < end && cr[1] != '\n';
	return f;
}

/* Bit i: s[i] is the delimiter or a newline. */
static inline uint64_t separators(const char *s, char delim)
{
	uint64_t bits = 0;
#if defined(__SSE2__)
	const __m128i d = _mm_set1_epi8(delim), nl = _mm_set1_epi8('\n');

	for (int i = 0; i < 4; i++) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)(s + 16 * i));
		__m128i hit = _mm_or_si128(_mm_cmpeq_epi8(v, d), _mm_cmpeq_epi8(v, nl));

		bits |= (uint64_t)(uint32_t)_mm_movemask_epi8(hit) << (16 * i);
	}
#else
	for (int i = 0; i < 64; i++)
		bits |= (uint64_t)(s[i] == delim || s[i] == '\n') << i;
#endif
	return bits;
}

/* Without quotes, NUL, lone CR; CRs before newlines are dropped. */
static bool split_fast(struct table_scratch *x, char delim, struct table_piece *p, const char *s, size_t n, bool cr,
		       table_row_fn *row, void *out)
{
	struct field *f = x->f;
	const char *start = s;
	size_t k = 0;

	for (size_t base = 0; base < n; base += 64) {
		uint64_t bits = separators(s + base, delim);

		if (n - base < 64)
			bits &= (UINT64_C(1) << (n - base)) - 1;
		for (; bits; bits &= bits - 1) {
			const char *at = s + base + __builtin_ctzll(bits);

			if (k < COLUMNS_MAX)
				f[k] = (struct field){ start, (uint32_t)(at - start) };
			k++;
			start = at + 1;
			if (*at != '\n')
				continue;
			p->lines++;
			if (cr && k <= COLUMNS_MAX && f[k - 1].n && at[-1] == '\r')
				f[k - 1].n--;
			if ((k > 1 || f[0].n) && !row(out, p->lines, f, k, NULL))
				return false;
			k = 0;
		}
	}
	if (k == 0 && start == s + n)
		return true;
	p->lines++; /* the last row has no newline */
	if (k < COLUMNS_MAX) {
		f[k] = (struct field){ start, (uint32_t)(s + n - start) };
		if (f[k].n && start[f[k].n - 1] == '\r')
			f[k].n--;
	}
	k++;
	return (k == 1 && !f[0].n) || row(out, p->lines, f, k, NULL);
}

static void split_delim(struct table_scratch *x, const char *s, size_t n, char delim)
{
	const char *end = s + n;

	x->n_f = 0;
	for (;;) {
		const char *at = memchr(s, delim, (size_t)(end - s));

		if (x->n_f < COLUMNS_MAX)
			x->f[x->n_f] = (struct field){ s, (uint32_t)((at ? at : end) - s) };
		x->n_f++;
		if (!at)
			return;
		s = at + 1;
	}
}

static void split_dat(struct table_scratch *x, const char *s, size_t n)
{
	const char *end = s + n;

	x->n_f = 0;
	for (;;) {
		const char *at = memmem(s, (size_t)(end - s), "::", 2);

		if (x->n_f < COLUMNS_MAX)
			x->f[x->n_f] = (struct field){ s, (uint32_t)((at ? at : end) - s) };
		x->n_f++;
		if (!at)
			return;
		s = at + 2;
	}
}

static bool split_blanks(struct table_scratch *x, const char *s, size_t n, struct err *err)
{
	const char *end = s + n;

	if (!table_scratch_room(x, n / 2 + 1, 0, err))
		return false;
	x->n_f = 0;
	while (s < end) {
		const char *word;

		while (s < end && (*s == ' ' || *s == '\t'))
			s++;
		word = s;
		while (s < end && *s != ' ' && *s != '\t')
			s++;
		if (s > word)
			x->f[x->n_f++] = (struct field){ word, (uint32_t)(s - word) };
	}
	return true;
}

size_t table_record_end(const struct table_layout *l, const char *s, size_t n, bool *open)
{
	const char *nl;
	struct csv_walk w;
	size_t lo, hi;

	*open = false;
	if (l->kind != TABLE_CSV) {
		nl = memchr(s, '\n', n);
		return nl ? (size_t)(nl - s) + 1 : n;
	}
	csv_walk_init(&w, s, n, l->delim);
	while (csv_walk_next(&w, &lo, &hi)) {
		nl = memchr(s + lo, '\n', hi - lo);
		if (nl)
			return (size_t)(nl - s) + 1;
	}
	*open = w.in_quote;
	return n;
}

/* One record without its line end.  Sets *err on want of memory. */
static const char *split_record(struct table_scratch *x, const struct table_layout *l, const struct piece_facts *facts,
				const char *s, size_t n, struct err *err)
{
	const char *bad = NULL;

	x->n_f = 0;
	if (facts->nul && memchr(s, '\0', n))
		return BAD_NUL;
	if (facts->high && l->encoding != ENCODING_LATIN1 && !utf8_valid(s, n))
		return BAD_UTF8;
	if (l->kind == TABLE_CSV && facts->quotes && memchr(s, '"', n))
		return csv_fields(x, s, n, l->delim, err);
	if (facts->lone_cr && memchr(s, '\r', n))
		return BAD_CR;
	if (l->kind == TABLE_DAT)
		split_dat(x, s, n);
	else if (l->kind == TABLE_BLANKS)
		split_blanks(x, s, n, err);
	else
		split_delim(x, s, n, l->delim);
	return bad;
}

static bool split_careful(struct table_scratch *x, const struct table_layout *l, const struct piece_facts *facts,
			  struct table_piece *p, const char *s, size_t n, table_row_fn *row, void *out, struct err *err)
{
	while (n) {
		bool open;
		size_t whole = facts->quotes ? table_record_end(l, s, n, &open) : 0, len;
		const char *nl = memchr(s, '\n', n), *bad;
		uint64_t line = p->lines + 1;

		if (!whole)
			whole = nl ? (size_t)(nl - s) + 1 : n;
		len = whole;
		if (len && s[len - 1] == '\n')
			len--;
		if (len && s[len - 1] == '\r')
			len--;
		for (; nl && nl < s + whole; nl = memchr(nl + 1, '\n', (size_t)(s + whole - nl - 1)))
			p->lines++;
		if (s[whole - 1] != '\n')
			p->lines++;
		err->code = ERR_OK;
		bad = len ? split_record(x, l, facts, s, len, err) : NULL;
		if (err->code != ERR_OK)
			return false;
		if (len && (bad || x->n_f) && !row(out, line, x->f, x->n_f, bad))
			return false;
		s += whole;
		n -= whole;
	}
	return true;
}

bool table_split(struct table_scratch *x, const struct table_layout *l, struct table_piece *p, table_row_fn *row,
		 void *out, struct err *err)
{
	struct piece_facts facts = look_over(p->s, p->n);
	const char *s = p->s;
	size_t n = p->n;

	if (!table_scratch_room(x, COLUMNS_MAX, 0, err))
		return false;
	if (facts.high && l->encoding == ENCODING_LATIN1) {
		static const char pad[TABLE_PAD];

		str_clear(&x->utf8);
		utf8_from_latin1(&x->utf8, s, n);
		n = x->utf8.len;
		str_append(&x->utf8, pad, sizeof(pad));
		s = x->utf8.s;
	}
	if (facts.nul || facts.lone_cr || (l->kind == TABLE_CSV && facts.quotes) ||
	    (facts.high && l->encoding != ENCODING_LATIN1) || l->kind == TABLE_DAT || l->kind == TABLE_BLANKS)
		return split_careful(x, l, &facts, p, s, n, row, out, err);
	return split_fast(x, l->delim, p, s, n, facts.cr, row, out);
}
