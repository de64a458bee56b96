/* SPDX-License-Identifier: GPL-3.0-or-later */
/* item_map.h - a run's item vectors as a map.
 *
 * Vectors are made of length 1 first, as likeness between items is their cosine; items without a train event have
 * learned nothing and are left out.  MAP_PCA shows all by their two principal components; MAP_NEIGHBOURS lays the
 * ITEM_MAP_SAMPLE items with most train events out by t-SNE (num/planar.h), beginning at that.  WORKER or scorer;
 * cancellable.
 */
#ifndef EXPLAIN_ITEM_MAP_H
#define EXPLAIN_ITEM_MAP_H

#include "data/split.h"
#include "model/snapshot.h"

enum map_layout { MAP_PCA, MAP_NEIGHBOURS };
#define ITEM_MAP_SAMPLE 1500

struct item_map {
	size_t n;
	uint32_t *item; /* [n] ascending */
	float *xy;      /* [n][2] */
	double share;   /* of the variance, by the two components; NaN: MAP_NEIGHBOURS */
	double kl;      /* where the layout ended, in nats; NaN: MAP_PCA */
};
/* ERR_UNSUPPORTED: the run has no item vectors. */
bool item_map_make(const struct snapshot *s, const struct split *split, enum map_layout layout, struct item_map *out,
		   const struct task *task, struct err *err);
void item_map_done(struct item_map *m);

#endif
