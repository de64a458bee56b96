/* SPDX-License-Identifier: GPL-3.0-or-later */
/* model.c - scratch memory, and the plain road from a query to its scores. */
#include "model/model.h"

#include "base/mem.h"

static void *grow(void **p, size_t *size, size_t need, struct err *err)
{
	void *more;

	if (*p && *size >= need)
		return *p;
	need += need / 2; /* histories differ in length: do not ask again for every longer one */
	more = mem_alloc(1, need ? need : 64, err);
	if (!more)
		return NULL;
	mem_free(*p);
	*p = more;
	*size = need ? need : 64;
	return more;
}

void *scratch_need(struct scratch *s, size_t size, struct err *err)
{
	return grow(&s->p, &s->size, size, err);
}

void *scratch_need_aux(struct scratch *s, size_t size, struct err *err)
{
	return grow(&s->aux, &s->aux_size, size, err);
}

struct scratch *scratch_need_of(struct scratch *s, size_t n, struct err *err)
{
	if (s->n_of >= n)
		return s->of;
	for (size_t i = 0; i < s->n_of; i++)
		scratch_done(&s->of[i]);
	mem_free(s->of);
	s->n_of = 0;
	s->of = mem_zeroed(n, sizeof(*s->of), err);
	if (s->of)
		s->n_of = n;
	return s->of;
}

void scratch_done(struct scratch *s)
{
	for (size_t i = 0; i < s->n_of; i++)
		scratch_done(&s->of[i]);
	mem_free(s->of);
	mem_free(s->p);
	mem_free(s->aux);
	*s = (struct scratch){ 0 };
}

bool model_score_all(const struct model *m, const struct query *q, struct scratch *s, float *out,
		     uint32_t n_items, struct err *err)
{
	const struct model_ops *ops = model_ops_of(m);

	if (!ops->query_begin(m, q, 1, s, err))
		return false;
	ops->score_block(m, q, 1, 0, n_items, s, out, n_items);
	return true;
}

bool model_score_one(const struct model *m, const struct query *q, uint32_t item, struct scratch *s,
		     float *out, struct err *err)
{
	const struct model_ops *ops = model_ops_of(m);

	if (!ops->query_begin(m, q, 1, s, err))
		return false;
	ops->score_block(m, q, 1, item, item + 1, s, out, 1);
	return true;
}

bool content_add(struct content *c, const char *kind, const char *name, float value, struct err *err)
{
	if (!mem_grow((void **)&c->part, &c->cap, c->n + 1, sizeof(*c->part), err))
		return false;
	c->part[c->n++] = (struct content_part){ kind, name, value };
	return true;
}

void content_done(struct content *c)
{
	mem_free(c->part);
	*c = (struct content){ 0 };
}

bool model_packs(const struct model_ops *ops, enum precision to, struct err *err)
{
	if (to == PRECISION_F32 || ops->pack)
		return true;
	return err_set(err, ERR_UNSUPPORTED, "%s scores from f32 alone, not in %s: %s", ops->name, precision_name[to],
		       ops->whole_why);
}
