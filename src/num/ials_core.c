/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ials_core.c - see ials_core.h: V, f = sqrt(x) and the two systems are named as there. */
#include "num/ials_core.h"

#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "num/kern.h"
#include "num/linalg.h"

#define CHUNK_ROWS 128       /* solved rows wait in scratch until they are rotated back together */
#define CHUNK_WORK 3.0e7     /* multiply-adds in a chunk, about; a millisecond or few */
#define BLOCK_FLOATS 4096 /* rows of a long history gathered at a time: half a first-level cache */
#define FETCH_FLOATS 4096    /* asked for ahead */
#define ROTATE_ROWS 256

struct ials_side {
	const struct kern *k;
	uint32_t R, D;
	size_t P;       /* D padded */
	float *rotated; /* [R][P] Q h */
	float *common;  /* [P] alpha0 * eigenvalue */
	float *q;       /* [P][P] eigenvectors as rows, padded with 0 */
	float *qt;      /* [P][P] its transpose */
};

static size_t padded(size_t n)
{
	return (n + KERN_PAD - 1) / KERN_PAD * KERN_PAD;
}

struct ials_side *ials_side_new(uint32_t R, uint32_t D, struct err *err)
{
	struct ials_side *s;
	size_t P = padded(D);

	if (!D || D > IALS_MAX_D) {
		err_set(err, ERR_RANGE, "%u factors: from 1 to %u are possible", D, IALS_MAX_D);
		return NULL;
	}
	s = mem_zeroed(1, sizeof(*s), err);
	if (!s)
		return NULL;
	*s = (struct ials_side){ .k = kern(), .R = R, .D = D, .P = P };
	if (!(s->rotated = mem_alloc((size_t)R + 1, P * sizeof(float), err)) ||
	    !(s->common = mem_zeroed(P, sizeof(float), err)) ||
	    !(s->q = mem_zeroed(P, P * sizeof(float), err)) ||
	    !(s->qt = mem_zeroed(P, P * sizeof(float), err))) {
		ials_side_free(s);
		return NULL;
	}
	return s;
}

void ials_side_free(struct ials_side *s)
{
	if (!s)
		return;
	mem_free(s->rotated);
	mem_free(s->common);
	mem_free(s->q);
	mem_free(s->qt);
	mem_free(s);
}

size_t ials_side_bytes(uint32_t R, uint32_t D)
{
	size_t P = padded(D);

	return (((size_t)R + 1) * P + 2 * P * P + P) * sizeof(float) + sizeof(struct ials_side);
}

/* --- Setting: eigenvectors and the rotation -------------------------------------- */

static bool set_basis(struct ials_side *s, const float *H, size_t stride, double alpha0,
		      const struct task *t, struct err *err)
{
	size_t D = s->D, P = s->P;
	double *gram = mem_alloc(D * D, sizeof(*gram), err);
	double *w = gram ? mem_alloc(D, sizeof(*w), err) : NULL;
	bool fine = w && linalg_gram(H, stride, s->R, D, gram, t, err) &&
		    linalg_eigen(gram, w, D, err);

	for (size_t e = 0; fine && e < D; e++) {
		s->common[e] = (float)(alpha0 * fmax(w[e], 0));
		for (size_t d = 0; d < D; d++)
			s->q[e * P + d] = s->qt[d * P + e] = (float)gram[e * D + d];
	}
	mem_free(gram);
	mem_free(w);
	return fine;
}

struct rotation {
	struct ials_side *s;
	const float *H;
	size_t stride;
};

static void rotate_chunk(void *ctx, size_t chunk, unsigned slot)
{
	const struct rotation *r = ctx;
	struct ials_side *s = r->s;
	size_t lo = chunk * ROTATE_ROWS, n = s->R - lo < ROTATE_ROWS ? s->R - lo : ROTATE_ROWS;

	(void)slot;
	s->k->product(s->rotated + lo * s->P, s->P, r->H + lo * r->stride, r->stride, s->qt, s->P,
		      n, s->D, s->P);
}

bool ials_side_set(struct ials_side *s, const float *H, size_t stride, double alpha0,
		   const struct task *t, struct err *err)
{
	struct rotation r = { s, H, stride };

	if (!set_basis(s, H, stride, alpha0, t, err))
		return err->code == ERR_NUMERIC &&
		       err_set(err, ERR_NUMERIC,
			       "ials: the factors of the fixed side hold a value that is no "
			       "number: a larger lambda or alpha0 helps");
	return task_chunks(t, (s->R + ROTATE_ROWS - 1) / ROTATE_ROWS, rotate_chunk, &r) ||
	       task_cancelled(err);
}

const float *ials_side_rotated(const struct ials_side *s, const float **common, size_t *P)
{
	*common = s->common;
	*P = s->P;
	return s->rotated;
}

/* --- One row ----------------------------------------------------------------------- */

struct scratch {
	float *v;      /* [P][P]: V transposed, or a block of V */
	float *system; /* [P][P] lower triangle by columns, then its factor */
	float *rdiag;  /* [P] */
	float *f;      /* [P] or a block's rows: sqrt(x) */
	float *z;      /* [P] right side, then the solution */
	float *scale;  /* [P] 1/sqrt(common + lambda) */
	float *out;    /* [P] */
};

static size_t block_rows(size_t P)
{
	return BLOCK_FLOATS / P > KERN_PAD ? BLOCK_FLOATS / P : KERN_PAD;
}

/* Room for f and for the rows of v: a short history's P, or a long one's block. */
static size_t most_rows(size_t P)
{
	return block_rows(P) > P ? block_rows(P) : P;
}

size_t ials_scratch_bytes(uint32_t D)
{
	size_t P = padded(D);

	return (most_rows(P) * P + P * P + most_rows(P) + 4 * P) * sizeof(float);
}

static struct scratch carve(void *memory, size_t P)
{
	struct scratch c = { .v = memory };

	c.system = c.v + most_rows(P) * P;
	c.f = c.system + P * P;
	c.rdiag = c.f + most_rows(P);
	c.z = c.rdiag + P;
	c.scale = c.z + P;
	c.out = c.scale + P;
	return c;
}

static void roots(float *f, const float *x, size_t n)
{
	for (size_t t = 0; t < n; t++)
		f[t] = x ? sqrtf(x[t]) : 1.0f;
}

static void identity(float *a, size_t n)
{
	for (size_t j = 0; j < n; j++) {
		memset(a + j * n + j, 0, (n - j) * sizeof(*a));
		a[j * n + j] = 1.0f;
	}
}

/* n < D: factors E + V V', n padded. */
static bool factor_short(const struct ials_side *s, const uint32_t *items, const float *x, size_t n,
			 const struct scratch *c)
{
	size_t m = padded(n);

	roots(c->f, x, n);
	memset(c->f + n, 0, (m - n) * sizeof(*c->f));
	s->k->gather_t(c->v, m, s->rotated, s->P, items, c->f, n, c->scale, s->P);
	identity(c->system, m);
	s->k->syrk(c->system, m, c->v, m, s->P, n);
	return s->k->chol(c->system, m, n, c->rdiag);
}

/* n >= D: factors E + V'V, a block of V at a time; b (may be NULL) becomes V' sqrt(x). */
static bool factor_long(const struct ials_side *s, const uint32_t *items, const float *x, size_t n,
			const struct scratch *c, float *b)
{
	size_t P = s->P, rows = block_rows(P);

	identity(c->system, P);
	if (b)
		memset(b, 0, P * sizeof(*b));
	for (size_t t = 0; t < n; t += rows) {
		size_t here = n - t < rows ? n - t : rows;

		roots(c->f, x ? x + t : NULL, here);
		s->k->gather(c->v, P, s->rotated, P, items + t, c->f, here, c->scale, P);
		s->k->syrk(c->system, P, c->v, P, here, s->D);
		for (size_t r = 0; b && r < here; r++)
			s->k->axpy(c->f[r], c->v + r * P, b, P);
	}
	return s->k->chol(c->system, P, s->D, c->rdiag);
}

static void set_scale(const struct ials_side *s, float lambda, float *scale)
{
	for (size_t e = 0; e < s->P; e++)
		scale[e] = 1.0f / sqrtf(s->common[e] + lambda);
}

/* Q w into out [P]; *fit becomes the row's minimum: of sum x (w.h - 1)^2 + … it leaves
 * sum x - b'w, which is sqrt(x)'z, or sum x - (V' sqrt(x))'y. */
static bool solve_rotated(const struct ials_side *s, const uint32_t *items, const float *x,
			  size_t n, float lambda, float *out, double *fit, const struct scratch *c)
{
	size_t P = s->P;
	double sum = 0;

	*fit = 0;
	if (!n) {
		memset(out, 0, P * sizeof(*out));
		return true;
	}
	set_scale(s, lambda, c->scale);
	if (n < s->D) {
		if (!factor_short(s, items, x, n, c))
			return false;
		memcpy(c->z, c->f, padded(n) * sizeof(*c->z));
		s->k->chol_solve(c->system, padded(n), n, c->rdiag, c->z);
		for (size_t t = 0; t < n; t++) {
			c->z[t] *= c->f[t];
			sum += (double)c->z[t];
		}
		s->k->combine(out, s->rotated, P, items, c->z, n, P);
		for (size_t e = 0; e < P; e++)
			out[e] *= c->scale[e] * c->scale[e];
	} else {
		if (!factor_long(s, items, x, n, c, c->z))
			return false;
		memcpy(out, c->z, P * sizeof(*out));
		s->k->chol_solve(c->system, P, s->D, c->rdiag, out);
		for (size_t t = 0; t < n; t++)
			sum += x ? (double)x[t] : 1.0;
		for (size_t e = 0; e < P; e++) {
			sum -= (double)c->z[e] * (double)out[e];
			out[e] *= c->scale[e];
		}
	}
	*fit = sum;
	return true;
}

/* w = Q' of rows waiting in `rotated`, D of P columns kept. */
static void rotate_back(const struct ials_side *s, const float *rotated, size_t n, float *w,
			size_t stride, float *room)
{
	if (s->D == s->P) {
		s->k->product(w, stride, rotated, s->P, s->q, s->P, n, s->P, s->P);
		return;
	}
	for (size_t r = 0; r < n; r++) {
		s->k->product(room, s->P, rotated + r * s->P, s->P, s->q, s->P, 1, s->P, s->P);
		memcpy(w + r * stride, room, s->D * sizeof(*w));
	}
}

bool ials_solve_row(const struct ials_side *s, const uint32_t *items, const float *x, uint32_t n,
		    float lambda, float *w, void *memory)
{
	struct scratch c = carve(memory, s->P);
	double fit;

	if (!solve_rotated(s, items, x, n, lambda, c.out, &fit, &c))
		return false;
	rotate_back(s, c.out, 1, w, s->D, c.z);
	return true;
}

/* c->out holds Q h.  With g = Q h / sqrt(d):  h' A^-1 h_j = v_j (E + V'V)^-1 g / f_j, and for n < D
 * V (E + V'V)^-1 g = (E + V V')^-1 V g. */
static bool parts_of(const struct ials_side *s, const uint32_t *items, const float *x, uint32_t n,
		     float lambda, float *part, const struct scratch *c)
{
	size_t P = s->P;

	set_scale(s, lambda, c->scale);
	for (size_t e = 0; e < P; e++)
		c->out[e] *= c->scale[e];
	if (n < s->D) {
		size_t m = padded(n);

		if (!factor_short(s, items, x, n, c))
			return false;
		s->k->product(c->z, m, c->out, P, c->v, m, 1, P, m);
		s->k->chol_solve(c->system, m, n, c->rdiag, c->z);
		for (size_t t = 0; t < n; t++)
			part[t] = c->f[t] * c->z[t];
		return true;
	}
	if (!factor_long(s, items, x, n, c, NULL))
		return false;
	s->k->chol_solve(c->system, P, s->D, c->rdiag, c->out);
	for (size_t e = 0; e < P; e++)
		c->out[e] *= c->scale[e];
	for (size_t t = 0; t < n; t++)
		part[t] = (x ? x[t] : 1.0f) * s->k->dot(s->rotated + items[t] * P, c->out, P);
	return true;
}

bool ials_parts(const struct ials_side *s, const uint32_t *items, const float *x, uint32_t n,
		float lambda, const float *h, float *part, void *memory)
{
	struct scratch c = carve(memory, s->P);

	if (!n)
		return true;
	s->k->product(c.out, s->P, h, s->D, s->qt, s->P, 1, s->D, s->P);
	return parts_of(s, items, x, n, lambda, part, &c);
}

/* A side of the history's rows alone; nothing above writes to one. */
static struct ials_side side_of(const struct ials_rows *r)
{
	return (struct ials_side){ .k = kern(), .D = r->D, .P = padded(r->D),
				   .rotated = (float *)(uintptr_t)r->rows, .common = (float *)(uintptr_t)r->common };
}

bool ials_solve_rotated(const struct ials_rows *r, const float *x, uint32_t n, float lambda, float *w,
			void *memory)
{
	struct ials_side s = side_of(r);
	struct scratch c = carve(memory, s.P);
	double fit;

	return solve_rotated(&s, r->iota, x, n, lambda, w, &fit, &c);
}

bool ials_parts_rotated(const struct ials_rows *r, const float *x, uint32_t n, float lambda, const float *h,
			float *part, void *memory)
{
	struct ials_side s = side_of(r);
	struct scratch c = carve(memory, s.P);

	if (!n)
		return true;
	memcpy(c.out, h, s.P * sizeof(*h));
	return parts_of(&s, r->iota, x, n, lambda, part, &c);
}

/* --- A half-sweep -------------------------------------------------------------------- */

struct sweep {
	const struct ials_side *s;
	const struct csr *x;
	const float *lambda;
	float *W;
	size_t stride;
	uint32_t *first; /* chunks of rows first[c] .. first[c + 1] - 1 */
	size_t chunks;
	double *fit;     /* [chunks] */
	uint32_t *bad;   /* [chunks] the first row that failed, or UINT32_MAX */
	char *scratch;   /* [slots] */
	size_t each;     /* bytes */
};

/* The next row's vectors, as many as fit beside this row's work. */
static void sweep_fetch(const struct sweep *w, uint32_t r)
{
	size_t n = csr_row_n(w->x, r), most = FETCH_FLOATS / w->s->P;

	w->s->k->prefetch(w->s->rotated, w->s->P, csr_row(w->x, r), n < most ? n : most, w->s->P);
}

static void sweep_chunk(void *ctx, size_t chunk, unsigned slot)
{
	struct sweep *w = ctx;
	const struct ials_side *s = w->s;
	float *done = (float *)(w->scratch + slot * w->each); /* [CHUNK_ROWS][P] */
	struct scratch c = carve(done + CHUNK_ROWS * s->P, s->P);
	uint32_t lo = w->first[chunk], hi = w->first[chunk + 1];
	double fit, sum = 0;

	w->bad[chunk] = UINT32_MAX;
	for (uint32_t r = lo; r < hi; r++) {
		if (r + 1 < hi)
			sweep_fetch(w, r + 1);
		if (!solve_rotated(s, csr_row(w->x, r), csr_row_val(w->x, r), csr_row_n(w->x, r),
				   w->lambda[r], done + (r - lo) * s->P, &fit, &c)) {
			w->bad[chunk] = r;
			return;
		}
		sum += fit;
	}
	w->fit[chunk] = sum;
	rotate_back(s, done, hi - lo, w->W + lo * w->stride, w->stride, c.z);
}

static double row_work(double n, double D)
{
	double small = n < D ? n : D, large = n < D ? D : n;

	return small * small * large / 2 + small * small * small / 6 + 4 * n * D + D * D + 1000;
}

static bool sweep_cut(struct sweep *w, struct err *err)
{
	double work = 0, total = 0;
	uint32_t rows = w->x->rows;

	for (uint32_t r = 0; r < rows; r++)
		total += row_work((double)csr_row_n(w->x, r), w->s->D);
	w->first = mem_zeroed((size_t)(total / CHUNK_WORK) + rows / CHUNK_ROWS + 3,
			      sizeof(*w->first), err);
	if (!w->first)
		return false;
	for (uint32_t r = 0; r < rows; r++) {
		work += row_work((double)csr_row_n(w->x, r), w->s->D);
		if (work >= CHUNK_WORK || r + 1 - w->first[w->chunks] == CHUNK_ROWS ||
		    r + 1 == rows) {
			w->first[++w->chunks] = r + 1;
			work = 0;
		}
	}
	return true;
}

static bool sweep_run(struct sweep *w, double *fit, const struct task *t, struct err *err)
{
	double sum = 0;

	if (!task_chunks_shown(t, w->chunks, sweep_chunk, w))
		return task_cancelled(err);
	for (size_t c = 0; c < w->chunks; c++) {
		if (w->bad[c] != UINT32_MAX)
			return err_set(err, ERR_NUMERIC,
				       "ials: the system of row %u is not positive definite: "
				       "a larger lambda helps",
				       w->bad[c]);
		sum += w->fit[c];
	}
	if (fit)
		*fit = sum;
	return true;
}

bool ials_sweep(const struct ials_side *s, const struct csr *x, const float *lambda, float *W,
		size_t stride, double *fit, const struct task *t, struct err *err)
{
	struct sweep w = { .s = s, .x = x, .lambda = lambda, .W = W, .stride = stride };
	bool fine = false;

	w.each = padded(ials_scratch_bytes(s->D) / sizeof(float) + CHUNK_ROWS * s->P) *
		 sizeof(float);
	if (sweep_cut(&w, err) && (w.fit = mem_zeroed(w.chunks + 1, sizeof(*w.fit), err)) &&
	    (w.bad = mem_zeroed(w.chunks + 1, sizeof(*w.bad), err)) &&
	    (w.scratch = mem_alloc(task_slots(t), w.each, err)))
		fine = sweep_run(&w, fit, t, err);
	mem_free(w.first);
	mem_free(w.fit);
	mem_free(w.bad);
	mem_free(w.scratch);
	return fine;
}
