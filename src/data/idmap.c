/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The array covers the numbers below n_dense.  It grows only while it stays within a few times the ids
 * seen, so that one id such as 99999999 costs nothing. */
#include "data/idmap.h"

#include <string.h>

#include "base/mem.h"

#define DENSE_DIGITS 8
#define DENSE_SLACK 8 /* entries of the array for each id seen */

void idmap_init(struct idmap *m)
{
	memset(m, 0, sizeof(*m));
	strtab_init(&m->tab);
}

void idmap_done(struct idmap *m)
{
	strtab_done(&m->tab);
	mem_free(m->dense);
	memset(m, 0, sizeof(*m));
}

/* True for the canonical decimal of a small number: "01" and "+1" are other ids than "1". */
static inline bool small_number(const char *s, size_t n, uint32_t *out)
{
	uint32_t v = 0;

	if (n == 0 || n > DENSE_DIGITS || (s[0] == '0' && n > 1))
		return false;
	for (size_t i = 0; i < n; i++) {
		unsigned digit = (unsigned)(unsigned char)s[i] - '0';

		if (digit > 9)
			return false;
		v = v * 10 + digit;
	}
	*out = v;
	return true;
}

/* The same without a loop, whose end a processor cannot guess: the digits are moved to the high end of a
 * word, led by zeros, and added up by neighbours. */
static inline bool small_number_at_once(const char *s, size_t n, uint32_t *out)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	uint64_t v;
	unsigned shift;

	if (n == 0 || n > DENSE_DIGITS)
		return false;
	memcpy(&v, s, 8);
	shift = 64 - 8 * (unsigned)n;
	v = v << shift | 0x1818181818181818u >> (63 - shift);
	if (((v & 0xf0f0f0f0f0f0f0f0u) | (((v + 0x0606060606060606u) & 0xf0f0f0f0f0f0f0f0u) >> 4)) !=
	    0x3333333333333333u)
		return false;
	v &= 0x0f0f0f0f0f0f0f0fu;
	v = (v * 10 + (v >> 8)) & 0x00ff00ff00ff00ffu;
	v = (v * 100 + (v >> 16)) & 0x0000ffff0000ffffu;
	*out = (uint32_t)(v * 10000 + (v >> 32));
	return s[0] != '0' || n == 1;
#else
	return small_number(s, n, out);
#endif
}

uint32_t idmap_find(const struct idmap *m, const char *s, size_t n)
{
	uint32_t v;

	if (small_number_at_once(s, n, &v) && v < m->n_dense)
		return m->dense[v];
	return strtab_find(&m->tab, s, n);
}

static bool grow_dense(struct idmap *m, uint32_t need, struct err *err)
{
	uint32_t n = m->n_dense ? m->n_dense : 1024, *dense;

	while (n <= need)
		n *= 2;
	dense = mem_resize(m->dense, m->n_dense, n, sizeof(*dense), err);
	if (!dense)
		return false;
	for (uint32_t i = m->n_dense; i < n; i++)
		dense[i] = STRTAB_NONE;
	/* Ids that were seen before the array reached them. */
	for (uint32_t i = 0; i < m->tab.n; i++) {
		const char *s = strtab_get(&m->tab, i);
		uint32_t v;

		if (small_number(s, strlen(s), &v) && v < n)
			dense[v] = i;
	}
	m->dense = dense;
	m->n_dense = n;
	return true;
}

uint32_t idmap_intern(struct idmap *m, const char *s, size_t n, struct err *err)
{
	uint32_t v, number;

	if (!small_number(s, n, &v))
		return strtab_intern(&m->tab, s, n, err);
	if (v >= m->n_dense && v / DENSE_SLACK <= m->tab.n + 1024u && !grow_dense(m, v, err))
		return STRTAB_NONE;
	if (v < m->n_dense && m->dense[v] != STRTAB_NONE)
		return m->dense[v];
	number = strtab_intern(&m->tab, s, n, err);
	if (v < m->n_dense && number != STRTAB_NONE)
		m->dense[v] = number;
	return number;
}
