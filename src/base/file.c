/* SPDX-License-Identifier: GPL-3.0-or-later */
/* file.c - files read and replaced whole.
 *
 * A target that exists and is no regular file (a terminal, /dev/stdout, a pipe) is written to directly:
 * a rename would put a file in its place. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

#define LOCK_TRIES 200
#define LOCK_PAUSE_MS 10
#define FOLDERS_DEEP 64

static bool fail(struct err *err, const char *path, const char *doing)
{
	enum err_code code = errno == ENOENT ? ERR_NOTFOUND : errno == ENOMEM ? ERR_NOMEM : ERR_IO;

	return err_at(err, code, path, 0, "%s: %s", doing, strerror(errno));
}

bool file_writer_begin(struct file_writer *w, const char *path, int mode, struct err *err)
{
	static atomic_uint serial;
	struct str tmp = STR_INIT;
	struct stat st;
	int fd;

	memset(w, 0, sizeof(*w));
	if (!stat(path, &st) && !S_ISREG(st.st_mode)) {
		fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY); /* EISDIR tells of a folder */
	} else {
		str_printf(&tmp, "%s.%ld-%u.tmp", path, (long)getpid(), atomic_fetch_add(&serial, 1));
		w->tmp = str_take(&tmp);
		fd = open(w->tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, (mode_t)mode);
	}
	if (fd < 0) {
		fail(err, path, "cannot be written");
		free(w->tmp);
		w->tmp = NULL;
		return false;
	}
	w->path = mem_strdup(path);
	w->f = mem_must(fdopen(fd, "w"));
	return true;
}

static void writer_done(struct file_writer *w)
{
	free(w->path);
	free(w->tmp);
	memset(w, 0, sizeof(*w));
}

void file_writer_abandon(struct file_writer *w)
{
	if (w->f)
		fclose(w->f);
	if (w->tmp)
		unlink(w->tmp);
	writer_done(w);
}

/* The rename itself must survive a power cut.  A file system that cannot sync a folder says EINVAL. */
static bool sync_folder_of(const char *path)
{
	char *folder = mem_strdup(path), *slash = strrchr(folder, '/');
	int fd, rc, why;

	if (slash)
		slash[slash == folder] = '\0';
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (fd < 0)
		return errno == EACCES; /* may be written, may not be read: nothing more to be done */
	rc = fsync(fd);
	why = errno;
	close(fd);
	errno = why;
	return !rc || why == EINVAL || why == ENOTSUP;
}

bool file_writer_commit(struct file_writer *w, struct err *err)
{
	int why = 0;

	errno = 0;
	/* Of an earlier write that failed the reason is gone; what it left in the buffer fails by it again. */
	if ((fflush(w->f) | ferror(w->f)) || (w->tmp && fsync(fileno(w->f))))
		why = errno ? errno : EIO;
	if (fclose(w->f) && !why)
		why = errno;
	w->f = NULL;
	if (!why && w->tmp && (rename(w->tmp, w->path) || !sync_folder_of(w->path)))
		why = errno;
	if (why) {
		errno = why;
		fail(err, w->path, "cannot be written");
		file_writer_abandon(w);
		return false;
	}
	writer_done(w);
	return true;
}

bool file_write_whole(const char *path, const void *bytes, size_t n, int mode, struct err *err)
{
	struct file_writer w;

	if (!file_writer_begin(&w, path, mode, err))
		return false;
	if (n && fwrite(bytes, 1, n, w.f) != n) {
		fail(err, path, "cannot be written");
		file_writer_abandon(&w);
		return false;
	}
	return file_writer_commit(&w, err);
}

static bool too_large(struct err *err, const char *path, size_t max)
{
	char buf[32];

	return err_at(err, ERR_RANGE, path, 0, "larger than %s, which is more than is read here",
		      str_bytes(max, buf));
}

/* The size a file tells is a hint: files in /proc tell 0, and one may grow while it is read. */
static bool read_all(int fd, const char *path, size_t hint, size_t max, char **bytes, size_t *n, struct err *err)
{
	size_t cap = hint + 2, have = 0;
	char *buf = mem_alloc(cap, 1, err);

	if (!buf)
		return false;
	for (;;) {
		ssize_t got;

		if (have + 1 == cap) {
			char *more = mem_resize(buf, have, cap * 2, 1, err);

			if (!more)
				break;
			buf = more;
			cap *= 2;
		}
		got = read(fd, buf + have, cap - 1 - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			fail(err, path, "cannot be read");
			break;
		}
		have += (size_t)got;
		if (have > max) {
			too_large(err, path, max);
			break;
		}
		if (!got) {
			buf[have] = '\0';
			*bytes = buf;
			*n = have;
			return true;
		}
	}
	mem_free(buf);
	return false;
}

bool file_read_whole(const char *path, size_t max, char **bytes, size_t *n, struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	bool good;

	if (fd < 0)
		return fail(err, path, "cannot be read");
	if (fstat(fd, &st))
		good = fail(err, path, "cannot be read");
	else if (S_ISDIR(st.st_mode))
		good = err_at(err, ERR_IO, path, 0, "cannot be read: it is a folder");
	else if (S_ISREG(st.st_mode) && (uintmax_t)st.st_size > max)
		good = too_large(err, path, max);
	else
		good = read_all(fd, path, S_ISREG(st.st_mode) ? (size_t)st.st_size : 4096, max, bytes, n, err);
	close(fd);
	return good;
}

bool file_exists(const char *path)
{
	struct stat st;

	return !stat(path, &st);
}

bool file_is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

bool file_make_folders(const char *path, int mode, struct err *err)
{
	char *part = mem_strdup(path);
	bool good = true;

	for (char *at = part; good && *at;) {
		char *slash = strchr(at + 1, '/');

		if (slash)
			*slash = '\0';
		/* Another process may make the same one at the same time. */
		if (mkdir(part, (mode_t)mode) && !(errno == EEXIST && file_is_folder(part)) &&
		    !file_is_folder(part))
			good = fail(err, part, "cannot make this folder");
		if (!slash)
			break;
		*slash = '/';
		at = slash;
	}
	free(part);
	return good;
}

static bool remove_inside(int fd, const char *path, unsigned depth, struct err *err);

/* What `name` in the open folder `at` is, itself and all inside.  Links are removed, not followed. */
static bool remove_entry(int at, const char *name, const char *path, unsigned depth, struct err *err)
{
	struct stat st;
	int fd;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT || fail(err, path, "cannot be removed");
	if (!S_ISDIR(st.st_mode))
		return !unlinkat(at, name, 0) || errno == ENOENT || fail(err, path, "cannot be removed");
	fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail(err, path, "cannot be removed");
	return remove_inside(fd, path, depth + 1, err) &&
	       (!unlinkat(at, name, AT_REMOVEDIR) || errno == ENOENT || fail(err, path, "cannot be removed"));
}

/* Takes fd. */
static bool remove_inside(int fd, const char *path, unsigned depth, struct err *err)
{
	DIR *folder = depth <= FOLDERS_DEEP ? fdopendir(fd) : NULL;
	struct dirent *entry;
	bool good = true;

	if (!folder) {
		if (depth > FOLDERS_DEEP)
			errno = ELOOP;
		fail(err, path, "cannot be removed");
		close(fd);
		return false;
	}
	while (good && (errno = 0, entry = readdir(folder))) {
		char *inner;

		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		inner = file_join(path, entry->d_name);
		good = remove_entry(dirfd(folder), entry->d_name, inner, depth, err);
		free(inner);
	}
	if (good && errno)
		good = fail(err, path, "cannot be read");
	closedir(folder);
	return good;
}

bool file_remove_tree(const char *path, struct err *err)
{
	return remove_entry(AT_FDCWD, path, path, 0, err);
}

char *file_join(const char *folder, const char *name)
{
	struct str path = STR_INIT;

	str_puts(&path, folder);
	if (path.len && path.s[path.len - 1] != '/')
		str_putc(&path, '/');
	str_puts(&path, name);
	return str_take(&path);
}

const char *file_base(const char *path)
{
	const char *base = path;

	for (const char *at = path; *at; at++)
		if (at[0] == '/' && at[1] && at[1] != '/')
			base = at + 1;
	return base;
}

bool file_name_check(const char *what, const char *name, size_t most, struct err *err)
{
	size_t n = strlen(name);

	if (n == 0 || n > most || name[0] == '.' || strchr(name, '/') || !utf8_valid(name, n))
		return err_set(err, ERR_RANGE, "%s cannot be named \"%s\": 1 to %zu bytes of UTF-8, no / and no . in front",
			       what, name, most);
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)name[i] < ' ' || name[i] == 127)
			return err_set(err, ERR_RANGE, "the name of %s has no control characters", what);
	return true;
}

/* What is done under a lock takes milliseconds, so a little patience is enough; one held longer is
 * told, for the screen waits. */
int file_lock(const char *path, struct err *err)
{
	struct timespec pause = { 0, LOCK_PAUSE_MS * 1000000L };
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0) {
		fail(err, path, "cannot be locked");
		return -1;
	}
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return fd;
		if (errno != EWOULDBLOCK && errno != EINTR)
			break;
		nanosleep(&pause, NULL);
	}
	if (errno == EWOULDBLOCK)
		err_at(err, ERR_EXISTS, path, 0, "another process holds this lock");
	else
		fail(err, path, "cannot be locked");
	close(fd);
	return -1;
}
