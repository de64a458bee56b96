/* SPDX-License-Identifier: GPL-3.0-or-later */
/* item_choice.c - see item_choice.h. */
#include "cmd/item_choice.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bits.h"
#include "base/file.h"
#include "base/mem.h"

#define FILE_MOST ((size_t)1 << 30)

/* As it is written, else whatever the case. */
static uint32_t find_tag(const struct dataset *d, const char *name)
{
	uint32_t tag = d->item_tags.ptr ? strtab_find(&d->tag_names, name, strlen(name)) : STRTAB_NONE;

	for (uint32_t t = 0; d->item_tags.ptr && tag == STRTAB_NONE && t < d->tag_names.n; t++)
		if (!strcasecmp(strtab_get(&d->tag_names, t), name))
			tag = t;
	return tag;
}

static void mark_tag(const struct dataset *d, uint32_t tag, uint64_t *set)
{
	for (uint32_t i = 0; i < d->n_items; i++)
		if (csr_has(&d->item_tags, i, tag))
			bits_add(set, i);
}

static bool mark_file(const struct dataset *d, const char *path, uint64_t *set, struct str *told, struct err *err)
{
	char *bytes, *line, *next;
	size_t n, known = 0, unknown = 0;

	if (!file_read_whole(path, FILE_MOST, &bytes, &n, err))
		return false;
	for (line = bytes; line < bytes + n; line = next) {
		char *end = memchr(line, '\n', (size_t)(bytes + n - line));
		uint32_t item;

		end = end ? end : bytes + n;
		next = end + 1;
		if (end > line && end[-1] == '\r')
			end--;
		if (end == line)
			continue;
		*end = '\0';
		item = dataset_find_item(d, line);
		known += item != NO_ITEM;
		unknown += item == NO_ITEM;
		if (item != NO_ITEM)
			bits_add(set, item);
	}
	mem_free(bytes);
	if (!known)
		return err_at(err, ERR_NOTFOUND, path, 0, "none of its lines is the id of an item: one id a line was expected");
	if (unknown)
		str_printf(told, "%s: %zu ids are unknown to the data, %zu known\n", path, unknown, known);
	return true;
}

static bool no_such(const struct dataset *d, const char *name, const char *text, struct err *err)
{
	const char **tags, *near;

	if (!d->item_tags.ptr)
		return err_set(err, ERR_NOTFOUND, "%s=%s: the data have no tags, and no file is called so", name, text);
	tags = mem_must(malloc((d->tag_names.n + 1) * sizeof(*tags)));
	for (uint32_t t = 0; t < d->tag_names.n; t++)
		tags[t] = strtab_get(&d->tag_names, t);
	near = str_nearest(text, tags, d->tag_names.n);
	free(tags);
	if (near)
		return err_set(err, ERR_NOTFOUND, "%s=%s: no tag and no file is called so: did you mean %s?", name, text, near);
	return err_set(err, ERR_NOTFOUND, "%s=%s: no tag and no file is called so; item ITEM shows an item's tags", name, text);
}

static bool mark_word(const struct dataset *d, struct word *w, const char *name, uint64_t *set, struct str *told,
		      struct err *err)
{
	uint32_t tag = find_tag(d, w->text);

	if (tag != STRTAB_NONE) {
		mark_tag(d, tag, set);
		return true;
	}
	word_expand_home(w);
	if (file_exists(w->text) && !file_is_folder(w->text))
		return mark_file(d, w->text, set, told, err);
	return no_such(d, name, w->text, err);
}

static bool mark_list(const struct dataset *d, const struct word *w, const char *name, uint64_t *set, struct str *told,
		      struct err *err)
{
	struct words list;
	bool good = true;

	if (!word_split_list(&list, w, err))
		return err_wrap(err, "%s=", name);
	for (size_t i = 0; good && i < list.n; i++)
		good = mark_word(d, &list.w[i], name, set, told, err);
	words_done(&list);
	return good;
}

bool item_choice_bar(const struct dataset *d, const struct word *only, const struct word *without, uint64_t **barred,
		     struct str *told, struct err *err)
{
	uint64_t *wanted = NULL;
	bool good = true;

	if (!only && !without)
		return true;
	if (!*barred)
		*barred = mem_zeroed(bits_words(d->n_items), sizeof(**barred), err);
	good = *barred && (!without || mark_list(d, without, "not", *barred, told, err));
	if (good && only) {
		wanted = mem_zeroed(bits_words(d->n_items), sizeof(*wanted), err);
		good = wanted && mark_list(d, only, "only", wanted, told, err);
	}
	for (size_t k = 0; good && only && k < bits_words(d->n_items); k++)
		(*barred)[k] |= ~wanted[k];
	mem_free(wanted);
	return good;
}
