/* SPDX-License-Identifier: GPL-3.0-or-later */
/* data_fixture.h - small files for tests of loading: a folder of one's own, files in it, events as text. */
#ifndef TESTS_DATA_FIXTURE_H
#define TESTS_DATA_FIXTURE_H

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "data/load.h"
#include "tap.h"

static char fixture_folder[4096];

static inline bool fixture_begin(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(fixture_folder, sizeof(fixture_folder), "%s/whyrec-data-XXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(fixture_folder) != NULL;
}

static inline void fixture_end(void)
{
	struct err err;

	file_remove_tree(fixture_folder, &err);
}

/* Writes a file into the folder; returns its path: free(). */
static inline char *fixture_put(const char *name, const void *bytes, size_t n)
{
	char *path = file_join(fixture_folder, name), *slash = strrchr(path, '/');
	struct err err;

	*slash = '\0';
	if (!file_make_folders(path, 0700, &err))
		abort();
	*slash = '/';
	if (!file_write_whole(path, bytes, n, 0600, &err))
		abort();
	return path;
}

static inline struct dataset *fixture_load_path(const char *path, const struct load_options *o, struct err *err)
{
	struct load_options none;

	load_options_init(&none);
	memset(err, 0, sizeof(*err));
	return dataset_load(&path, 1, o ? o : &none, &task_null, err);
}

/* One file, loaded and removed. */
static inline struct dataset *fixture_load_bytes(const char *name, const void *bytes, size_t n,
						 const struct load_options *o, struct err *err)
{
	char *path = fixture_put(name, bytes, n);
	struct dataset *d = fixture_load_path(path, o, err);

	unlink(path);
	free(path);
	return d;
}

static inline struct dataset *fixture_load(const char *name, const char *text, const struct load_options *o,
					   struct err *err)
{
	return fixture_load_bytes(name, text, strlen(text), o, err);
}

/* "user:item=value@time …" in the dataset's order: free(). */
static inline char *fixture_events(const struct dataset *d)
{
	struct str s = STR_INIT;

	str_puts(&s, d ? "" : "(none)");
	for (uint32_t u = 0; d && u < d->n_users; u++)
		for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++) {
			str_printf(&s, "%s%s:%s", s.len ? " " : "", dataset_user_id(d, u),
				   dataset_item_id(d, d->item[e]));
			if (d->value)
				str_printf(&s, "=%g", (double)d->value[e]);
			if (d->time)
				str_printf(&s, "@%lld", (long long)d->time[e]);
		}
	return str_take(&s);
}

static inline uint64_t fixture_aside(const struct dataset *d, const char *reason)
{
	for (size_t i = 0; i < d->report.n_set_aside; i++)
		if (!strcmp(d->report.set_aside[i].reason, reason))
			return d->report.set_aside[i].n;
	return 0;
}

#endif
