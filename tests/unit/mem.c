/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mem.c - allocations are aligned, counted, refused with a figure, and can be made to fail. */
#include "base/mem.h"
#include "base/mem_kept.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"

static struct err err;

static void aligns(void)
{
	bool aligned = true, zero = true;

	for (size_t n = 0; n < 3000; n += n < 200 ? 1 : 97) {
		unsigned char *a = mem_alloc(n, 1, &err), *z = mem_zeroed(n, 1, &err);

		aligned &= a && z && (uintptr_t)a % 16 == 0 &&
			   (n < 64 || ((uintptr_t)a % 64 == 0 && (uintptr_t)z % 64 == 0));
		for (size_t i = 0; i < n; i++)
			zero &= z[i] == 0;
		memset(a, 0xaa, n);
		mem_free(a);
		mem_free(z);
	}
	ok(aligned, "64 bytes and more lie at a multiple of 64, of no bytes too there is a pointer");
	ok(zero, "mem_zeroed is all 0");
	mem_free(NULL);
}

/* A walk over sizes, small and large, up and down; the bytes must follow. */
static void resizes(void)
{
	uint64_t state = 88172645463325252u;
	size_t n = 0;
	unsigned char *p = NULL;
	bool kept = true, aligned = true;

	for (int step = 0; step < 3000; step++) {
		size_t to, common;

		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		to = (size_t)(state >> 20) % (step % 50 == 0 ? 400000 : 300);
		p = mem_resize(p, n, to, 1, &err);
		common = n < to ? n : to;
		for (size_t i = 0; i < common; i++)
			kept &= p[i] == (unsigned char)(i * 7);
		for (size_t i = 0; i < to; i++)
			p[i] = (unsigned char)(i * 7);
		aligned &= to < 64 || (uintptr_t)p % 64 == 0;
		n = to;
	}
	ok(kept, "growing and shrinking keep the contents");
	ok(aligned, "and the alignment");
	ok(mem_bytes_now() == n, "and the count");
	mem_free(p);
}

static void counts(void)
{
	size_t before = mem_bytes_now();
	void *a, *b;

	mem_reset_peak();
	a = mem_alloc(1000, 8, &err);
	b = mem_alloc(10, 8, &err);
	ok(mem_bytes_now() == before + 8080, "bytes are counted");
	mem_free(a);
	ok(mem_bytes_now() == before + 80 && mem_bytes_peak() == before + 8080, "the peak stays");
	mem_reset_peak();
	ok(mem_bytes_peak() == before + 80, "until it is reset");
	mem_free(b);
	ok(mem_bytes_now() == before, "all given back");
}

static void refuses(void)
{
	char *p = mem_alloc(100, 1, &err), *q;

	ok(!mem_alloc(SIZE_MAX / 4, 8, &err) && err.code == ERR_NOMEM, "n * size must not wrap");
	ok(!mem_alloc(SIZE_MAX, 1, &err), "nor the header on top");
	err.msg[0] = '\0';
	ok(!mem_zeroed((size_t)1 << 50, 8, &err) && strstr(err.msg, "9.01 PB"), "the figure is told: %s", err.msg);
	memset(p, 'k', 100);
	ok(!mem_resize(p, 100, (size_t)1 << 60, 1, &err) && p[99] == 'k', "a refused resize leaves the old block");

	mem_fail_at(2);
	q = mem_alloc(1, 1, &err);
	err.code = ERR_OK;
	ok(q && !mem_alloc(1, 1, &err) && err.code == ERR_NOMEM, "the 2nd call from now fails when told so");
	mem_free(q);
	q = mem_alloc(1, 1, &err);
	ok(q != NULL, "once");
	mem_free(q);
	mem_fail_at(1);
	ok(!mem_resize(p, 100, 10, 1, &err), "resizing can be made to fail too");
	mem_fail_at(1);
	mem_fail_at(0);
	q = mem_alloc(1, 1, &err);
	ok(q != NULL, "0 switches it off");
	mem_free(q);
	mem_free(p);
}

static void hook(void)
{
	if (write(STDOUT_FILENO, "hook\n", 5) != 5)
		_exit(9);
}

static void must(void)
{
	int pipes[2], status;
	char got[64] = "";
	pid_t child;

	if (pipe(pipes))
		return;
	fflush(stdout);
	child = fork();
	if (!child) {
		struct rlimit none = { 0, 0 };

		setrlimit(RLIMIT_CORE, &none);
		dup2(pipes[1], STDOUT_FILENO);
		dup2(pipes[1], STDERR_FILENO);
		mem_set_abort_hook(hook);
		mem_must(NULL);
		_exit(0);
	}
	close(pipes[1]);
	waitpid(child, &status, 0);
	ok(read(pipes[0], got, sizeof(got) - 1) > 0 && !strncmp(got, "hook\nwhyrec: out of memory", 26),
	   "mem_must runs the hook and says why");
	close(pipes[0]);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "and aborts");
}

static void available(void)
{
	uint64_t now = mem_bytes_available();
	struct rlimit limit;

	ok(now > (1u << 20) && now < (uint64_t)1 << 50, "the machine has some memory left");
	getrlimit(RLIMIT_AS, &limit);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	if (now > 600u << 20) {
		pid_t child;
		int status;

		fflush(stdout);
		child = fork();
		if (!child) {
			limit.rlim_cur = 512u << 20;
			setrlimit(RLIMIT_AS, &limit);
			_exit(mem_bytes_available() < 512u << 20 ? 0 : 1);
		}
		waitpid(child, &status, 0);
		ok(status == 0, "RLIMIT_AS bounds it");
	}
#endif
}

/* Room for what is needed, doubled, old content kept; on failure nothing has moved. */
static void test_grow(void)
{
	unsigned char *v = NULL, *was;
	size_t cap = 0;

	ok(mem_grow((void **)&v, &cap, 1, 2, &err) && cap == 64, "room begins at 64");
	memset(v, 'g', 128);
	was = v;
	ok(mem_grow((void **)&v, &cap, 64, 2, &err) && cap == 64 && v == was, "what fits moves nothing");
	ok(mem_grow((void **)&v, &cap, 300, 2, &err) && cap == 512 && v[0] == 'g' && v[127] == 'g', "and doubles");
	was = v;
	mem_fail_at(1);
	ok(!mem_grow((void **)&v, &cap, 513, 2, &err) && err.code == ERR_NOMEM && cap == 512 && v == was,
	   "without memory it stays as it was");
	mem_fail_at(0);
	mem_free(v);
}

/* What one epoch drops serves the next; what nobody can use is not handed out. */
static void keeps_large_blocks(void)
{
#if !defined(__SANITIZE_ADDRESS__)
	enum { LARGE = 8 << 20 };
	unsigned char *a = mem_alloc(LARGE, 1, &err), *b, *c, *zeros;

	memset(a, 'a', LARGE);
	mem_free(a);
	zeros = mem_zeroed(LARGE, 1, &err);
	ok(zeros[0] == 0 && zeros[LARGE - 1] == 0 && !memchr(zeros, 'a', LARGE), "zeroed memory is zero all the same");
	c = mem_alloc(LARGE / 2, 1, &err);
	ok(c != a, "a block twice as large as asked for is not given");
	b = mem_alloc(LARGE - LARGE / 8, 1, &err);
	ok(b == a, "one that is a little larger is");
	mem_free(zeros);
	mem_free(b);
	mem_free(c);
	ok(mem_kept_free_all() >= LARGE && !mem_kept_free_all(), "and all can be given back");
#endif
}

int main(void)
{
	keeps_large_blocks();
	aligns();
	resizes();
	counts();
	refuses();
	must();
	available();
	ok(mem_bytes_now() == 0, "nothing is left behind");
	test_grow();
	return done_testing();
}
