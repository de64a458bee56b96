/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table.h - a text file read as rows of fields, in pieces, on all threads.
 *
 * DESIGN: a member's bytes come in waves (256 KiB at first, then doubling to 8 MiB).  One thread walks the
 * quotes of a wave, which costs next to nothing, and cuts it into pieces at line ends outside quotes.  The
 * pieces are split into rows in parallel while another chunk reads the next wave; then each is merged, in
 * file order, on the calling thread.  What a row becomes may depend on its text and on what earlier waves
 * merged, never on the cut; so 1 piece a wave and 7 give the same.  Waves start small because the first
 * ones bring most of the ids nobody has seen.
 *
 * The fast splitter takes lines without a quote, libcsv those with one; both give the same fields.
 */
#ifndef DATA_TABLE_H
#define DATA_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "base/task.h"
#include "data/source.h"

#define RECORD_MAX (16u << 20) /* bytes of one row */

#define TABLE_PAD 64
#define PIECES_MAX 64  /* of a wave */
#define COLUMNS_MAX 4096 /* of more only the number is told (words between blanks: no limit) */

struct field {
	const char *s; /* not NUL-terminated; 8 bytes from s on are readable, whatever n */
	uint32_t n;
};

enum table_kind {
	TABLE_CSV,    /* one delimiter, quotes, quotes doubled inside */
	TABLE_PLAIN,  /* one delimiter, no quotes (RecBole's files, u.data) */
	TABLE_DAT,    /* "::" */
	TABLE_BLANKS, /* words between blanks, as many as there are */
};

enum encoding { ENCODING_UNKNOWN /* ASCII so far */, ENCODING_UTF8, ENCODING_LATIN1 };

struct table_layout {
	enum table_kind kind;
	char delim;         /* TABLE_CSV, TABLE_PLAIN */
	unsigned skip_rows; /* header lines */
	enum encoding encoding; /* settled by the first wave with a byte over 127 */
};

/* Scratch of one thread. */
struct table_scratch {
	struct field *f;
	size_t n_f, cap_f;
	char *text; /* the fields of a row with quotes */
	size_t text_n, cap_text;
	struct str utf8; /* a Latin-1 piece, converted */
	struct csv_parser *csv;
	char csv_delim;
	bool csv_dirty; /* an error left it in the middle of a row */
};

struct table_piece {
	const char *s; /* whole records; TABLE_PAD readable bytes behind them */
	size_t n;
	uint64_t lines;  /* out */
	struct err err;  /* out, when the rows' reader failed */
	bool failed;
};

/* One row: `line` counts from 1 within its piece; `bad` says why it cannot be read (fixed text), else NULL.
 * Returns false to stop the piece (an error in piece->err, or enough rows). */
typedef bool table_row_fn(void *out, uint64_t line, const struct field *f, size_t n, const char *bad);

struct table_reader {
	void *ctx;
	/* Parallel: makes what the rows go into; `slot` is the thread's. */
	void *(*begin)(void *ctx, unsigned slot, size_t piece, struct err *err);
	table_row_fn *row;
	/* Parallel: the piece is complete. */
	bool (*end)(void *ctx, void *out, struct err *err);
	/* In file order: takes the piece in.  first_line: lines before it.  *stop: enough was read. */
	bool (*merge)(void *ctx, void *out, uint64_t first_line, bool *stop, struct err *err);
	/* After the last merge of a wave; NULL: nothing to do. */
	bool (*wave)(void *ctx, const struct task *task, struct err *err);
	/* For pieces that are not merged: after an error, or behind the last one wanted. */
	void (*discard)(void *ctx, void *out);
	unsigned pieces; /* a wave; 0: as many as the threads want */
};

/* progress: bytes on disk read before this file, and in all files. */
bool table_read(const struct member *m, struct table_layout *l, const struct table_reader *r, uint64_t progress_done,
		uint64_t progress_total, const struct task *task, struct err *err);

/* Splits whole records.  false: the row function stopped. */
bool table_split(struct table_scratch *x, const struct table_layout *l, struct table_piece *p, table_row_fn *row,
		 void *out, struct err *err);
bool table_scratch_room(struct table_scratch *x, size_t fields, size_t text, struct err *err);
void table_scratch_done(struct table_scratch *x);

bool table_has_high(const char *s, size_t n); /* any byte over 127 */

/* Where the record that starts at s ends (behind its newline, or n); quotes are honoured for TABLE_CSV.
 * *open: it ends inside a quote. */
size_t table_record_end(const struct table_layout *l, const char *s, size_t n, bool *open);

#endif
