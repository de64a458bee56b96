/* SPDX-License-Identifier: GPL-3.0-or-later */
/* side_friends.c - pairs of users: who is whose friend, both ways whichever way the file lists them. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "data/columns.h"
#include "data/side_private.h"

struct pairs {
	uint32_t *a, *b; /* [n] */
	size_t n, unknown, own; /* rows that name a user without events; of somebody with themselves */
};

static bool read_pairs(struct side *w, const struct rows *r, size_t col_a, size_t col_b, struct pairs *p,
		       struct err *err)
{
	p->a = mem_alloc(r->n_rows + 1, sizeof(*p->a), err);
	p->b = p->a ? mem_alloc(r->n_rows + 1, sizeof(*p->b), err) : NULL;
	if (!p->b)
		return false;
	for (size_t row = 0; row < r->n_rows; row++) {
		uint32_t a = side_find_user(w, rows_cell(r, row, col_a)), b = side_find_user(w, rows_cell(r, row, col_b));

		if (a == NO_USER || b == NO_USER) {
			p->unknown++;
		} else if (a == b) {
			p->own++;
		} else {
			p->a[p->n] = a;
			p->b[p->n++] = b;
		}
	}
	return true;
}

/* Rows of b's by a and of a's by b, as they come. */
static bool both_ways(struct csr *m, const struct pairs *p, uint32_t n_users, struct err *err)
{
	size_t *at;

	*m = (struct csr){ .rows = n_users, .cols = n_users };
	m->ptr = mem_zeroed((size_t)n_users + 2, sizeof(*m->ptr), err);
	m->idx = m->ptr ? mem_alloc(2 * p->n + 1, sizeof(*m->idx), err) : NULL;
	if (!m->idx)
		return false;
	at = m->ptr + 1; /* at[u] is where the next of u goes, and ends as the start of u + 1 */
	for (size_t k = 0; k < p->n; k++) {
		at[p->a[k] + 1]++;
		at[p->b[k] + 1]++;
	}
	for (uint32_t u = 0; u < n_users; u++)
		at[u + 1] += at[u];
	for (size_t k = 0; k < p->n; k++) {
		m->idx[at[p->a[k]]++] = p->b[k];
		m->idx[at[p->b[k]]++] = p->a[k];
	}
	return true;
}

/* Rows are ascending; each friend once. */
static void drop_repeats(struct csr *m)
{
	size_t to = 0, from = 0;

	for (uint32_t u = 0; u < m->rows; u++) {
		const size_t begin = to, end = m->ptr[u + 1];

		for (; from < end; from++)
			if (to == begin || m->idx[to - 1] != m->idx[from])
				m->idx[to++] = m->idx[from];
		m->ptr[u + 1] = to;
	}
}

/* The matrix is its own transpose, repeats and all; transposing puts its rows in order. */
static bool make_friends(struct side *w, const struct pairs *p, struct err *err)
{
	struct csr m = { 0 };
	bool fine = both_ways(&m, p, w->d->n_users, err) && csr_transpose(&w->d->friends, &m, w->task, err);

	csr_done(&m);
	if (fine)
		drop_repeats(&w->d->friends);
	return fine;
}

static void tell(const struct side_file *f, const struct pairs *p, const struct csr *friends)
{
	const size_t n = csr_n(friends) / 2;
	char a[32];

	side_note(f, "%s friendship%s", str_thousands(n, a), n == 1 ? "" : "s");
	if (n && p->n == 2 * n)
		side_note(f, "each listed twice");
	else if (p->n > n)
		side_note(f, "%s listed again", str_thousands(p->n - n, a));
	if (p->unknown)
		side_note(f, "%s rows name a user without events", str_thousands(p->unknown, a));
	if (p->own)
		side_note(f, "%s rows name one user twice", str_thousands(p->own, a));
}

bool side_take_friends(struct side *w, const struct side_file *f, const struct rows *r, struct err *err)
{
	const char *const *names = (const char *const *)f->s->names;
	int a = column_find(COL_USER, names, f->s->n_names), b = column_find(COL_FRIEND, names, f->s->n_names);
	struct pairs p = { 0 };
	bool fine;

	if (a < 0 || b < 0) { /* no header, or source and target */
		a = 0;
		b = 1;
	}
	if (w->d->friends.ptr) {
		side_not_used(f, "another file tells of friends");
		return true;
	}
	fine = read_pairs(w, r, (size_t)a, (size_t)b, &p, err);
	if (fine && !p.n)
		side_not_used(f, "none of its rows names two users with events");
	else if (fine)
		fine = make_friends(w, &p, err);
	if (fine && p.n)
		tell(f, &p, &w->d->friends);
	mem_free(p.a);
	mem_free(p.b);
	return fine;
}
