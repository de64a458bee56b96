/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/npy.h"

#include <string.h>

#define MAGIC "\x93NUMPY"

/* What is left of the header's text. */
struct text {
	const char *s, *end;
};

bool npy_is(const char *bytes, size_t n)
{
	return n >= 6 && !memcmp(bytes, MAGIC, 6);
}

static void skip_blanks(struct text *t)
{
	while (t->s < t->end && (*t->s == ' ' || *t->s == '\t' || *t->s == '\n' || *t->s == '\r'))
		t->s++;
}

static bool take(struct text *t, const char *word)
{
	size_t n = strlen(word);

	skip_blanks(t);
	if ((size_t)(t->end - t->s) < n || memcmp(t->s, word, n) != 0)
		return false;
	t->s += n;
	return true;
}

/* 'text' or "text", without escapes: none of the names or types needs any. */
static bool take_quoted(struct text *t, char *out, size_t size)
{
	const char *from, *to;

	skip_blanks(t);
	if (t->s == t->end || (*t->s != '\'' && *t->s != '"'))
		return false;
	from = t->s + 1;
	to = memchr(from, *t->s, (size_t)(t->end - from));
	if (!to || (size_t)(to - from) >= size)
		return false;
	memcpy(out, from, (size_t)(to - from));
	out[to - from] = '\0';
	t->s = to + 1;
	return true;
}

static bool take_number(struct text *t, uint64_t *out)
{
	const char *from;

	skip_blanks(t);
	*out = 0;
	for (from = t->s; t->s < t->end && *t->s >= '0' && *t->s <= '9'; t->s++) {
		const uint64_t digit = (uint64_t)(*t->s - '0');

		if (*out > (INT64_MAX - digit) / 10)
			return false;
		*out = 10 * *out + digit;
	}
	if (t->s == from)
		return false;
	if (t->s < t->end && *t->s == 'L') /* Python 2 wrote long integers so */
		t->s++;
	return true;
}

static bool broken(const char *file, struct err *err)
{
	return err_at(err, ERR_SYNTAX, file, 0, "the header of this .npy file is broken: save the array again");
}

static bool take_shape(struct npy *a, struct text *t, const char *file, struct err *err)
{
	if (!take(t, "("))
		return broken(file, err);
	while (!take(t, ")")) {
		if (a->n_dims == NPY_DIMS)
			return err_at(err, ERR_UNSUPPORTED, file, 0, "has more than %d dimensions: one row an item is read",
				      NPY_DIMS);
		if (!take_number(t, &a->shape[a->n_dims++]))
			return broken(file, err);
		if (!take(t, ",") && (t->s == t->end || *t->s != ')'))
			return broken(file, err);
	}
	return true;
}

static bool take_type(struct npy *a, struct text *t, const char *file, struct err *err)
{
	char type[16];
	bool little, known;

	skip_blanks(t);
	if (t->s < t->end && *t->s == '[')
		return err_at(err, ERR_UNSUPPORTED, file, 0, "is an array of records: save its numbers alone");
	if (!take_quoted(t, type, sizeof(type)))
		return broken(file, err);
	if (type[0] == '>')
		return err_at(err, ERR_UNSUPPORTED, file, 0,
			      "is big-endian (%s): save it with .astype('<%s')", type, type + 1);
	little = type[0] == '<' || type[0] == '|' || type[0] == '=';
	a->kind = little ? type[1] : '\0';
	a->size = a->kind && type[2] >= '1' && type[2] <= '9' && !type[3] ? (unsigned)(type[2] - '0') : 0;
	known = a->kind == 'f' ? a->size == 2 || a->size == 4 || a->size == 8
	      : a->kind == 'i' || a->kind == 'u' ? a->size == 1 || a->size == 2 || a->size == 4 || a->size == 8
	      : a->kind == 'b' && a->size == 1;
	return known || err_at(err, ERR_UNSUPPORTED, file, 0,
			       "has elements of type %s: floats, integers and booleans are read (.astype('float32'))", type);
}

static bool take_dict(struct npy *a, struct text *t, const char *file, struct err *err)
{
	bool have_type = false, have_order = false, have_shape = false;

	if (!take(t, "{"))
		return broken(file, err);
	while (!take(t, "}")) {
		char key[16];

		if (!take_quoted(t, key, sizeof(key)) || !take(t, ":"))
			return broken(file, err);
		if (!strcmp(key, "descr") && !have_type) {
			have_type = true;
			if (!take_type(a, t, file, err))
				return false;
		} else if (!strcmp(key, "fortran_order") && !have_order) {
			have_order = true;
			a->fortran = take(t, "True");
			if (!a->fortran && !take(t, "False"))
				return broken(file, err);
		} else if (!strcmp(key, "shape") && !have_shape) {
			have_shape = true;
			if (!take_shape(a, t, file, err))
				return false;
		} else {
			return broken(file, err);
		}
		if (!take(t, ",") && (t->s == t->end || *t->s != '}'))
			return broken(file, err);
	}
	return (have_type && have_order && have_shape) || broken(file, err);
}

static bool count_elements(struct npy *a, const char *file, struct err *err)
{
	a->n = 1;
	for (unsigned k = 0; k < a->n_dims; k++) {
		if (a->shape[k] && a->n > INT64_MAX / a->size / a->shape[k])
			return err_at(err, ERR_SYNTAX, file, 0, "says that it has more elements than any file can hold");
		a->n *= a->shape[k];
	}
	return true;
}

bool npy_header(struct npy *out, const char *bytes, size_t n, const char *file, struct err *err)
{
	const unsigned char *u = (const unsigned char *)bytes;
	struct text t;
	size_t at, len;

	memset(out, 0, sizeof(*out));
	if (!npy_is(bytes, n) || n < 12)
		return err_at(err, ERR_SYNTAX, file, 0, "is no .npy file, or ends within its header");
	if (u[6] < 1 || u[6] > 3)
		return err_at(err, ERR_UNSUPPORTED, file, 0, "is of version %u.%u of the .npy format: 1.0 to 3.0 are read",
			      u[6], u[7]);
	at = u[6] == 1 ? 10 : 12;
	len = (size_t)u[8] | (size_t)u[9] << 8;
	if (at == 12)
		len |= (size_t)u[10] << 16 | (size_t)u[11] << 24;
	if (len > n - at)
		return err_at(err, ERR_SYNTAX, file, 0, "ends within its header, or has one of more than %zu bytes", n);
	t = (struct text){ bytes + at, bytes + at + len };
	out->data_at = at + len;
	return take_dict(out, &t, file, err) && count_elements(out, file, err);
}

/* --- Elements ------------------------------------------------------------------- */

static inline uint64_t little(const char *bytes, unsigned size)
{
	uint64_t v = 0;

	for (unsigned k = 0; k < size; k++)
		v |= (uint64_t)(unsigned char)bytes[k] << 8 * k;
	return v;
}

static float from_float(uint64_t bits)
{
	const uint32_t b = (uint32_t)bits;
	float v;

	memcpy(&v, &b, sizeof(v));
	return v;
}

/* The same fields, 5 and 10 bits wide; the exponent's bias is 15 there and 127 here. */
static float from_half(uint64_t h)
{
	const uint64_t sign = (h & 0x8000) << 16, exponent = h >> 10 & 31, fraction = h & 1023;

	if (exponent == 0)
		return (sign ? -0x1p-24f : 0x1p-24f) * (float)fraction;
	return from_float(sign | (exponent == 31 ? 255 : exponent + 112) << 23 | fraction << 13);
}

static float from_double(uint64_t bits)
{
	double v;

	memcpy(&v, &bits, sizeof(v));
	return (float)v;
}

#define EACH(SIZE, VALUE)                                                      \
	for (size_t k = 0; k < n; k++) {                                       \
		const uint64_t x = little(bytes + k * (SIZE), SIZE);           \
                                                                               \
		out[k] = (VALUE);                                              \
	}                                                                      \
	break

void npy_floats(const struct npy *a, const char *bytes, size_t n, float *out)
{
	switch ((unsigned)a->kind << 8 | a->size) {
	case 'f' << 8 | 2: EACH(2, from_half(x));
	case 'f' << 8 | 4: EACH(4, from_float(x));
	case 'f' << 8 | 8: EACH(8, from_double(x));
	case 'i' << 8 | 1: EACH(1, (float)(int8_t)x);
	case 'i' << 8 | 2: EACH(2, (float)(int16_t)x);
	case 'i' << 8 | 4: EACH(4, (float)(int32_t)x);
	case 'i' << 8 | 8: EACH(8, (float)(int64_t)x);
	case 'u' << 8 | 1: EACH(1, (float)x);
	case 'u' << 8 | 2: EACH(2, (float)x);
	case 'u' << 8 | 4: EACH(4, (float)x);
	case 'u' << 8 | 8: EACH(8, (float)x);
	case 'b' << 8 | 1: EACH(1, x ? 1.0f : 0.0f);
	}
}
