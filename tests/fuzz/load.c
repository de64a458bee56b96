/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a file that is loaded, under a name that the first byte picks: it loads whole and sound, or
 * is refused with a message, and nothing is left behind. */
#include <unistd.h>

#include "data/load.h"
#include "driver.h"

static void demand(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static void is_sound(const struct dataset *d)
{
	demand(d->n_users && d->n_items && d->n_events && d->user_ptr[d->n_users] == d->n_events, "counts");
	demand(d->user_ids.n == d->n_users && d->item_ids.n == d->n_items, "ids");
	for (uint32_t u = 0; u < d->n_users; u++)
		for (size_t e = d->user_ptr[u]; e < d->user_ptr[u + 1]; e++) {
			demand(d->item[e] < d->n_items, "items");
			demand(!d->value || d->value[e] > 0, "values above 0");
			demand(!d->time || e == d->user_ptr[u] || d->time[e] >= d->time[e - 1], "oldest first");
		}
	demand(!d->titles.n || d->titles.n == d->n_items, "titles");
	demand(!d->item_tags.ptr || d->item_tags.rows == d->n_items, "tags");
}

static void fuzz_one(const uint8_t *bytes, size_t n)
{
	static const char *const names[] = { "a.csv", "u.data", "ratings.dat", "a.inter", "train.txt", "a.tsv", "a.zip", "a.gz" };
	static const char *const formats[] = { NULL, "sequence", "lists", NULL };
	const char *tmp = getenv("TMPDIR");
	char path[4096];
	const char *paths[] = { path };
	struct load_options o;
	struct err err = { .code = ERR_OK };
	struct dataset *d;
	FILE *f;
	size_t before = mem_bytes_now();

	if (n < 1)
		return;
	snprintf(path, sizeof(path), "%s/fuzz-%ld-%s", tmp ? tmp : "/tmp", (long)getpid(), names[bytes[0] & 7]);
	f = fopen(path, "wb");
	if (!f || fwrite(bytes + 1, 1, n - 1, f) != n - 1 || fclose(f))
		abort();
	load_options_init(&o);
	o.format = formats[bytes[0] >> 3 & 3];
	o.max_bad = 0.9;
	d = dataset_load(paths, 1, &o, &task_null, &err);
	if (d)
		is_sound(d);
	else
		demand(err.code != ERR_OK && err.code != ERR_NOMEM && err.msg[0], "a message");
	dataset_unref(d);
	unlink(path);
	demand(mem_bytes_now() == before, "nothing is held");
}

FUZZ_MAIN("load", 1500)
