/* SPDX-License-Identifier: GPL-3.0-or-later */
/* weights.h - named tensors in a safetensors file (the layout huggingface/safetensors documents: 8 bytes
 * little-endian header length, a JSON header, the tensors' bytes).  Python opens them as they are.
 *
 * Writing: begin, add (bytes are borrowed until commit), commit replaces the file whole.  Reading maps or
 * reads the file and checks every offset against its size; what the numbers mean is the reader's to check.
 * Thread: WORKER or ANY, one at a time.
 */
#ifndef MODEL_WEIGHTS_H
#define MODEL_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum tensor_type { TENSOR_F32, TENSOR_F64, TENSOR_U32, TENSOR_U64, TENSOR_U8, TENSOR_BF16, TENSOR_I8 };

struct weights_writer;
struct weights_writer *weights_writer_new(struct err *err);
/* Shape of 1 or 2 dimensions; cols 0: one dimension.  name is copied, data borrowed until commit. */
bool weights_add(struct weights_writer *w, const char *name, enum tensor_type type, const void *data,
		 size_t rows, size_t cols, struct err *err);
bool weights_note(struct weights_writer *w, const char *key, const char *value, struct err *err); /* __metadata__ */
/* What is added from now on is named prefix + name (two models in one file); "" at first. */
void weights_writer_prefix(struct weights_writer *w, const char *prefix);
bool weights_commit(struct weights_writer *w, const char *path, struct err *err); /* may be called once */
uint64_t weights_size(const struct weights_writer *w); /* of the tensors added, without the header */
uint64_t weights_digest(const struct weights_writer *w); /* equal tensors, equal number */
/* The file's bytes in memory instead: *bytes is grown as needed (*cap), mem_free() it. */
bool weights_pack(struct weights_writer *w, uint8_t **bytes, size_t *cap, size_t *n, struct err *err);
void weights_writer_free(struct weights_writer *w);

struct weights;
struct weights *weights_open(const char *path, struct err *err);
/* Of a file from elsewhere: it may be anything, and change at any time, so it is not waited for and read into memory
 * of our own.  notes_alone: the header is, and no tensor may be asked for. */
struct weights *weights_read(const char *path, bool notes_alone, struct err *err);
void weights_close(struct weights *w); /* NULL is fine */
void weights_prefix(struct weights *w, const char *prefix); /* names from now on are prefix + name */
/* The tensor's bytes, aligned for its type, borrowed until weights_close(); checks name, type and shape (a
 * shape of SIZE_MAX takes any); the found shape comes back through rows, cols (may be NULL). */
const void *weights_get(const struct weights *w, const char *name, enum tensor_type type, size_t want_rows,
			size_t want_cols, size_t *rows, size_t *cols, struct err *err);
/* Copies the tensor of just that shape to `to`. */
bool weights_take(const struct weights *w, const char *name, enum tensor_type type, void *to, size_t rows,
		  size_t cols, struct err *err);
bool weights_has(const struct weights *w, const char *name);
bool weights_is(const struct weights *w, const char *name, enum tensor_type type); /* there, and of this type */
bool weights_has_type(const struct weights *w, enum tensor_type type); /* of any name */
bool weights_finite(const struct weights *w, struct err *err); /* no NaN or infinity in any tensor, else it is named */
const char *weights_note_get(const struct weights *w, const char *key); /* NULL */

#endif
