/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waves, cuts and order; see table.h.  Splitting a piece is table_split.c's. */
#include "data/table.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "data/source_csv.h"

#define WAVE_FIRST (256u << 10)
#define WAVE_PLAIN (8u << 20)
#define WAVE_PACKED (4u << 20) /* unpacking is slow: a chunk of it must stay under 50 ms */
#define PIECE_BYTES (512u << 10)

struct wave {
	char *b;
	size_t n, cap;
};

struct reading {
	const struct member *m;
	struct table_layout *l;
	const struct table_reader *r;
	struct stream *in;
	bool eof;
	size_t wave_bytes;
	struct wave now, next;
	size_t carry; /* bytes of `next` that come from `now` */
	struct table_piece piece[PIECES_MAX];
	void *out[PIECES_MAX];
	size_t n_pieces;
	size_t used; /* of `now`, in whole records */
	struct table_scratch *scratch; /* one a slot */
	unsigned n_scratch;
	uint64_t lines; /* before `now` */
	struct err read_err;
	bool read_failed;
};

static bool wave_room(struct wave *w, size_t n, struct err *err)
{
	char *b;

	if (n <= w->cap)
		return true;
	b = mem_resize(w->b, w->n, n + TABLE_PAD, 1, err);
	if (!b)
		return false;
	w->b = b;
	w->cap = n;
	return true;
}

static bool wave_read(struct reading *d, struct wave *w, size_t n, struct err *err)
{
	ssize_t got;

	if (!wave_room(w, w->n + n, err))
		return false;
	got = stream_read(d->in, w->b + w->n, n, err);
	if (got < 0)
		return false;
	d->eof = (size_t)got < n;
	w->n += (size_t)got;
	memset(w->b + w->n, 0, TABLE_PAD);
	return true;
}

static uint64_t count_lines(const char *s, size_t n)
{
	const char *end = s + n;
	uint64_t lines = 0;

	while (s < end && (s = memchr(s, '\n', (size_t)(end - s)))) {
		lines++;
		s++;
	}
	return lines;
}

/* Adds a piece that ends at `end`. */
static void cut_at(struct reading *d, size_t end)
{
	struct table_piece *p = &d->piece[d->n_pieces++];

	memset(p, 0, sizeof(*p));
	p->s = d->now.b + d->used;
	p->n = end - d->used;
	d->used = end;
}

/* The record at `start` does not end within RECORD_MAX. */
static bool too_long(struct reading *d, size_t start, const struct csv_walk *w, struct err *err)
{
	uint64_t line = d->lines + 1 + count_lines(d->now.b, start);

	if (w->in_quote)
		return err_at(err, ERR_SYNTAX, d->m->name, d->lines + 1 + count_lines(d->now.b, w->opened),
			      "the quote that opens here is not closed within 16 MiB: close it, or double it if it is part of the text");
	return err_at(err, ERR_SYNTAX, d->m->name, line,
		      "the row that starts here is over 16 MiB long: this is not a table of rows, or its lines do not end in LF");
}

/* Cuts at the first line ends behind every `step` bytes of [lo, hi), which lies outside quotes. */
static void cut_stretch(struct reading *d, size_t lo, size_t hi, size_t step, size_t *target, size_t *last)
{
	const char *nl;

	while (*target <= hi && d->n_pieces + 1 < PIECES_MAX) {
		size_t from = *target > lo ? *target - 1 : lo;

		nl = memchr(d->now.b + from, '\n', hi - from);
		if (!nl)
			break;
		cut_at(d, (size_t)(nl - d->now.b) + 1);
		*target = d->used + step;
	}
	nl = memrchr(d->now.b + lo, '\n', hi - lo);
	if (nl)
		*last = (size_t)(nl - d->now.b) + 1;
}

/* Cuts `now` into pieces of whole records.  None, and not at the end: more bytes are needed. */
static bool cut_wave(struct reading *d, struct err *err)
{
	const size_t n = d->now.n;
	unsigned want = d->r->pieces ? d->r->pieces : (unsigned)(n / PIECE_BYTES) + 1;
	const size_t step = n / (want > PIECES_MAX ? PIECES_MAX : want) + 1;
	struct csv_walk w;
	size_t lo, hi, target = step, last = 0;

	d->n_pieces = d->used = 0;
	csv_walk_init(&w, d->now.b, n, d->l->delim);
	if (d->l->kind == TABLE_CSV)
		while (csv_walk_next(&w, &lo, &hi))
			cut_stretch(d, lo, hi, step, &target, &last);
	else
		cut_stretch(d, 0, n, step, &target, &last);
	if (n - last > RECORD_MAX)
		return too_long(d, last, &w, err);
	if (d->eof) {
		if (w.in_quote)
			return err_at(err, ERR_SYNTAX, d->m->name, d->lines + 1 + count_lines(d->now.b, w.opened),
				      "the quote that opens here is never closed: close it, or double it if it is part of the text");
		last = n;
	}
	if (last > d->used)
		cut_at(d, last);
	return true;
}

/* Settles the encoding by the first wave that has a byte over 127: what most of its lines agree on. */
static void settle_encoding(struct reading *d)
{
	const char *s = d->now.b, *end = s + d->used;
	size_t utf8 = 0, other = 0;

	if (!table_has_high(s, d->used))
		return;
	while (s < end) {
		const char *nl = memchr(s, '\n', (size_t)(end - s));
		const char *stop = nl ? nl : end;

		if (table_has_high(s, (size_t)(stop - s))) {
			if (utf8_valid(s, (size_t)(stop - s)))
				utf8++;
			else
				other++;
		}
		s = stop + 1;
	}
	if (utf8 + other)
		d->l->encoding = utf8 >= other ? ENCODING_UTF8 : ENCODING_LATIN1;
}

static void run_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct reading *d = ctx;
	struct table_piece *p;

	if (chunk == 0) { /* read ahead while the others split */
		if (!d->eof)
			d->read_failed = !wave_read(d, &d->next, d->wave_bytes, &d->read_err);
		return;
	}
	p = &d->piece[chunk - 1];
	d->out[chunk - 1] = d->r->begin(d->r->ctx, slot, chunk - 1, &p->err);
	p->failed = !d->out[chunk - 1];
	if (p->failed)
		return;
	p->err.code = ERR_OK;
	table_split(&d->scratch[slot], d->l, p, d->r->row, d->out[chunk - 1], &p->err);
	p->failed = p->err.code != ERR_OK || !d->r->end(d->r->ctx, d->out[chunk - 1], &p->err);
}

static void discard_from(struct reading *d, size_t i)
{
	for (; i < d->n_pieces; i++)
		if (d->out[i]) {
			d->r->discard(d->r->ctx, d->out[i]);
			d->out[i] = NULL;
		}
}

static bool merge_wave(struct reading *d, bool *stop, struct err *err)
{
	for (size_t i = 0; i < d->n_pieces; i++) {
		struct table_piece *p = &d->piece[i];
		void *out = d->out[i];

		if (p->failed) {
			*err = p->err;
			discard_from(d, i);
			return false;
		}
		d->out[i] = NULL;
		if (!d->r->merge(d->r->ctx, out, d->lines, stop, err)) {
			discard_from(d, i + 1);
			return false;
		}
		d->lines += p->lines;
		if (*stop) {
			discard_from(d, i + 1);
			return true;
		}
	}
	return true;
}

/* The byte order mark and the header. */
static void skip_start(struct reading *d)
{
	size_t at = d->now.n >= 3 && !memcmp(d->now.b, "\xef\xbb\xbf", 3) ? 3 : 0;
	bool open;

	for (unsigned i = 0; i < d->l->skip_rows; i++)
		at += table_record_end(d->l, d->now.b + at, d->now.n - at, &open);
	d->lines = count_lines(d->now.b, at);
	memmove(d->now.b, d->now.b + at, d->now.n - at + TABLE_PAD);
	d->now.n -= at;
}

static bool next_wave(struct reading *d, const struct task *task, bool *stop, struct err *err)
{
	struct wave swap;

	if (!cut_wave(d, err))
		return false;
	if (!d->n_pieces) /* one row longer than the wave */
		return d->eof ? true : wave_read(d, &d->now, d->now.n + WAVE_FIRST, err);
	if (d->l->encoding == ENCODING_UNKNOWN)
		settle_encoding(d);
	d->next.n = 0;
	if (!wave_room(&d->next, d->now.n - d->used + d->wave_bytes, err))
		return false;
	d->next.n = d->now.n - d->used;
	memcpy(d->next.b, d->now.b + d->used, d->next.n + TABLE_PAD);
	memset(d->out, 0, sizeof(d->out));
	if (!task_chunks(task, d->n_pieces + 1, run_chunk, d)) {
		discard_from(d, 0);
		return task_cancelled(err);
	}
	if (d->read_failed) {
		*err = d->read_err;
		discard_from(d, 0);
		return false;
	}
	if (!merge_wave(d, stop, err) || (d->r->wave && !d->r->wave(d->r->ctx, task, err)))
		return false;
	swap = d->now;
	d->now = d->next;
	d->next = swap;
	if (d->wave_bytes < (d->m->entry >= 0 ? WAVE_PACKED : WAVE_PLAIN))
		d->wave_bytes *= 2;
	return true;
}

bool table_read(const struct member *m, struct table_layout *l, const struct table_reader *r, uint64_t progress_done,
		uint64_t progress_total, const struct task *task, struct err *err)
{
	struct reading *d = mem_must(calloc(1, sizeof(*d)));
	bool fine = false, stop = false;

	d->m = m;
	d->l = l;
	d->r = r;
	d->wave_bytes = WAVE_FIRST;
	d->n_scratch = task_slots(task);
	d->scratch = mem_must(calloc(d->n_scratch, sizeof(*d->scratch)));
	d->in = stream_open(m, err);
	if (!d->in || !wave_read(d, &d->now, 2 * WAVE_FIRST, err))
		goto out;
	skip_start(d);
	while (!stop && (d->now.n || !d->eof)) {
		if (!next_wave(d, task, &stop, err))
			goto out;
		if (progress_total)
			task_progress(task, progress_done + stream_disk_bytes(d->in), progress_total);
	}
	fine = true;
out:
	stream_close(d->in);
	for (unsigned i = 0; i < d->n_scratch; i++)
		table_scratch_done(&d->scratch[i]);
	free(d->scratch);
	mem_free(d->now.b);
	mem_free(d->next.b);
	free(d);
	return fine;
}
