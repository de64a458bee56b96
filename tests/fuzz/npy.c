/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Any bytes as a .npy file beside some events: the header is refused with a message, or promises no more than
 * there can be; a load takes the file in whole or leaves it out, and holds nothing afterwards. */
#include <math.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/load.h"
#include "data/npy.h"
#include "driver.h"

static void demand(bool fine, const char *what)
{
	if (fine)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

static void put(const char *folder, const char *name, const void *bytes, size_t n)
{
	char path[4200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "wb");
	if (!f || fwrite(bytes, 1, n, f) != n || fclose(f))
		abort();
}

static void is_sound(const struct dataset *d)
{
	demand(d->n_events == 5, "the events are whole");
	for (size_t k = 0; k < d->n_modalities; k++) {
		const struct modality *m = &d->modalities[k];
		uint32_t n = 0;

		demand(m->dim > 0 && *m->name, "a modality");
		for (uint32_t i = 0; i < d->n_items; i++) {
			n += m->has[i];
			for (uint32_t c = 0; c < m->dim; c++)
				demand(m->has[i] ? isfinite(m->v[(size_t)i * m->dim + c]) : m->v[(size_t)i * m->dim + c] == 0,
				       "numbers, and none where there is none");
		}
		demand(n == m->n_has && n > 0, "counted");
	}
}

static void fuzz_one(const uint8_t *bytes, size_t n)
{
	static const char events[] = "user,item\nu,a\nu,b\nv,c\nv,a\nw,d\n";
	static char folder[4100];
	const char *tmp = getenv("TMPDIR"), *paths[] = { folder };
	struct load_options o;
	struct err err = { .code = ERR_OK };
	struct dataset *d;
	struct npy a;
	size_t before = mem_bytes_now();

	if (npy_header(&a, (const char *)bytes, n, "x.npy", &err)) {
		demand(a.data_at <= n && a.size >= 1 && a.size <= 8 && a.n_dims <= NPY_DIMS, "within the file");
		demand(a.n <= INT64_MAX / a.size, "no more than can be");
	} else {
		demand(err.code != ERR_OK && err.msg[0] && !strcmp(err.file, "x.npy"), "a message");
	}
	if (!folder[0]) {
		snprintf(folder, sizeof(folder), "%s/fuzz-npy-%ld", tmp ? tmp : "/tmp", (long)getpid());
		mkdir(folder, 0700);
		put(folder, "events.csv", events, sizeof(events) - 1);
	}
	put(folder, "x.npy", bytes, n);
	load_options_init(&o);
	d = dataset_load(paths, 1, &o, &task_null, &err);
	demand(d != NULL, "loads without it");
	is_sound(d);
	dataset_unref(d);
	demand(mem_bytes_now() == before, "nothing is held");
}

FUZZ_MAIN("npy", 4000)
