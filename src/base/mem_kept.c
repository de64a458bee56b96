/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mem_kept.c - see mem_kept.h. */
#include "base/mem_kept.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* The address sanitizer finds uses after free() only where there is a free(). */
#if defined(HAVE_MALLOC_USABLE_SIZE) && !defined(__SANITIZE_ADDRESS__)
#include <malloc.h>

enum { KEPT_BLOCKS = 32 };
#define KEPT_FROM ((size_t)1 << 20)

struct kept {
	void *block;
	size_t size;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct kept kept[KEPT_BLOCKS]; /* [n], oldest first */
static size_t n, bytes;

/* Under the lock. */
static void *remove_at(size_t i)
{
	void *block = kept[i].block;

	bytes -= kept[i].size;
	memmove(&kept[i], &kept[i + 1], (n - i - 1) * sizeof(*kept));
	n--;
	return block;
}

void *mem_kept_take(size_t size)
{
	size_t best = KEPT_BLOCKS;
	void *block = NULL;

	if (size < KEPT_FROM)
		return NULL;
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < n; i++)
		if (kept[i].size >= size && kept[i].size - size <= size / 4 &&
		    (best == KEPT_BLOCKS || kept[i].size < kept[best].size))
			best = i;
	if (best != KEPT_BLOCKS)
		block = remove_at(best);
	pthread_mutex_unlock(&lock);
	return block;
}

bool mem_kept_put(void *block)
{
	size_t size = malloc_usable_size(block);

	if (size < KEPT_FROM || size > KEPT_BYTES)
		return false;
	pthread_mutex_lock(&lock);
	while (n == KEPT_BLOCKS || bytes + size > KEPT_BYTES)
		free(remove_at(0));
	kept[n++] = (struct kept){ block, size };
	bytes += size;
	pthread_mutex_unlock(&lock);
	return true;
}

size_t mem_kept_free_all(void)
{
	size_t given;

	pthread_mutex_lock(&lock);
	given = bytes;
	while (n)
		free(remove_at(n - 1));
	pthread_mutex_unlock(&lock);
	return given;
}

#else

void *mem_kept_take(size_t size)
{
	(void)size;
	return NULL;
}

bool mem_kept_put(void *block)
{
	(void)block;
	return false;
}

size_t mem_kept_free_all(void)
{
	return 0;
}

#endif
