/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sniff_ids.c - the file beside a file of vectors that says which item each row is about. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"
#include "data/npy.h"
#include "data/sniff.h"

/* The i-th name that the ids of a file of vectors may have, NULL behind the last: free(). */
static char *ids_name(const char *vectors, size_t i)
{
	static const char *const endings[] = { ".ids", "_ids.txt", "_ids.csv", "_ids.tsv" };
	size_t n = strlen(vectors);
	struct str name = STR_INIT;

	if (i == sizeof(endings) / sizeof(*endings))
		return NULL;
	if (n > 4 && !strcasecmp(vectors + n - 4, ".npy"))
		n -= 4;
	str_append(&name, vectors, n);
	str_puts(&name, endings[i]);
	return str_take(&name);
}

/* "x_ids.csv" in the folder, or the archive, of "x.npy". */
static bool names_rows_of(const struct member *ids, const struct member *vectors)
{
	const size_t folder = strlen(ids->name) - strlen(file_base(ids->name));
	bool is = false;
	char *name;

	if (strncmp(ids->name, vectors->name, folder) != 0 || strchr(vectors->name + folder, '/'))
		return false;
	for (size_t i = 0; !is && (name = ids_name(vectors->base, i)); i++) {
		is = !strcmp(ids->base, name);
		free(name);
	}
	return is;
}

void sniff_vector_ids(struct sniffed *s, const struct member *m, size_t n)
{
	for (size_t v = 0; v < n; v++)
		for (size_t i = 0; i < n && s[v].role == ROLE_VECTORS; i++) {
			if (s[i].role == ROLE_VECTORS || !names_rows_of(&m[i], &m[v]))
				continue;
			if (s[i].format != FORMAT_CSV || s[i].n_cols < 2) { /* an id a line, whatever is in it */
				s[i].format = FORMAT_CSV;
				s[i].table = (struct table_layout){ .kind = TABLE_PLAIN, .delim = '\t' };
				s[i].n_cols = 1;
			}
			free(s[i].why);
			s[i].why = NULL;
			s[i].role = ROLE_VECTOR_IDS;
			s[i].of = v;
		}
}

static bool is_among(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return true;
	return false;
}

bool sniff_add_vector_ids(struct member_list *l, const char *const *paths, size_t n_paths, size_t at,
			  const struct task *task, struct err *err)
{
	const struct member *m = &l->v[l->n - 1];
	bool fine = true, found = file_is_folder(paths[at]) || !npy_is(m->head, m->n_head);
	char *name;

	for (size_t k = 0; fine && !found && (name = ids_name(paths[at], k)); k++) {
		found = file_exists(name);
		fine = !found || is_among(name, paths, n_paths) || member_list_add_path(l, name, task, err);
		free(name);
	}
	return fine;
}
