/* SPDX-License-Identifier: GPL-3.0-or-later */
/* persona.c - see persona.h. */
#include "app/persona.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bits.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/str.h"
#include "data/mask.h"

#define ENDING ".json"
#define MASKS 65536u /* names that a masked one is drawn from; of personas of one session */

/* --- made, known again ------------------------------------------------------------------------------------------ */

static bool make_room(struct persona *p, size_t n, struct err *err)
{
	p->item = mem_zeroed(n + 1, sizeof(*p->item), err);
	p->x = p->item ? mem_alloc(n + 1, sizeof(*p->x), err) : NULL;
	return p->x != NULL;
}

struct persona *persona_new(const char *name, const struct dataset *d, const struct given_history *history,
			    struct err *err)
{
	struct persona *p = mem_must(calloc(1, sizeof(*p)));

	p->history.user = NO_USER;
	if (!file_name_check("a persona", name, sizeof(p->name) - 1, err) || !make_room(p, history->n, err)) {
		persona_free(p);
		return NULL;
	}
	snprintf(p->name, sizeof(p->name), "%s", name);
	snprintf(p->data_name, sizeof(p->data_name), "%s", d->name);
	p->data_fingerprint = d->fingerprint;
	p->made = clock_wall();
	if (history->user != NO_USER)
		p->as = mem_strdup(dataset_true_user_id(d, history->user));
	for (; p->n < history->n; p->n++) {
		p->item[p->n] = mem_strdup(dataset_true_item_id(d, history->items[p->n]));
		p->x[p->n] = history->x[p->n];
	}
	return p;
}

void persona_free(struct persona *p)
{
	if (!p)
		return;
	for (uint32_t k = 0; k < p->n; k++)
		free(p->item[k]);
	mem_free(p->item);
	mem_free(p->x);
	free(p->as);
	given_history_done(&p->history);
	free(p);
}

/* False: a file was changed by hand so that its ids are not the data's, or come twice. */
static bool find_items(struct persona *p, const struct dataset *d, uint64_t *seen)
{
	struct given_history *h = &p->history;

	for (h->n = 0; h->n < p->n; h->n++) {
		const uint32_t item = dataset_find_item(d, p->item[h->n]);

		if (item == NO_ITEM || bits_has(seen, item))
			return false;
		bits_add(seen, item);
		h->items[h->n] = item;
		h->x[h->n] = p->x[h->n];
	}
	return true;
}

static bool find_all(struct persona *p, const struct dataset *d)
{
	struct given_history *h = &p->history;
	struct err ignored;
	uint64_t *seen = mem_zeroed(bits_words(d->n_items), sizeof(*seen), &ignored);
	bool good;

	h->user = p->as ? dataset_find_user(d, p->as) : NO_USER;
	h->items = mem_alloc((size_t)p->n + 1, sizeof(*h->items), &ignored);
	h->x = mem_alloc((size_t)p->n + 1, sizeof(*h->x), &ignored);
	good = seen && h->items && h->x && (!p->as || h->user != NO_USER) && find_items(p, d, seen);
	mem_free(seen);
	return good;
}

void persona_settle(struct persona *p, const struct dataset *d)
{
	given_history_done(&p->history);
	p->of_data = d && d->fingerprint == p->data_fingerprint && find_all(p, d);
	if (!p->of_data)
		given_history_done(&p->history);
}

const char *persona_shown(const struct persona *p)
{
	if (!mask_is_on())
		return p->name;
	return p->number ? mask_name("p", (NO_USER - p->number - 1) % MASKS, MASKS) : "?";
}

const char *persona_after(const struct persona *p, const struct dataset *d)
{
	if (p->of_data && p->as)
		return dataset_user_id(d, p->history.user);
	return p->as && dataset_ids_are_masked() ? "?" : p->as;
}

/* --- files ------------------------------------------------------------------------------------------------------ */

static char *folder_of(const char *home)
{
	return file_join(home, "personas");
}

static char *path_of(const char *home, const char *name)
{
	char *folder = folder_of(home), *path;
	struct str file = STR_INIT;

	str_printf(&file, "%s%s", name, ENDING);
	path = file_join(folder, file.s);
	str_done(&file);
	free(folder);
	return path;
}

static json_t *to_json(const struct persona *p)
{
	char fingerprint[24];
	json_t *j, *history = mem_must(json_array());

	for (uint32_t k = 0; k < p->n; k++)
		if (json_array_append_new(history, json_pack("{s:o,s:o}", "item", json_text(p->item[k]), "value",
							     json_number((double)p->x[k]))) != 0)
			mem_must(NULL);
	snprintf(fingerprint, sizeof(fingerprint), "%016" PRIx64, p->data_fingerprint);
	j = mem_must(json_pack("{s:o,s:o,s:s,s:o,s:I,s:o}", "name", json_text(p->name), "data", json_text(p->data_name),
			       "data_fingerprint", fingerprint, "as", p->as ? json_text(p->as) : json_null(), "made",
			       (json_int_t)p->made, "history", history));
	return j;
}

bool persona_save(const struct persona *p, const char *home, struct err *err)
{
	char *folder = folder_of(home), *path = path_of(home, p->name);
	json_t *j = to_json(p);
	bool good = file_make_folders(folder, 0777, err) && json_save(j, path, err);

	json_decref(j);
	free(folder);
	free(path);
	return good;
}

bool persona_delete(const char *name, const char *home, struct err *err)
{
	char *path = path_of(home, name);
	bool gone = unlink(path) == 0 || errno == ENOENT;

	if (!gone)
		err_at(err, ERR_IO, path, 0, "cannot be deleted: %s", strerror(errno));
	free(path);
	return gone;
}

static bool read_history(struct persona *p, const json_t *history, struct err *err)
{
	const size_t n = json_array_size(history);

	if (!json_is_array(history))
		return err_set(err, ERR_SYNTAX, "it has no history");
	if (!make_room(p, n, err))
		return false;
	for (size_t k = 0; k < n; k++) {
		const json_t *event = json_array_get(history, k);
		const char *id = json_string_value(json_object_get(event, "item"));
		const double x = json_number_value(json_object_get(event, "value"));

		if (!id || !(x > 0))
			return err_set(err, ERR_SYNTAX, "event %zu of its history has no item, or no value above 0", k + 1);
		p->item[p->n] = mem_strdup(id);
		p->x[p->n++] = (float)x;
	}
	return true;
}

static bool from_json(struct persona *p, const json_t *j, const char *name, struct err *err)
{
	const char *told = json_string_value(json_object_get(j, "name")), *data = json_string_value(json_object_get(j, "data"));
	const char *print = json_string_value(json_object_get(j, "data_fingerprint"));
	const char *as = json_string_value(json_object_get(j, "as"));
	char *end = NULL;

	if (!told || strcmp(told, name) != 0 || !data || !print)
		return err_set(err, ERR_SYNTAX, "it tells of no persona %s", name);
	p->data_fingerprint = strtoull(print, &end, 16);
	if (end == print || *end)
		return err_set(err, ERR_SYNTAX, "its data_fingerprint is no number");
	snprintf(p->name, sizeof(p->name), "%s", name);
	snprintf(p->data_name, sizeof(p->data_name), "%s", data);
	p->made = json_integer_value(json_object_get(j, "made"));
	p->as = as ? mem_strdup(as) : NULL;
	return read_history(p, json_object_get(j, "history"), err);
}

static struct persona *persona_open(const char *home, const char *name, struct err *err)
{
	struct persona *p = mem_must(calloc(1, sizeof(*p)));
	char *path = path_of(home, name);
	json_t *j = json_open(path, err);
	bool good = j && from_json(p, j, name, err);

	p->history.user = NO_USER;
	json_decref(j);
	free(path);
	if (good)
		return p;
	persona_free(p);
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	const struct persona *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

/* The name that a file stands for, in `name`; false: it is no persona's. */
static bool name_of(const char *file, char name[64])
{
	const size_t n = strlen(file), end = strlen(ENDING);

	if (file[0] == '.' || n <= end || n - end >= 64 || strcmp(file + n - end, ENDING) != 0)
		return false;
	memcpy(name, file, n - end);
	name[n - end] = '\0';
	return true;
}

bool persona_list(const char *home, struct persona ***out, size_t *n, struct str *damaged, struct err *err)
{
	char *folder = folder_of(home), name[64];
	DIR *dir = opendir(folder);
	struct dirent *e;

	*out = NULL;
	*n = 0;
	if (!dir && errno != ENOENT) {
		err_at(err, ERR_IO, folder, 0, "cannot be listed: %s", strerror(errno));
		free(folder);
		return false;
	}
	while (dir && (e = readdir(dir))) {
		struct err why;
		struct persona *p = name_of(e->d_name, name) ? persona_open(home, name, &why) : NULL;

		if (p) {
			*out = mem_must(realloc(*out, (*n + 1) * sizeof(**out)));
			(*out)[(*n)++] = p;
		} else if (name_of(e->d_name, name)) {
			str_printf(damaged, "the persona %s is damaged and left alone: %s\n", name, why.msg);
		}
	}
	if (dir)
		closedir(dir);
	if (*n)
		qsort(*out, *n, sizeof(**out), by_name);
	free(folder);
	return true;
}
