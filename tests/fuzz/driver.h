/* SPDX-License-Identifier: GPL-3.0-or-later */
/* driver.h - runs a fuzz target briefly as a TAP test: its seeds, then mutants of them, the same ones each
 * time.  FUZZ_RUNS in the environment asks for another number.
 *
 * A target defines fuzz_one() and includes this.  Built with clang -DFUZZER -fsanitize=fuzzer,address it
 * is a libFuzzer program of the same target.
 */
#ifndef TESTS_FUZZ_DRIVER_H
#define TESTS_FUZZ_DRIVER_H

#include <dirent.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/rng.h"
#include "tap.h"

/* Aborts, or trips a sanitizer, when something is wrong. */
static void fuzz_one(const uint8_t *bytes, size_t n);

#ifdef FUZZER
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	fuzz_one(bytes, n);
	return 0;
}
#else

#define FUZZ_MAX 65536
#define FUZZ_SEEDS 64

static struct { char *bytes; size_t n; } fuzz_seed[FUZZ_SEEDS];
static size_t fuzz_n_seeds;

static int fuzz_seed_order(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static void fuzz_read_seeds(const char *name)
{
	const char *top = getenv("top_srcdir");
	char folder[4096];
	struct dirent **entries;
	struct err err;
	int n;

	snprintf(folder, sizeof(folder), "%s/tests/fuzz/corpus/%s", top ? top : ".", name);
	n = scandir(folder, &entries, NULL, fuzz_seed_order);
	for (int i = 0; i < n; i++) {
		char *path = file_join(folder, entries[i]->d_name);

		if (entries[i]->d_name[0] != '.' && fuzz_n_seeds < FUZZ_SEEDS &&
		    file_read_whole(path, FUZZ_MAX, &fuzz_seed[fuzz_n_seeds].bytes, &fuzz_seed[fuzz_n_seeds].n, &err))
			fuzz_n_seeds++;
		free(path);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

static size_t fuzz_mutate(struct rng *r, char *b, size_t n)
{
	static const char marks[] = "\"\"\n\r,;|\t: \0\xff\xfe\xc3\xa9" "0123456789.-e/TZ[]'";
	size_t at = n ? rng_below64(r, n) : 0, len = 1 + rng_below(r, 16);
	const size_t other = rng_below64(r, fuzz_n_seeds);

	switch (rng_below(r, 6)) {
	case 0: /* one bit */
		if (n)
			b[at] = (char)(b[at] ^ 1 << rng_below(r, 8));
		break;
	case 1: /* a byte that means something */
		if (n)
			b[at] = marks[rng_below(r, sizeof(marks) - 1)];
		break;
	case 2: /* a piece goes */
		if (at + len <= n) {
			memmove(b + at, b + at + len, n - at - len);
			n -= len;
		}
		break;
	case 3: /* a piece comes twice */
		if (at + len <= n && n + len <= FUZZ_MAX) {
			memmove(b + at + len, b + at, n - at);
			n += len;
		}
		break;
	case 4: /* some marks come in */
		if (n + len <= FUZZ_MAX) {
			memmove(b + at + len, b + at, n - at);
			for (size_t k = 0; k < len; k++)
				b[at + k] = marks[rng_below(r, sizeof(marks) - 1)];
			n += len;
		}
		break;
	default: /* the rest is another seed's */
		if (fuzz_seed[other].n > at) {
			n = fuzz_seed[other].n;
			memcpy(b + at, fuzz_seed[other].bytes + at, n - at);
		}
	}
	return n;
}

static int fuzz_main(const char *name, unsigned runs)
{
	const char *asked = getenv("FUZZ_RUNS");
	struct rng r = rng_stream(1, "fuzz", 0, 0);
	char *b = mem_must(malloc(FUZZ_MAX));

	if (asked)
		runs = (unsigned)strtoul(asked, NULL, 10);
	fuzz_read_seeds(name);
	if (!ok(fuzz_n_seeds > 0, "%s: there are seeds", name))
		return done_testing();
	for (size_t i = 0; i < fuzz_n_seeds; i++)
		fuzz_one((const uint8_t *)fuzz_seed[i].bytes, fuzz_seed[i].n);
	ok(true, "%s: %zu seeds", name, fuzz_n_seeds);
	for (unsigned k = 0; k < runs; k++) {
		size_t i = rng_below64(&r, fuzz_n_seeds), n = fuzz_seed[i].n;

		memcpy(b, fuzz_seed[i].bytes, n);
		for (unsigned m = 1 + rng_below(&r, 8); m; m--)
			n = fuzz_mutate(&r, b, n);
		fuzz_one((const uint8_t *)b, n);
	}
	ok(true, "%s: %u mutants", name, runs);
	for (size_t i = 0; i < fuzz_n_seeds; i++)
		mem_free(fuzz_seed[i].bytes);
	free(b);
	return done_testing();
}

#define FUZZ_MAIN(name, runs) \
	int main(void) { return fuzz_main(name, runs); }
#endif
#endif
