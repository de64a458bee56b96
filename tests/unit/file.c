/* SPDX-License-Identifier: GPL-3.0-or-later */
/* file.c - the old file or the new one, never half of one; trees removed without following links. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "tap.h"

static struct err err;
static char *top;

static char *in(const char *name)
{
	return file_join(top, name);
}

static bool holds(const char *path, const char *want)
{
	char *bytes;
	size_t n;
	bool same;

	if (!file_read_whole(path, 1 << 20, &bytes, &n, &err))
		return false;
	same = n == strlen(want) && !memcmp(bytes, want, n + 1);
	mem_free(bytes);
	return same;
}

/* Files in the test's folder: a temporary left behind would show. */
static int entries(void)
{
	DIR *folder = opendir(top);
	int n = 0;

	while (readdir(folder))
		n++;
	closedir(folder);
	return n - 2;
}

static void whole(void)
{
	char *path = in("a");
	struct stat st;
	char *bytes;
	size_t n;

	umask(022);
	ok(file_write_whole(path, "one", 3, 0666, &err) && holds(path, "one"), "written and read");
	ok(!stat(path, &st) && (st.st_mode & 0777) == 0644, "with the mode, less the umask");
	ok(file_write_whole(path, "", 0, 0600, &err) && holds(path, ""), "an empty file replaces it");
	ok(!stat(path, &st) && (st.st_mode & 0777) == 0600, "with a mode of its own");
	ok(file_write_whole(path, "12345", 5, 0666, &err), "five bytes");
	ok(file_read_whole(path, 5, &bytes, &n, &err) && n == 5 && !bytes[5], "are at most five, and a NUL follows");
	mem_free(bytes);
	ok(!file_read_whole(path, 4, &bytes, &n, &err) && err.code == ERR_RANGE, "but more than four: %s", err.msg);
	ok(file_read_whole("/proc/self/status", 1 << 20, &bytes, &n, &err) && n > 100, "a file that tells no size");
	mem_free(bytes);
	ok(!file_read_whole("/dev/zero", 100000, &bytes, &n, &err) && err.code == ERR_RANGE, "one that never ends: %s", err.msg);
	ok(!file_read_whole(top, 100, &bytes, &n, &err) && strstr(err.msg, "folder"), "a folder: %s", err.msg);
	ok(!file_read_whole("/nowhere/x", 100, &bytes, &n, &err) && err.code == ERR_NOTFOUND &&
	   !strcmp(err.file, "/nowhere/x"), "none: %s", err.msg);
	ok(entries() == 1, "no temporary is left behind");
	free(path);
}

static void in_pieces(void)
{
	char *path = in("a");
	struct file_writer w;

	ok(file_writer_begin(&w, path, 0666, &err), "begun");
	fputs("new", w.f);
	ok(holds(path, "12345"), "before the commit there is the old file");
	file_writer_abandon(&w);
	ok(holds(path, "12345") && entries() == 1, "abandoned it leaves nothing");
	file_writer_begin(&w, path, 0666, &err);
	fputs("new", w.f);
	ok(file_writer_commit(&w, &err) && holds(path, "new"), "after the commit the new one");
	file_writer_abandon(&w);
	ok(holds(path, "new"), "abandoning after the commit does no harm");
	ok(!file_writer_begin(&w, "/nowhere/x", 0666, &err), "no such folder: %s", err.msg);
	ok(!file_writer_begin(&w, top, 0666, &err), "a folder: %s", err.msg);
	free(path);
}

static void disk_full(void)
{
	char *path = in("a"), big[300000];
	struct rlimit old, limit;
	bool told;

	memset(big, 'x', sizeof(big));
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	limit = old;
	limit.rlim_cur = 100000;
	setrlimit(RLIMIT_FSIZE, &limit);
	told = !file_write_whole(path, big, sizeof(big), 0666, &err);
	setrlimit(RLIMIT_FSIZE, &old);
	ok(told && err.code == ERR_IO, "a file that cannot grow is told: %s", err.msg);
	ok(holds(path, "new") && entries() == 1, "the old one is whole, no temporary is left");
	free(path);
}

/* Through links of the test's own: were a device replaced after all, it would be the link. */
static void devices(void)
{
	char *full = in("full"), *null = in("null");
	struct stat st;

	if (!symlink("/dev/full", full) && !access(full, W_OK)) {
		ok(!file_write_whole(full, "x", 1, 0666, &err) && err.code == ERR_IO, "a full device: %s", err.msg);
		ok(!symlink("/dev/null", null) && file_write_whole(null, "x", 1, 0666, &err), "a device is written to");
		ok(!stat(full, &st) && S_ISCHR(st.st_mode) && !stat(null, &st) && S_ISCHR(st.st_mode),
		   "and is not replaced");
	}
	unlink(full);
	unlink(null);
	free(full);
	free(null);
}

/* Killed at random moments while it rewrites one file over and over. */
static void killed(void)
{
	char *path = in("k"), a[5001], b[9001];
	bool good = true;

	memset(a, 'a', 5000);
	memset(b, 'b', 9000);
	a[5000] = b[9000] = '\0';
	file_write_whole(path, a, 5000, 0666, &err);
	for (int i = 0; i < 20; i++) {
		pid_t child = fork();

		if (!child) {
			for (;;) {
				file_write_whole(path, b, 9000, 0666, &err);
				file_write_whole(path, a, 5000, 0666, &err);
			}
		}
		usleep(2000 + (useconds_t)i * 517);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		good &= holds(path, a) || holds(path, b);
	}
	ok(good, "killed twenty times: always one whole file");
	free(path);
}

/* Reading must fail cleanly at whichever allocation. */
static void out_of_memory(void)
{
	char *path = in("a"), big[20000], *bytes;
	size_t n, held = mem_bytes_now();
	unsigned failures = 0;
	bool told = true;

	memset(big, 'x', sizeof(big));
	file_write_whole(path, big, sizeof(big), 0666, &err);
	for (uint64_t nth = 1; nth < 50; nth++) {
		err.code = ERR_OK;
		mem_fail_at(nth);
		/* A file that tells no size makes the buffer grow. */
		if (file_read_whole(nth % 2 ? path : "/proc/self/smaps", 1 << 24, &bytes, &n, &err)) {
			mem_free(bytes);
			if (nth > 2)
				break;
			continue;
		}
		failures++;
		told &= err.code == ERR_NOMEM;
	}
	mem_fail_at(0);
	ok(failures > 0 && told && mem_bytes_now() == held, "out of memory while reading: told, nothing left behind (%u)",
	   failures);
	free(path);
}

static void folders(void)
{
	char *deep = in("f/g/h"), *link = in("f/link"), *outside = in("outside"), *inside = in("f/g/file");
	char *f = in("f"), *kept = in("outside/kept"), *dangling = in("f/dangling");
	struct stat st;

	ok(file_make_folders(deep, 0777, &err) && file_is_folder(deep), "folders are made");
	ok(file_make_folders(deep, 0777, &err), "again is no error");
	ok(file_write_whole(inside, "x", 1, 0666, &err), "a file");
	ok(!file_make_folders(inside, 0777, &err), "a file in the way: %s", err.msg);
	file_make_folders(outside, 0777, &err);
	file_write_whole(kept, "x", 1, 0666, &err);
	ok(!symlink(outside, link) && !symlink("/nowhere", dangling), "links");
	ok(file_remove_tree(f, &err) && lstat(f, &st) && errno == ENOENT, "the tree is removed");
	ok(holds(kept, "x"), "what links pointed to is not");
	ok(!symlink(outside, f) && file_remove_tree(f, &err) && holds(kept, "x"), "a link is removed, not followed");
	ok(file_remove_tree(f, &err), "what is not there is removed already");
	ok(file_exists(kept) && !file_exists(f) && !file_is_folder(kept), "questions");
	free(deep);
	free(link);
	free(outside);
	free(inside);
	free(f);
	free(kept);
	free(dangling);
}

static void locks(void)
{
	char *path = in("lock");
	int fd = file_lock(path, &err), pipes[2];
	char byte;

	ok(fd >= 0, "a lock is taken");
	ok(file_lock(path, &err) < 0 && err.code == ERR_EXISTS, "not twice: %s", err.msg);
	close(fd);
	fd = file_lock(path, &err);
	ok(fd >= 0, "again after it was let go");
	close(fd);
	if (!pipe(pipes)) {
		pid_t child = fork();

		if (!child) {
			fd = file_lock(path, &err);
			if (write(pipes[1], "x", 1) != 1)
				_exit(1);
			usleep(100000);
			_exit(0);
		}
		if (read(pipes[0], &byte, 1) == 1) {
			fd = file_lock(path, &err);
			ok(fd >= 0, "a short holder is waited for, and its end releases");
			close(fd);
		}
		waitpid(child, NULL, 0);
		close(pipes[0]);
		close(pipes[1]);
	}
	ok(file_lock("/nowhere/lock", &err) < 0, "no such folder: %s", err.msg);
	free(path);
}

static void names(void)
{
	static const char *const base[][2] = {
		{ "a", "a" }, { "/a/b", "b" }, { "a/b/", "b/" }, { "/", "/" }, { "", "" }, { "a//b", "b" },
	};
	static const char *const join[][3] = {
		{ "a", "b", "a/b" }, { "a/", "b", "a/b" }, { "", "b", "b" }, { "/", "b", "/b" },
	};

	for (size_t i = 0; i < sizeof(base) / sizeof(base[0]); i++)
		is_str(file_base(base[i][0]), base[i][1], "base");
	for (size_t i = 0; i < sizeof(join) / sizeof(join[0]); i++) {
		char *got = file_join(join[i][0], join[i][1]);

		is_str(got, join[i][2], "join");
		free(got);
	}
}

int main(void)
{
	const char *tmp = getenv("TMPDIR");

	top = file_join(tmp ? tmp : "/tmp", "whyrec-file-XXXXXX");
	if (!mkdtemp(top))
		return 1;
	whole();
	in_pieces();
	disk_full();
	devices();
	killed();
	out_of_memory();
	folders();
	locks();
	names();
	ok(file_remove_tree(top, &err) && !file_exists(top), "and all is cleared away");
	free(top);
	return done_testing();
}
