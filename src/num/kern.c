/* SPDX-License-Identifier: GPL-3.0-or-later */
/* kern.c - picks the table of kernels this processor runs best. */
#include "num/kern.h"

#include <stdlib.h>
#include <string.h>

/* Set by kern_choose(), INIT; what kern() falls back to is set again to the same value by whoever
 * comes first, so that a test without linalg_init() works too. */
static const struct kern *_Atomic chosen;

static bool usable(const struct kern *k)
{
#ifdef HAVE_X86_KERNELS
	if (k == &kern_avx2)
		return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
	if (k == &kern_vnni && !__builtin_cpu_supports("avx512vnni"))
		return false;
	if (k == &kern_avx512 || k == &kern_vnni)
		return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
		       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
		       __builtin_cpu_supports("fma");
#endif
	return k == &kern_plain;
}

static const struct kern *const tables[] = { /* widest first */
#ifdef HAVE_X86_KERNELS
	&kern_vnni, &kern_avx512, &kern_avx2,
#endif
	&kern_plain,
};
#define N_TABLES (sizeof(tables) / sizeof(*tables))

static const struct kern *by_name(const char *name)
{
	for (size_t i = 0; name && i < N_TABLES; i++)
		if (!strcmp(tables[i]->name, name) && usable(tables[i]))
			return tables[i];
	return NULL;
}

bool kern_choose(const char *name)
{
	const struct kern *k = by_name(name);

	if (k)
		chosen = k;
	return k != NULL;
}

const struct kern *kern(void)
{
	const struct kern *k = chosen;

	if (k)
		return k;
	k = by_name(getenv("WHYREC_KERNEL"));
	for (size_t i = 0; !k; i++) /* the last one is always usable */
		if (usable(tables[i]))
			k = tables[i];
	chosen = k;
	return k;
}
