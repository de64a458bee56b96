/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The array covers the numbers below n_dense.  It grows only while it stays within a few times the ids
 * seen, so that one id such as 99999999 costs nothing. */
#include "data/idmap.h"

#include <string.h>

#include "base/mem.h"

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

	if (n == 0 || n > IDMAP_DIGITS || (s[0] == '0' && n > 1))
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

uint32_t idmap_find(const struct idmap *m, const char *s, size_t n)
{
	uint32_t v;

	if (idmap_dense(m, s, n, &v))
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
