/* SPDX-License-Identifier: GPL-3.0-or-later */
/* curves.h - what a training draws: loss and validation metric by epoch.  Kept as curves.csv. */
#ifndef TRAIN_CURVES_H
#define TRAIN_CURVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"

#define CURVE_LOSSES 5
#define CURVE_VALID_LOSS "valid loss" /* name of the part that is measured on valid events; the last, if there */
struct curve_point {
	uint32_t epoch;           /* 1-based */
	unsigned n_loss;
	double loss[CURVE_LOSSES];
	double valid;             /* the watched metric; NaN where not measured */
	double seconds;           /* training time so far, evaluation included */
	double rate;              /* examples a second in this epoch */
	double gradient_norm, lr; /* NaN where there is none */
	double churn;             /* @10 of the watched users (train/watched.h); NaN where there is none */
};
struct curves {
	char loss_name[CURVE_LOSSES][24];
	unsigned n_loss;
	char metric[32];          /* "ndcg@10" */
	struct curve_point *point; /* [n] */
	size_t n, cap;
};

void curves_init(struct curves *c);
bool curves_add(struct curves *c, const struct curve_point *p, struct err *err);
void curves_name(struct curves *out, const struct curves *c); /* the names of losses and metric, not the points */
bool curves_copy(struct curves *out, const struct curves *c, struct err *err);
void curves_done(struct curves *c);
int curves_valid_part(const struct curves *c);     /* which loss is the one on valid events; -1: none */
double curves_gap(const struct curves *c);         /* valid loss less train loss, where last measured; NaN: never */
bool curves_save(const struct curves *c, const char *path, struct err *err); /* csv, replaced whole, %.17g */
bool curves_open(struct curves *c, const char *path, struct err *err);
/* The same rows to a stream, and from a text, which is cut up; path names it in messages. */
void curves_print(const struct curves *c, FILE *f);
bool curves_read(struct curves *c, char *text, const char *path, struct err *err);

#endif
