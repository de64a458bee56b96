/* SPDX-License-Identifier: GPL-3.0-or-later */
/* comparison.c - see comparison.h. */
#include "app/comparison.h"

#include <math.h>

#include "app/session_private.h"
#include "base/mem.h"

struct comparison *comparison_new(size_t n, size_t n_users, struct err *err)
{
	struct comparison *c = mem_zeroed(1, sizeof(*c), err);

	if (!c)
		return NULL;
	*c = (struct comparison){ .refs = 1, .n = n, .n_users = n_users };
	c->run = mem_zeroed(n + 1, sizeof(*c->run), err);
	c->value = c->run ? mem_alloc(n * n_users + 1, sizeof(*c->value), err) : NULL;
	if (c->value)
		return c;
	comparison_unref(c);
	return NULL;
}

struct comparison *comparison_ref(struct comparison *c)
{
	c->refs++;
	return c;
}

void comparison_unref(struct comparison *c)
{
	if (!c || --c->refs)
		return;
	json_decref(c->head);
	json_decref(c->rows);
	mem_free(c->run);
	mem_free(c->value);
	mem_free(c);
}

struct comparison *session_comparison(const struct session *s)
{
	return s->comparison;
}

void session_put_comparison(struct session *s, struct comparison *take, uint64_t split)
{
	if (split != session_split_serial(s)) {
		comparison_unref(take);
		return;
	}
	comparison_unref(s->comparison);
	s->comparison = take;
}
