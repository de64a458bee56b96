/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Members of paths, and streams over plain files.  Packed files are source_archive.c's. */
#include "data/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/str.h"
#include "data/source_archive.h"

#define FOLDER_DEPTH 4
#define MEMBERS_MAX 10000

struct stream {
	int fd;
	uint64_t done;
	const char *name; /* borrowed from the member */
	struct archive_stream *packed; /* NULL: plain */
};

static const char *const packed_endings[] = { ".gz", ".zst", ".xz", ".bz2", ".lz4", ".lzma", ".Z" };

/* "ratings.csv.gz" is recognised as "ratings.csv". */
static char *base_without_packing(const char *name)
{
	const char *slash = strrchr(name, '/'), *colon = strrchr(name, ':');
	char *base;
	size_t n;

	if (colon && (!slash || colon > slash))
		slash = colon;
	base = mem_strdup(slash ? slash + 1 : name);
	n = strlen(base);
	for (size_t i = 0; i < sizeof(packed_endings) / sizeof(*packed_endings); i++) {
		size_t k = strlen(packed_endings[i]);

		if (n > k && !strcmp(base + n - k, packed_endings[i])) {
			base[n - k] = '\0';
			break;
		}
	}
	return base;
}

struct member *member_list_push(struct member_list *l, char *name, const char *path, int64_t entry, struct err *err)
{
	struct member *m;

	if (l->n == MEMBERS_MAX) {
		err_at(err, ERR_RANGE, path, 0, "more than %d files: name the ones to load", MEMBERS_MAX);
		free(name);
		return NULL;
	}
	if (l->n == l->cap) {
		size_t cap = l->cap ? 2 * l->cap : 16;
		struct member *v = mem_resize(l->v, l->cap, cap, sizeof(*v), err);

		if (!v) {
			free(name);
			return NULL;
		}
		l->v = v;
		l->cap = cap;
	}
	m = &l->v[l->n];
	memset(m, 0, sizeof(*m));
	m->head = mem_zeroed(HEAD_BYTES + 1, 1, err);
	if (!m->head) {
		free(name);
		return NULL;
	}
	m->name = name;
	m->base = base_without_packing(name);
	m->path = mem_strdup(path);
	m->entry = entry;
	l->n++;
	return m;
}

void member_list_done(struct member_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->v[i].name);
		free(l->v[i].base);
		free(l->v[i].path);
		mem_free(l->v[i].head);
	}
	mem_free(l->v);
	memset(l, 0, sizeof(*l));
}

static bool io_error(struct err *err, const char *name, int code)
{
	if (code == ENOENT)
		return err_at(err, ERR_NOTFOUND, name, 0, "no such file or folder");
	if (code == EACCES || code == EPERM)
		return err_at(err, ERR_IO, name, 0, "no permission to read it");
	return err_at(err, ERR_IO, name, 0, "cannot be read: %s", strerror(code));
}

static int open_plain(const char *path, const char *name, struct err *err)
{
	/* O_NONBLOCK: a fifo or a device must not hang the worker before fstat() tells what it is. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd < 0) {
		io_error(err, name, errno);
		return -1;
	}
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		err_at(err, ERR_UNSUPPORTED, name, 0, "is neither a file nor a folder");
		return -1;
	}
	return fd;
}

static ssize_t read_full(int fd, char *buf, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t k = read(fd, buf + got, n - got);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return -1;
		if (k == 0)
			break;
		got += (size_t)k;
	}
	return (ssize_t)got;
}

static bool add_file(struct member_list *l, const char *path, uint64_t bytes, const struct task *task, struct err *err)
{
	int fd = open_plain(path, path, err);
	struct member *m;
	ssize_t n;

	if (fd < 0)
		return false;
	m = member_list_push(l, mem_strdup(path), path, -1, err);
	if (!m) {
		close(fd);
		return false;
	}
	n = read_full(fd, m->head, HEAD_BYTES);
	if (n < 0)
		io_error(err, path, errno);
	close(fd);
	if (n < 0)
		return false;
	m->n_head = (size_t)n;
	m->bytes = bytes;
	m->head_whole = (uint64_t)n == bytes;
	if (!archive_is_packed(m->head, m->n_head))
		return true;
	l->n--; /* the archive's entries take its place */
	free(m->name);
	free(m->base);
	free(m->path);
	mem_free(m->head);
	return archive_add_members(l, path, bytes, task, err);
}

static bool add_path(struct member_list *l, const char *path, int depth, const struct task *task, struct err *err);

/* Bytes, not the locale: the same folder gives the same dataset everywhere. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool add_folder(struct member_list *l, const char *path, int depth, const struct task *task, struct err *err)
{
	struct dirent **names;
	int n = scandir(path, &names, NULL, by_bytes);
	bool fine = true;

	if (n < 0)
		return io_error(err, path, errno);
	for (int i = 0; i < n; i++) {
		if (fine && names[i]->d_name[0] != '.') {
			char *child = file_join(path, names[i]->d_name);

			fine = add_path(l, child, depth + 1, task, err);
			free(child);
		}
		free(names[i]);
	}
	free(names);
	return fine;
}

static bool add_path(struct member_list *l, const char *path, int depth, const struct task *task, struct err *err)
{
	struct stat st;

	if (stat(path, &st))
		return depth > 0 && errno == ENOENT ? true /* a dangling link inside a folder */
						    : io_error(err, path, errno);
	if (S_ISDIR(st.st_mode))
		return depth > FOLDER_DEPTH ? true : add_folder(l, path, depth, task, err);
	if (!S_ISREG(st.st_mode) && depth > 0)
		return true;
	return add_file(l, path, (uint64_t)st.st_size, task, err);
}

bool member_list_add_path(struct member_list *l, const char *path, const struct task *task, struct err *err)
{
	size_t before = l->n;

	if (!add_path(l, path, 0, task, err))
		return false;
	if (l->n == before)
		return err_at(err, ERR_NOTFOUND, path, 0, "holds no files: name a file, a folder with data, or an archive");
	l->v[before].named = l->n == before + 1 && !file_is_folder(path);
	return true;
}

struct stream *stream_open(const struct member *m, struct err *err)
{
	struct stream *s = mem_must(calloc(1, sizeof(*s)));

	s->name = m->name;
	s->fd = -1;
	if (m->entry >= 0)
		s->packed = archive_stream_open(m, err);
	else
		s->fd = open_plain(m->path, m->name, err);
	if (!s->packed && s->fd < 0) {
		free(s);
		return NULL;
	}
	return s;
}

ssize_t stream_read(struct stream *s, void *buf, size_t n, struct err *err)
{
	ssize_t got;

	if (s->packed)
		return archive_stream_read(s->packed, buf, n, err);
	got = read_full(s->fd, buf, n);
	if (got < 0)
		io_error(err, s->name, errno);
	else
		s->done += (uint64_t)got;
	return got;
}

uint64_t stream_disk_bytes(const struct stream *s)
{
	return s->packed ? archive_stream_disk_bytes(s->packed) : s->done;
}

void stream_close(struct stream *s)
{
	if (!s)
		return;
	if (s->packed)
		archive_stream_close(s->packed);
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}
