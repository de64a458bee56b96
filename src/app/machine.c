/* SPDX-License-Identifier: GPL-3.0-or-later */
/* machine.c - see machine.h. */
#include "app/machine.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "num/linalg.h"

#define FILE_NAME "machine.json"
enum { FILE_MOST = 1 << 16 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of both; held while it is measured */
static struct speed known;
static unsigned known_threads; /* 0: nothing is known */

/* --- Whose speed it is -------------------------------------------------------------------------------------- */

/* As /proc/cpuinfo names the processor, else the kind of machine. */
static void name_processor(char *out, size_t size)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[256];
	struct utsname u;
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':');

		if (strncmp(line, "model name", 10) != 0 || !colon)
			continue;
		colon[strcspn(colon, "\n")] = '\0';
		snprintf(out, size, "%s", colon + 1 + strspn(colon + 1, " "));
		found = true;
	}
	if (f)
		fclose(f);
	if (!found)
		snprintf(out, size, "%s", uname(&u) == 0 ? u.machine : "unknown");
}

static json_t *name_machine(unsigned threads)
{
	char processor[256];
	json_t *j = mem_must(json_object());

	name_processor(processor, sizeof(processor));
	json_put(j, "processor", json_text(processor));
	json_put(j, "threads", json_integer((json_int_t)threads));
	json_put(j, "kernels", json_text(linalg_kernel_name()));
	json_put(j, "version", json_text(PACKAGE_VERSION));
	json_put(j, "kinds", json_integer(EFFORT_KINDS));
	return j;
}

/* --- The file ----------------------------------------------------------------------------------------------- */

static bool read_rates(const json_t *j, const char *key, double *rate)
{
	const json_t *rates = json_object_get(j, key);

	for (int k = 0; k < EFFORT_KINDS; k++) {
		const json_t *v = json_object_get(rates, effort_name[k]);

		rate[k] = json_number_value(v);
		if (!json_is_number(v) || !(rate[k] > 0) || !isfinite(rate[k]))
			return false;
	}
	return true;
}

static bool read_file(const char *path, const json_t *machine, struct speed *out)
{
	struct err ignored;
	char *bytes = NULL;
	size_t n;
	json_t *j = NULL;
	bool good;

	if (!file_exists(path) || !file_read_whole(path, FILE_MOST, &bytes, &n, &ignored))
		return false;
	j = json_loadb(bytes, n, 0, NULL);
	good = j && json_equal(json_object_get(j, "machine"), machine) && read_rates(j, "shared", out->shared) &&
	       read_rates(j, "alone", out->alone);
	json_decref(j);
	mem_free(bytes);
	return good;
}

static json_t *rates_of(const double *rate)
{
	json_t *j = mem_must(json_object());

	for (int k = 0; k < EFFORT_KINDS; k++)
		json_put(j, effort_name[k], json_number(rate[k]));
	return j;
}

/* A home that cannot be written to is told of by whoever keeps a run there. */
static void write_file(const char *home, const char *path, json_t *machine, const struct speed *s)
{
	json_t *j = mem_must(json_object());
	struct err ignored;
	char *text;

	json_put(j, "machine", json_incref(machine));
	json_put(j, "shared", rates_of(s->shared));
	json_put(j, "alone", rates_of(s->alone));
	text = mem_must(json_dumps(j, JSON_INDENT(1)));
	if (file_make_folders(home, 0755, &ignored))
		file_write_whole(path, text, strlen(text), 0644, &ignored);
	free(text);
	json_decref(j);
}

static bool find_speed(const char *home, bool readonly, const struct task *t, struct speed *out, struct err *err)
{
	char *path = home ? file_join(home, FILE_NAME) : NULL;
	json_t *machine = name_machine(task_slots(t));
	bool found = path && read_file(path, machine, out), good = found || speed_measure(out, t, err);

	if (good && !found && path && !readonly)
		write_file(home, path, machine, out);
	json_decref(machine);
	free(path);
	return good;
}

bool machine_speed(const char *home, bool readonly, const struct task *t, struct speed *out, struct err *err)
{
	bool good = true;

	pthread_mutex_lock(&lock);
	if (known_threads != task_slots(t)) {
		known_threads = 0;
		good = find_speed(home, readonly, t, &known, err);
		known_threads = good ? task_slots(t) : 0;
	}
	*out = known;
	pthread_mutex_unlock(&lock);
	return good;
}

void machine_set_speed(unsigned threads, const struct speed *s)
{
	pthread_mutex_lock(&lock);
	known = *s;
	known_threads = threads;
	pthread_mutex_unlock(&lock);
}
