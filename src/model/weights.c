/* SPDX-License-Identifier: GPL-3.0-or-later */
/* weights.c - safetensors written and read.
 *
 * The file: 8 bytes of little-endian header length, the JSON header padded with blanks to a multiple of
 * 8, then the tensors' bytes without gaps.  Tensors are written widest type first (in order of adding
 * within a type), so that each is aligned for its type without padding, which the format forbids.
 */
#include "model/weights.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "safetensors is little-endian; swapping bytes on other machines is not written"
#endif

enum { HEADER_MAX = 64 << 20, FOREIGN_HEADER_MAX = 1 << 20, NAME_SIZE = 128 };

static const struct {
	const char *name;
	size_t size;
} types[] = {
	[TENSOR_F32] = { "F32", 4 }, [TENSOR_F64] = { "F64", 8 }, [TENSOR_U32] = { "U32", 4 },
	[TENSOR_U64] = { "U64", 8 }, [TENSOR_U8] = { "U8", 1 }, [TENSOR_BF16] = { "BF16", 2 }, [TENSOR_I8] = { "I8", 1 },
};

struct tensor {
	char name[NAME_SIZE];
	enum tensor_type type;
	const void *data;
	size_t rows, cols; /* cols 0: one dimension */
	size_t bytes;
};

struct weights_writer {
	char prefix[32];
	struct tensor *tensor;
	size_t n, cap;
	json_t *notes;
};

struct weights_writer *weights_writer_new(struct err *err)
{
	struct weights_writer *w = mem_zeroed(1, sizeof(*w), err);

	if (w)
		w->notes = mem_must(json_object());
	return w;
}

void weights_writer_free(struct weights_writer *w)
{
	if (!w)
		return;
	json_decref(w->notes);
	mem_free(w->tensor);
	mem_free(w);
}

void weights_writer_prefix(struct weights_writer *w, const char *prefix)
{
	snprintf(w->prefix, sizeof(w->prefix), "%s", prefix);
}

bool weights_add(struct weights_writer *w, const char *name, enum tensor_type type, const void *data,
		 size_t rows, size_t cols, struct err *err)
{
	struct tensor *t;
	size_t per_row = (cols ? cols : 1) * types[type].size;

	if (rows && per_row > SIZE_MAX / rows)
		return err_set(err, ERR_NOMEM, "tensor %s is too large to be written", name);
	if (w->n == w->cap) {
		size_t cap = w->cap ? 2 * w->cap : 16;
		struct tensor *more = mem_resize(w->tensor, w->cap, cap, sizeof(*more), err);

		if (!more)
			return false;
		w->tensor = more;
		w->cap = cap;
	}
	t = &w->tensor[w->n++];
	*t = (struct tensor){ .type = type, .data = data, .rows = rows, .cols = cols,
			      .bytes = rows * per_row };
	snprintf(t->name, sizeof(t->name), "%s%s", w->prefix, name);
	return true;
}

bool weights_note(struct weights_writer *w, const char *key, const char *value, struct err *err)
{
	char full[NAME_SIZE];

	snprintf(full, sizeof(full), "%s%s", w->prefix, key);
	if (json_object_set_new(w->notes, full, json_string(value)))
		return err_set(err, ERR_NOMEM, "no memory for the note %s of a weights file", key);
	return true;
}

uint64_t weights_size(const struct weights_writer *w)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < w->n; i++)
		sum += w->tensor[i].bytes;
	return sum;
}

uint64_t weights_digest(const struct weights_writer *w)
{
	uint64_t h = w->n;

	for (size_t i = 0; i < w->n; i++) {
		h = hash_bytes(w->tensor[i].name, strlen(w->tensor[i].name), h);
		h = hash_bytes(w->tensor[i].data, w->tensor[i].bytes, h);
	}
	return h;
}

static json_t *describe_tensor(const struct tensor *t, size_t offset)
{
	json_t *shape = json_array();
	json_t *entry;

	json_array_append_new(shape, json_integer((json_int_t)t->rows));
	if (t->cols)
		json_array_append_new(shape, json_integer((json_int_t)t->cols));
	entry = json_pack("{s:s, s:o, s:[I, I]}", "dtype", types[t->type].name, "shape", shape,
			  "data_offsets", (json_int_t)offset, (json_int_t)(offset + t->bytes));
	return mem_must(entry);
}

/* Calls fn for each tensor in file order: by falling type size. */
static bool in_file_order(const struct weights_writer *w, bool (*fn)(void *, const struct tensor *), void *ctx)
{
	for (size_t size = 8; size; size /= 2)
		for (size_t i = 0; i < w->n; i++)
			if (types[w->tensor[i].type].size == size && !fn(ctx, &w->tensor[i]))
				return false;
	return true;
}

struct header {
	json_t *root;
	size_t offset;
};

static bool add_to_header(void *ctx, const struct tensor *t)
{
	struct header *h = ctx;

	if (json_object_set_new(h->root, t->name, describe_tensor(t, h->offset)))
		return false;
	h->offset += t->bytes;
	return true;
}

/* The header's text with its padding; free() it.  *data: the bytes of all tensors. */
static char *header_text(const struct weights_writer *w, uint64_t *length, size_t *data, struct err *err)
{
	struct header h = { .root = mem_must(json_object()) };
	char *compact = NULL, *padded = NULL;

	json_object_set(h.root, "__metadata__", w->notes);
	if (in_file_order(w, add_to_header, &h))
		compact = json_dumps(h.root, JSON_COMPACT);
	json_decref(h.root);
	if (!compact) {
		err_set(err, ERR_NOMEM, "no memory for the header of a weights file");
		return NULL;
	}
	*length = (strlen(compact) + 7) / 8 * 8;
	*data = h.offset;
	padded = mem_must(malloc(*length + 1));
	snprintf(padded, *length + 1, "%-*s", (int)*length, compact);
	free(compact);
	return padded;
}

static bool write_tensor(void *ctx, const struct tensor *t)
{
	return !t->bytes || fwrite(t->data, 1, t->bytes, ctx) == t->bytes;
}

bool weights_commit(struct weights_writer *w, const char *path, struct err *err)
{
	struct file_writer f;
	uint64_t length;
	size_t data;
	char *text = header_text(w, &length, &data, err);
	bool written;
	int why;

	if (!text)
		return false;
	if (!file_writer_begin(&f, path, 0644, err)) {
		free(text);
		return false;
	}
	errno = 0;
	written = fwrite(&length, 1, sizeof(length), f.f) == sizeof(length) &&
		  fwrite(text, 1, length, f.f) == length && in_file_order(w, write_tensor, f.f);
	why = errno ? errno : EIO;
	free(text);
	if (written)
		return file_writer_commit(&f, err);
	err_at(err, ERR_IO, path, 0, "cannot be written: %s", strerror(why));
	file_writer_abandon(&f);
	return false;
}

static bool copy_tensor(void *ctx, const struct tensor *t)
{
	uint8_t **to = ctx;

	if (t->bytes)
		memcpy(*to, t->data, t->bytes);
	*to += t->bytes;
	return true;
}

bool weights_pack(struct weights_writer *w, uint8_t **bytes, size_t *cap, size_t *n, struct err *err)
{
	uint64_t length;
	size_t data;
	char *text = header_text(w, &length, &data, err);
	uint8_t *to;

	if (!text)
		return false;
	*n = sizeof(length) + length + data;
	if (*n > *cap) {
		mem_free(*bytes);
		*cap = 0;
		*bytes = mem_alloc(*n, 1, err);
		if (!*bytes) {
			free(text);
			return false;
		}
		*cap = *n;
	}
	to = *bytes;
	memcpy(to, &length, sizeof(length));
	memcpy(to + sizeof(length), text, length);
	to += sizeof(length) + length;
	free(text);
	in_file_order(w, copy_tensor, &to);
	return true;
}

struct weights {
	char *path;
	char prefix[32];
	const uint8_t *map;  /* of the file; NULL: it was read into own */
	uint8_t *own;
	const uint8_t *start; /* either of them */
	size_t size;
	const uint8_t *data; /* behind the header */
	size_t data_size;
	json_t *root;
};

static bool damaged(const char *path, struct err *err, const char *why)
{
	return err_at(err, ERR_SYNTAX, path, 0, "not a whole safetensors file: %s", why);
}

static int type_of(const json_t *entry)
{
	const char *text = json_string_value(json_object_get(entry, "dtype"));

	for (size_t i = 0; text && i < sizeof(types) / sizeof(*types); i++)
		if (!strcmp(types[i].name, text))
			return (int)i;
	return -1;
}

/* One entry of the header: shape and offsets agree with each other and with the file. */
static bool check_entry(const struct weights *w, const json_t *entry, size_t *begin, size_t shape[2])
{
	const json_t *dims = json_object_get(entry, "shape");
	const json_t *ends = json_object_get(entry, "data_offsets");
	json_int_t from = json_integer_value(json_array_get(ends, 0));
	json_int_t to = json_integer_value(json_array_get(ends, 1));
	size_t n = json_array_size(dims), bytes;
	int type = type_of(entry);

	if (type < 0 || !json_is_array(dims) || json_array_size(ends) != 2 || n < 1 || n > 2)
		return false;
	shape[1] = 1;
	for (size_t i = 0; i < n; i++) {
		json_int_t d = json_integer_value(json_array_get(dims, i));

		if (d < 0 || (uint64_t)d > UINT64_C(1) << 40)
			return false;
		shape[i] = (size_t)d;
	}
	if (shape[1] && shape[0] > SIZE_MAX / 8 / shape[1])
		return false;
	bytes = shape[0] * shape[1] * types[type].size;
	if (from < 0 || to < from || (uint64_t)to > w->data_size || (uint64_t)(to - from) != bytes)
		return false;
	*begin = (size_t)from;
	return ((uintptr_t)w->data + (uintptr_t)from) % types[type].size == 0;
}

static bool read_header(struct weights *w, struct err *err)
{
	uint64_t length;
	json_error_t where;
	const char *name;
	json_t *entry;

	if (w->size < sizeof(length))
		return damaged(w->path, err, "it ends before its header");
	memcpy(&length, w->start, sizeof(length));
	if (length > w->size - sizeof(length) || length > HEADER_MAX)
		return damaged(w->path, err, "it ends within its header");
	w->data = w->start + sizeof(length) + length;
	w->data_size = w->size - sizeof(length) - length;
	w->root = json_loadb((const char *)w->start + sizeof(length), length, JSON_REJECT_DUPLICATES, &where);
	if (!json_is_object(w->root))
		return damaged(w->path, err, "its header is not JSON");
	json_object_foreach(w->root, name, entry) {
		size_t begin, shape[2];

		if (strcmp(name, "__metadata__") && !check_entry(w, entry, &begin, shape))
			return damaged(w->path, err, "a tensor lies outside it or is of no known type");
	}
	return true;
}

/* The regular file at w->path, its size in w->size; -1 on failure. */
static int open_regular(struct weights *w, int flags, struct err *err)
{
	int fd = open(w->path, O_RDONLY | O_CLOEXEC | flags);
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		err_at(err, errno == ENOENT ? ERR_NOTFOUND : ERR_IO, w->path, 0, "cannot be opened: %s",
		       strerror(errno));
	} else if (!S_ISREG(st.st_mode) || st.st_size <= 0) {
		damaged(w->path, err, "it is empty or no regular file");
	} else {
		w->size = (size_t)st.st_size;
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

static bool map_whole(struct weights *w, int fd, struct err *err)
{
	/* Ours are only ever replaced by rename, so what is mapped stays whole. */
	void *map = mmap(NULL, w->size, PROT_READ, MAP_PRIVATE, fd, 0);

	if (map == MAP_FAILED)
		return err_at(err, ERR_IO, w->path, 0, "cannot be read: %s", strerror(errno));
	w->start = w->map = map;
	return true;
}

/* Exactly n bytes from the file's start. */
static bool read_bytes(const struct weights *w, int fd, void *to, size_t n, struct err *err)
{
	for (size_t have = 0; have < n;) {
		ssize_t got = pread(fd, (char *)to + have, n - have, (off_t)have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_at(err, ERR_IO, w->path, 0, "cannot be read: %s", strerror(errno));
		if (!got)
			return damaged(w->path, err, "it became shorter while it was read");
		have += (size_t)got;
	}
	return true;
}

static bool read_foreign(struct weights *w, int fd, bool notes_alone, struct err *err)
{
	uint64_t length, most = mem_bytes_available();
	size_t n = w->size;

	if (w->size < sizeof(length))
		return damaged(w->path, err, "it ends before its header");
	if (!read_bytes(w, fd, &length, sizeof(length), err))
		return false;
	if (length > w->size - sizeof(length))
		return damaged(w->path, err, "it ends within its header");
	if (length > FOREIGN_HEADER_MAX)
		return damaged(w->path, err, "its header is longer than any that whyrec writes");
	if (notes_alone)
		n = sizeof(length) + (size_t)length;
	if (n > most) {
		char need[32], has[32];

		return err_at(err, ERR_NOMEM, w->path, 0, "needs %s of memory, and %s can be had", str_bytes(n, need),
			      str_bytes(most, has));
	}
	w->start = w->own = mem_alloc(n, 1, err);
	return w->own && read_bytes(w, fd, w->own, n, err);
}

static struct weights *weights_new(const char *path, struct err *err)
{
	struct weights *w = mem_zeroed(1, sizeof(*w), err);

	if (w)
		w->path = mem_strdup(path);
	return w;
}

static struct weights *opened(struct weights *w, int fd, bool read, struct err *err)
{
	if (fd >= 0)
		close(fd);
	if (fd >= 0 && read && read_header(w, err))
		return w;
	weights_close(w);
	return NULL;
}

struct weights *weights_open(const char *path, struct err *err)
{
	struct weights *w = weights_new(path, err);
	int fd = w ? open_regular(w, 0, err) : -1;

	return opened(w, fd, fd >= 0 && map_whole(w, fd, err), err);
}

struct weights *weights_read(const char *path, bool notes_alone, struct err *err)
{
	struct weights *w = weights_new(path, err);
	int fd = w ? open_regular(w, O_NONBLOCK | O_NOCTTY, err) : -1;

	return opened(w, fd, fd >= 0 && read_foreign(w, fd, notes_alone, err), err);
}

void weights_close(struct weights *w)
{
	if (!w)
		return;
	if (w->map)
		munmap((void *)(uintptr_t)w->map, w->size);
	mem_free(w->own);
	json_decref(w->root);
	free(w->path);
	mem_free(w);
}

void weights_prefix(struct weights *w, const char *prefix)
{
	snprintf(w->prefix, sizeof(w->prefix), "%s", prefix);
}

static const json_t *find_entry(const struct weights *w, const char *name)
{
	char full[NAME_SIZE];

	snprintf(full, sizeof(full), "%s%s", w->prefix, name);
	return json_object_get(w->root, full);
}

bool weights_has(const struct weights *w, const char *name)
{
	return find_entry(w, name) != NULL;
}

bool weights_is(const struct weights *w, const char *name, enum tensor_type type)
{
	const json_t *entry = find_entry(w, name);

	return entry && type_of(entry) == (int)type;
}

bool weights_has_type(const struct weights *w, enum tensor_type type)
{
	const char *name;
	json_t *entry;

	json_object_foreach(w->root, name, entry) {
		if (type_of(entry) == (int)type)
			return true;
	}
	return false;
}

/* All bits of the exponent set: an infinity or no number. */
static bool is_finite(const uint8_t *at, size_t n, enum tensor_type type)
{
	bool bad = false;

	for (size_t k = 0; k < n && type == TENSOR_F32; k++)
		bad |= !isfinite(((const float *)(const void *)at)[k]);
	for (size_t k = 0; k < n && type == TENSOR_F64; k++)
		bad |= !isfinite(((const double *)(const void *)at)[k]);
	for (size_t k = 0; k < n && type == TENSOR_BF16; k++)
		bad |= (((const uint16_t *)(const void *)at)[k] & 0x7f80) == 0x7f80;
	return !bad;
}

bool weights_finite(const struct weights *w, struct err *err)
{
	const char *name;
	json_t *entry;

	json_object_foreach(w->root, name, entry) {
		size_t begin, shape[2];

		if (strcmp(name, "__metadata__") && check_entry(w, entry, &begin, shape) &&
		    !is_finite(w->data + begin, shape[0] * shape[1], (enum tensor_type)type_of(entry)))
			return err_at(err, ERR_SYNTAX, w->path, 0, "tensor %s holds what is no number", name);
	}
	return true;
}

const char *weights_note_get(const struct weights *w, const char *key)
{
	char full[NAME_SIZE];

	snprintf(full, sizeof(full), "%s%s", w->prefix, key);
	return json_string_value(json_object_get(json_object_get(w->root, "__metadata__"), full));
}

const void *weights_get(const struct weights *w, const char *name, enum tensor_type type, size_t want_rows,
			size_t want_cols, size_t *rows, size_t *cols, struct err *err)
{
	const json_t *entry = find_entry(w, name);
	size_t begin, shape[2], dims = json_array_size(json_object_get(entry, "shape"));
	bool as_wanted;

	if (!entry || !check_entry(w, entry, &begin, shape)) {
		err_at(err, ERR_NOTFOUND, w->path, 0, "has no tensor %s%s", w->prefix, name);
		return NULL;
	}
	as_wanted = (int)type == type_of(entry) && (want_rows == SIZE_MAX || want_rows == shape[0]) &&
		    (want_cols == SIZE_MAX || (want_cols ? dims == 2 && want_cols == shape[1] : dims == 1));
	if (!as_wanted) {
		err_at(err, ERR_RANGE, w->path, 0,
		       "tensor %s is %s %zu x %zu, which does not fit this data and these parameters", name,
		       types[type_of(entry)].name, shape[0], shape[1]);
		return NULL;
	}
	if (rows)
		*rows = shape[0];
	if (cols)
		*cols = shape[1];
	return w->data + begin;
}

bool weights_take(const struct weights *w, const char *name, enum tensor_type type, void *to, size_t rows,
		  size_t cols, struct err *err)
{
	const void *from = weights_get(w, name, type, rows, cols, NULL, NULL, err);

	if (from)
		memcpy(to, from, types[type].size * rows * (cols ? cols : 1));
	return from != NULL;
}
