/* SPDX-License-Identifier: GPL-3.0-or-later */
/* settings.c - the table of settings, and what setting one does. */
#include "app/settings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/paths.h"
#include "app/session_change.h"
#include "base/file.h"
#include "base/mem.h"
#include "data/mask.h"

#define SETTINGS_BYTES 65536

#define WEIGHTS "weights-"
#define WEIGHTS_MEANING "what compare scenario= weighs: changes the criteria that are named; \"\" brings back all"

const struct param_spec settings_table[] = {
	{ .name = "follow", .type = PARAM_BOOL, .def = "yes",
	  .meaning = "the run in training answers as it learns" },
	{ .name = "k", .type = PARAM_INT, .lo = 1, .hi = 1000, .def = "10", .unit = "items",
	  .meaning = "length of lists where k= is not given" },
	{ .name = "log", .type = PARAM_TEXT,
	  .meaning = "file to append the log to; \"\" stops" },
	{ .name = "redact", .type = PARAM_CHOICE, .choices = "off|on", .def = "off",
	  .meaning = "shows u~N and i~N instead of ids, other ones in each session; files but reports keep the ids" },
	{ .name = "seed", .type = PARAM_INT, .lo = 0, .hi = 1e15, .def = "42",
	  .meaning = "every random stream is derived from it" },
	/* The names are those of the scenarios. */
	{ .name = WEIGHTS "films", .type = PARAM_TEXT, .def = "accuracy:4,coverage:1,diversity:2,explanation:1",
	  .meaning = WEIGHTS_MEANING },
	{ .name = WEIGHTS "shop", .type = PARAM_TEXT, .def = "accuracy:3,cold-items:2,repeats:3,latency:2", .meaning = WEIGHTS_MEANING },
	{ .name = WEIGHTS "social", .type = PARAM_TEXT, .def = "accuracy:2,cold-users:2,coverage:3,noise:1,latency:1",
	  .meaning = WEIGHTS_MEANING },
	{ .name = WEIGHTS "courses", .type = PARAM_TEXT, .def = "accuracy:2,cold-users:3,cold-items:2,explanation:2",
	  .meaning = WEIGHTS_MEANING },
	{ .name = WEIGHTS "music", .type = PARAM_TEXT, .def = "accuracy:2,tail:1,repeats:3,diversity:2", .meaning = WEIGHTS_MEANING },
	{ .name = NULL },
};

static bool redact(bool on, struct err *err)
{
	if (on)
		return mask_put_on(err);
	mask_take_off();
	return true;
}

/* Over those in force. */
static bool set_weights(struct params *p, const char *name, const char *value, struct err *err)
{
	int at = param_find(p->specs, name);
	struct scenario w = { .name = name };
	struct str text = STR_INIT;
	bool good;

	if (!value[0])
		return params_set(p, name, p->specs[at].def, err);
	good = scenario_weigh(&w, p->v[at].text, err) && scenario_weigh(&w, value, err);
	scenario_text(&w, &text);
	if (good && !text.len)
		good = err_set(err, ERR_RANGE, "%s: something has to weigh", name);
	good = good && params_set(p, name, str_text(&text), err);
	str_done(&text);
	return good;
}

void settings_scenario(const struct session *s, const char *name, struct scenario *out)
{
	const struct params *p = session_settings((struct session *)s);
	struct str setting = STR_INIT;
	struct err never;

	*out = *scenario_find(name);
	memset(out->weight, 0, sizeof(out->weight));
	str_printf(&setting, WEIGHTS "%s", name);
	scenario_weigh(out, p->v[param_find(p->specs, str_text(&setting))].text, &never);
	str_done(&setting);
}

bool settings_set(struct session *s, const char *name, const char *value, struct err *err)
{
	struct params *p = session_settings(s);

	if (!strcmp(name, "log") && value[0] && session_readonly(s))
		return err_set(err, ERR_USAGE, "--readonly writes nothing");
	if (!strncmp(name, WEIGHTS, strlen(WEIGHTS)) && param_find(p->specs, name) >= 0)
		return set_weights(p, name, value, err);
	if (!params_set(p, name, value, err))
		return false;
	if (!strcmp(name, "follow"))
		session_follow(s, params_bool(p, name));
	else if (!strcmp(name, "seed"))
		session_set_seed(s, (uint64_t)params_int(p, name));
	else if (!strcmp(name, "redact"))
		return redact(params_choice(p, name) == 1, err);
	else if (!strcmp(name, "log"))
		return log_to_file(value[0] ? value : NULL, err);
	return true;
}

void settings_get(const struct session *s, const char *name, struct str *out)
{
	const struct params *p = session_settings((struct session *)s);

	/* These two change by other roads as well. */
	if (!strcmp(name, "follow"))
		str_puts(out, session_following(s) ? "yes" : "no");
	else if (!strcmp(name, "seed"))
		str_printf(out, "%" PRIu64, session_seed(s));
	else
		str_puts(out, p->v[param_find(p->specs, name)].text);
}

int64_t settings_int(const struct session *s, const char *name)
{
	return params_int(session_settings((struct session *)s), name);
}

static void read_line(struct session *s, const char *path, unsigned number, char *line)
{
	char *name = line + strspn(line, " \t"), *value, *end;
	struct err err;

	if (!name[0] || name[0] == '#')
		return;
	value = name + strcspn(name, " \t");
	if (*value)
		*value++ = '\0';
	value += strspn(value, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
		*--end = '\0';
	if (!settings_set(s, name, value, &err))
		session_tell(s, LOG_WARN, "%s:%u: %s", path, number, err.msg);
}

void settings_read(struct session *s)
{
	char *path = path_config("settings"), *bytes = NULL, *line, *next;
	unsigned number = 0;
	size_t n;
	struct err err;

	if (path && file_exists(path)) {
		if (!file_read_whole(path, SETTINGS_BYTES, &bytes, &n, &err))
			session_tell(s, LOG_WARN, "settings are not read: %s", err.msg);
		for (line = bytes; line; line = next) {
			next = strchr(line, '\n');
			if (next)
				*next++ = '\0';
			read_line(s, path, ++number, line);
		}
	}
	mem_free(bytes);
	free(path);
}
