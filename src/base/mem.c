/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mem.c - counted, aligned, failable allocation.
 *
 * DESIGN: every block carries 16 bytes just before the pointer that callers see: its size and how far
 * it lies behind what malloc() gave.  Blocks of 64 bytes and more are moved up to the next multiple of
 * 64; the rest keep malloc's alignment.  Growing goes through realloc(), which remaps large blocks
 * instead of copying them; where the new block sits differently to a multiple of 64, the contents are
 * moved by the few bytes that takes.  Large blocks are offered to the kernel for huge pages: tables and
 * matrices are read all over, and a processor remembers few pages at a time. */
#include "base/mem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem_kept.h"
#include "base/str.h"

#define ALIGN 64
#define HUGE_PAGE ((uintptr_t)2 << 20)
#define HUGE_FROM (2 * (size_t)HUGE_PAGE)

struct header {
	size_t size;   /* what the caller asked for */
	size_t offset; /* from the malloc() block to the caller's pointer */
};

_Static_assert(sizeof(struct header) <= 16, "the header must keep malloc's alignment");

static atomic_size_t bytes_now, bytes_peak;
static _Atomic uint64_t calls, fail_call;
static void (*abort_hook)(void);

static struct header *header_of(void *p)
{
	return (struct header *)((char *)p - 16);
}

static void count_up(size_t size)
{
	size_t now = atomic_fetch_add_explicit(&bytes_now, size, memory_order_relaxed) + size;
	size_t peak = atomic_load_explicit(&bytes_peak, memory_order_relaxed);

	while (now > peak &&
	       !atomic_compare_exchange_weak_explicit(&bytes_peak, &peak, now, memory_order_relaxed,
						      memory_order_relaxed))
		;
}

static void count_down(size_t size)
{
	atomic_fetch_sub_explicit(&bytes_now, size, memory_order_relaxed);
}

static bool told_to_fail(void)
{
	uint64_t call = atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed) + 1;

	return call == atomic_load_explicit(&fail_call, memory_order_relaxed);
}

/* *total: what to ask malloc() for. */
static bool block_size(size_t n, size_t size, size_t *wanted, size_t *total)
{
	return !__builtin_mul_overflow(n, size, wanted) &&
	       !__builtin_add_overflow(*wanted, (size_t)16 + (*wanted >= ALIGN ? ALIGN - 16 : 0), total) &&
	       *total <= PTRDIFF_MAX;
}

static size_t offset_in(const void *block, size_t wanted)
{
	uintptr_t first = (uintptr_t)block + 16;

	return wanted < ALIGN ? 16 : (size_t)(((first + ALIGN - 1) & ~(uintptr_t)(ALIGN - 1)) - (uintptr_t)block);
}

/* The whole huge pages inside a large block.  Being refused does no harm. */
static void offer_huge_pages(void *block, size_t total)
{
#ifdef MADV_HUGEPAGE
	uintptr_t from = ((uintptr_t)block + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	uintptr_t to = ((uintptr_t)block + total) & ~(HUGE_PAGE - 1);

	if (total >= HUGE_FROM)
		madvise((void *)from, to - from, MADV_HUGEPAGE);
#else
	(void)block;
	(void)total;
#endif
}

static void *give_out(void *block, size_t wanted, size_t total)
{
	size_t offset = offset_in(block, wanted);
	void *p = (char *)block + offset;

	offer_huge_pages(block, total); /* before the first touch of a fresh one */
	*header_of(p) = (struct header){ .size = wanted, .offset = offset };
	count_up(wanted);
	return p;
}

static void *refuse(size_t n, size_t size, struct err *err)
{
	char asked[32], left[32];
	size_t wanted;

	if (__builtin_mul_overflow(n, size, &wanted))
		err_set(err, ERR_NOMEM, "out of memory: %zu pieces of %zu bytes are more than can be addressed",
			n, size);
	else
		err_set(err, ERR_NOMEM, "out of memory: %s more asked for, about %s to be had",
			str_bytes(wanted, asked), str_bytes(mem_bytes_available(), left));
	return NULL;
}

static void *fresh_block(size_t total, bool zeroed)
{
	void *block = zeroed ? NULL : mem_kept_take(total);

	if (!block)
		block = zeroed ? calloc(1, total) : malloc(total);
	if (!block && mem_kept_free_all())
		block = zeroed ? calloc(1, total) : malloc(total);
	return block;
}

static void *allocate(size_t n, size_t size, bool zeroed, struct err *err)
{
	size_t wanted, total;
	void *block;

	if (told_to_fail() || !block_size(n, size, &wanted, &total))
		return refuse(n, size, err);
	block = fresh_block(total, zeroed);
	return block ? give_out(block, wanted, total) : refuse(n, size, err);
}

void *mem_alloc(size_t n, size_t size, struct err *err)
{
	return allocate(n, size, false, err);
}

void *mem_zeroed(size_t n, size_t size, struct err *err)
{
	return allocate(n, size, true, err);
}

void *mem_resize(void *p, size_t old_n, size_t n, size_t size, struct err *err)
{
	size_t wanted, total, old_size, old_offset, offset, kept;
	char *block;

	if (!p)
		return mem_alloc(n, size, err);
	if (told_to_fail() || !block_size(n, size, &wanted, &total))
		return refuse(n, size, err);
	old_size = header_of(p)->size;
	old_offset = header_of(p)->offset;
	kept = (old_n < n ? old_n : n) * size;
	/* Shrinking must not cut what is still to be moved. */
	if (total < old_offset + kept)
		total = old_offset + kept;
	block = realloc((char *)p - old_offset, total);
	if (!block && mem_kept_free_all())
		block = realloc((char *)p - old_offset, total);
	if (!block)
		return refuse(n, size, err);
	offset = offset_in(block, wanted);
	if (offset != old_offset)
		memmove(block + offset, block + old_offset, kept);
	count_down(old_size);
	return give_out(block, wanted, total);
}

bool mem_grow(void **p, size_t *cap, size_t need, size_t size, struct err *err)
{
	size_t want = *cap ? *cap : 64;
	void *q;

	if (need <= *cap)
		return true;
	while (want < need)
		want *= 2;
	q = mem_resize(*p, *cap, want, size, err);
	if (!q)
		return false;
	*p = q;
	*cap = want;
	return true;
}

void mem_free(void *p)
{
	char *block;

	if (!p)
		return;
	count_down(header_of(p)->size);
	block = (char *)p - header_of(p)->offset;
	if (!mem_kept_put(block))
		free(block);
}

void *mem_must(void *p)
{
	static const char text[] = "whyrec: out of memory for something small; giving up\n";

	if (p)
		return p;
	if (abort_hook)
		abort_hook();
	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		abort();
	abort();
}

char *mem_strdup(const char *s)
{
	return mem_must(strdup(s));
}

void mem_set_abort_hook(void (*hook)(void))
{
	abort_hook = hook;
}

size_t mem_bytes_now(void)
{
	return atomic_load_explicit(&bytes_now, memory_order_relaxed);
}

size_t mem_bytes_peak(void)
{
	return atomic_load_explicit(&bytes_peak, memory_order_relaxed);
}

void mem_reset_peak(void)
{
	atomic_store_explicit(&bytes_peak, mem_bytes_now(), memory_order_relaxed);
}

uint64_t mem_fail_at(uint64_t n)
{
	uint64_t so_far = atomic_load_explicit(&calls, memory_order_relaxed);

	atomic_store_explicit(&fail_call, n ? so_far + n : 0, memory_order_relaxed);
	return so_far;
}
