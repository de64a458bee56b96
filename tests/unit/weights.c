/* SPDX-License-Identifier: GPL-3.0-or-later */
/* weights.c - tensors come back as they went; a damaged file is refused, never read beyond its end. */
#include "model/weights.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "tap.h"

static const uint8_t bytes[3] = { 1, 2, 3 };
static const float floats[6] = { 1, 2, 3, 4, 5, 6.5f };
static const double doubles[2] = { 1e300, -0.0 };
static const uint32_t numbers[1] = { UINT32_MAX };
static const uint64_t sizes[2] = { 0, UINT64_MAX };

/* The narrow types first, so that only their order in the file can align the wide ones. */
static bool add_all(struct weights_writer *w, struct err *err)
{
	return weights_add(w, "bytes", TENSOR_U8, bytes, 3, 0, err) &&
	       weights_add(w, "floats", TENSOR_F32, floats, 3, 2, err) &&
	       weights_add(w, "numbers", TENSOR_U32, numbers, 1, 0, err) &&
	       weights_add(w, "doubles", TENSOR_F64, doubles, 2, 0, err) &&
	       weights_add(w, "none", TENSOR_U32, NULL, 0, 0, err) &&
	       weights_note(w, "epoch", "7", err) && (weights_writer_prefix(w, "best."), true) &&
	       weights_add(w, "sizes", TENSOR_U64, sizes, 2, 0, err);
}

static bool write_all(const char *path, struct err *err)
{
	struct weights_writer *w = weights_writer_new(err);
	bool done = w && add_all(w, err) && weights_commit(w, path, err);

	weights_writer_free(w);
	return done;
}

static bool holds(struct weights *w, const char *name, enum tensor_type type, size_t rows, size_t cols,
		  const void *want, size_t size)
{
	struct err err;
	const void *got = weights_get(w, name, type, rows, cols, NULL, NULL, &err);

	return got && !memcmp(got, want, size) && (uintptr_t)got % (type == TENSOR_U8 ? 1 : 4) == 0;
}

static void test_round_trip(const char *path)
{
	struct err err;
	struct weights *w = weights_open(path, &err);
	size_t rows, cols;

	ok(w && holds(w, "bytes", TENSOR_U8, 3, 0, bytes, sizeof(bytes)) &&
	   holds(w, "floats", TENSOR_F32, 3, 2, floats, sizeof(floats)) &&
	   holds(w, "numbers", TENSOR_U32, 1, 0, numbers, sizeof(numbers)) &&
	   holds(w, "doubles", TENSOR_F64, 2, 0, doubles, sizeof(doubles)) &&
	   holds(w, "none", TENSOR_U32, 0, 0, "", 0), "every tensor comes back");
	ok(weights_get(w, "floats", TENSOR_F32, SIZE_MAX, SIZE_MAX, &rows, &cols, &err) && rows == 3 && cols == 2,
	   "any shape is taken, and told");
	is_str(weights_note_get(w, "epoch"), "7", "a note comes back");
	ok(!weights_get(w, "floats", TENSOR_F32, 2, 3, NULL, NULL, &err) && err.code == ERR_RANGE,
	   "another shape is refused: %s", err.msg);
	ok(!weights_get(w, "floats", TENSOR_U32, 3, 2, NULL, NULL, &err), "another type is refused");
	ok(!weights_get(w, "sizes", TENSOR_U64, 2, 0, NULL, NULL, &err) && err.code == ERR_NOTFOUND,
	   "a name without its prefix is not found");
	weights_prefix(w, "best.");
	ok(holds(w, "sizes", TENSOR_U64, 2, 0, sizes, sizeof(sizes)) && !weights_has(w, "floats"),
	   "a prefix leads to the second model");
	weights_close(w);
}

/* Every cut of a whole file is refused: nothing is read beyond its end. */
static void test_cuts(const char *path, const uint8_t *whole, size_t n)
{
	struct err err;
	bool refused = true;

	for (size_t cut = 0; cut < n; cut++) {
		struct weights *w;

		refused = refused && file_write_whole(path, whole, cut, 0644, &err);
		w = weights_open(path, &err);
		refused = refused && !w && err.code == ERR_SYNTAX;
		weights_close(w);
	}
	ok(refused, "a file cut anywhere is refused");
}

/* One byte of the header turned at a time: refused, or read without leaving the file. */
static void test_turned(const char *path, uint8_t *whole, size_t n, size_t header)
{
	struct err err;
	size_t refused = 0;

	for (size_t at = 0; at < header; at++) {
		struct weights *w;
		size_t rows, cols;
		const uint8_t *p;

		whole[at] ^= 0x15;
		file_write_whole(path, whole, n, 0644, &err);
		whole[at] ^= 0x15;
		w = weights_open(path, &err);
		refused += !w;
		p = w ? weights_get(w, "floats", TENSOR_F32, SIZE_MAX, SIZE_MAX, &rows, &cols, &err) : NULL;
		for (size_t k = 0; p && k < rows * cols * sizeof(float); k++)
			refused += p[k] == 0xff; /* touches every byte; there is no such one */
		weights_close(w);
	}
	ok(refused > header / 2, "damage in the header: %zu of %zu refused, none read outside", refused, header);
}

static void test_memory(void)
{
	struct err err;
	bool done = false, fine = true;
	size_t before = mem_bytes_now();

	for (unsigned k = 1; k < 100 && !done; k++) {
		struct weights_writer *w;
		uint8_t *packed = NULL;
		size_t cap = 0, n;

		mem_fail_at(k);
		w = weights_writer_new(&err);
		done = w && add_all(w, &err) && weights_pack(w, &packed, &cap, &n, &err);
		mem_fail_at(0);
		fine = fine && (done || err.code == ERR_NOMEM);
		weights_writer_free(w);
		mem_free(packed);
	}
	ok(done && fine && mem_bytes_now() == before, "out of memory while packing is told, nothing leaks");
}

static void test_pack(const uint8_t *whole, size_t n)
{
	struct err err;
	struct weights_writer *w = weights_writer_new(&err);
	uint8_t *packed = NULL;
	size_t cap = 0, packed_n = 0;

	ok(w && add_all(w, &err) && weights_pack(w, &packed, &cap, &packed_n, &err) && packed_n == n &&
	   !memcmp(packed, whole, n), "packed in memory: the same bytes as the file");
	weights_writer_free(w);
	mem_free(packed);
}

int main(void)
{
	struct err err;
	char path[] = "weights-XXXXXX";
	char *whole;
	size_t n, header;
	int fd = mkstemp(path);

	close(fd);
	ok(write_all(path, &err), "written");
	test_round_trip(path);
	if (!file_read_whole(path, 1 << 20, &whole, &n, &err))
		return done_testing();
	header = 8 + (size_t)((uint8_t)whole[0] + 256 * (uint8_t)whole[1]);
	ok(header % 8 == 0 && header + 4 * 8 + 7 * 4 + 3 == n, "no gaps, and an aligned header");
	test_pack((uint8_t *)whole, n);
	test_cuts(path, (uint8_t *)whole, n);
	test_turned(path, (uint8_t *)whole, n, header);
	ok(!weights_open("no such file", &err) && err.code == ERR_NOTFOUND, "a missing file is told");
	test_memory();
	mem_free(whole);
	unlink(path);
	return done_testing();
}
