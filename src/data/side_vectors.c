/* SPDX-License-Identifier: GPL-3.0-or-later */
/* side_vectors.c - a .npy file of one row an item, taken in as a modality of its name.
 *
 * Which item a row is about: the file of ids beside it says so; else a file of items with as many rows;
 * else the items' ids, where they count rows from 0 (or from 1); else, where no file is about items, the
 * order of first appearance among the events.  A file that fits none of these is not used, and says why; one that was asked for by its own
 * path is an error.
 */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num_parse.h"
#include "base/str.h"
#include "data/npy.h"
#include "data/side_private.h"
#include "data/source_archive.h"

#define BLOCK (1u << 16) /* elements read at one time */
#define DIM_MOST (1u << 20)

struct vectors {
	struct side *w;
	const struct side_file *f;
	struct npy a;
	uint64_t rows;
	uint32_t dim;
	uint32_t *item; /* [rows] NO_ITEM: about none with events */
	char order[160];
	uint8_t *bad;   /* [rows] holds what is no number */
	struct modality *m;
	size_t twice;   /* rows about an item that had one */
};

/* Not an error of the load, unless this very file was asked for. */
static bool unusable(struct vectors *v, struct err *err, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static bool unusable(struct vectors *v, struct err *err, const char *fmt, ...)
{
	struct str why = STR_INIT;
	va_list ap;
	bool fine = !v->f->m->named;

	va_start(ap, fmt);
	str_vprintf(&why, fmt, ap);
	va_end(ap);
	if (fine)
		side_not_used(v->f, str_text(&why));
	else
		err_at(err, ERR_UNSUPPORTED, v->f->m->name, 0, "%s", str_text(&why));
	str_done(&why);
	return fine;
}

/* --- Which item a row is about -------------------------------------------------- */

static const struct side_file *ids_beside(const struct vectors *v)
{
	for (size_t i = 0; i < v->w->n_files; i++) {
		const struct side_file *f = &v->w->files[i];

		if (f->s->role == ROLE_VECTOR_IDS && f->s->of == v->f->file)
			return f;
	}
	return NULL;
}

/* *fits: one id a row, with or without a header. */
static bool by_ids(struct vectors *v, const struct side_file *f, bool *fits, struct err *err)
{
	struct table_layout layout = f->s->table;
	struct side *w = v->w;
	struct rows r;
	size_t skip = 0;
	bool fine = rows_read(&r, f->m, &layout, f->s->n_cols, f->file, &w->d->report, w->task, err);

	*fits = false;
	f->told->rows = r.n_rows + r.bad;
	f->told->bad = r.bad;
	if (fine && r.n_rows == v->rows + 1 && side_find_item(w, rows_cell(&r, 0, 0)) == NO_ITEM)
		skip = 1;
	if (fine && r.n_rows == v->rows + skip && !r.bad) {
		*fits = true;
		for (size_t row = 0; row < v->rows; row++)
			v->item[row] = side_find_item(w, rows_cell(&r, row + skip, 0));
		side_note(f, "of the rows of %s", v->f->m->base);
		snprintf(v->order, sizeof(v->order), "rows as in %.120s", f->m->base);
	} else if (fine) {
		side_not_used(f, "not one id a row of the vectors");
		fine = unusable(v, err, "has %llu rows, and %s %zu ids", (unsigned long long)v->rows, f->m->base,
				r.n_rows);
	}
	rows_done(&r);
	return fine;
}

static bool by_item_rows(struct vectors *v)
{
	const struct item_rows *found = NULL;

	for (size_t k = 0; k < v->w->n_item_rows && !found; k++)
		if (v->w->item_rows[k].n == v->rows)
			found = &v->w->item_rows[k];
	if (!found)
		return false;
	memcpy(v->item, found->item, found->n * sizeof(*v->item));
	snprintf(v->order, sizeof(v->order), "rows as in %.120s", found->name);
	return true;
}

enum counting { COUNT_NOTHING, COUNT_FROM_0, COUNT_FROM_1, COUNT_UNSURE };

/* Do the ids of all items count the rows?  *number: the id of an item as one. */
static bool row_number(const struct dataset *d, uint32_t i, uint64_t *number)
{
	const char *id = dataset_true_item_id(d, i);

	return num_parse_u64(id, strlen(id), number) && (id[0] != '0' || !id[1]) && id[0] != '+';
}

static enum counting how_ids_count(const struct vectors *v)
{
	uint64_t least = UINT64_MAX, most = 0, x;

	for (uint32_t i = 0; i < v->w->d->n_items; i++) {
		if (!row_number(v->w->d, i, &x) || x > v->rows)
			return COUNT_NOTHING;
		least = x < least ? x : least;
		most = x > most ? x : most;
	}
	if (least == 0)
		return most < v->rows ? COUNT_FROM_0 : COUNT_NOTHING;
	return most == v->rows ? COUNT_FROM_1 : COUNT_UNSURE;
}

static void by_number(struct vectors *v, uint64_t from)
{
	uint64_t x = 0;

	memset(v->item, 0xff, v->rows * sizeof(*v->item));
	for (uint32_t i = 0; i < v->w->d->n_items; i++)
		if (row_number(v->w->d, i, &x))
			v->item[x - from] = i;
	snprintf(v->order, sizeof(v->order), "an item's id is its row, counted from %u", (unsigned)from);
}

static bool fits_nothing(struct vectors *v, enum counting counting, struct err *err)
{
	const size_t stem = strlen(v->f->m->base) - strlen(".npy");
	char a[32], b[32];

	if (counting == COUNT_UNSURE)
		return unusable(v, err, "the items' ids could count its rows from 0 or from 1: put the ids of its rows, "
				"one a line, beside it as %.*s.ids", (int)stem, v->f->m->base);
	if (v->w->n_item_rows)
		return unusable(v, err, "has %s rows, and %s %s: put the ids of its rows, one a line, beside it as %.*s.ids",
				str_thousands(v->rows, a), v->w->item_rows[0].name,
				str_thousands(v->w->item_rows[0].n, b), (int)stem, v->f->m->base);
	return unusable(v, err, "has %s rows, and there are %s items with events: put the ids of its rows, one a line, "
			"beside it as %.*s.ids", str_thousands(v->rows, a), str_thousands(v->w->d->n_items, b), (int)stem,
			v->f->m->base);
}

/* *fits: item[] is filled. */
static bool find_order(struct vectors *v, bool *fits, struct err *err)
{
	const struct side_file *ids = ids_beside(v);
	enum counting counting;

	*fits = true;
	if (ids)
		return by_ids(v, ids, fits, err);
	if (by_item_rows(v))
		return true;
	counting = how_ids_count(v);
	if (counting == COUNT_FROM_0 || counting == COUNT_FROM_1) {
		by_number(v, counting == COUNT_FROM_1);
	} else if (counting == COUNT_NOTHING && !v->w->n_item_rows && v->rows == v->w->d->n_items) {
		for (uint32_t i = 0; i < v->w->d->n_items; i++)
			v->item[i] = i;
		snprintf(v->order, sizeof(v->order), "rows in the order of the items' first events");
	} else {
		*fits = false;
		return fits_nothing(v, counting, err);
	}
	return true;
}

/* --- Elements ------------------------------------------------------------------- */

/* Elements at..at+n-1 of the array go where they belong. */
static void place(struct vectors *v, uint64_t at, const float *x, size_t n)
{
	uint64_t row = v->a.fortran ? at % v->rows : at / v->dim, col = v->a.fortran ? at / v->rows : at % v->dim;

	for (size_t k = 0; k < n; k++) {
		const uint32_t item = v->item[row];

		if (!isfinite(x[k]))
			v->bad[row] = 1;
		else if (item != NO_ITEM)
			v->m->v[(size_t)item * v->dim + col] = x[k];
		if (v->a.fortran ? ++row == v->rows : ++col == v->dim) {
			row = v->a.fortran ? 0 : row + 1;
			col = v->a.fortran ? col + 1 : 0;
		}
	}
}

static bool skip_header(const struct vectors *v, struct stream *s, char *buf, struct err *err)
{
	size_t left = v->a.data_at;

	while (left) {
		ssize_t n = stream_read(s, buf, left < BLOCK ? left : BLOCK, err);

		if (n <= 0)
			return n == 0 && err_at(err, ERR_IO, v->f->m->name, 0, "changed while it was read");
		left -= (size_t)n;
	}
	return true;
}

/* *whole: the file has what its header says, and no more. */
static bool read_elements(struct vectors *v, struct stream *s, char *buf, float *x, bool *whole, struct err *err)
{
	uint64_t at = 0;
	ssize_t n = 0;

	*whole = false;
	while (at < v->a.n) {
		const size_t want = v->a.n - at < BLOCK ? (size_t)(v->a.n - at) : BLOCK;

		if (!task_keep_going(v->w->task))
			return task_cancelled(err);
		n = stream_read(s, buf, want * v->a.size, err);
		if (n < 0)
			return false;
		if ((size_t)n < want * v->a.size)
			return true;
		npy_floats(&v->a, buf, want, x);
		place(v, at, x, want);
		at += want;
	}
	n = stream_read(s, buf, 1, err);
	*whole = n == 0;
	return n >= 0;
}

static bool read_file(struct vectors *v, bool *whole, struct err *err)
{
	struct stream *s = stream_open(v->f->m, err);
	char *buf = s ? mem_alloc(BLOCK, v->a.size > 1 ? v->a.size : 1, err) : NULL;
	float *x = buf ? mem_alloc(BLOCK, sizeof(*x), err) : NULL;
	bool fine = x && skip_header(v, s, buf, err) && read_elements(v, s, buf, x, whole, err);

	mem_free(x);
	mem_free(buf);
	stream_close(s);
	return fine;
}

/* Rows that hold what is no number are rejected; the items of the others have the modality. */
static bool settle(struct vectors *v, struct err *err)
{
	struct modality *m = v->m;

	for (uint64_t row = 0; row < v->rows; row++) {
		const uint32_t item = v->item[row];

		if (v->bad[row] && !report_reject(&v->w->d->report, v->f->file, row + 1,
						  "a row of vectors with a value that is not a finite number", err))
			return false;
		v->f->told->bad += v->bad[row];
		if (item == NO_ITEM)
			continue;
		if (v->bad[row]) {
			memset(m->v + (size_t)item * v->dim, 0, v->dim * sizeof(*m->v));
		} else {
			m->has[item] = 1;
			m->n_has++;
		}
	}
	return true;
}

static void tell(const struct vectors *v)
{
	static const char *const kinds[] = { "float", "int", "uint", "bool" };
	const char *kind = kinds[v->a.kind == 'f' ? 0 : v->a.kind == 'i' ? 1 : v->a.kind == 'u' ? 2 : 3];
	const struct side_file *f = v->f;
	uint64_t about = 0;
	char n[32];

	for (uint64_t row = 0; row < v->rows; row++)
		about += v->item[row] != NO_ITEM;
	if (v->a.kind == 'b')
		side_note(f, "%u dimensions of bool", v->dim);
	else
		side_note(f, "%u dimensions of %s%u", v->dim, kind, 8 * v->a.size);
	side_note(f, "%s", v->order);
	side_note(f, "%s items have it", str_thousands(v->m->n_has, n));
	if (v->m->n_has < v->w->d->n_items)
		side_note(f, "%s have none", str_thousands(v->w->d->n_items - v->m->n_has, n));
	if (v->rows > about + v->twice)
		side_note(f, "%s rows are about items without events", str_thousands(v->rows - about - v->twice, n));
	if (v->twice)
		side_note(f, "%s rows are about an item that had one", str_thousands(v->twice, n));
}

/* --- The whole ------------------------------------------------------------------ */

/* The first row of an item counts. */
static bool first_rows(struct vectors *v, struct err *err)
{
	uint8_t *seen = mem_zeroed(v->w->d->n_items, 1, err);

	for (uint64_t row = 0; seen && row < v->rows; row++) {
		const uint32_t item = v->item[row];

		if (item == NO_ITEM)
			continue;
		if (seen[item]) {
			v->item[row] = NO_ITEM;
			v->twice++;
		}
		seen[item] = 1;
	}
	mem_free(seen);
	return seen != NULL;
}

static char *stem(const struct vectors *v)
{
	char *name = mem_strdup(v->f->m->base), *dot = strrchr(name, '.');

	if (dot && dot > name)
		*dot = '\0';
	return name;
}

static bool fill(struct vectors *v, struct err *err)
{
	char *name = stem(v);
	bool fine = first_rows(v, err) && side_add_modality(v->w, name, v->dim, &v->m, err), whole = false;

	if (fine && !v->m)
		fine = unusable(v, err, "another modality is called %s", name);
	free(name);
	if (!fine || !v->m)
		return fine;
	fine = read_file(v, &whole, err);
	if (fine && !whole) {
		side_drop_modality(v->w);
		return unusable(v, err, "does not have the size that its header says: is it complete?");
	}
	fine = fine && settle(v, err);
	if (fine && !v->m->n_has) {
		side_drop_modality(v->w);
		return unusable(v, err, "no row of it is about an item of the events");
	}
	if (fine)
		tell(v);
	return fine;
}

/* What the header promises must be possible, before memory is made for it. */
static bool shape_is_usable(struct vectors *v, bool *is, struct err *err)
{
	const struct member *m = v->f->m;
	const struct npy *a = &v->a;
	const uint64_t bytes = a->n * a->size;

	*is = false;
	v->rows = a->n_dims ? a->shape[0] : 0;
	if (!a->n_dims || !a->n)
		return unusable(v, err, "is empty, or a single number: one row an item is read");
	if (a->n / v->rows > DIM_MOST)
		return unusable(v, err, "has more than %u numbers a row", DIM_MOST);
	v->dim = (uint32_t)(a->n / v->rows);
	if (a->fortran && a->n_dims > 2)
		return unusable(v, err, "is in Fortran order with %u dimensions: save numpy.ascontiguousarray() of it",
				a->n_dims);
	if (m->entry < 0 ? m->bytes != a->data_at + bytes : bytes > UNPACK_FREE + m->bytes * UNPACK_RATIO)
		return unusable(v, err, "does not have the size that its header says: is it complete?");
	*is = true;
	return true;
}

bool side_take_vectors(struct side *w, const struct side_file *f, struct err *err)
{
	struct vectors v = { .w = w, .f = f };
	struct err why;
	bool fine, fits;

	if (!npy_header(&v.a, f->m->head, f->m->n_head, f->m->name, &why))
		return unusable(&v, err, "%s", why.msg);
	fine = shape_is_usable(&v, &fits, err);
	if (!fine || !fits)
		return fine;
	f->told->rows = v.rows;
	v.item = mem_alloc(v.rows, sizeof(*v.item), err);
	v.bad = v.item ? mem_zeroed(v.rows, 1, err) : NULL;
	fine = v.bad && find_order(&v, &fits, err) && (!fits || fill(&v, err));
	mem_free(v.item);
	mem_free(v.bad);
	return fine;
}
