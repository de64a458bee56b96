/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run_record.h - all that is told of a run without its weights: plain data, as run.json keeps it. */
#ifndef TRAIN_RUN_RECORD_H
#define TRAIN_RUN_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "num/packed.h"
#include "train/curves.h"

struct run_record {
	char name[64], model[24];
	json_t *params;                /* {"lambda":…}; owned */
	char data_name[96];
	uint64_t data_fingerprint, split_fingerprint;
	char split_text[192];          /* "ratio order=time": how to make the split again */
	uint64_t seed;
	bool values, refit;
	enum precision precision;      /* of the weights that answer, as they are kept */
	bool readable;                 /* the weights are there and whole */
	uint32_t epochs_asked, patience, valid_every;
	uint32_t epochs, best_epoch;
	char stopped[16];              /* "running", "done", "early", "time", "cancelled", "failed" */
	char failure[200];             /* why, when failed */
	char note[200];                /* what was found in fitting, such as weights; or "" */
	char metric[32];               /* watched: "ndcg@10" */
	double best_metric, seconds;   /* NaN without valid */
	uint64_t bytes;                /* of the frozen model */
	double told_once, told_epoch;  /* seconds told before it began (train/cost.h), NaN: none were */
	uint64_t told_bytes, peak_bytes; /* memory above what was loaded, told and taken; 0: not known */
	int64_t made;                  /* clock_wall() */
	struct curves curves;
	json_t *tuning;                /* of the best of a tuning's trials: {"method","seed","higher_better","trials_asked","given":{…},
	                                  "best":…,"trials":[…],"effects":[…]} (tune.h), NULL else; owned */
	json_t *metrics;               /* the last evaluate on=test: {"ndcg@10":…}, or NULL; owned */
};
void run_record_init(struct run_record *r);
void run_record_done(struct run_record *r);
bool run_record_copy(struct run_record *out, const struct run_record *r, struct err *err);
/* Seconds that were told, for as many epochs as there were.  NaN: none were. */
double run_record_told(const struct run_record *r);
json_t *run_record_to_json(const struct run_record *r); /* without the curves */
bool run_record_from_json(struct run_record *r, const json_t *j, struct err *err);

#endif
