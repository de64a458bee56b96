/* SPDX-License-Identifier: GPL-3.0-or-later */
/* negatives.c - the file of negatives=: whom each test item is ranked against. */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "eval/sampled.h"

#define MOST_BYTES ((size_t)1 << 31)

struct negative_row {
	uint32_t user, item; /* NO_ITEM: all test items of the user */
	size_t first;
	uint32_t n;
	size_t order; /* of the line: a later line for the same pair wins */
};

struct negatives {
	struct negative_row *row; /* by user, item, order */
	size_t n_rows, rows_cap;
	uint32_t *item;
	size_t n_items, items_cap;
	uint64_t unknown;
};

/* One line being read. */
struct line {
	const char *path;
	uint64_t number;
	char *at;        /* cut into fields in place */
	const char *separators;
};

static int by_pair(const void *a, const void *b)
{
	const struct negative_row *x = a, *y = b;

	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	if (x->item != y->item)
		return x->item < y->item ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static char *next_field(struct line *l)
{
	char *field;

	l->at += strspn(l->at, l->separators);
	if (!*l->at)
		return NULL;
	field = l->at;
	l->at += strcspn(l->at, l->separators);
	if (*l->at)
		*l->at++ = '\0';
	return field;
}

static bool add_row(struct negatives *n, uint32_t user, uint32_t item, struct err *err)
{
	if (n->n_rows == n->rows_cap) {
		size_t cap = n->rows_cap ? 2 * n->rows_cap : 1024;
		struct negative_row *row = mem_resize(n->row, n->n_rows, cap, sizeof(*row), err);

		if (!row)
			return false;
		n->row = row;
		n->rows_cap = cap;
	}
	n->row[n->n_rows] = (struct negative_row){ .user = user, .item = item, .first = n->n_items,
						   .order = n->n_rows };
	n->n_rows++;
	return true;
}

static bool add_item(struct negatives *n, uint32_t item, struct err *err)
{
	if (n->n_items == n->items_cap) {
		size_t cap = n->items_cap ? 2 * n->items_cap : 65536;
		uint32_t *items = mem_resize(n->item, n->n_items, cap, sizeof(*items), err);

		if (!items)
			return false;
		n->item = items;
		n->items_cap = cap;
	}
	n->item[n->n_items++] = item;
	n->row[n->n_rows - 1].n++;
	return true;
}

/* "(user,item)" or "user".  *user is NO_USER when the data does not have them. */
static bool read_head(struct line *l, const struct dataset *d, uint32_t *user, uint32_t *item, struct err *err)
{
	char *open = l->at + strspn(l->at, " "), *close, *comma;
	char *head;

	*item = NO_ITEM;
	if (*open != '(') {
		head = next_field(l);
		*user = dataset_find_user(d, head);
		return true;
	}
	close = strchr(open, ')');
	comma = strchr(open, ',');
	if (!close || !comma || comma > close)
		return err_at(err, ERR_SYNTAX, l->path, l->number, "a line starts with (user,item), or with a user, "
			      "and goes on with the items to rank against");
	*comma = *close = '\0';
	l->at = close + 1;
	*user = dataset_find_user(d, open + 1);
	*item = dataset_find_item(d, comma + 1);
	if (*item == NO_ITEM)
		*user = NO_USER; /* a test item that was not loaded is no test item */
	return true;
}

static bool read_line(struct negatives *n, struct line *l, const struct dataset *d, struct err *err)
{
	uint32_t user = NO_USER, item;
	char *field;

	l->separators = strchr(l->at, '\t') ? "\t" : " ,";
	if (l->at[strspn(l->at, " \t")] == '\0')
		return true;
	if (!read_head(l, d, &user, &item, err))
		return false;
	if (user == NO_USER)
		return true;
	if (!add_row(n, user, item, err))
		return false;
	while ((field = next_field(l))) {
		uint32_t other = dataset_find_item(d, field);

		if (other == NO_ITEM)
			n->unknown++;
		else if (other != item && !add_item(n, other, err))
			return false;
	}
	return true;
}

static bool read_text(struct negatives *n, const char *path, char *text, const struct dataset *d,
		      struct err *err)
{
	struct line l = { .path = path };

	while (*text) {
		char *end = text + strcspn(text, "\n");
		char *next = *end ? end + 1 : end;

		*end = '\0';
		if (end > text && end[-1] == '\r')
			end[-1] = '\0';
		l.number++;
		l.at = text;
		if (!read_line(n, &l, d, err))
			return false;
		text = next;
	}
	if (n->n_rows == 0)
		return err_at(err, ERR_SYNTAX, path, 0, "no line names a user of %s; lines are (user,item) and items, "
			      "or a user and items, with the data's own ids", d->name);
	return true;
}

struct negatives *negatives_read(const char *path, const struct dataset *d, struct err *err)
{
	struct negatives *n;
	char *text;
	size_t size;
	bool read;

	if (!file_read_whole(path, MOST_BYTES, &text, &size, err))
		return NULL;
	if (strlen(text) != size) {
		mem_free(text);
		err_at(err, ERR_SYNTAX, path, 0, "a NUL byte is in it: this is no text file");
		return NULL;
	}
	n = mem_zeroed(1, sizeof(*n), err);
	read = n && read_text(n, path, text, d, err);
	mem_free(text);
	if (!read) {
		negatives_free(n);
		return NULL;
	}
	qsort(n->row, n->n_rows, sizeof(*n->row), by_pair);
	return n;
}

void negatives_free(struct negatives *n)
{
	if (!n)
		return;
	mem_free(n->row);
	mem_free(n->item);
	mem_free(n);
}

/* The last row of (user, item), or NULL. */
static const struct negative_row *find_row(const struct negatives *n, uint32_t user, uint32_t item)
{
	struct negative_row want = { .user = user, .item = item, .order = SIZE_MAX };
	size_t lo = 0, hi = n->n_rows;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (by_pair(&n->row[mid], &want) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0 || n->row[lo - 1].user != user || n->row[lo - 1].item != item)
		return NULL;
	return &n->row[lo - 1];
}

const uint32_t *negatives_of(const struct negatives *n, uint32_t user, uint32_t item, uint32_t *count)
{
	const struct negative_row *row = find_row(n, user, item);

	if (!row)
		row = find_row(n, user, NO_ITEM);
	*count = row ? row->n : 0;
	return row ? n->item + row->first : NULL;
}

uint64_t negatives_unknown(const struct negatives *n)
{
	return n->unknown;
}
