/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A file's own name counts first where a public dataset gives it; else its rows are tried with each
 * delimiter, and its header is read. */
#include "data/sniff.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num_parse.h"
#include "base/utf8.h"
#include "data/npy.h"

#define SAMPLE_ROWS 400

const char *const role_text[N_ROLES] = {
	[ROLE_NONE] = "not used",   [ROLE_EVENTS] = "events", [ROLE_ITEMS] = "items",
	[ROLE_USERS] = "users",     [ROLE_TAGS] = "tags",     [ROLE_TAG_NAMES] = "tag names",
	[ROLE_GENRES] = "genres",   [ROLE_ITEM_IDS] = "ids",  [ROLE_SOCIAL] = "social",
	[ROLE_VECTORS] = "vectors", [ROLE_VECTOR_IDS] = "ids",
};

const char *const format_text[] = {
	[FORMAT_CSV] = "csv",           [FORMAT_DAT] = "dat", [FORMAT_ATOMIC] = "atomic", [FORMAT_LISTS] = "lists",
	[FORMAT_SEQUENCE] = "sequence", [FORMAT_WORDS] = "words", [FORMAT_NPY] = "npy",
};

/* Files whose name and shape tell all; no header. */
static const struct known_file {
	const char *pattern; /* of the base name */
	enum role role;
	enum format format;
	enum table_kind kind;
	char delim;
	unsigned n_cols;
} known_files[] = {
	{ "u.data",         ROLE_EVENTS, FORMAT_CSV, TABLE_PLAIN, '\t', 4 },
	{ "u.item",         ROLE_ITEMS,  FORMAT_CSV, TABLE_PLAIN, '|', 24 },
	{ "u.user",         ROLE_USERS,  FORMAT_CSV, TABLE_PLAIN, '|', 5 },
	{ "u.genre",        ROLE_GENRES, FORMAT_CSV, TABLE_PLAIN, '|', 2 },
	{ "ratings.dat",    ROLE_EVENTS, FORMAT_DAT, TABLE_DAT,   0, 4 },
	{ "movies.dat",     ROLE_ITEMS,  FORMAT_DAT, TABLE_DAT,   0, 3 },
	{ "users.dat",      ROLE_USERS,  FORMAT_DAT, TABLE_DAT,   0, 5 },
	{ "tags.dat",       ROLE_TAGS,   FORMAT_DAT, TABLE_DAT,   0, 4 },
	{ "*.train.rating", ROLE_EVENTS, FORMAT_CSV, TABLE_PLAIN, '\t', 4 },
	{ "*.test.rating",  ROLE_EVENTS, FORMAT_CSV, TABLE_PLAIN, '\t', 4 },
};

/* --- The first rows ----------------------------------------------------------- */

static void sample_done(struct sample *s)
{
	free(s->cols);
	free(s->first);
	free(s->at);
	str_done(&s->text);
	memset(s, 0, sizeof(*s));
}

const char *sample_cell(const struct sample *s, size_t row, size_t col)
{
	return col < s->cols[row] ? s->text.s + s->at[s->first[row] + col] : "";
}

static bool sample_row(void *out, uint64_t line, const struct field *f, size_t n, const char *bad)
{
	struct sample *s = out;

	(void)line;
	if (bad) {
		s->bad++;
		return true;
	}
	if (n > COLUMNS_MAX)
		n = COLUMNS_MAX;
	if (s->n_rows == s->cap_rows) {
		s->cap_rows = s->cap_rows ? 2 * s->cap_rows : 64;
		s->cols = mem_must(realloc(s->cols, s->cap_rows * sizeof(*s->cols)));
		s->first = mem_must(realloc(s->first, s->cap_rows * sizeof(*s->first)));
	}
	while (s->n_at + n > s->cap_at) {
		s->cap_at = s->cap_at ? 2 * s->cap_at : 512;
		s->at = mem_must(realloc(s->at, s->cap_at * sizeof(*s->at)));
	}
	s->cols[s->n_rows] = n;
	s->first[s->n_rows] = s->n_at;
	for (size_t i = 0; i < n; i++) {
		s->at[s->n_at++] = s->text.len;
		str_append(&s->text, f[i].s, f[i].n);
		str_putc(&s->text, '\0');
	}
	return ++s->n_rows < SAMPLE_ROWS;
}

static void agree(struct sample *s)
{
	size_t best = 0;

	for (size_t i = 0; i < s->n_rows; i++) {
		size_t same = 0;

		for (size_t j = i; j < s->n_rows; j++)
			same += s->cols[j] == s->cols[i];
		if (same > best) {
			best = same;
			s->n_cols = s->cols[i];
		}
		if (best >= s->n_rows - i)
			break;
	}
	s->agreeing = s->n_rows ? (double)best / (double)(s->n_rows + s->bad) : 0;
}

/* Whole rows of the head.  The head has TABLE_PAD bytes behind it only when copied. */
static bool take_sample(struct sample *s, const struct member *m, const struct table_layout *l, struct err *err)
{
	struct table_layout layout = *l;
	struct table_scratch x = { 0 };
	struct table_piece p = { 0 };
	size_t at = m->n_head >= 3 && !memcmp(m->head, "\xef\xbb\xbf", 3) ? 3 : 0, n = m->n_head;
	char *copy;
	bool fine;

	memset(s, 0, sizeof(*s));
	if (!m->head_whole) {
		const char *nl = memrchr(m->head, '\n', n);

		n = nl ? (size_t)(nl - m->head) + 1 : n;
	}
	if (at > n)
		at = n;
	copy = mem_zeroed(n - at + TABLE_PAD, 1, err);
	if (!copy)
		return false;
	memcpy(copy, m->head + at, n - at);
	layout.encoding = utf8_valid(copy, n - at) ? ENCODING_UTF8 : ENCODING_LATIN1;
	p.s = copy;
	p.n = n - at;
	err->code = ERR_OK;
	table_split(&x, &layout, &p, sample_row, s, err);
	fine = err->code == ERR_OK;
	table_scratch_done(&x);
	mem_free(copy);
	if (fine)
		agree(s);
	else
		sample_done(s);
	return fine;
}

/* --- What it is --------------------------------------------------------------- */

void sniffed_done(struct sniffed *s)
{
	for (size_t i = 0; i < s->n_names; i++)
		free(s->names[i]);
	free(s->why);
	sample_done(&s->sample);
	memset(s, 0, sizeof(*s));
}

static void not_used(struct sniffed *s, const char *why)
{
	s->role = ROLE_NONE;
	free(s->why);
	s->why = mem_strdup(why);
}

static bool is_number(const char *text)
{
	double v;

	return num_parse_double(text, strlen(text), &v);
}

static const char *ending(const char *base)
{
	const char *dot = strrchr(base, '.');

	return dot ? dot : "";
}

/* train.txt, ml-1m.test.rating, valid.csv … */
static void part_by_name(struct sniffed *s, const char *base)
{
	static const struct { const char *word; enum given_part part; } words[] = {
		{ "train", GIVEN_TRAIN }, { "training", GIVEN_TRAIN }, { "test", GIVEN_TEST }, { "testing", GIVEN_TEST },
		{ "valid", GIVEN_VALID }, { "validation", GIVEN_VALID }, { "val", GIVEN_VALID }, { "dev", GIVEN_VALID },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		const char *at = strcasestr(base, words[i].word);
		size_t n = strlen(words[i].word);

		if (at && (at == base || strchr("._-", at[-1])) && (!at[n] || strchr("._-", at[n]))) {
			s->part = words[i].part;
			s->part_said = true;
			return;
		}
	}
}

static void take_header(struct sniffed *s)
{
	size_t n = s->sample.n_rows ? s->sample.cols[0] : 0;

	s->header = true;
	s->table.skip_rows = 1;
	for (size_t i = 0; i < n && i < SNIFF_COLUMNS; i++)
		s->names[s->n_names++] = mem_strdup(sample_cell(&s->sample, 0, i));
	s->n_cols = (unsigned)n;
}

static bool same_name(const char *given, const char *name)
{
	return given && !strcmp(given, name);
}

/* The first row is a header when it names a column we know or were told of, and none of its cells is a
 * number; or when it has words over columns of numbers. */
static bool looks_like_header(const struct sniffed *s, const struct load_options *o)
{
	const struct sample *p = &s->sample;
	size_t words_over_numbers = 0;
	bool known = false;

	if (!p->n_rows)
		return false;
	for (size_t c = 0; c < p->cols[0]; c++) {
		const char *cell = sample_cell(p, 0, c);

		if (is_number(cell))
			return false;
		known |= column_known(cell) || same_name(o->user, cell) || same_name(o->item, cell);
		words_over_numbers += *cell && p->n_rows > 1 && is_number(sample_cell(p, 1, c));
	}
	return known || words_over_numbers > 0;
}

static int find(const struct sniffed *s, enum column c)
{
	return column_find(c, (const char *const *)s->names, s->n_names);
}

static int given_column(const struct sniffed *s, const char *given)
{
	uint64_t number;

	if (!given)
		return -1;
	for (size_t i = 0; i < s->n_names; i++)
		if (!strcmp(s->names[i], given))
			return (int)i;
	for (size_t i = 0; i < s->n_names; i++)
		if (!strcasecmp(s->names[i], given))
			return (int)i;
	if (num_parse_u64(given, strlen(given), &number) && number >= 1 && number <= s->n_cols)
		return (int)number - 1;
	return -1;
}

static enum role role_by_columns(const struct sniffed *s, const struct member *m, const struct load_options *o)
{
	bool user = find(s, COL_USER) >= 0 || given_column(s, o->user) >= 0;
	bool item = find(s, COL_ITEM) >= 0 || given_column(s, o->item) >= 0;
	bool tag_id = find(s, COL_TAG_ID) >= 0, tag = tag_id || find(s, COL_TAG) >= 0;

	if (user && find(s, COL_FRIEND) >= 0 && !item)
		return ROLE_SOCIAL;
	if (item && tag && !o->item && find(s, COL_VALUE) < 0 && (user || s->n_names == 2))
		return ROLE_TAGS;
	if (item && tag_id && !user) /* MovieLens's genome: a score for every item and tag */
		return ROLE_NONE;
	if (user && item)
		return ROLE_EVENTS;
	if (tag_id && !user && !item && find(s, COL_TAG_NAME) >= 0)
		return ROLE_TAG_NAMES;
	if (user && s->n_names > 1)
		return ROLE_USERS;
	if (item && s->n_names > 1)
		return ROLE_ITEMS;
	if (find(s, COL_ID) >= 0 && s->n_names > 1)
		return strcasestr(m->base, "user") ? ROLE_USERS : ROLE_ITEMS;
	return ROLE_NONE;
}

/* "user item item …": words between single blanks, a different number of them in each row. */
static bool sniff_words(struct sniffed *s, const struct member *m, const struct load_options *o, struct err *err)
{
	struct sample *p = &s->sample;
	bool ids = strcasestr(m->base, "map") || strcasestr(m->base, "list");

	sample_done(p);
	s->table = (struct table_layout){ .kind = TABLE_BLANKS };
	if (!take_sample(p, m, &s->table, err))
		return false;
	s->format = FORMAT_WORDS;
	s->n_cols = 0;
	if (!p->n_rows || p->bad) {
		not_used(s, "not a table of rows");
		return true;
	}
	for (size_t r = 0; r < p->n_rows; r++)
		for (size_t c = 0; c < p->cols[r]; c++)
			if (strpbrk(sample_cell(p, r, c), ",;|\"'()") || strlen(sample_cell(p, r, c)) > 64) {
				not_used(s, "text, not a table of rows");
				return true;
			}
	s->role = ROLE_EVENTS;
	if (ids && p->agreeing == 1.0 && p->n_cols == 2) {
		s->role = strcasestr(m->base, "item") ? ROLE_ITEM_IDS : ROLE_NONE;
		s->n_cols = 2;
		if (s->role == ROLE_NONE)
			not_used(s, "other ids of the users, not read");
	} else if (o->format && !strcmp(o->format, "lists")) {
		s->format = FORMAT_LISTS;
	} else if ((o->format && !strcmp(o->format, "sequence")) || (p->agreeing == 1.0 && p->n_cols == 2)) {
		s->format = FORMAT_SEQUENCE;
	} else if (p->agreeing == 1.0 && (p->n_cols == 3 || p->n_cols == 4) && is_number(sample_cell(p, 0, 2))) {
		s->format = FORMAT_CSV;
		s->table = (struct table_layout){ .kind = TABLE_PLAIN, .delim = ' ' };
		s->n_cols = (unsigned)p->n_cols;
	} else if (p->n_rows > 1 && !is_number(sample_cell(p, 0, 0)) && !is_number(sample_cell(p, 1, 0)) &&
		   p->cols[0] > 2 && !o->format && !s->part_said) {
		not_used(s, "text, not a table of rows");
	}
	return true;
}

/* Half the cells of some column stand in quotes. */
static bool quoted_column(const struct sample *p)
{
	for (size_t c = 0; c < p->n_cols; c++) {
		size_t quoted = 0;

		for (size_t r = 0; r < p->n_rows; r++) {
			const char *cell = sample_cell(p, r, c);
			size_t n = strlen(cell);

			quoted += n >= 2 && cell[0] == '"' && cell[n - 1] == '"';
		}
		if (quoted * 2 > p->n_rows)
			return true;
	}
	return false;
}

static bool try_delim(struct sniffed *s, const struct member *m, enum table_kind kind, char delim, struct err *err)
{
	struct table_layout l = { .kind = kind, .delim = delim };
	struct sample p;
	bool unquotes = kind == TABLE_CSV && s->table.kind == TABLE_PLAIN && delim == s->table.delim &&
			s->sample.n_rows && quoted_column(&s->sample);

	if (!take_sample(&p, m, &l, err))
		return false;

	if (p.n_cols < 2 || p.agreeing < s->sample.agreeing ||
	    (p.agreeing == s->sample.agreeing && p.n_cols <= s->sample.n_cols && !unquotes)) {
		sample_done(&p);
		return true;
	}
	sample_done(&s->sample);
	s->sample = p;
	s->table = l;
	s->format = kind == TABLE_DAT ? FORMAT_DAT : FORMAT_CSV;
	s->n_cols = (unsigned)p.n_cols;
	return true;
}

/* Tab and bar files mostly mean their quotes literally ("Weird Al" Yankovic): quotes count there only
 * where more rows agree so, or where a column is full of them. */
static bool sniff_delim(struct sniffed *s, const struct member *m, struct err *err)
{
	static const struct { enum table_kind kind; char delim; } tries[] = {
		{ TABLE_PLAIN, '\t' }, { TABLE_CSV, '\t' }, { TABLE_CSV, ',' }, { TABLE_CSV, ';' },
		{ TABLE_PLAIN, '|' },  { TABLE_CSV, '|' },  { TABLE_DAT, ':' },
	};

	for (size_t i = 0; i < sizeof(tries) / sizeof(*tries); i++)
		if (!try_delim(s, m, tries[i].kind, tries[i].delim, err))
			return false;
	return true;
}

static bool sniff_known(struct sniffed *s, const struct member *m, bool *is, struct err *err)
{
	*is = false;
	for (size_t i = 0; i < sizeof(known_files) / sizeof(*known_files); i++) {
		const struct known_file *k = &known_files[i];
		struct table_layout l = { .kind = k->kind, .delim = k->delim };

		if (fnmatch(k->pattern, m->base, 0))
			continue;
		if (!take_sample(&s->sample, m, &l, err))
			return false;
		if (s->sample.n_cols != k->n_cols) {
			sample_done(&s->sample); /* another file of that name (lastfm's tags.dat) */
			continue;
		}
		s->role = k->role;
		s->format = k->format;
		s->table = l;
		s->n_cols = k->n_cols;
		s->movielens = true;
		s->movielens_1m = k->role == ROLE_USERS && k->kind == TABLE_DAT;
		*is = true;
		return true;
	}
	return true;
}

/* RecBole: "user_id:token<TAB>item_id:token…" */
static bool sniff_atomic(struct sniffed *s, const struct member *m, bool *is, struct err *err)
{
	struct table_layout l = { .kind = TABLE_PLAIN, .delim = '\t' };
	const char *nl = memchr(m->head, '\n', m->n_head);
	size_t n = nl ? (size_t)(nl - m->head) : m->n_head;

	*is = memmem(m->head, n, ":token", 6) || memmem(m->head, n, ":float", 6);
	if (!*is)
		return true;
	if (!take_sample(&s->sample, m, &l, err))
		return false;
	s->table = l;
	s->format = FORMAT_ATOMIC;
	take_header(s);
	for (size_t i = 0; i < s->n_names; i++) { /* the type is noted in the names no longer */
		char *colon = strchr(s->names[i], ':');

		if (colon)
			*colon = '\0';
	}
	if (!strcmp(ending(m->base), ".item"))
		s->role = ROLE_ITEMS;
	else if (!strcmp(ending(m->base), ".user"))
		s->role = ROLE_USERS;
	else if (!strcmp(ending(m->base), ".inter"))
		s->role = ROLE_EVENTS;
	else if (!strcmp(ending(m->base), ".net") && s->n_names >= 2)
		s->role = ROLE_SOCIAL;
	else
		not_used(s, "an atomic file of a kind that is not read");
	return true;
}

/* A stray control byte spoils a row; a tenth of them is no text. */
static bool is_binary(const unsigned char *h, size_t n)
{
	size_t control = 0;

	for (size_t i = 0; i < n; i++)
		control += h[i] < 32 && h[i] != '\t' && h[i] != '\n' && h[i] != '\r' && h[i] != '\033';
	return control * 10 > n;
}

/* Data in forms that are not read, known by how they begin. */
static const char *other_form(const struct member *m)
{
	static const struct { const char *start; size_t n; const char *what; } forms[] = {
		{ "PAR1", 4, "Parquet: convert it to csv" },
		{ "SQLite format 3", 15, "an SQLite database: export the table as csv" },
		{ "\x89HDF", 4, "HDF5: convert it to csv" },
		{ "%PDF", 4, "a PDF" },
		{ "<?xml", 5, "XML: convert it to csv" },
		{ "{\"", 2, "JSON: convert it to csv" },
		{ "[{", 2, "JSON: convert it to csv" },
	};

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++)
		if (m->n_head >= forms[i].n && !memcmp(m->head, forms[i].start, forms[i].n))
			return forms[i].what;
	return NULL;
}

static bool odd_bytes(struct sniffed *s, const struct member *m)
{
	const unsigned char *h = (const unsigned char *)m->head;

	if (other_form(m))
		not_used(s, other_form(m));
	else if (!m->n_head)
		not_used(s, "empty");
	else if (m->n_head >= 2 && ((h[0] == 0xff && h[1] == 0xfe) || (h[0] == 0xfe && h[1] == 0xff)))
		not_used(s, "UTF-16: convert it with iconv -f UTF-16 -t UTF-8");
	else if (is_binary(h, m->n_head < 4096 ? m->n_head : 4096))
		not_used(s, "binary, or UTF-16 without a mark: not text");
	else if (memchr(h, '\r', m->n_head) && !memchr(h, '\n', m->n_head))
		not_used(s, "its lines end with lone carriage returns: convert it with tr '\\r' '\\n'");
	return s->why != NULL;
}

/* trust.txt, user_friends.csv: rows of two users, with or without a third column. */
static bool social_by_name(const struct sniffed *s, const struct member *m)
{
	static const char *const words[] = { "trust", "social", "friend", "follow" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcasestr(m->base, words[i]))
			return s->sample.n_cols == 2 || s->sample.n_cols == 3;
	return false;
}

static void header_or_not(struct sniffed *s, const struct member *m, const struct load_options *o)
{
	struct str why = STR_INIT;

	if (!looks_like_header(s, o)) {
		/* by position; sniff_event_columns() judges */
		s->role = social_by_name(s, m) && !o->user && !o->item ? ROLE_SOCIAL : ROLE_EVENTS;
		return;
	}
	take_header(s);
	s->role = role_by_columns(s, m, o);
	if (s->role != ROLE_NONE)
		return;
	if (find(s, COL_ITEM) >= 0) {
		not_used(s, "about items, but in a form that is not read");
		return;
	}
	str_puts(&why, "no column for users and items; it has ");
	for (size_t i = 0; i < s->n_names && i < 12; i++)
		str_printf(&why, "%s%s", i ? ", " : "", s->names[i]);
	if (s->n_names > 12)
		str_puts(&why, ", …");
	not_used(s, str_text(&why));
	str_done(&why);
}

bool sniff_member(struct sniffed *s, const struct member *m, const struct load_options *o, struct err *err)
{
	bool is;

	memset(s, 0, sizeof(*s));
	if (npy_is(m->head, m->n_head)) {
		s->role = ROLE_VECTORS;
		s->format = FORMAT_NPY;
		return true;
	}
	if (odd_bytes(s, m))
		return true;
	part_by_name(s, m->base);
	if (!sniff_known(s, m, &is, err))
		return false;
	if (is)
		return true;
	if (!sniff_atomic(s, m, &is, err))
		return false;
	if (is)
		return true;
	if (o->format && (!strcmp(o->format, "lists") || !strcmp(o->format, "sequence")) &&
	    !memchr(m->head, '\t', m->n_head) && !memchr(m->head, ',', m->n_head))
		return sniff_words(s, m, o, err);
	if (!sniff_delim(s, m, err))
		return false;
	if (!s->n_cols || s->sample.agreeing < (looks_like_header(s, o) ? 0.5 : 0.8))
		return sniff_words(s, m, o, err);
	header_or_not(s, m, o);
	return true;
}
