/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each file is read whole, matched by its ids, taken in, and freed; what was taken is told in its note. */
#include "data/side.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "data/side_private.h"

#define ID_COLUMNS 12 /* looked at for ids */

static const char *const movielens_genres[] = {
	"unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama",
	"Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
};

/* --- Texts of items ----------------------------------------------------------- */

/* Keeps the first text said of an item. */
static bool say(struct side *w, struct said_texts *t, uint32_t item, const char *text, struct err *err)
{
	if (!t->of) {
		t->cap = w->d->n_items;
		t->of = mem_alloc(t->cap, sizeof(*t->of), err);
		if (!t->of)
			return false;
		memset(t->of, 0xff, t->cap * sizeof(*t->of));
	}
	if (!*text || t->of[item] != STRTAB_NONE)
		return true;
	t->of[item] = strtab_push(&t->texts, text, strlen(text), err);
	return t->of[item] != STRTAB_NONE;
}

/* One string an item, "" where nothing was said; nothing at all when no item has any. */
static bool keep_texts(const struct side *w, const struct said_texts *t, struct strtab *out, struct err *err)
{
	for (uint32_t i = 0; t->texts.n && i < w->d->n_items; i++) {
		const char *text = t->of[i] == STRTAB_NONE ? "" : strtab_get(&t->texts, t->of[i]);

		if (strtab_push(out, text, strlen(text), err) == STRTAB_NONE)
			return false;
	}
	return strtab_shrink(out, err);
}

/* What stood among the events, where no file of items said more. */
static bool take_from_events(struct side *w, struct err *err)
{
	const struct said_texts *said = w->e->said;

	for (int k = 0; k < N_SAID; k++)
		for (size_t old = 0; old < said[k].cap; old++) {
			uint32_t item = w->item_map && said[k].of[old] != STRTAB_NONE ? w->item_map[old] : (uint32_t)old;
			const char *text;
			bool fine;

			if (said[k].of[old] == STRTAB_NONE || item == NO_ITEM)
				continue;
			text = strtab_get(&said[k].texts, said[k].of[old]);
			if (k == SAID_TAGS)
				fine = side_tags_split(&w->tags, item, text, false, err);
			else
				fine = say(w, k == SAID_TITLE ? &w->title : &w->text, item, text, err);
			if (!fine)
				return false;
		}
	return true;
}

/* --- Which row is about whom --------------------------------------------------- */

uint32_t side_find_item(const struct side *w, const char *id)
{
	uint32_t i = dataset_find_item(w->d, id), other;

	if (i != NO_ITEM || !w->other_ids.n)
		return i;
	other = strtab_find(&w->other_ids, id, strlen(id));
	return other == STRTAB_NONE ? NO_ITEM : w->other_item[other];
}

uint32_t side_find_user(const struct side *w, const char *id)
{
	return dataset_find_user(w->d, id);
}

/* How many different users or items the cells of a column name. */
static bool count_named(const struct side *w, const struct rows *r, size_t col, uint32_t n,
			uint32_t (*find)(const struct side *, const char *), size_t *named, struct err *err)
{
	uint8_t *seen = mem_zeroed(n, 1, err);

	if (!seen)
		return false;
	*named = 0;
	for (size_t row = 0; row < r->n_rows; row++) {
		uint32_t i = find(w, rows_cell(r, row, col));

		if (i != UINT32_MAX && !seen[i]) {
			seen[i] = 1;
			++*named;
		}
	}
	mem_free(seen);
	return true;
}

/* The column that names most; -1 when none does. */
bool side_id_column(const struct side *w, const struct rows *r, bool users, int *col, size_t *named, struct err *err)
{
	const uint32_t n = users ? w->d->n_users : w->d->n_items;

	*col = -1;
	*named = 0;
	for (size_t c = 0; c < r->n_cols && c < ID_COLUMNS; c++) {
		size_t hits;

		if (!count_named(w, r, c, n, users ? side_find_user : side_find_item, &hits, err))
			return false;
		if (hits > *named) {
			*named = hits;
			*col = (int)c;
		}
	}
	return true;
}

/* --- Notes -------------------------------------------------------------------- */

void side_note(const struct side_file *f, const char *fmt, ...)
{
	struct str text = STR_INIT;
	va_list ap;

	str_puts(&text, f->told->note);
	if (text.len)
		str_puts(&text, ", ");
	va_start(ap, fmt);
	str_vprintf(&text, fmt, ap);
	va_end(ap);
	free(f->told->note);
	f->told->note = str_take(&text);
}

void side_not_used(const struct side_file *f, const char *why)
{
	f->told->role = role_text[ROLE_NONE];
	side_note(f, "%s", why);
}

static const char *column_name(const struct sniffed *s, int col, char buf[32])
{
	if ((size_t)col < s->n_names)
		return s->names[col];
	snprintf(buf, 32, "column %d", col + 1);
	return buf;
}

/* --- Items -------------------------------------------------------------------- */

struct item_columns {
	int id, title, text;
	int tags[TAG_COLUMNS];
	size_t n_tags;
	int flags; /* first of u.item's genre flags; -1 */
};

/* A column of words, where no name says which is the title. */
static int wordy_column(const struct rows *r, int id)
{
	double best = 1.5;
	int col = -1;

	for (size_t c = 0; c < r->n_cols; c++) {
		size_t blanks = 0, links = 0, n = r->n_rows < 500 ? r->n_rows : 500;

		for (size_t row = 0; row < n; row++) {
			const char *s = rows_cell(r, row, c);

			links += strstr(s, "://") != NULL;
			for (; *s; s++)
				blanks += *s == ' ';
		}
		if ((int)c != id && n && !links && (double)(blanks + n) / (double)n > best) {
			best = (double)(blanks + n) / (double)n;
			col = (int)c;
		}
	}
	return col;
}

static void choose_item_columns(const struct side_file *f, const struct rows *r, struct item_columns *c)
{
	const struct sniffed *s = f->s;
	const char *const *names = (const char *const *)s->names;

	c->title = c->text = c->flags = -1;
	c->n_tags = 0;
	if (s->movielens) {
		c->title = 1;
		if (s->table.kind == TABLE_DAT)
			c->tags[c->n_tags++] = 2;
		else
			c->flags = 5;
		return;
	}
	c->title = column_find(COL_TITLE, names, s->n_names);
	c->text = column_find(COL_TEXT, names, s->n_names);
	for (size_t i = 0; i < s->n_names && c->n_tags < TAG_COLUMNS; i++)
		if (column_is(COL_TAGS, names[i]) && (int)i != c->id)
			c->tags[c->n_tags++] = (int)i;
	if (c->title < 0 && c->n_tags == 0 && c->text < 0)
		c->title = wordy_column(r, c->id);
}

static bool take_flags(struct side *w, const struct rows *r, size_t row, int first, uint32_t item, struct err *err)
{
	const size_t known = sizeof(movielens_genres) / sizeof(*movielens_genres);

	for (size_t g = 0; first + g < r->n_cols; g++) {
		const char *name = g < w->genres.n ? strtab_get(&w->genres, (uint32_t)g)
						   : g < known ? movielens_genres[g] : NULL;

		if (name && !strcmp(rows_cell(r, row, first + g), "1") && !side_tags_add(&w->tags, item, name, err))
			return false;
	}
	return true;
}

static bool take_item(struct side *w, const struct side_file *f, const struct rows *r, size_t row,
		      const struct item_columns *c, uint32_t item, struct err *err)
{
	if ((c->title >= 0 && !say(w, &w->title, item, rows_cell(r, row, (size_t)c->title), err)) ||
	    (c->text >= 0 && !say(w, &w->text, item, rows_cell(r, row, (size_t)c->text), err)) ||
	    (c->flags >= 0 && !take_flags(w, r, row, c->flags, item, err)))
		return false;
	for (size_t k = 0; k < c->n_tags; k++)
		if (!side_tags_split(&w->tags, item, rows_cell(r, row, (size_t)c->tags[k]),
				     f->s->format == FORMAT_ATOMIC, err))
			return false;
	return true;
}

static void note_items(const struct side_file *f, const struct rows *r, const struct item_columns *c,
		       const struct str *numbers, size_t named)
{
	char buf[32], a[32], b[32];

	side_note(f, "item = %s", column_name(f->s, c->id, buf));
	if (c->title >= 0)
		side_note(f, "title = %s", column_name(f->s, c->title, buf));
	if (c->text >= 0)
		side_note(f, "text = %s", column_name(f->s, c->text, buf));
	for (size_t k = 0; k < c->n_tags; k++)
		side_note(f, "tags = %s", column_name(f->s, c->tags[k], buf));
	if (c->flags >= 0)
		side_note(f, "tags = genre flags from %s", column_name(f->s, c->flags, buf));
	if (numbers->len)
		side_note(f, "numbers = %s", numbers->s);
	side_note(f, "%s items with events, %s without", str_thousands(named, a),
	     str_thousands(r->n_rows > named ? r->n_rows - named : 0, b));
}

static bool numbers_of(struct side *w, const struct side_file *f, const struct rows *r, const struct item_columns *c,
		       struct str *names, struct err *err)
{
	bool taken[SNIFF_COLUMNS] = { false };
	const int one[] = { c->id, c->title, c->text };

	if (c->flags >= 0) /* u.item: a date, links, flags */
		return true;
	for (size_t k = 0; k < sizeof(one) / sizeof(*one); k++)
		if (one[k] >= 0)
			taken[one[k]] = true;
	for (size_t k = 0; k < c->n_tags; k++)
		taken[c->tags[k]] = true;
	return side_take_numbers(w, f, r, (size_t)c->id, taken, names, err);
}

/* Files of vectors may have their rows in the same order. */
static bool keep_rows(struct side *w, const struct side_file *f, const struct rows *r, size_t id, struct err *err)
{
	struct item_rows *v, *last;

	if (r->bad)
		return true;
	v = mem_resize(w->item_rows, w->n_item_rows, w->n_item_rows + 1, sizeof(*v), err);
	if (!v)
		return false;
	w->item_rows = v;
	last = &v[w->n_item_rows];
	last->item = mem_alloc(r->n_rows + 1, sizeof(*last->item), err);
	if (!last->item)
		return false;
	last->name = mem_strdup(f->m->base);
	last->n = r->n_rows;
	w->n_item_rows++;
	for (size_t row = 0; row < r->n_rows; row++)
		last->item[row] = side_find_item(w, rows_cell(r, row, id));
	return true;
}

static bool take_item_rows(struct side *w, const struct side_file *f, const struct rows *r, struct item_columns *c,
			   size_t named, struct str *numbers, struct err *err)
{
	choose_item_columns(f, r, c);
	if (c->title == c->id)
		c->title = -1;
	if (!numbers_of(w, f, r, c, numbers, err))
		return false;
	if (c->title < 0 && c->text < 0 && !c->n_tags && c->flags < 0 && !numbers->len) {
		side_not_used(f, "no titles, texts, tags or numbers in it");
		return true;
	}
	for (size_t row = 0; row < r->n_rows; row++) {
		const char *id = rows_cell(r, row, (size_t)c->id);
		const uint32_t item = side_find_item(w, id);
		const struct absent_item unused = { .no_events = true, .has_row = true, .file = f->file };

		if (item != NO_ITEM ? !take_item(w, f, r, row, c, item, err)
				    : !absent_note(&w->d->absent, id, strlen(id), unused, err))
			return false;
	}
	note_items(f, r, c, numbers, named);
	return keep_rows(w, f, r, (size_t)c->id, err);
}

static bool take_items(struct side *w, const struct side_file *f, const struct rows *r, struct err *err)
{
	struct item_columns c;
	struct str numbers = STR_INIT;
	size_t named;
	bool fine;

	if (!side_id_column(w, r, false, &c.id, &named, err))
		return false;
	if (c.id < 0) {
		side_not_used(f, "none of its columns holds ids of the events' items");
		return true;
	}
	fine = take_item_rows(w, f, r, &c, named, &numbers, err);
	str_done(&numbers);
	return fine;
}

/* --- Tags given by users ------------------------------------------------------ */

struct tag_ids {
	struct strtab ids;
	uint32_t *row; /* of the tag names, by the id's number */
	size_t id, name; /* columns */
};

static bool tag_ids_make(struct tag_ids *t, const struct side *w, struct err *err)
{
	const struct rows *names = &w->tag_names;

	strtab_init(&t->ids);
	t->id = w->tag_id_col;
	t->name = w->tag_name_col;
	t->row = mem_alloc(names->n_rows + 1, sizeof(*t->row), err);
	if (!t->row)
		return false;
	for (size_t row = 0; row < names->n_rows; row++) {
		const char *id = rows_cell(names, row, t->id);
		uint32_t k = strtab_intern(&t->ids, id, strlen(id), err);

		if (k == STRTAB_NONE)
			return false;
		t->row[k] = (uint32_t)row;
	}
	return true;
}

/* What the file of tag names calls it, if there is one; NULL: it names no such tag. */
static const char *tag_name(const struct side *w, const struct tag_ids *t, const char *id)
{
	uint32_t k;

	if (!w->have_tag_names)
		return id;
	k = strtab_find(&t->ids, id, strlen(id));
	return k == STRTAB_NONE ? NULL : rows_cell(&w->tag_names, t->row[k], t->name);
}

static bool take_tags(struct side *w, const struct side_file *f, const struct rows *r, struct err *err)
{
	const char *const *names = (const char *const *)f->s->names;
	int item = f->s->movielens ? 1 : column_find(COL_ITEM, names, f->s->n_names);
	int tag = f->s->movielens ? 2 : column_find(COL_TAG, names, f->s->n_names);
	bool by_id = tag < 0;
	struct tag_ids ids;
	size_t used = 0;
	char n[32];
	bool fine = tag_ids_make(&ids, w, err);

	if (by_id)
		tag = column_find(COL_TAG_ID, names, f->s->n_names);
	for (size_t row = 0; fine && row < r->n_rows; row++) {
		uint32_t i = side_find_item(w, rows_cell(r, row, (size_t)item));
		const char *name = rows_cell(r, row, (size_t)tag);

		if (by_id)
			name = tag_name(w, &ids, name);
		if (i == NO_ITEM || !name || !*name)
			continue;
		fine = side_tags_add(&w->tags, i, name, err);
		used++;
	}
	strtab_done(&ids.ids);
	mem_free(ids.row);
	side_note(f, "%s uses of tags", str_thousands(used, n));
	return fine;
}

/* --- Ids and names that other files refer to ---------------------------------- */

static bool take_item_ids(struct side *w, const struct side_file *f, const struct rows *r, struct err *err)
{
	size_t named;
	int id;

	if (w->other_ids.n || r->n_cols < 2) {
		side_not_used(f, "other ids");
		return true;
	}
	if (!side_id_column(w, r, false, &id, &named, err))
		return false;
	if (id < 0) {
		side_not_used(f, "none of its columns holds ids of the events' items");
		return true;
	}
	w->other_item = mem_alloc(r->n_rows, sizeof(*w->other_item), err);
	if (!w->other_item)
		return false;
	for (size_t row = 0; row < r->n_rows; row++) {
		const char *other = rows_cell(r, row, id == 0 ? 1 : 0);
		uint32_t n = w->other_ids.n, k = strtab_intern(&w->other_ids, other, strlen(other), err);

		if (k == STRTAB_NONE)
			return false;
		if (k == n)
			w->other_item[k] = dataset_find_item(w->d, rows_cell(r, row, (size_t)id));
	}
	side_note(f, "original ids of %zu items", named);
	return true;
}

static bool take_genres(struct side *w, const struct rows *r, struct err *err)
{
	for (size_t row = 0; row < r->n_rows; row++) {
		const char *name = rows_cell(r, row, 0);

		if (strtab_push(&w->genres, name, strlen(name), err) == STRTAB_NONE)
			return false;
	}
	return true;
}

static bool take_file(struct side *w, const struct side_file *f, struct err *err)
{
	struct table_layout layout = f->s->table;
	struct rows r;
	bool fine;

	if (f->s->role == ROLE_VECTORS)
		return side_take_vectors(w, f, err);
	fine = rows_read(&r, f->m, &layout, f->s->n_cols, f->file, &w->d->report, w->task, err);
	f->told->rows = r.n_rows + r.bad;
	f->told->bad = r.bad;
	if (fine && layout.encoding == ENCODING_LATIN1)
		side_note(f, "Latin-1");
	if (fine && f->s->role == ROLE_ITEMS)
		fine = take_items(w, f, &r, err);
	else if (fine && f->s->role == ROLE_USERS)
		fine = side_take_users(w, f, &r, err);
	else if (fine && f->s->role == ROLE_TAGS)
		fine = take_tags(w, f, &r, err);
	else if (fine && f->s->role == ROLE_ITEM_IDS)
		fine = take_item_ids(w, f, &r, err);
	else if (fine && f->s->role == ROLE_GENRES)
		fine = take_genres(w, &r, err);
	else if (fine && f->s->role == ROLE_SOCIAL)
		fine = side_take_friends(w, f, &r, err);
	if (fine && f->s->role == ROLE_TAG_NAMES && !w->have_tag_names && r.n_cols >= 2) {
		const char *const *names = (const char *const *)f->s->names;

		w->tag_names = r;
		w->tag_id_col = (size_t)column_find(COL_TAG_ID, names, f->s->n_names);
		w->tag_name_col = (size_t)column_find(COL_TAG_NAME, names, f->s->n_names);
		w->have_tag_names = true;
		return true;
	}
	rows_done(&r);
	return fine;
}

bool side_attach(struct dataset *d, struct events *e, const uint32_t *item_map, const struct side_file *files,
		 size_t n_files, const struct task *task, struct err *err)
{
	/* What others refer to comes first. */
	static const enum role order[] = { ROLE_ITEM_IDS, ROLE_GENRES, ROLE_TAG_NAMES, ROLE_ITEMS,
					   ROLE_TAGS,     ROLE_USERS,  ROLE_SOCIAL,    ROLE_VECTORS };
	struct side w = { .d = d, .e = e, .item_map = item_map, .task = task, .files = files, .n_files = n_files };
	bool fine = true;

	strtab_init(&w.title.texts);
	strtab_init(&w.text.texts);
	strtab_init(&w.other_ids);
	strtab_init(&w.genres);
	side_tags_init(&w.tags, &d->tag_names);
	for (size_t k = 0; k < sizeof(order) / sizeof(*order); k++)
		for (size_t i = 0; fine && i < n_files; i++)
			if (files[i].s->role == order[k])
				fine = (task_keep_going(task) || task_cancelled(err)) && take_file(&w, &files[i], err);
	fine = fine && take_from_events(&w, err) && keep_texts(&w, &w.title, &d->titles, err) &&
	       keep_texts(&w, &w.text, &d->texts, err) && side_tags_finish(&w.tags, d->n_items, &d->item_tags, err);
	strtab_done(&w.title.texts);
	strtab_done(&w.text.texts);
	strtab_done(&w.other_ids);
	strtab_done(&w.genres);
	mem_free(w.title.of);
	mem_free(w.text.of);
	mem_free(w.other_item);
	for (size_t k = 0; k < w.n_item_rows; k++) {
		free(w.item_rows[k].name);
		mem_free(w.item_rows[k].item);
	}
	mem_free(w.item_rows);
	rows_done(&w.tag_names);
	side_tags_done(&w.tags);
	return fine;
}
