/* SPDX-License-Identifier: GPL-3.0-or-later */
/* side_modality.c - one more modality of a dataset. */
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "data/side_private.h"

bool side_add_modality(struct side *w, const char *name, uint32_t dim, struct modality **out, struct err *err)
{
	struct dataset *d = w->d;
	struct modality *m;

	*out = NULL;
	for (size_t k = 0; k < d->n_modalities; k++)
		if (!strcmp(d->modalities[k].name, name))
			return true;
	m = mem_resize(d->modalities, d->n_modalities, d->n_modalities + 1, sizeof(*m), err);
	if (!m)
		return false;
	d->modalities = m;
	m += d->n_modalities;
	*m = (struct modality){ .dim = dim, .sd = 1 };
	m->has = mem_zeroed(d->n_items, 1, err);
	m->v = m->has ? mem_zeroed((size_t)d->n_items * dim, sizeof(*m->v), err) : NULL;
	if (!m->v) {
		mem_free(m->has);
		return false;
	}
	m->name = mem_strdup(name);
	d->n_modalities++;
	*out = m;
	return true;
}

void side_drop_modality(struct side *w)
{
	modality_done(&w->d->modalities[--w->d->n_modalities]);
}

bool side_standardise(struct modality *m, uint32_t n_items)
{
	double sum = 0, squares = 0;

	m->n_has = 0;
	for (uint32_t i = 0; i < n_items; i++)
		if (m->has[i]) {
			sum += (double)m->v[i];
			m->n_has++;
		}
	m->mean = m->n_has ? sum / m->n_has : 0;
	for (uint32_t i = 0; i < n_items; i++)
		if (m->has[i])
			squares += ((double)m->v[i] - m->mean) * ((double)m->v[i] - m->mean);
	m->column = true;
	m->sd = m->n_has ? sqrt(squares / m->n_has) : 0;
	if (!(m->sd > 0))
		return false;
	for (uint32_t i = 0; i < n_items; i++)
		if (m->has[i])
			m->v[i] = (float)(((double)m->v[i] - m->mean) / m->sd);
	return true;
}
