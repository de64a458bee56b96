/* SPDX-License-Identifier: GPL-3.0-or-later */
/* .npy headers, right and wrong, and elements of every type; the bytes are those numpy 1.24 writes. */
#include <math.h>
#include <stdlib.h>

#include "data/npy.h"
#include "tap.h"

/* Version `major`, header text, then data. */
static size_t build(char *out, int major, const char *dict, const void *data, size_t n_data)
{
	const size_t len = strlen(dict), at = major == 1 ? 10 : 12;

	memcpy(out, "\x93NUMPY", 6);
	out[6] = (char)major;
	out[7] = 0;
	out[8] = (char)(len & 255);
	out[9] = (char)(len >> 8);
	if (major > 1)
		out[10] = out[11] = 0;
	memcpy(out + at, dict, len);
	if (n_data)
		memcpy(out + at + len, data, n_data);
	return at + len + n_data;
}

static bool parses(struct npy *a, int major, const char *dict, struct err *err)
{
	char file[1024];
	size_t n = build(file, major, dict, NULL, 0);

	memset(err, 0, sizeof(*err));
	return npy_header(a, file, n, "x.npy", err);
}

static void test_headers(void)
{
	static const char usual[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }          \n";
	struct npy a;
	struct err err;

	ok(parses(&a, 1, usual, &err) && a.kind == 'f' && a.size == 4 && !a.fortran && a.n_dims == 2 && a.shape[0] == 3 && a.shape[1] == 4 &&
	   a.n == 12 && a.data_at == 10 + strlen(usual), "version 1, as numpy writes it");
	ok(parses(&a, 2, "{'descr': '<f8', 'fortran_order': True, 'shape': (7,), }\n", &err) && a.fortran &&
	   a.n_dims == 1 && a.n == 7 && a.data_at == 12 + 57, "version 2, Fortran order, one dimension");
	ok(parses(&a, 3, "{\"shape\":(2,0,5),\"fortran_order\":False,\"descr\":\"|u1\"}", &err) && a.kind == 'u' &&
	   a.n == 0, "version 3, other quotes, another order, nothing in it");
	ok(parses(&a, 1, "{'descr': '<i8', 'fortran_order': False, 'shape': (10L, 2L), }\n", &err) && a.n == 20,
	   "Python 2's long integers");
	ok(parses(&a, 1, "{'descr': '<f4', 'fortran_order': False, 'shape': (), }\n", &err) && a.n_dims == 0 &&
	   a.n == 1, "a single number");
}

static void test_refused(void)
{
	static const struct { const char *dict, *says; } bad[] = {
		{ "{'descr': '>f4', 'fortran_order': False, 'shape': (3,), }", "is big-endian (>f4): save it with .astype('<f4')" },
		{ "{'descr': '<c8', 'fortran_order': False, 'shape': (3,), }", "has elements of type <c8" },
		{ "{'descr': '<f3', 'fortran_order': False, 'shape': (3,), }", "has elements of type <f3" },
		{ "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }", "has elements of type |O" },
		{ "{'descr': '', 'fortran_order': False, 'shape': (3,), }", "has elements of type " },
		{ "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (3,), }", "is an array of records" },
		{ "{'descr': '<f4', 'fortran_order': False, 'shape': (3,4,5,6,7,8,9,10,11), }", "has more than 8 dimensions" },
		{ "{'descr': '<f4', 'fortran_order': False, 'shape': (4000000000,4000000000), }", "says that it has more elements" },
		{ "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", "the header" },
		{ "{'descr': '<f4', 'fortran_order': False, 'shape': (-3,), }", "the header" },
		{ "{'descr': '<f4', 'fortran_order': None, 'shape': (3,), }", "the header" },
		{ "{'descr': '<f4', 'shape': (3,), }", "the header" },
		{ "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "the header" },
		{ "{'descr': '<f4', 'fortran_order': False, 'shape': (3,), 'more': 1}", "the header" },
		{ "{'descr': '<f4', 'fortran_order': False, 'shape': (3", "the header" },
		{ "{'descr': '<f4", "the header" },
		{ "", "is no .npy file, or ends" },
	};
	char file[64];
	struct npy a;
	struct err err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (!ok(!parses(&a, 1, bad[i].dict, &err) && !strncmp(err.msg, bad[i].says, strlen(bad[i].says)), "%s: %s",
			bad[i].dict, bad[i].says))
			printf("# %s\n", err.msg);
	ok(!parses(&a, 4, "{}", &err) && strstr(err.msg, "version 4.0"), "version 4");
	build(file, 1, "{'descr': '<f4', 'fort", NULL, 0);
	ok(!npy_header(&a, file, 20, "x.npy", &err) && !strncmp(err.msg, "ends within its header", 22), "cut short");
	ok(!npy_header(&a, file, 9, "x.npy", &err) && !npy_is(file, 5) && npy_is(file, 6), "shorter than a header");
	is_str(err.file, "x.npy", "the file is named");
}

static void is_floats(const char *dict, const void *bytes, size_t n_bytes, const float *want, size_t n)
{
	char file[256];
	size_t len = build(file, 1, dict, bytes, n_bytes);
	struct npy a;
	struct err err;
	float got[16];
	bool same = npy_header(&a, file, len, "x.npy", &err) && a.n == n && a.data_at + n * a.size == len;

	if (same)
		npy_floats(&a, file + a.data_at, n, got);
	for (size_t i = 0; same && i < n; i++)
		same = memcmp(&got[i], &want[i], sizeof(*got)) == 0;
	ok(same, "%s", dict);
}

#define DICT(TYPE, N) "{'descr': '" TYPE "', 'fortran_order': False, 'shape': (" N ",), }"

static void test_elements(void)
{
	/* 1.5, -2, the least normal and subnormal halves, the greatest, infinity */
	is_floats(DICT("<f2", "6"), "\x00\x3e\x00\xc0\x00\x04\x01\x00\xff\x7b\x00\x7c", 12,
		  (const float[]){ 1.5f, -2, 0x1p-14f, 0x1p-24f, 65504, INFINITY }, 6);
	is_floats(DICT("<f4", "2"), "\x00\x00\xc0\x3f\xcd\xcc\xcc\xbd", 8, (const float[]){ 1.5f, -0.1f }, 2);
	/* 0.1, and 1e300, which no float holds */
	is_floats(DICT("<f8", "2"), "\x9a\x99\x99\x99\x99\x99\xb9\x3f\x9c\x75\x00\x88\x3c\xe4\x37\x7e", 16,
		  (const float[]){ 0.1f, INFINITY }, 2);
	is_floats(DICT("|i1", "2"), "\x7f\x80", 2, (const float[]){ 127, -128 }, 2);
	is_floats(DICT("|u1", "2"), "\x7f\x80", 2, (const float[]){ 127, 128 }, 2);
	is_floats(DICT("<i2", "2"), "\xff\x7f\x00\x80", 4, (const float[]){ 32767, -32768 }, 2);
	is_floats(DICT("<u2", "2"), "\xff\x7f\x00\x80", 4, (const float[]){ 32767, 32768 }, 2);
	is_floats(DICT("<i4", "2"), "\x03\x00\x00\x00\xfe\xff\xff\xff", 8, (const float[]){ 3, -2 }, 2);
	is_floats(DICT("<u4", "1"), "\xfe\xff\xff\xff", 4, (const float[]){ 4294967294.0f }, 1);
	is_floats(DICT("<i8", "2"), "\x03\0\0\0\0\0\0\0\xfe\xff\xff\xff\xff\xff\xff\xff", 16, (const float[]){ 3, -2 }, 2);
	is_floats(DICT("<u8", "1"), "\xfe\xff\xff\xff\xff\xff\xff\xff", 8, (const float[]){ 0x1p64f }, 1);
	is_floats(DICT("|b1", "3"), "\0\1\2", 3, (const float[]){ 0, 1, 1 }, 3);
}

int main(void)
{
	test_headers();
	test_refused();
	test_elements();
	return done_testing();
}
