/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kern.h - the inner loops that matter for speed, compiled for several instruction sets.
 *
 * One body (kern_*.inc) is compiled four times, by kern_plain.c, kern_avx2.c, kern_avx512.c and
 * kern_vnni.c (AVX-512 with its products of bytes), over the vector vocabulary of kern_vec.inc.  kern()
 * gives the widest table this processor has; WHYREC_KERNEL=plain|avx2|avx512|vnni in the environment
 * asks for another (one the processor lacks is not taken).  The choice is made once, before any result is
 * computed.
 *
 * All matrices are float.  `ld…` are distances in floats.  Every output element is summed in one
 * fixed order that does not depend on its neighbours: the same bits in any tile or batch.  No
 * kernel allocates; none fails but by returning false.
 * Thread: kern() ANY after linalg_init(); the kernels ANY on distinct outputs.
 */
#ifndef NUM_KERN_H
#define NUM_KERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KERN_PAD 16     /* padded sizes are multiples of this: every table's lanes divide it */
#define KERN_MAX_PANEL 32
#define KERN_MAX_QUERIES 12
#define KERN_STRIP 16   /* columns of double that sum_rows takes side by side */
#define KERN_QUERIES8_BYTES(D) (KERN_MAX_QUERIES * (((size_t)(D) + 3) / 4 * 8 + 8))

/* n steps of BPR, in order: u[], i[], j[] rows of W, H, H. */
struct kern_bpr {
	float *W, *H, *bias;
	size_t stride, D;
	const uint32_t *u, *i, *j;
	size_t n;
	float lr, l2;
	double loss; /* out: sum of softplus(-x) before each step */
};

/* n steps of skip-gram with negative sampling, in order: in[] a row of in_table, out[][most] rows of
 * out_table, n_out[] of them, at least 1, the positive first.  Rows of D floats. */
#define KERN_SGNS_MAX_D 1024
#define KERN_SGNS_MAX_OUT 65
struct kern_sgns {
	float *in_table, *out_table;
	size_t D;
	const uint32_t *in, *out;
	const uint8_t *n_out;
	size_t n, most;
	float lr;
	double loss; /* out: sum over the steps of the loss before each */
};

/* c [m][n] = bias (a row, or NULL: 0) + a b, or with add: c += a b; with relu, max(that, 0).  a's element
 * (r, k) lies at a[r * a_row + k * a_col]: a transposed is the same with the two exchanged.  b [K][ldb], c
 * [m][ldc]; any sizes.  down [m]: a column instead of the row bias.  c overlaps nothing. */
struct kern_gemm {
	float *c;
	const float *a, *b, *bias, *down;
	size_t m, n, K, a_row, a_col, ldb, ldc;
	bool add, relu;
};

/* n items against m negatives, m a multiple of KERN_PAD, by e^score of each: p = b/(a + b), q = p (1 - p). */
struct kern_pairs {
	const double *a, *b;  /* [n], [m]; b 0: no negative */
	double *p, *q;        /* out: [n + m] their sums over the other side, the items' first */
	float *each;          /* out: [n][m] q */
	size_t n, m;
};

struct kern_adam { /* lr and rsqrt_fix2 with the bias corrections of the step in them */
	float lr, beta1, beta2, eps, rsqrt_fix2, scale, l1, l2;
};

struct kern {
	const char *name;
	unsigned lanes;   /* floats a vector */
	unsigned panel;   /* items side by side in a rank panel */
	unsigned queries; /* queries a rank tile holds */

	float (*dot)(const float *a, const float *b, size_t n);
	void (*axpy)(float s, const float *x, float *y, size_t n);
	/* Bit b of the result: v[b] >= least (NaN: no); n <= 64. */
	uint64_t (*at_least)(const float *v, size_t n, float least);

	/* Symmetric n x n matrices are kept as their lower triangle by columns: element (i,j),
	 * i >= j, at c[j*ldc + i].  ldc, and all else along i, has room for n rounded up to
	 * KERN_PAD; what is there, and above the diagonal inside its squares of KERN_PAD, is read
	 * and written but changes no result.
	 * c += sum over k of a[k][.]' a[k][.]; lda as ldc. */
	void (*syrk)(float *c, size_t ldc, const float *a, size_t lda, size_t K, size_t n);
	/* c = L L' in place; rdiag[n] becomes 1/diagonal.  false: not positive definite (or
	 * NaN). */
	bool (*chol)(float *c, size_t ldc, size_t n, float *rdiag);
	/* b[n] becomes (L L')^-1 b. */
	void (*chol_solve)(const float *c, size_t ldc, size_t n, const float *rdiag, float *b);

	/* Starts bringing rows near, for a gather soon to come. */
	void (*prefetch)(const float *h, size_t ldh, const uint32_t *rows, size_t n, size_t D);
	/* out[t][d] = f[t] * h[rows[t]][d] * scale[d]; D a multiple of KERN_PAD. */
	void (*gather)(float *out, size_t ldo, const float *h, size_t ldh, const uint32_t *rows,
		       const float *f, size_t n, const float *scale, size_t D);
	/* The same, transposed: out[d][t], zero for t = n .. next multiple of KERN_PAD. */
	void (*gather_t)(float *out, size_t ldo, const float *h, size_t ldh, const uint32_t *rows,
			 const float *f, size_t n, const float *scale, size_t D);
	/* out[d] = sum over t of f[t] * h[rows[t]][d]. */
	void (*combine)(float *out, const float *h, size_t ldh, const uint32_t *rows, const float *f,
			size_t n, size_t D);
	/* out[c] = sum over t of w[t] * b[rows[t]][c] (w NULL: 1), in double; KERN_STRIP columns. */
	void (*sum_rows)(double *out, const double *b, const uint32_t *rows, const float *w, size_t n);
	/* out[c] += sum over t of f[t] * b[t][c], in double; N columns, a multiple of KERN_PAD. */
	void (*mix_rows)(double *out, const double *f, const float *b, size_t ldb, size_t n, size_t N);
	/* out[r][.] = sum over k of a[r][k] * b[k][.]; n rows, K terms, N columns (multiple of
	 * KERN_PAD). */
	void (*product)(float *out, size_t ldo, const float *a, size_t lda, const float *b, size_t ldb,
			size_t n, size_t K, size_t N);

	/* scores[q][lane] = sum over d of queries[d][q] * panel[d][lane] (+ bias[lane]).  rank_hits
	 * stores only what has a lane >= least[q], its lanes in hits[q], and returns the bits of
	 * those q. */
	void (*rank_scores)(const float *panel, size_t D, const float *queries, const float *bias,
			    float *scores);
	uint32_t (*rank_hits)(const float *panel, size_t D, const float *queries, const float *bias,
			      const float *least, float *scores, uint32_t *hits);

	/* The same for panels of bf16 (num/packed.h): the bits that the floats they stand for give. */
	void (*rank_scores16)(const uint16_t *panel, size_t D, const float *queries, const float *bias,
			      float *scores);
	uint32_t (*rank_hits16)(const uint16_t *panel, size_t D, const float *queries, const float *bias,
				const float *least, float *scores, uint32_t *hits);
	/* And of int8, by queries of 15 bits (packed_quantise_query): scores[q][lane] = fma((float)(sum over d of query q . panel[lane]),
	 * scale[lane] query_scale[q], bias[lane] or 0), the same bits from every table.  panel
	 * [D4][panel][4], D4 = D/4 rounded up, 0 behind D.  rank_query8 puts a query [D] (NULL: 0) at
	 * place `which` of the packed ones, KERN_QUERIES8_BYTES(D) in all, 4-byte aligned. */
	void (*rank_query8)(void *queries, size_t which, const int16_t *query, size_t D);
	void (*rank_scores8)(const int8_t *panel, const float *scale, size_t D4, const void *queries,
			     const float *query_scale, const float *bias, float *scores);
	uint32_t (*rank_hits8)(const int8_t *panel, const float *scale, size_t D4, const void *queries,
			       const float *query_scale, const float *bias, const float *least, float *scores,
			       uint32_t *hits);

	/* out[c] = sum over t of f[t] * table[rows[t] * ld + c], in order of t, c = 0..C-1; f NULL: all 1; of
	 * floats, bf16 and int8. */
	void (*sum_rows32)(float *out, const float *table, size_t ld, const uint32_t *rows, const float *f,
			 size_t n, size_t C);
	void (*sum_rows16)(float *out, const uint16_t *table, size_t ld, const uint32_t *rows, const float *f,
			   size_t n, size_t C);
	void (*sum_rows8)(float *out, const int8_t *table, size_t ld, const uint32_t *rows, const float *f,
			  size_t n, size_t C);

	/* sim[b] = n[b] / (a_i a[b] + s_i + s[b] - e n[b] + shrink); n[] is zeroed.  Bit b:
	 * n[b] > 0, the denominator > 0 and sim[b] >= least.  count <= 64. */
	uint64_t (*similarity)(float *n, const float *a, const float *s, float a_i, float s_i, float e,
			       float shrink, float least, size_t count, float *sim);

	void (*bpr_steps)(struct kern_bpr *b);
	void (*pairs)(const struct kern_pairs *x);
	void (*sgns_steps)(struct kern_sgns *s);

	/* Neural layers; what they compute stands in num/'s headers of the layers. */
	void (*gemm)(const struct kern_gemm *g);
	float (*max)(const float *x, size_t n);                  /* -INFINITY for none; NaN is passed over */
	float (*exp_sum)(float *x, size_t n, float shift);       /* x = e^(x - shift); the sum */
	/* Losses over a row of scores, which becomes `slope` x their gradient; both return the sum.
	 * hinge: max(0, s - margin).  softplus: log(1 + e^(s - pos)), *slopes the sum of its gradient.
	 * NaN goes through. */
	float (*hinge)(float *s, size_t n, float margin, float slope);
	float (*softplus)(float *s, size_t n, float pos, float slope, float *slopes);
	void (*sigmoid)(float *y, const float *x, size_t n);     /* y may be x, here and below */
	void (*tanh)(float *y, const float *x, size_t n);
	void (*scale)(float *x, size_t n, float s);
	void (*relu)(float *y, const float *x, size_t n);
	void (*relu_back)(float *dx, const float *dy, const float *y, size_t n);
	/* In place: dx = y > 0 ? dx * grow : 0.  Of relu, and of dropout after it, which left y 0. */
	void (*relu_mask)(float *dx, const float *y, size_t n, float grow);
	/* y [R][C] = max(x [R][C] + add [R], 0) */
	void (*relu_rows)(float *y, const float *x, const float *add, size_t R, size_t C);
	void (*drop)(float *y, const float *x, const uint16_t *mask, size_t n, uint16_t least, float grow);
	void (*drop_add)(float *y, const float *x, const uint16_t *mask, size_t n, uint16_t least, float grow);
	void (*adam)(float *w, float *m, float *v, const float *g, size_t n, const struct kern_adam *a);
	/* to = w - by m / (sqrt(v) + eps); to may be w. */
	void (*adam_coast)(float *to, const float *w, const float *m, const float *v, size_t n, float by, float eps);
	void (*layernorm)(float *y, float *mean, float *rstd, const float *x, const float *gain,
			  const float *bias, size_t R, size_t C, float eps);
	void (*layernorm_back)(float *dx, float *dgain, float *dbias, const float *dy, const float *x,
			       const float *gain, const float *mean, const float *rstd, size_t R, size_t C);
};

extern const struct kern kern_plain;
#ifdef HAVE_X86_KERNELS
extern const struct kern kern_avx2, kern_avx512, kern_vnni;
#endif

const struct kern *kern(void);
/* Tests: take the named table from now on; false when it is unknown or this processor lacks it. */
bool kern_choose(const char *name);

#endif
