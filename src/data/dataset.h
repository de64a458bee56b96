/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dataset.h - what was loaded: users, items and their events, cleaned; and the report of the cleaning.
 *
 * U users, I items, n events.  Users and items are numbered by first appearance among the kept events
 * in file order.  The events of a user lie together, oldest first: by time where there are times (ties
 * keep input order), else in input order.  Immutable and reference-counted once dataset_load(),
 * dataset_generate() or dataset_new_from() returned it.  Reading is ANY thread; dataset_unref is ANY.
 */
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/strtab.h"
#include "data/absent.h"
#include "data/profile.h"
#include "num/csr.h"

#define NO_USER UINT32_MAX
#define NO_ITEM UINT32_MAX
#define NO_TIME INT64_MIN

/* Which file an event came from when the files say it themselves (train.txt, test.txt). */
enum given_part { GIVEN_TRAIN, GIVEN_VALID, GIVEN_TEST };

struct loaded_file {
	char *name;        /* as the operator would name it; inside archives "a.zip:dir/b.csv" */
	const char *role;  /* "events", "items", "users", "tags", "ids" … */
	const char *format; /* "csv", "dat", "atomic", "lists", "sequence", "npy" */
	uint64_t rows, bad;
	char *note;        /* what was taken for what: columns, delimiter, encoding; "" when nothing */
};

struct reject {
	uint32_t file;  /* index into files */
	uint64_t line;  /* 1-based */
	char *reason;   /* sanitised when shown, not here */
};

struct set_aside {
	const char *reason; /* fixed text: "no user", "value not above 0", "duplicate" … */
	uint64_t n;
};

#define REJECTS_KEPT 10000 /* of more, the number is told */
struct load_report {
	struct loaded_file *files;
	size_t n_files;
	struct reject *rejects; /* file order, the first REJECTS_KEPT */
	size_t n_rejects;
	uint64_t rejected_total;
	struct set_aside *set_aside; /* only reasons with n > 0, fixed order */
	size_t n_set_aside;
	uint64_t set_aside_total, duplicates;
	uint32_t min_user, min_item; /* of the k-core that was asked for; 0: none */
	double timestamp_ties; /* share of events whose user has another event at the same time */
	double seconds;
};

/* Numbers about the items: a file of vectors (of images, sounds, a language model), or one column of a
 * file about items.  Owned by the dataset. */
struct modality {
	char *name;   /* the file's stem, or the column's name; distinct within a dataset */
	uint32_t dim;
	float *v;     /* [I][dim]; of a column: standardised over the items that have it; 0 where has is 0 */
	uint8_t *has; /* [I] 1: the item has it.  A model must mask the others, not take their 0 for a value */
	uint32_t n_has;
	bool column;  /* of numbers; else a file of vectors */
	double mean, sd; /* of a column, before it was standardised: value = mean + sd * v; else 0 and 1 */
};

struct dataset {
	uint64_t id;          /* serial within this process */
	uint64_t fingerprint; /* of events, ids, values, times: equal data, equal number */
	uint64_t content;     /* of all below that a model may read beside the events: titles, texts, tags,
	                       * modalities, friends.  0: there is nothing of the kind */
	char *name;           /* "ml-100k" */
	uint32_t n_users, n_items;
	size_t n_events;
	struct strtab user_ids, item_ids; /* interned */
	size_t *user_ptr;   /* [U + 1] */
	uint32_t *item;     /* [n] */
	float *value;       /* [n] ratings, counts, weights; NULL: none (all 1) */
	int64_t *time;      /* [n] or NULL */
	uint8_t *given;     /* [n] enum given_part, or NULL */
	bool has_order;     /* times, or the files' order is the order in time */
	bool weighted;      /* values are event weights (weights=) */

	/* Side information; each table is empty (n == 0) or has one string an item. */
	struct strtab titles, texts;
	struct strtab tag_names; /* interned */
	struct csr item_tags;    /* [I][tags]; ptr NULL when none */
	struct strtab user_notes; /* "24 · M · technician", or empty */
	struct modality *modalities; /* [n_modalities] columns, then files of vectors, as the files come */
	size_t n_modalities;
	struct csr friends; /* [U][U] symmetric, nobody a friend of their own; ptr NULL: no social file */

	struct profile profile;
	struct load_report report;
	struct absent absent; /* items that rows name which became no events */
	/* What no copy takes over, so the last: */
	const struct dataset *of; /* dataset_with_events(): whose ids and side information these are; NULL: its own */
	_Atomic unsigned refs;
};

struct dataset *dataset_ref(const struct dataset *d);
void dataset_unref(const struct dataset *d); /* NULL is fine */

/* As an id may be shown: itself, or while ids are masked the name in its stead (data/mask.h says how long it
 * is borrowed).  What is looked up, and what stands in files, is the true id. */
const char *dataset_user_id(const struct dataset *d, uint32_t u);
const char *dataset_item_id(const struct dataset *d, uint32_t i);
static inline const char *dataset_true_user_id(const struct dataset *d, uint32_t u) { return strtab_get(&d->user_ids, u); }
static inline const char *dataset_true_item_id(const struct dataset *d, uint32_t i) { return strtab_get(&d->item_ids, i); }
bool dataset_ids_are_masked(void); /* a line that holds ids is not to be shown */
const char *dataset_title(const struct dataset *d, uint32_t i); /* the id where there is no title */
uint32_t dataset_find_user(const struct dataset *d, const char *id); /* NO_USER */
uint32_t dataset_find_item(const struct dataset *d, const char *id); /* NO_ITEM */
static inline float dataset_value(const struct dataset *d, size_t e) { return d->value ? d->value[e] : 1.0f; }
size_t dataset_bytes(const struct dataset *d);
void modality_done(struct modality *m); /* frees the arrays; fine on a zeroed struct */

/* For load.c, synth.c and tests: a dataset from events in input order (arrays are copied or taken as the
 * .c file says), sorted, counted, profiled, fingerprinted. */
struct event_columns {
	size_t n;
	uint32_t *user, *item; /* numbers into the two tables */
	float *value;          /* NULL: none */
	int64_t *time;         /* NULL: none */
	uint8_t *given;        /* NULL: none */
};
struct dataset *dataset_new_from(const char *name, struct event_columns *take, struct strtab *take_users,
				 struct strtab *take_items, bool has_order, const struct task *task,
				 struct err *err);

/* The same users, items and side information with other events, for what is tried out beside the data (noise mixed
 * in, histories shuffled).  The arrays are laid out as in struct dataset and taken in any case; given is dropped.
 * WORKER. */
struct user_rows {
	size_t *user_ptr; /* [U + 1] */
	uint32_t *item;   /* [user_ptr[U]] */
	float *value;     /* NULL: none */
	int64_t *time;    /* NULL: none */
};
struct dataset *dataset_with_events(const struct dataset *of, struct user_rows *take, const struct task *task,
				    struct err *err);

#endif
