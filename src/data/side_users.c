/* SPDX-License-Identifier: GPL-3.0-or-later */
/* side_users.c - what a file says about users: a line of words beside each. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "data/side_private.h"

/* MovieLens 1M codes ages and occupations (its README). */
static const char *decode_1m(size_t col, const char *cell)
{
	static const char *const jobs[] = {
		"other", "academic/educator", "artist", "clerical/admin", "college/grad student", "customer service",
		"doctor/health care", "executive/managerial", "farmer", "homemaker", "K-12 student", "lawyer",
		"programmer", "retired", "sales/marketing", "scientist", "self-employed", "technician/engineer",
		"tradesman/craftsman", "unemployed", "writer",
	};
	static const struct { const char *code, *age; } ages[] = {
		{ "1", "under 18" }, { "18", "18-24" }, { "25", "25-34" }, { "35", "35-44" },
		{ "45", "45-49" },   { "50", "50-55" }, { "56", "56+" },
	};

	if (col == 2)
		for (size_t i = 0; i < sizeof(ages) / sizeof(*ages); i++)
			if (!strcmp(cell, ages[i].code))
				return ages[i].age;
	if (col == 3 && strspn(cell, "0123456789") == strlen(cell) && strlen(cell) && strlen(cell) < 3) {
		size_t job = strtoul(cell, NULL, 10);

		if (job < sizeof(jobs) / sizeof(*jobs))
			return jobs[job];
	}
	return cell;
}

static void user_note(const struct side_file *f, const struct rows *r, size_t row, size_t id, struct str *out)
{
	size_t last = f->s->movielens ? 4 : r->n_cols; /* without the zip code */

	str_clear(out);
	for (size_t c = 0; c < last && c < 8; c++) {
		const char *cell = rows_cell(r, row, c);

		if (c == id || !*cell)
			continue;
		str_printf(out, "%s%s", out->len ? " \xc2\xb7 " : "", f->s->movielens_1m ? decode_1m(c, cell) : cell);
	}
}

bool side_take_users(struct side *w, const struct side_file *f, const struct rows *r, struct err *err)
{
	struct strtab notes = w->d->user_notes;
	struct str text = STR_INIT;
	uint32_t *row_of;
	size_t named;
	char a[32];
	int id;
	bool fine = true;

	if (!side_id_column(w, r, true, &id, &named, err))
		return false;
	if (id < 0 || notes.n) {
		side_not_used(f, id < 0 ? "none of its columns holds ids of the events' users" : "another file tells of the users");
		return true;
	}
	row_of = mem_alloc(w->d->n_users, sizeof(*row_of), err);
	if (!row_of)
		return false;
	memset(row_of, 0xff, w->d->n_users * sizeof(*row_of));
	for (size_t row = 0; row < r->n_rows; row++) {
		uint32_t u = side_find_user(w, rows_cell(r, row, (size_t)id));

		if (u != NO_USER && row_of[u] == UINT32_MAX)
			row_of[u] = (uint32_t)row;
	}
	for (uint32_t u = 0; fine && u < w->d->n_users; u++) {
		str_clear(&text);
		if (row_of[u] != UINT32_MAX)
			user_note(f, r, row_of[u], (size_t)id, &text);
		fine = strtab_push(&w->d->user_notes, str_text(&text), text.len, err) != STRTAB_NONE;
	}
	side_note(f, "%s users with events", str_thousands(named, a));
	str_done(&text);
	mem_free(row_of);
	return fine;
}
