/* SPDX-License-Identifier: GPL-3.0-or-later */
/* split_case.h - for tests of splits: a split made from words, and events that are easy to count. */
#ifndef TESTS_SPLIT_CASE_H
#define TESTS_SPLIT_CASE_H

#include <stdlib.h>
#include <string.h>

#include "data/split.h"
#include "event_fixture.h"
#include "tap.h"

static struct err err;

/* args: "name=value name=value" */
static inline struct split *make(const struct dataset *d, const char *kind, const char *args, uint64_t seed)
{
	struct params p;
	char words[256], *word, *save = NULL;

	params_init(&p, split_params(kind));
	snprintf(words, sizeof(words), "%s", args);
	for (word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		char *eq = strchr(word, '=');

		*eq = '\0';
		if (!params_set(&p, word, eq + 1, &err)) {
			printf("Bail out! %s\n", err.msg);
			exit(1);
		}
	}
	return split_make(d, kind, &p, seed, &task_null, &err);
}

/* User u has u + 1 events, on items 0..u. */
static inline struct dataset *staircase(uint32_t n_users, unsigned with)
{
	struct event *e = mem_must(mem_alloc((size_t)n_users * (n_users + 1) / 2, sizeof(*e), &err));
	struct dataset *d;
	size_t n = 0;

	for (uint32_t u = 0; u < n_users; u++)
		for (uint32_t i = 0; i <= u; i++)
			e[n++] = (struct event){ .user = u, .item = i, .time = (int64_t)(100 * i + u) };
	d = dataset_of(e, n, n_users, n_users, with);
	mem_free(e);
	return d;
}

#endif
