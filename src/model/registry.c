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
	&cfgan_ops,
	&towers_ops,
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
