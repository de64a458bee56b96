/* SPDX-License-Identifier: GPL-3.0-or-later */
/* npy.h - arrays as numpy saves them: the header, and elements as floats.
 *
 * Format: numpy.lib.format (NEP 1), versions 1.0 to 3.0: a magic string, the length of a header, the header
 * (a Python dict of descr, fortran_order and shape), then the elements.  Read: integers of 1 to 8 bytes,
 * floats of 2, 4 and 8, booleans, all little-endian.  Pure functions, ANY thread.
 */
#ifndef DATA_NPY_H
#define DATA_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define NPY_DIMS 8

struct npy {
	char kind;       /* 'f', 'i', 'u' or 'b' */
	unsigned size;   /* bytes an element */
	bool fortran;    /* the first index runs fastest */
	unsigned n_dims;
	uint64_t shape[NPY_DIMS];
	uint64_t n;      /* elements: the product of shape; n * size fits 63 bits */
	size_t data_at;  /* where the elements begin */
};

bool npy_is(const char *bytes, size_t n); /* by the magic string */
/* bytes: the first of the file, at least its header.  Errors name `file` and say what would be right. */
bool npy_header(struct npy *out, const char *bytes, size_t n, const char *file, struct err *err);
/* n elements from bytes (n * size of them); what a float cannot hold becomes an infinity. */
void npy_floats(const struct npy *a, const char *bytes, size_t n, float *out);

#endif
