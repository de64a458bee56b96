/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a piece of a table, for each kind of table: rows are told in order and lie within the piece;
 * what the fast splitter makes of a piece without quotes is what libcsv makes of each of its lines. */
#include "data/source_csv.h"
#include "data/table.h"
#include "driver.h"

struct seen {
	uint64_t line;
	size_t rows;
};

static void demand(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static bool look(void *out, uint64_t line, const struct field *f, size_t n, const char *bad)
{
	struct seen *s = out;
	volatile unsigned char sum = 0;

	demand(line > s->line, "lines ascend");
	s->line = line;
	s->rows++;
	for (size_t i = 0; !bad && i < n && i < COLUMNS_MAX; i++)
		for (uint32_t k = 0; k < f[i].n; k++)
			sum = (unsigned char)(sum + (unsigned char)f[i].s[k]);
	return true;
}

struct against {
	struct table_scratch libcsv;
	char delim;
};

static bool compare(void *out, uint64_t line, const struct field *f, size_t n, const char *bad)
{
	struct against *a = out;
	struct err err;
	const char *start = f[0].s, *end;

	(void)line;
	if (bad || n > COLUMNS_MAX)
		return true;
	end = f[n - 1].s + f[n - 1].n;
	demand(!csv_fields(&a->libcsv, start, (size_t)(end - start), a->delim, &err), "libcsv reads it too");
	demand(a->libcsv.n_f == n, "the same number of fields");
	for (size_t i = 0; i < n; i++)
		demand(a->libcsv.f[i].n == f[i].n && !memcmp(a->libcsv.f[i].s, f[i].s, f[i].n), "the same fields");
	return true;
}

static void fuzz_one(const uint8_t *bytes, size_t n)
{
	static const char delims[] = ",;\t|";
	struct table_scratch x = { 0 };
	struct err err = { .code = ERR_OK };
	char *padded;

	if (n < 1)
		return;
	padded = calloc(n - 1 + TABLE_PAD, 1);
	memcpy(padded, bytes + 1, n - 1);
	for (int kind = TABLE_CSV; kind <= TABLE_BLANKS; kind++) {
		struct table_layout l = { .kind = (enum table_kind)kind, .delim = delims[bytes[0] & 3],
					  .encoding = bytes[0] & 4 ? ENCODING_LATIN1 : ENCODING_UTF8 };
		struct table_piece p = { .s = padded, .n = n - 1 };
		struct seen s = { 0, 0 };

		table_split(&x, &l, &p, look, &s, &err);
		demand(err.code == ERR_OK && s.rows <= p.lines && s.line <= p.lines, "rows are lines");
	}
	if (!memchr(padded, '"', n - 1)) {
		struct table_layout l = { .kind = TABLE_CSV, .delim = delims[bytes[0] & 3], .encoding = ENCODING_UTF8 };
		struct table_piece p = { .s = padded, .n = n - 1 };
		struct against a = { .delim = l.delim };

		table_split(&x, &l, &p, compare, &a, &err);
		table_scratch_done(&a.libcsv);
	}
	table_scratch_done(&x);
	free(padded);
}

FUZZ_MAIN("split", 20000)
