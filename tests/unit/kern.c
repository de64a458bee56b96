/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Each kernel of each table against loops in double, at sizes that fill no vector, one, and
 * more. */
#include "num/kern.h"

#include "num_case.h"

static size_t padded(size_t n)
{
	return (n + KERN_PAD - 1) / KERN_PAD * KERN_PAD;
}

static double *doubled(const float *v, size_t n)
{
	double *d = case_zeroed(n, sizeof(*d));

	for (size_t k = 0; k < n; k++)
		d[k] = (double)v[k];
	return d;
}

static void check_vectors(size_t n)
{
	float *a = case_floats(n), *b = case_floats(n + 1), guard = b[n];
	double *y = doubled(b, n), sum = 0;
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)a[i] * (double)b[i];
	ok(fabs((double)kern()->dot(a, b, n) - sum) < 1e-6 * (double)(n + 1), "dot of %zu", n);
	for (size_t i = 0; i < n; i++)
		y[i] += 0.75 * (double)a[i];
	kern()->axpy(0.75f, a, b, n);
	ok(case_apart(b, y, n) < 1e-6 && b[n] == guard, "axpy of %zu", n);
	if (n && n <= 64) {
		a[n / 2] = NAN;
		a[0] = 0.25f;
		for (size_t i = 0; i < n; i++)
			bits |= (uint64_t)(a[i] >= 0.25f) << i;
		ok(kern()->at_least(a, n, 0.25f) == bits, "at_least of %zu", n);
	}
	mem_free(a);
	mem_free(b);
	mem_free(y);
}

/* A random V'V + E of n x n as the kernels keep it, with NaN where nothing may be read for a
 * result. */
struct system {
	size_t n, K, ld;
	float *a; /* [K][ld] */
	float *c; /* [ld][ld] lower by columns */
	double *full; /* [n][n] */
};

static struct system system_new(size_t n, size_t K)
{
	struct system s = { .n = n, .K = K, .ld = padded(n) };

	s.a = case_floats(K * s.ld);
	s.c = case_floats(s.ld * s.ld);
	s.full = case_zeroed(n * n, sizeof(double));
	for (size_t k = 0; k < K; k++)
		memset(s.a + k * s.ld + n, 0, (s.ld - n) * sizeof(float));
	for (size_t j = 0; j < s.ld; j++)
		for (size_t i = 0; i < s.ld; i++)
			s.c[j * s.ld + i] = i < j ? NAN : i == j ? 1 : 0;
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			s.full[i * n + j] = i == j;
			for (size_t k = 0; k < K; k++)
				s.full[i * n + j] += (double)s.a[k * s.ld + i] *
						     (double)s.a[k * s.ld + j];
		}
	}
	return s;
}

static void system_done(struct system *s)
{
	mem_free(s->a);
	mem_free(s->c);
	mem_free(s->full);
}

static double lower_apart(const struct system *s)
{
	double worst = 0;

	for (size_t j = 0; j < s->n; j++)
		worst = fmax(worst,
			     case_apart(s->c + j * s->ld + j, s->full + j * s->n + j, s->n - j));
	return worst;
}

static void check_system(size_t n, size_t K)
{
	struct system s = system_new(n, K);
	float *rdiag = case_floats(s.ld), *b = case_zeroed(s.ld, sizeof(float));
	double *right = case_zeroed(n, sizeof(double)), worst = 0;
	bool fine;

	for (size_t i = 0; i < n; i++)
		right[i] = (double)(b[i] = case_float());
	kern()->syrk(s.c, s.ld, s.a, s.ld, K, n);
	ok(lower_apart(&s) < 2e-6, "syrk of %zu, %zu terms: off by %.1e", n, K, lower_apart(&s));
	fine = kern()->chol(s.c, s.ld, n, rdiag);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j <= i; j++) {
			double sum = -s.full[i * n + j];

			for (size_t k = 0; k <= j; k++)
				sum += (double)s.c[k * s.ld + i] * (double)s.c[k * s.ld + j];
			worst = fmax(worst, fabs(sum));
		}
		worst = fmax(worst, fabs((double)rdiag[i] * (double)s.c[i * s.ld + i] - 1));
	}
	ok(fine && worst < 1e-5 * (1 + (double)K / 20), "  its factor, off by %.1e", worst);
	kern()->chol_solve(s.c, s.ld, n, rdiag, b);
	worst = 0;
	for (size_t i = 0; i < n; i++) {
		double sum = -right[i];

		for (size_t j = 0; j < n; j++)
			sum += s.full[i * n + j] * (double)b[j];
		worst = fmax(worst, fabs(sum));
	}
	ok(worst < 1e-5 * (1 + (double)K / 20), "  its solution, off by %.1e", worst);
	system_done(&s);
	mem_free(rdiag);
	mem_free(b);
	mem_free(right);
}

static void check_indefinite(size_t n, size_t at, float d)
{
	struct system s = system_new(n, 3);
	float *rdiag = case_floats(s.ld);

	kern()->syrk(s.c, s.ld, s.a, s.ld, 3, n);
	s.c[at * s.ld + at] = d;
	ok(!kern()->chol(s.c, s.ld, n, rdiag), "chol of %zu refuses %g at %zu", n, (double)d, at);
	system_done(&s);
	mem_free(rdiag);
}

static void check_gathers(size_t n, size_t D)
{
	enum { ROWS = 50 };
	size_t ld = padded(n), ldh = D + 16, worst_at = 0;
	float *h = case_floats(ROWS * ldh), *f = case_floats(n), *scale = case_floats(D);
	float *rows = case_floats(n * D), *cols = case_floats(D * ld), *sum = case_floats(D);
	double *want = case_zeroed(n * D, sizeof(double)), *total = case_zeroed(D, sizeof(double)),
	       worst = 0;
	uint32_t *which = case_zeroed(n, sizeof(*which));

	for (size_t t = 0; t < n; t++) {
		which[t] = case_below(ROWS);
		for (size_t d = 0; d < D; d++) {
			want[t * D + d] = (double)f[t] * (double)h[which[t] * ldh + d] *
					  (double)scale[d];
			total[d] += (double)f[t] * (double)h[which[t] * ldh + d];
		}
	}
	kern()->prefetch(h, ldh, which, n, D);
	kern()->gather(rows, D, h, ldh, which, f, n, scale, D);
	ok(case_apart(rows, want, n * D) < 1e-6, "gather of %zu x %zu", n, D);
	kern()->gather_t(cols, ld, h, ldh, which, f, n, scale, D);
	for (size_t d = 0; d < D; d++) {
		for (size_t t = 0; t < ld; t++) {
			double off = fabs((double)cols[d * ld + t] - (t < n ? want[t * D + d] : 0));

			if (!(off <= worst)) {
				worst = off;
				worst_at = d * ld + t;
			}
		}
	}
	ok(worst < 1e-6, "gather_t of %zu x %zu (%.1e at %zu)", n, D, worst, worst_at);
	kern()->combine(sum, h, ldh, which, f, n, D);
	ok(case_apart(sum, total, D) < 1e-5, "combine of %zu x %zu", n, D);
	mem_free(h);
	mem_free(f);
	mem_free(scale);
	mem_free(rows);
	mem_free(cols);
	mem_free(sum);
	mem_free(want);
	mem_free(total);
	mem_free(which);
}

static void check_product(size_t n, size_t K, size_t N)
{
	float *a = case_floats(n * (K + 3)), *b = case_floats(K * (N + 16)),
	      *out = case_floats(n * N), *one;
	double *want = case_zeroed(n * N, sizeof(double));
	bool same = true;

	for (size_t r = 0; r < n; r++)
		for (size_t c = 0; c < N; c++)
			for (size_t k = 0; k < K; k++)
				want[r * N + c] += (double)a[r * (K + 3) + k] *
						   (double)b[k * (N + 16) + c];
	kern()->product(out, N, a, K + 3, b, N + 16, n, K, N);
	one = case_floats(N);
	for (size_t r = 0; r < n; r++) {
		kern()->product(one, N, a + r * (K + 3), K + 3, b, N + 16, 1, K, N);
		same &= !memcmp(one, out + r * N, N * sizeof(*one));
	}
	ok(case_apart(out, want, n * N) < 1e-5 && same,
	   "product of %zu x %zu x %zu, each row alone the same", n, K, N);
	mem_free(a);
	mem_free(b);
	mem_free(out);
	mem_free(one);
	mem_free(want);
}

static void check_sum_rows(size_t n, size_t C)
{
	enum { ROWS = 30 };
	size_t ld = C + 5;
	float *whole = case_floats(ROWS * ld), *f = case_floats(n), *out = case_floats(C + 1), guard = out[C];
	int8_t *bytes = case_zeroed(ROWS * ld, 1);
	uint16_t *halves = case_zeroed(ROWS * ld, sizeof(*halves));
	uint32_t *rows = case_zeroed(n, sizeof(*rows));
	double *want = case_zeroed(3 * C, sizeof(*want)), off[3];

	for (size_t k = 0; k < ROWS * ld; k++) {
		uint32_t bits;

		bytes[k] = (int8_t)((int)case_below(255) - 127);
		memcpy(&bits, &whole[k], sizeof(bits));
		halves[k] = (uint16_t)(bits >> 16);
	}
	for (size_t t = 0; t < n; t++) {
		rows[t] = case_below(ROWS);
		for (size_t c = 0; c < C; c++) {
			size_t at = rows[t] * ld + 1 + c;
			uint32_t bits = (uint32_t)halves[at] << 16;
			float half;

			memcpy(&half, &bits, sizeof(half));
			want[c] += (double)f[t] * (double)whole[at];
			want[C + c] += (double)f[t] * (double)half;
			want[2 * C + c] += (double)f[t] * bytes[at];
		}
	}
	kern()->sum_rows32(out, whole + 1, ld, rows, f, n, C);
	off[0] = case_apart(out, want, C);
	kern()->sum_rows16(out, halves + 1, ld, rows, f, n, C);
	off[1] = case_apart(out, want + C, C);
	kern()->sum_rows8(out, bytes + 1, ld, rows, f, n, C);
	off[2] = case_apart(out, want + 2 * C, C);
	ok(off[0] < 1e-5 && off[1] < 1e-5 && off[2] < 1e-3 && out[C] == guard,
	   "sums of %zu rows of %zu, in floats, bf16 and int8", n, C);
	mem_free(whole);
	mem_free(f);
	mem_free(out);
	mem_free(bytes);
	mem_free(halves);
	mem_free(rows);
	mem_free(want);
}

static void check_mix(size_t n, size_t N)
{
	float *b = case_floats(n * (N + 16));
	double *f = case_zeroed(n, sizeof(*f)), *out = case_zeroed(N, sizeof(*out)), *want = case_zeroed(N, sizeof(*want));
	double apart = 0;

	for (size_t c = 0; c < N; c++)
		out[c] = want[c] = (double)case_float();
	for (size_t t = 0; t < n; t++) {
		f[t] = (double)case_float() / 3;
		for (size_t c = 0; c < N; c++)
			want[c] += f[t] * (double)b[t * (N + 16) + c];
	}
	kern()->mix_rows(out, f, b, N + 16, n, N);
	for (size_t c = 0; c < N; c++)
		apart = fmax(apart, fabs(out[c] - want[c]));
	ok(apart < 1e-13, "mix_rows of %zu x %zu: %.1e apart", n, N, apart);
	mem_free(b);
	mem_free(f);
	mem_free(out);
	mem_free(want);
}

/* Scores of both sides, far apart some of them; the last three negatives are none. */
static void check_pairs(size_t n, size_t m)
{
	size_t last = m - 3;
	double *s = case_zeroed(n + m, sizeof(*s)), *e = case_zeroed(n + m, sizeof(*e));
	double *p = case_zeroed(n + m, sizeof(*p)), *q = case_zeroed(n + m, sizeof(*q));
	double *want_p = case_zeroed(n + m, sizeof(*p)), *want_q = case_zeroed(n + m, sizeof(*q));
	float *each = case_floats(n * m);
	double apart = 0, worst = 0;

	for (size_t t = 0; t < n + last; t++) {
		s[t] = (double)case_float() * (t % 7 ? 3 : 300);
		e[t] = exp(s[t]);
	}
	kern()->pairs(&(struct kern_pairs){ .a = e, .b = e + n, .p = p, .q = q, .each = each, .n = n, .m = m });
	for (size_t j = 0; j < n; j++) {
		for (size_t k = n; k < n + m; k++) {
			double one = k < n + last ? 1 / (1 + exp(s[j] - s[k])) : 0;

			want_p[j] += one;
			want_p[k] += one;
			want_q[j] += one * (1 - one);
			want_q[k] += one * (1 - one);
			worst = fmax(worst, fabs((double)each[j * m + k - n] - one * (1 - one)));
		}
	}
	for (size_t t = 0; t < n + m; t++)
		apart = fmax(apart, fmax(fabs(p[t] - want_p[t]), fabs(q[t] - want_q[t])));
	ok(apart < 1e-12 && worst < 1e-7, "pairs of %zu and %zu: sums %.1e apart, each %.1e", n, m, apart, worst);
	mem_free(s);
	mem_free(e);
	mem_free(p);
	mem_free(q);
	mem_free(want_p);
	mem_free(want_q);
	mem_free(each);
}

static void check_similarity(size_t n)
{
	float a[64], s[64], x[64], sim[64], was[64];
	uint64_t want = 0, got;
	bool right = true;

	for (size_t i = 0; i < n; i++) {
		a[i] = fabsf(case_float());
		s[i] = case_float();
		was[i] = x[i] = case_below(3) ? fabsf(case_float()) : 0;
	}
	got = kern()->similarity(x, a, s, 0.5f, 0.25f, 1, 0.1f, 0.3f, n, sim);
	for (size_t i = 0; i < n; i++) {
		double below = 0.5 * (double)a[i] + 0.25 + (double)s[i] - (double)was[i] + 0.1;
		double y = (double)was[i] / below;
		bool in = was[i] > 0 && below > 0 && y >= 0.3;

		if (fabs(y - 0.3) < 1e-5 || fabs(below) < 1e-5) /* either way by rounding */
			in = got >> i & 1;
		else if (in)
			right &= fabs((double)sim[i] - y) < 1e-4 * fabs(y) + 1e-6 / fabs(below);
		want |= (uint64_t)in << i;
		right &= x[i] == 0;
	}
	ok(right && got == want, "similarity of %zu", n);
}

static void check_similarity_of_none(void)
{
	float a[16] = { 0 }, s[16] = { 0 }, x[16], sim[16];

	for (int i = 0; i < 16; i++)
		x[i] = 1;
	ok(!kern()->similarity(x, a, s, 0, 0, 0, 0, 1e-30f, 16, sim),
	   "a denominator of 0 is no similarity");
}

int main(void)
{
	static const size_t sizes[] = { 1,  3,	4,  5,	8,  9,	12, 13, 16, 17,
					20, 24, 25, 28, 31, 32, 33, 47, 64, 70 };

	CASE_EACH_TABLE(name) {
		printf("# %s\n", name);
		is_str(kern()->name, name, "the table asked for");
		for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
			check_vectors(sizes[i]);
			check_system(sizes[i], 40);
			check_gathers(sizes[i], i % 2 ? 16 : 96);
			check_product(sizes[i], sizes[i], i % 2 ? 16 : 48);
			check_sum_rows(sizes[i], 5 * sizes[i]);
			check_mix(sizes[i], i % 2 ? 16 : 48);
			check_pairs(sizes[i], i % 2 ? 16 : 48);
			if (sizes[i] <= 64)
				check_similarity(sizes[i]);
		}
		check_similarity_of_none();
		check_vectors(0);
		check_sum_rows(0, 40);
		check_system(40, 0);
		check_indefinite(40, 0, -1);
		check_indefinite(40, 39, 0);
		check_indefinite(40, 17, NAN);
		check_indefinite(9, 8, INFINITY);
	}
	ok(!kern_choose("mmx") && kern_choose("plain"), "a table that does not exist is not taken");
	return done_testing();
}
