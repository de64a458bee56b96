/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mem_available.c - what the machine could still give: the least of what the kernel says is available,
 * what control groups leave, and what RLIMIT_AS leaves.
 *
 * Sources: proc(5), cgroups(7); the kernel's Documentation/admin-guide/cgroup-v2.rst.  It allocates
 * nothing, for it is asked when memory has run out. */
#include "base/mem.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define UNKNOWN UINT64_MAX

static bool read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t got;

	if (fd < 0)
		return false;
	while (n < size - 1 && (got = read(fd, buf + n, size - 1 - n)) > 0)
		n += (size_t)got;
	close(fd);
	buf[n] = '\0';
	return n > 0;
}

/* The number after `key` at the start of a line; UNKNOWN when there is none ("max"). */
static uint64_t value_after(const char *text, const char *key)
{
	size_t len = strlen(key);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, key, len)) {
			char *end;
			uint64_t v = strtoull(line + len, &end, 10);

			return end > line + len ? v : UNKNOWN;
		}
	}
	return UNKNOWN;
}

static uint64_t system_available(void)
{
	char text[4096];
	uint64_t kib;
	long pages, page;

	if (read_text("/proc/meminfo", text, sizeof(text))) {
		kib = value_after(text, "MemAvailable:");
		if (kib != UNKNOWN)
			return kib * 1024;
	}
	pages = sysconf(_SC_PHYS_PAGES);
	page = sysconf(_SC_PAGESIZE);
	return pages > 0 && page > 0 ? (uint64_t)pages * (uint64_t)page : UNKNOWN;
}

struct group_files {
	const char *root, *limit, *used, *stat_key;
};

static const struct group_files group_v2 = {
	"/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file ",
};
static const struct group_files group_v1 = {
	"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file ",
};

static uint64_t group_value(const struct group_files *g, const char *group, const char *file, const char *key)
{
	char path[1024], text[8192];
	int n = snprintf(path, sizeof(path), "%s%s/%s", g->root, group, file);

	if (n < 0 || (size_t)n >= sizeof(path) || !read_text(path, text, sizeof(text)))
		return UNKNOWN;
	return value_after(text, key);
}

/* A group's pages of files read and not used again are given back before anything is refused. */
static uint64_t group_left(const struct group_files *g, const char *group)
{
	uint64_t limit = group_value(g, group, g->limit, "");
	uint64_t used = group_value(g, group, g->used, "");
	uint64_t idle = group_value(g, group, "memory.stat", g->stat_key);

	if (limit == UNKNOWN || used == UNKNOWN)
		return UNKNOWN;
	if (idle != UNKNOWN)
		used -= idle < used ? idle : used;
	return limit > used ? limit - used : 0;
}

/* The least of the group and all above it.  A path that is not there (a container sees its own group
 * as the root) is simply passed. */
static uint64_t groups_left(const struct group_files *g, char *group)
{
	uint64_t least = UNKNOWN;

	for (;;) {
		uint64_t left = group_left(g, group);
		char *slash;

		if (left < least)
			least = left;
		if (!*group)
			return least;
		slash = strrchr(group, '/');
		*(slash ? slash : group) = '\0';
	}
}

/* Lines of /proc/self/cgroup: "0::/path" (version 2) and "4:memory:/path" (version 1). */
static uint64_t control_groups_left(void)
{
	char text[4096], *save = NULL;
	uint64_t least = UNKNOWN;

	if (!read_text("/proc/self/cgroup", text, sizeof(text)))
		return UNKNOWN;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *kinds = strchr(line, ':');
		char *group = kinds ? strchr(kinds + 1, ':') : NULL;
		uint64_t left = UNKNOWN;

		if (!group)
			continue;
		*group++ = '\0';
		if (!strcmp(kinds, ":"))
			left = groups_left(&group_v2, group);
		else if (strstr(kinds, "memory"))
			left = groups_left(&group_v1, group);
		if (left < least)
			least = left;
	}
	return least;
}

static uint64_t address_space_left(void)
{
	struct rlimit limit;
	char text[256];
	uint64_t used;

	if (getrlimit(RLIMIT_AS, &limit) || limit.rlim_cur == RLIM_INFINITY ||
	    !read_text("/proc/self/statm", text, sizeof(text)))
		return UNKNOWN;
	used = value_after(text, "") * (uint64_t)sysconf(_SC_PAGESIZE);
	return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}

uint64_t mem_bytes_available(void)
{
	uint64_t least = system_available();
	uint64_t groups = control_groups_left();
	uint64_t space = address_space_left();

	if (groups < least)
		least = groups;
	return space < least ? space : least;
}
