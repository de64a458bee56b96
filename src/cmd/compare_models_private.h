/* SPDX-License-Identifier: GPL-3.0-or-later */
/* compare_models_private.h - what cmd_compare_models.c gathers and compare_models_tell.c tells. */
#ifndef CMD_COMPARE_MODELS_PRIVATE_H
#define CMD_COMPARE_MODELS_PRIVATE_H

#include "app/tuning.h"
#include "cmd/compare_models.h"
#include "train/suitability.h"

struct model_entry {
	const struct model_ops *ops;
	struct hold hold;      /* of a run that is there already */
	bool is_there;
	bool ready, ended;     /* the training was made ready; its run is in place */
	struct tuning tuning;  /* base alone where nothing is tuned */
	bool tunes;
	bool measured;
	double seconds;        /* that its training took */
	bool cut;              /* the clock stopped it, after so many epochs of so many */
	uint32_t epochs, of_epochs;
	struct suit suit;
	struct fit_request settings; /* of the run, for the learning curve */
	char left_out[sizeof(((struct err *)0)->msg)];
};
struct models {
	size_t n;
	struct model_entry *entry;
	struct suit_plan plan;
	bool planned;
	const struct split *split;
	double budget;         /* seconds for all; 0: defaults, nothing is tuned */
	double limit;          /* seconds that a training may take where nothing is tuned; 0: any */
	struct scenario scenario;
	bool weighs;           /* one was asked for */
};

#endif
