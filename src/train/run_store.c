/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run_store.c - the folders of runs, their locks, and the counters that number them.
 *
 * DESIGN: nothing here asks another process.  A name is owned by whoever made its folder (mkdir either makes
 * it or tells that it is there); a training is owned by whoever holds flock() on the folder's lock file, and
 * the kernel lets go of it when the process dies.  Numbers come from counters.json under a lock of its own,
 * so that the number of a deleted run is not given out again.
 */
#include "train/run_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/num_parse.h"
#include "base/str.h"
#include "model/weights.h"
#include "train/run_weights.h"

#define NAME_BYTES 64 /* of struct run_record, with its NUL */
#define LISTS_FILE "lists.safetensors"
#define TRIES 10000   /* numbers tried before something else must be wrong */

struct held {
	char name[NAME_BYTES];
	int fd;
};

struct run_store {
	char *home, *runs;
	bool readonly;
	struct held *held; /* locks of runs in training */
	size_t n_held;
};

struct run_store *run_store_open(const char *home, bool readonly, struct err *err)
{
	struct run_store *s = mem_must(calloc(1, sizeof(*s)));

	s->home = mem_strdup(home);
	s->runs = file_join(home, "runs");
	s->readonly = readonly;
	if (!readonly && !file_make_folders(s->runs, 0777, err)) {
		run_store_free(s);
		return NULL;
	}
	return s;
}

void run_store_free(struct run_store *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_held; i++)
		close(s->held[i].fd);
	free(s->held);
	free(s->home);
	free(s->runs);
	free(s);
}

char *run_store_folder(const struct run_store *s, const char *name)
{
	return file_join(s->runs, name);
}

static char *file_of(const struct run_store *s, const char *name, const char *file)
{
	char *folder = run_store_folder(s, name), *path = file_join(folder, file);

	free(folder);
	return path;
}

/* --- locks -------------------------------------------------------------------------------------------------- */

static void hold(struct run_store *s, const char *name, int fd)
{
	s->held = mem_must(realloc(s->held, (s->n_held + 1) * sizeof(*s->held)));
	snprintf(s->held[s->n_held].name, NAME_BYTES, "%s", name);
	s->held[s->n_held++].fd = fd;
}

static bool is_held_here(const struct run_store *s, const char *name)
{
	for (size_t i = 0; i < s->n_held; i++) {
		if (!strcmp(s->held[i].name, name))
			return true;
	}
	return false;
}

void run_store_release(struct run_store *s, const char *name)
{
	for (size_t i = 0; i < s->n_held; i++) {
		if (strcmp(s->held[i].name, name) != 0)
			continue;
		close(s->held[i].fd);
		s->held[i] = s->held[--s->n_held];
		return;
	}
}

static bool refuse_readonly(const struct run_store *s, struct err *err)
{
	return s->readonly ? err_set(err, ERR_USAGE, "--readonly changes nothing under %s", s->home) : true;
}

/* flock() without waiting: a run is locked for as long as it trains.  -1: *busy, or errno says why. */
static int try_lock(const struct run_store *s, const char *name, int flags, bool *busy)
{
	char *path = file_of(s, name, "lock");
	int fd = open(path, flags | O_CLOEXEC, 0666);

	free(path);
	*busy = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
	if (*busy) {
		close(fd);
		return -1;
	}
	return fd;
}

bool run_store_lock(struct run_store *s, const char *name, struct err *err)
{
	bool busy = is_held_here(s, name);
	int fd = -1;

	if (!refuse_readonly(s, err))
		return false;
	if (!busy)
		fd = try_lock(s, name, O_RDWR | O_CREAT, &busy);
	if (busy)
		return err_set(err, ERR_EXISTS, "%s is in training, here or in another process", name);
	if (fd < 0)
		return err_set(err, ERR_IO, "%s cannot be locked in %s: %s", name, s->runs, strerror(errno));
	hold(s, name, fd);
	return true;
}

static bool is_in_training(const struct run_store *s, const char *name)
{
	bool busy;
	int fd;

	if (is_held_here(s, name))
		return true;
	fd = try_lock(s, name, O_RDONLY, &busy);
	if (fd >= 0)
		close(fd);
	return busy;
}

/* --- names -------------------------------------------------------------------------------------------------- */

static bool check_name(const char *name, struct err *err)
{
	return file_name_check("a run", name, NAME_BYTES - 1, err);
}

/* False with err OK: the folder is there already. */
static bool make_folder(const struct run_store *s, const char *name, struct err *err)
{
	char *path = run_store_folder(s, name);
	bool made = mkdir(path, 0777) == 0;

	err->code = ERR_OK;
	if (!made && errno != EEXIST)
		err_at(err, ERR_IO, path, 0, "the run's folder cannot be made: %s", strerror(errno));
	free(path);
	return made;
}

static bool take_numbered(struct run_store *s, const char *model, json_t *counters, char name[64], struct err *err)
{
	json_int_t n = json_integer_value(json_object_get(counters, model));

	/* The first popularity is the one that comes with every load. */
	if (n < 1 && !strcmp(model, "popularity"))
		n = 1;
	for (int i = 0; i < TRIES; i++) {
		snprintf(name, NAME_BYTES, "%s#%" JSON_INTEGER_FORMAT, model, ++n);
		if (make_folder(s, name, err)) {
			json_object_set_new(counters, model, json_integer(n));
			return true;
		}
		if (err->code != ERR_OK)
			return false;
	}
	return err_set(err, ERR_EXISTS, "no free number for a run of %s under %s", model, s->runs);
}

/* Damaged counters start again from the folders that are there. */
static json_t *read_counters(const char *path)
{
	struct err ignored;
	json_t *j = file_exists(path) ? json_open(path, &ignored) : NULL;

	if (json_is_object(j))
		return j;
	json_decref(j);
	return mem_must(json_object());
}

static bool take_next(struct run_store *s, const char *model, char name[64], struct err *err)
{
	char *lock = file_join(s->home, "lock"), *path = file_join(s->home, "counters.json");
	int fd = file_lock(lock, err);
	bool good = fd >= 0;

	if (good) {
		json_t *counters = read_counters(path);

		good = take_numbered(s, model, counters, name, err) && json_save(counters, path, err);
		json_decref(counters);
		close(fd);
	}
	free(lock);
	free(path);
	return good;
}

/* What made the folder a run goes first, so that a kill in between leaves a damaged run, not a mixed one. */
static bool empty_folder(const struct run_store *s, const char *name, struct err *err)
{
	static const char *const files[] = { "run.json", "curves.csv", "weights.safetensors", "state.safetensors",
					      LISTS_FILE };

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		char *path = file_of(s, name, files[i]);
		bool gone = unlink(path) == 0 || errno == ENOENT;

		if (!gone)
			err_at(err, ERR_IO, path, 0, "cannot be deleted: %s", strerror(errno));
		free(path);
		if (!gone)
			return false;
	}
	return true;
}

static bool take_wanted(struct run_store *s, const char *wanted, bool replace, char name[64], struct err *err)
{
	bool made;

	if (!check_name(wanted, err))
		return false;
	made = make_folder(s, wanted, err);
	if (!made && err->code != ERR_OK)
		return false;
	if (!made && !replace)
		return err_set(err, ERR_EXISTS, "there is a run %s already: replace=yes trains it anew", wanted);
	snprintf(name, NAME_BYTES, "%s", wanted);
	return true;
}

bool run_store_take_name(struct run_store *s, const char *model, const char *wanted, bool replace, char name[64],
			 struct err *err)
{
	if (!refuse_readonly(s, err))
		return false;
	if (wanted ? !take_wanted(s, wanted, replace, name, err) : !take_next(s, model, name, err))
		return false;
	if (!run_store_lock(s, name, err))
		return false;
	if (empty_folder(s, name, err))
		return true;
	run_store_release(s, name);
	return false;
}

/* --- saved and loaded ------------------------------------------------------------------------------------------ */

bool run_store_save(struct run_store *s, const struct run_record *r, struct err *err)
{
	char *curves = file_of(s, r->name, "curves.csv"), *path = file_of(s, r->name, "run.json");
	json_t *j = run_record_to_json(r);
	bool good = refuse_readonly(s, err) && (!r->curves.n || curves_save(&r->curves, curves, err)) &&
		    json_save(j, path, err);

	json_decref(j);
	free(curves);
	free(path);
	return good;
}

bool run_store_save_weights(struct run_store *s, const char *name, const struct snapshot *best, struct err *err)
{
	struct weights_writer *w = refuse_readonly(s, err) ? weights_writer_new(err) : NULL;
	char *path = file_of(s, name, "weights.safetensors");
	bool good = w && snapshot_write(best, w, err) && weights_commit(w, path, err);

	if (w)
		weights_writer_free(w);
	free(path);
	return good;
}

const struct snapshot *run_store_load(struct run_store *s, const struct run_record *r, const struct dataset *d,
				      const struct split *split, run_resolver *resolve, void *ctx, struct err *err)
{
	const struct snapshot *snapshot;
	struct weights *w;
	char *path;

	if (r->data_fingerprint != d->fingerprint) {
		err_set(err, ERR_USAGE, "%s was trained on %s, not on the data that are loaded", r->name, r->data_name);
		return NULL;
	}
	path = file_of(s, r->name, "weights.safetensors");
	w = weights_open(path, err);
	snapshot = w ? run_weights_load(w, path, r, split, resolve, ctx, err) : NULL;
	weights_close(w);
	free(path);
	return snapshot;
}

bool run_store_save_lists(struct run_store *s, const struct run_record *r, const struct watched *w, struct err *err)
{
	char *path = file_of(s, r->name, LISTS_FILE);
	bool good = refuse_readonly(s, err) && watched_save(w, r->data_fingerprint, path, err);

	if (good && !w->n)
		unlink(path);
	free(path);
	return good;
}

bool run_store_load_lists(const struct run_store *s, const struct run_record *r, const struct dataset *d,
			  struct watched *w, struct err *err)
{
	char *path = file_of(s, r->name, LISTS_FILE);
	bool good = true;

	*w = (struct watched){ 0 };
	if (file_exists(path))
		good = watched_open(w, r->data_fingerprint, d->n_users, d->n_items, path, err);
	free(path);
	return good;
}

bool run_store_delete(struct run_store *s, const char *name, struct err *err)
{
	char *folder = run_store_folder(s, name);
	bool good = check_name(name, err) && refuse_readonly(s, err) && run_store_lock(s, name, err);

	if (good) {
		good = empty_folder(s, name, err) && file_remove_tree(folder, err);
		run_store_release(s, name);
	}
	free(folder);
	return good;
}

/* The folder of a name that is held goes, and the name with it. */
static void give_up(struct run_store *s, const char *name)
{
	char *folder = run_store_folder(s, name);
	struct err ignored;

	file_remove_tree(folder, &ignored);
	run_store_release(s, name);
	free(folder);
}

bool run_store_add(struct run_store *s, struct run_record *rec, struct snapshot *snapshot, const char *wanted,
		   bool replace, struct err *err)
{
	if (!run_store_take_name(s, rec->model, wanted, replace, rec->name, err))
		return false;
	memcpy(snapshot->run, rec->name, sizeof(snapshot->run));
	if (run_store_save_weights(s, rec->name, snapshot, err) && run_store_save(s, rec, err)) {
		run_store_release(s, rec->name);
		return true;
	}
	give_up(s, rec->name);
	return false;
}

/* --- listed ------------------------------------------------------------------------------------------------------ */

static bool read_run(const struct run_store *s, const char *name, struct run_record *r, struct err *err)
{
	char *path = file_of(s, name, "run.json"), *curves = file_of(s, name, "curves.csv");
	json_t *j = json_open(path, err);
	bool good = j && run_record_from_json(r, j, err);

	if (good && strcmp(r->name, name) != 0)
		good = err_set(err, ERR_SYNTAX, "it tells of a run %s", r->name);
	if (good && file_exists(curves))
		good = curves_open(&r->curves, curves, err);
	json_decref(j);
	free(path);
	free(curves);
	return good;
}

/* A kill ends a training without a word: its record still says that it runs. */
static void settle(const struct run_store *s, struct run_record *r)
{
	if (strcmp(r->stopped, "running") != 0 || is_in_training(s, r->name))
		return;
	snprintf(r->stopped, sizeof(r->stopped), "cancelled");
	snprintf(r->failure, sizeof(r->failure), "whyrec ended while it was in training");
}

static int by_age(const void *a, const void *b)
{
	const struct run_record *x = a, *y = b;

	if (x->made != y->made)
		return x->made < y->made ? -1 : 1;
	if (strlen(x->name) != strlen(y->name)) /* ease#9 before ease#10 */
		return strlen(x->name) < strlen(y->name) ? -1 : 1;
	return strcmp(x->name, y->name);
}

struct listing {
	struct run_record *run;
	size_t n, cap;
	char **damaged;
	size_t n_damaged;
};

static bool list_one(struct run_store *s, const char *name, struct listing *l, struct err *err)
{
	struct run_record r;
	struct err why = { .code = ERR_OK };

	run_record_init(&r);
	if (!read_run(s, name, &r, &why)) {
		struct str line = STR_INIT;

		run_record_done(&r);
		/* A folder just made by a training that has not said so yet is not damaged. */
		if (is_in_training(s, name))
			return true;
		str_printf(&line, "the run %s is damaged and left alone: %s", name, why.msg);
		l->damaged = mem_must(realloc(l->damaged, (l->n_damaged + 1) * sizeof(*l->damaged)));
		l->damaged[l->n_damaged++] = str_take(&line);
		return true;
	}
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 16;
		struct run_record *more = mem_resize(l->run, l->cap, cap, sizeof(*more), err);

		if (!more) {
			run_record_done(&r);
			return false;
		}
		l->run = more;
		l->cap = cap;
	}
	settle(s, &r);
	l->run[l->n++] = r;
	return true;
}

static void listing_drop(struct listing *l)
{
	for (size_t i = 0; i < l->n; i++)
		run_record_done(&l->run[i]);
	for (size_t i = 0; i < l->n_damaged; i++)
		free(l->damaged[i]);
	mem_free(l->run);
	free(l->damaged);
}

bool run_store_list(struct run_store *s, struct run_record **out, size_t *n, char ***damaged, size_t *n_damaged,
		    struct err *err)
{
	struct listing l = { 0 };
	DIR *dir = opendir(s->runs);
	struct dirent *e;
	bool good = true;

	if (!dir && errno != ENOENT)
		return err_at(err, ERR_IO, s->runs, 0, "cannot be listed: %s", strerror(errno));
	while (dir && good && (e = readdir(dir))) {
		if (e->d_name[0] != '.')
			good = list_one(s, e->d_name, &l, err);
	}
	if (dir)
		closedir(dir);
	if (!good) {
		listing_drop(&l);
		return false;
	}
	if (l.n)
		qsort(l.run, l.n, sizeof(*l.run), by_age);
	*out = l.run;
	*n = l.n;
	*damaged = l.damaged;
	*n_damaged = l.n_damaged;
	return true;
}
