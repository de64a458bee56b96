/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/side_tags.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

void side_tags_init(struct side_tags *t, struct strtab *names)
{
	memset(t, 0, sizeof(*t));
	t->names = names;
}

void side_tags_done(struct side_tags *t)
{
	mem_free(t->use);
	memset(t, 0, sizeof(*t));
}

static bool add(struct side_tags *t, uint32_t item, const char *name, size_t n, struct err *err)
{
	uint32_t tag = strtab_intern(t->names, name, n, err);

	if (tag == STRTAB_NONE)
		return false;
	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 1024;
		uint64_t *use = mem_resize(t->use, t->cap, cap, sizeof(*use), err);

		if (!use)
			return false;
		t->use = use;
		t->cap = cap;
	}
	t->use[t->n++] = (uint64_t)item << 32 | tag;
	return true;
}

bool side_tags_add(struct side_tags *t, uint32_t item, const char *name, struct err *err)
{
	return add(t, item, name, strlen(name), err);
}

static char separator(const char *s, bool words)
{
	if (strchr(s, '|'))
		return '|';
	if (strchr(s, ';'))
		return ';';
	if (strchr(s, ','))
		return ',';
	return words ? ' ' : '\0';
}

static bool around(char c, bool list)
{
	return c == ' ' || c == '\t' || (list && (c == '\'' || c == '"' || c == '[' || c == ']'));
}

static bool is_no_tag(const char *s, size_t n)
{
	static const char none[] = "(no genres listed)";

	return n == sizeof(none) - 1 && !memcmp(s, none, n);
}

bool side_tags_split(struct side_tags *t, uint32_t item, const char *cell, bool words, struct err *err)
{
	const bool list = cell[0] == '[';
	const char by = list ? ',' : separator(cell, words);

	for (;;) {
		const char *end = by ? strchrnul(cell, by) : cell + strlen(cell), *a = cell, *b = end;

		while (a < b && around(*a, list))
			a++;
		while (a < b && around(b[-1], list))
			b--;
		if (a < b && !is_no_tag(a, (size_t)(b - a)) &&
		    !add(t, item, a, (size_t)(b - a), err))
			return false;
		if (!*end)
			return true;
		cell = end + 1;
	}
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

bool side_tags_finish(struct side_tags *t, uint32_t n_items, struct csr *out, struct err *err)
{
	size_t n = 0;
	bool repeated = false;

	memset(out, 0, sizeof(*out));
	if (!t->n)
		return true;
	qsort(t->use, t->n, sizeof(*t->use), ascending);
	for (size_t k = 0; k < t->n; k++) {
		bool again = k && t->use[k] == t->use[k - 1];

		repeated |= again;
		n += !again;
	}
	out->rows = n_items;
	out->cols = t->names->n;
	out->ptr = mem_zeroed((size_t)n_items + 1, sizeof(*out->ptr), err);
	out->idx = out->ptr ? mem_alloc(n, sizeof(*out->idx), err) : NULL;
	out->val = out->idx && repeated ? mem_zeroed(n, sizeof(*out->val), err) : NULL;
	if (!out->idx || (repeated && !out->val)) {
		csr_done(out);
		return false;
	}
	n = 0;
	for (size_t k = 0; k < t->n; k++) {
		if (!k || t->use[k] != t->use[k - 1]) {
			out->ptr[(t->use[k] >> 32) + 1]++;
			out->idx[n++] = (uint32_t)t->use[k];
		}
		if (out->val)
			out->val[n - 1] += 1;
	}
	for (uint32_t i = 0; i < n_items; i++)
		out->ptr[i + 1] += out->ptr[i];
	return true;
}
