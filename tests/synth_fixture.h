/* SPDX-License-Identifier: GPL-3.0-or-later */
/* synth_fixture.h - data that synth.h makes in a folder for tests, loaded, with what its truth.csv says. */
#ifndef TESTS_SYNTH_FIXTURE_H
#define TESTS_SYNTH_FIXTURE_H

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"
#include "data/load.h"
#include "data/synth.h"
#include "data/synth_words.h"
#include "model_fixture.h"

enum { MOST_TASTES = SYNTH_MOST_TASTES };

static struct err err;
static char home[] = "/tmp/whyrec-synth-XXXXXX";

/* --- Files ------------------------------------------------------------------------- */

static inline char *read_file(const char *folder, const char *name, size_t *n)
{
	char *path = file_join(folder, name), *bytes;

	fixture_must(file_read_whole(path, (size_t)1 << 30, &bytes, n, &err), &err);
	free(path);
	return bytes;
}

/* words: "name=value …" */
static inline char *generate(const char *name, const char *words, uint64_t seed, const struct task *task)
{
	char *folder = file_join(home, name), text[128], *word, *save = NULL;
	uint64_t users, items, events;
	struct params p;

	params_init(&p, synth_params);
	snprintf(text, sizeof(text), "%s", words);
	for (word = strtok_r(text, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *eq = strchr(word, '=');

		*eq = '\0';
		fixture_set(&p, word, eq + 1);
	}
	if (synth_write(folder, &p, seed, task, &users, &items, &events, &err))
		return folder;
	free(folder);
	return NULL;
}

static inline struct dataset *load(const char *folder)
{
	struct load_options o;
	struct dataset *d;

	load_options_init(&o);
	d = dataset_load(&folder, 1, &o, &task_null, &err);
	fixture_must(d != NULL, &err);
	return d;
}

/* --- What truth.csv says -------------------------------------------------------------- */

struct truth {
	const struct synth_scenario *sc;
	double (*user)[MOST_TASTES], (*item)[MOST_TASTES]; /* by the dataset's numbers */
	uint32_t n_users, n_items;                         /* found */
};

static inline void read_tastes(const struct synth_scenario *sc, char *text, double *weight)
{
	char *word, *save = NULL;

	for (word = strtok_r(text, "|", &save); word; word = strtok_r(NULL, "|", &save))
		for (uint32_t t = 0; t < sc->n_tastes; t++) {
			size_t n = strlen(sc->taste[t].name);

			if (!strncmp(word, sc->taste[t].name, n) && word[n] == ':')
				weight[t] = strtod(word + n + 1, NULL);
		}
}

static inline void read_truth(struct truth *t, const char *folder, const struct dataset *d)
{
	size_t n;
	char *bytes = read_file(folder, "truth.csv", &n), *line, *save = NULL;

	t->user = mem_must(mem_zeroed(d->n_users, sizeof(*t->user), &err));
	t->item = mem_must(mem_zeroed(d->n_items, sizeof(*t->item), &err));
	for (line = strtok_r(bytes, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *id = strchr(line, ',') + 1, *tastes = strchr(id, ',') + 1;
		uint32_t u, i;

		tastes[-1] = '\0';
		u = *line == 'u' ? dataset_find_user(d, id) : NO_USER;
		i = *line == 'i' ? dataset_find_item(d, id) : NO_ITEM;
		if (u != NO_USER) {
			read_tastes(t->sc, tastes, t->user[u]);
			t->n_users++;
		}
		if (i != NO_ITEM) {
			read_tastes(t->sc, tastes, t->item[i]);
			t->n_items++;
		}
	}
	mem_free(bytes);
}

static inline double match(const double *user, const double *item)
{
	double sum = 0;

	for (int t = 0; t < MOST_TASTES; t++)
		sum += user[t] * item[t];
	return sum;
}

#endif
