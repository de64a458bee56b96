/* SPDX-License-Identifier: GPL-3.0-or-later */
/* towers_params.c - see towers_params.h. */
#include "model/towers_params.h"

#include "model/registry.h"

enum { MAX_D = 1024 };
#define RECENCY_BEFORE 0.8f
#define DROP_ITEM 0.1f

const struct param_spec towers_params[] = {
	{ .name = "dim", .type = PARAM_INT, .lo = 1, .hi = MAX_D, .def = "64", .unit = "factors",
	  .meaning = "length of the vectors", .source = "", .log_scale = true,
	  .tune = "32..128" },
	{ .name = "loss", .type = PARAM_CHOICE, .def = "softmax", .choices = "ccl|softmax|bpr", .unit = "",
	  .meaning = "cosine contrastive (scores are cosines), sampled softmax, or pairs", .source = TUNED },
	{ .name = "activation", .type = PARAM_CHOICE, .def = "linear", .choices = "seed|tanh|linear", .unit = "",
	  .meaning = "seed: sigmoid for people, tanh for items; tanh: both", .source = TUNED },
	{ .name = "negatives", .type = PARAM_INT, .lo = 1, .hi = 65536, .def = "500", .unit = "items",
	  .meaning = "each event is told from, shared by its batch", .source = "2000 gained 3 percent at most on valid", .log_scale = true },
	{ .name = "margin", .type = PARAM_REAL, .lo = -1, .hi = 1, .def = "0.7", .unit = "",
	  .meaning = "ccl: the cosine up to which a negative is left alone", .source = TUNED },
	{ .name = "negative-weight", .type = PARAM_REAL, .lo = 0, .hi = 1e6, .def = "100", .unit = "",
	  .meaning = "ccl: of the negatives' mean against the event", .source = TUNED, .log_scale = true },
	{ .name = "temperature", .type = PARAM_REAL, .lo = 0.001, .hi = 100, .def = "0.5", .unit = "",
	  .meaning = "softmax: what scores are divided by, in the loss only", .source = TUNED, .log_scale = true,
	  .tune = "0.1..1" },
	{ .name = "history", .type = PARAM_CHOICE, .def = "yes", .choices = "yes|no", .unit = "",
	  .meaning = "people by what they took (W2)", .source = "" },
	{ .name = "past", .type = PARAM_CHOICE, .def = "auto", .choices = "auto|others|before", .unit = "",
	  .meaning = "what an event is learnt from: all others of its person, those before it, or (auto) these where what is held out comes last",
	  .source = "tuned on valid events of ml-100k" },
	{ .name = "recency", .type = PARAM_REAL, .lo = 0.01, .hi = 1, .unit = "",
	  .meaning = "what each later event leaves of an event's weight in the history; not given: 0.8 with past=before, 1 with others",
	  .source = "tuned on valid events of ml-100k", .tune = "0.5..0.95" },
	{ .name = "social", .type = PARAM_REAL, .lo = 0, .hi = 1, .def = "0", .unit = "",
	  .meaning = "share of the friends' histories in a person's own, where there are friends", .source = "0.3 did not help on valid" },
	{ .name = "text", .type = PARAM_CHOICE, .def = "yes", .choices = "yes|no", .unit = "",
	  .meaning = "items by the words of their titles, texts and tags (W4), where there are any", .source = "",
	  .tune = "yes,no" },
	{ .name = "tags", .type = PARAM_CHOICE, .def = "yes", .choices = "yes|no", .unit = "",
	  .meaning = "items by their tags, categories and attributes, where there are any", .source = "" },
	{ .name = "vectors", .type = PARAM_CHOICE, .def = "yes", .choices = "yes|no", .unit = "",
	  .meaning = "items by their files of vectors and columns of numbers, where there are any", .source = "" },
	{ .name = "project", .type = PARAM_CHOICE, .def = "no", .choices = "yes|no", .unit = "",
	  .meaning = "W1, W3 and the biases; no: vectors enter as they are", .source = TUNED,
	  .tune = "yes,no" },
	{ .name = "dropout", .type = PARAM_REAL, .lo = 0, .hi = 0.95, .def = "0.5", .unit = "",
	  .meaning = "share of a person's numbers left out in training", .source = TUNED,
	  .tune = "0.2..0.7" },
	{ .name = "drop", .type = PARAM_REAL, .lo = 0, .hi = 0.95, .def = "0.3", .unit = "",
	  .meaning = "share of each history's events left out of its mean, anew each time", .source = TUNED,
	  .tune = "0..0.6" },
	{ .name = "item-dropout", .type = PARAM_REAL, .lo = 0, .hi = 1, .unit = "",
	  .meaning = "share of a batch's items known by their content alone; not given: 1 where the split holds out whole items and these have content, else 0.1",
	  .source = TUNED },
	{ .name = "user-dropout", .type = PARAM_REAL, .lo = 0, .hi = 1, .def = "0.5", .unit = "",
	  .meaning = "share of a batch's people known by their history alone", .source = "0.5 to 0.9 made no difference on valid" },
	{ .name = "epochs", .type = PARAM_INT, .lo = 1, .hi = 100000, .def = "60", .unit = "epochs",
	  .meaning = "passes over the events, at most", .source = "the best came within 41 on every set tried" },
	{ .name = "batch", .type = PARAM_INT, .lo = 1, .hi = 65536, .def = "1024", .unit = "events",
	  .meaning = "events a step (rounded up to 8)", .source = "Mao 2021", .log_scale = true },
	{ .name = "lr", .type = PARAM_REAL, .lo = 1e-6, .hi = 10, .def = "0.003", .unit = "",
	  .meaning = "length of adam's steps", .source = TUNED, .log_scale = true,
	  .tune = "0.001..0.01" },
	{ .name = "l2", .type = PARAM_REAL, .lo = 0, .hi = 10, .def = "0", .unit = "",
	  .meaning = "weight of the squared weights in each step", .source = TUNED, .log_scale = true },
	{ .name = "l1", .type = PARAM_REAL, .lo = 0, .hi = 10, .def = "0", .unit = "",
	  .meaning = "weight of the weights' sizes in each step", .source = "", .log_scale = true },
	{ .name = "patience", .type = PARAM_INT, .lo = 0, .hi = 100000, .def = "6", .unit = "rounds",
	  .meaning = "validations without a better metric before it stops; 0: never", .source = "" },
	{ .name = NULL },
};

bool towers_says_yes(const struct params *p, const char *name)
{
	return params_choice(p, name) == 0;
}

static bool reads_content(const struct dataset *d, const struct params *p)
{
	return (towers_says_yes(p, "text") && dataset_has_text(d)) || (towers_says_yes(p, "tags") && d->item_tags.ptr) ||
	       (towers_says_yes(p, "vectors") && d->n_modalities);
}

float towers_drop_item(const struct split *s, const struct params *p)
{
	if (params_is_set(p, "item-dropout"))
		return (float)params_real(p, "item-dropout");
	return s && s->cold_items && reads_content(s->data, p) ? 1 : DROP_ITEM;
}

struct towers_rule towers_rule_of(const struct params *p, const struct split *s)
{
	struct towers_rule r = {
		.loss = { .loss = (enum towers_loss)params_choice(p, "loss"), .margin = (float)params_real(p, "margin"),
			  .weight = (float)params_real(p, "negative-weight"),
			  .temperature = (float)params_real(p, "temperature") },
		.batch = (uint32_t)params_int(p, "batch"), .negatives = (uint32_t)params_int(p, "negatives"),
		.dropout = (float)params_real(p, "dropout"), .drop = (float)params_real(p, "drop"),
		.drop_item = towers_drop_item(s, p), .drop_user = (float)params_real(p, "user-dropout"),
		.lr = params_real(p, "lr"),
	};

	optim_rule_init(&r.optim, OPTIM_ADAM);
	r.optim.l1 = (float)params_real(p, "l1");
	r.optim.l2 = (float)params_real(p, "l2");
	return r;
}

bool towers_set_time(struct towers_net *n, const struct split *s, const struct params *p, struct err *err)
{
	enum { AUTO, OTHERS, BEFORE } past = params_choice(p, "past");
	bool given = params_is_set(p, "recency");

	if (!s->data->has_order && (past == BEFORE || (given && params_real(p, "recency") < 1)))
		return err_set(err, ERR_UNSUPPORTED, "%s= needs histories in order, and this data has neither times nor an "
			       "order: leave it at %s", past == BEFORE ? "past" : "recency", past == BEFORE ? "others" : "1");
	n->before = past == BEFORE || (past == AUTO && split_in_time(s));
	n->recency = given ? (float)params_real(p, "recency") : n->before ? RECENCY_BEFORE : 1;
	return true;
}

bool towers_net_of(struct towers_net *n, const struct dataset *d, const struct params *p, struct err *err)
{
	*n = (struct towers_net){
		.U = d->n_users, .I = d->n_items, .D = (uint32_t)params_int(p, "dim"),
		.activation = (enum towers_activation)params_choice(p, "activation"),
		.cosine = params_choice(p, "loss") == TOWERS_CCL, .project = towers_says_yes(p, "project"),
		.history = towers_says_yes(p, "history"), .recency = 1,
		.social = towers_says_yes(p, "history") && d->friends.ptr ? (float)params_real(p, "social") : 0,
	};
	return towers_features_init(&n->features, d, n->D, towers_says_yes(p, "tags"), towers_says_yes(p, "vectors"), err);
}
