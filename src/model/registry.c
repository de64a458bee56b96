/* SPDX-License-Identifier: GPL-3.0-or-later */
/* registry.c - the list of models: the one line that a new model adds. */
#include "model/registry.h"

#include <string.h>

#include "base/str.h"

const struct model_ops *const model_registry[] = {
	&popularity_ops,
	&item_knn_ops,
	&user_knn_ops,
	&spectral_ops,
	&ease_ops,
	&ials_ops,
	&bpr_ops,
	&neumf_ops,
	&sasrec_ops,
	&item2vec_ops,
	&word2vec_ops,
	&cfgan_ops,
	&towers_ops,
	&blend_ops,
	NULL,
};

const struct model_ops *model_find(const char *name, struct err *err)
{
	const char *names[sizeof(model_registry) / sizeof(*model_registry)];
	const char *near;
	size_t n = 0;

	for (; model_registry[n]; n++) {
		if (!strcmp(model_registry[n]->name, name))
			return model_registry[n];
		names[n] = model_registry[n]->name;
	}
	near = str_nearest(name, names, n);
	if (near)
		err_set(err, ERR_NOTFOUND, "no model is named %s: did you mean %s?", name, near);
	else
		err_set(err, ERR_NOTFOUND, "no model is named %s: the command models lists them", name);
	return NULL;
}

static bool can(const struct model_ops *ops, enum model_skill skill)
{
	return skill == MODEL_HAS_CONTENT ? ops->content != NULL : ops->similar_text != NULL;
}

void models_that_can(struct str *out, enum model_skill skill)
{
	size_t n = 0, told = 0;

	for (size_t k = 0; model_registry[k]; k++)
		n += can(model_registry[k], skill);
	for (size_t k = 0; model_registry[k]; k++) {
		if (!can(model_registry[k], skill))
			continue;
		str_printf(out, "%s%s", !told ? "" : told + 1 < n ? ", " : " and ", model_registry[k]->name);
		told++;
	}
	str_printf(out, " can");
}
