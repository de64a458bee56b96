/* SPDX-License-Identifier: GPL-3.0-or-later */
/* registry.h - the vtables that registry.c lists; each is defined in the file of its model.  Everyone
 * else finds a model through model_registry and model_find() of model.h. */
#ifndef MODEL_REGISTRY_H
#define MODEL_REGISTRY_H

#include "model/model.h"

/* The source of a default that no paper gives; whyrec-models(7) tells on what. */
#define TUNED "tuned on valid events of public sets"

extern const struct model_ops spectral_ops, blend_ops;
extern const struct model_ops popularity_ops, item_knn_ops, user_knn_ops, ease_ops, ials_ops, bpr_ops, sasrec_ops;
extern const struct model_ops cfgan_ops;
extern const struct model_ops towers_ops;
extern const struct model_ops neumf_ops;
extern const struct model_ops item2vec_ops, word2vec_ops;

#endif
