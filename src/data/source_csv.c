/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one file that knows libcsv.
 *
 * libcsv gets one record at a time, without its line end, and trims nothing: so that lines are counted by
 * us, a spoiled row spoils no other, and ids keep their blanks. */
#include "data/source_csv.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void csv_walk_init(struct csv_walk *w, const char *s, size_t n, char delim)
{
	*w = (struct csv_walk){ .s = s, .n = n, .delim = delim };
}

bool csv_walk_next(struct csv_walk *w, size_t *lo, size_t *hi)
{
	const char *q;

	while (w->in_quote) {
		q = memchr(w->s + w->at, '"', w->n - w->at);
		if (!q) {
			w->at = w->n;
			return false;
		}
		w->at = (size_t)(q - w->s) + 1;
		if (w->at < w->n && w->s[w->at] == '"')
			w->at++; /* doubled: a quote inside */
		else
			w->in_quote = false;
	}
	if (w->at >= w->n)
		return false;
	*lo = w->at;
	while (w->at < w->n) {
		size_t at;

		q = memchr(w->s + w->at, '"', w->n - w->at);
		if (!q) {
			w->at = w->n;
			break;
		}
		at = (size_t)(q - w->s);
		w->at = at + 1;
		if (at == 0 || w->s[at - 1] == w->delim || w->s[at - 1] == '\n') {
			w->in_quote = true;
			w->opened = at;
			*hi = at;
			return true;
		}
	}
	*hi = w->n;
	return true;
}

static int is_never(unsigned char c)
{
	(void)c;
	return 0;
}

static void *csv_realloc(void *p, size_t n)
{
	return realloc(p, n);
}

static void take_field(void *s, size_t n, void *ctx)
{
	struct table_scratch *x = ctx;

	if (x->n_f < COLUMNS_MAX) {
		x->f[x->n_f].s = x->text + x->text_n;
		x->f[x->n_f].n = (uint32_t)n;
	}
	x->n_f++;
	memcpy(x->text + x->text_n, s, n); /* no longer than the record, for which room was made */
	x->text_n += n;
}

static bool csv_ready(struct table_scratch *x, char delim, struct err *err)
{
	if (x->csv && !x->csv_dirty && x->csv_delim == delim)
		return true;
	csv_scratch_done(x);
	x->csv = mem_must(calloc(1, sizeof(*x->csv)));
	if (csv_init(x->csv, CSV_STRICT | CSV_STRICT_FINI | CSV_APPEND_NULL | CSV_REPALL_NL))
		return err_set(err, ERR_NOMEM, "no memory to read csv");
	csv_set_delim(x->csv, (unsigned char)delim);
	csv_set_space_func(x->csv, is_never);
	csv_set_term_func(x->csv, is_never);
	csv_set_realloc_func(x->csv, csv_realloc);
	x->csv_delim = delim;
	x->csv_dirty = false;
	return true;
}

const char *csv_fields(struct table_scratch *x, const char *s, size_t n, char delim, struct err *err)
{
	err->code = ERR_OK;
	if (!csv_ready(x, delim, err))
		return NULL;
	if (!table_scratch_room(x, COLUMNS_MAX, n + TABLE_PAD, err))
		return NULL;
	x->n_f = x->text_n = 0;
	if (csv_parse(x->csv, s, n, take_field, NULL, x) != n || csv_fini(x->csv, take_field, NULL, x)) {
		bool memory = csv_error(x->csv) == CSV_ENOMEM || csv_error(x->csv) == CSV_ETOOBIG;

		x->csv_dirty = true;
		if (memory) {
			err_set(err, ERR_NOMEM, "no memory for a row of %zu bytes", n);
			return NULL;
		}
		return "a quote stands inside a field, or something behind a closing one";
	}
	return NULL;
}

void csv_scratch_done(struct table_scratch *x)
{
	if (!x->csv)
		return;
	csv_free(x->csv);
	free(x->csv);
	x->csv = NULL;
}
