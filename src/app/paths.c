/* SPDX-License-Identifier: GPL-3.0-or-later */
/* paths.c - the XDG base directory rules: an unset, empty or relative variable counts as unset. */
#include "app/paths.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/str.h"

static char *under(const char *variable, const char *fallback, const char *name)
{
	const char *base = getenv(variable), *home = getenv("HOME");
	struct str s = STR_INIT;

	if (base && base[0] == '/')
		str_puts(&s, base);
	else if (home && home[0] == '/')
		str_printf(&s, "%s/%s", home, fallback);
	else
		return NULL;
	str_puts(&s, "/whyrec");
	if (name)
		str_printf(&s, "/%s", name);
	return str_take(&s);
}

char *path_home(void)
{
	return under("XDG_DATA_HOME", ".local/share", NULL);
}

char *path_config(const char *name)
{
	return under("XDG_CONFIG_HOME", ".config", name);
}

char *path_state(const char *name)
{
	return under("XDG_STATE_HOME", ".local/state", name);
}

/* FOLDER/tail, when it is a folder. */
static char *folder_with(const char *folder, const char *tail)
{
	char *path = file_join(folder, tail);

	if (path && file_is_folder(path))
		return path;
	free(path);
	return NULL;
}

char *path_sample(void)
{
	static const char *const beside[] = { "data/films", "../data/films" };
	const char *given = getenv("WHYREC_SAMPLE");
	char self[PATH_MAX];
	ssize_t n;
	char *path;

	if (given && given[0])
		return file_join(given, "");
	/* A program run from its build folder shows the sample of its own tree. */
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n > 0) {
		self[n] = '\0';
		*strrchr(self, '/') = '\0';
		for (size_t i = 0; i < sizeof(beside) / sizeof(*beside); i++) {
			path = folder_with(self, beside[i]);
			if (path)
				return path;
		}
	}
	return folder_with(PKGDATADIR, "films");
}
