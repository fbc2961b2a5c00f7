/* moment.c - see moment.h. */
#define _GNU_SOURCE
#include "tests/fuzz/moment.h"

#include <dlfcn.h>
#include <link.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/fuzz/fuzz.h"

enum {
    STACK_BYTES = 4 << 20,
    HEAP_BYTES = 512 << 20,
    HEAD = 16,           /* before each block */
    FINE = 64,           /* classes of sixteen bytes each, ... */
    CLASSES = FINE + 96, /* ... then four to a doubling */
    GAP = 512,           /* that is copied rather than skipped */
    COVERED_MAX = 8,
    LEFT_MAX = 8,
};

/* ---- the scene's heap ---- */

struct block {
    uint32_t class, used;
    uint64_t size; /* as asked for */
};

struct heap {
    _Alignas(HEAD) uint8_t *top;
    uint8_t *free[CLASSES]; /* what follows a block's head leads to the next */
};

static uint8_t *heap_base;
static __thread bool inside;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *at, size_t size);
void __libc_free(void *at);
size_t malloc_usable_size(void *at);

static struct heap *heap(void)
{
    return (struct heap *)(void *)heap_base;
}

static bool is_ours(const void *at)
{
    return heap_base && (const uint8_t *)at >= heap_base &&
           (const uint8_t *)at < heap_base + HEAP_BYTES;
}

static uint32_t class_of(size_t size)
{
    if (size <= FINE * 16)
        return size ? (uint32_t)(size - 1) / 16 : 0;
    unsigned bits = 63 - (unsigned)__builtin_clzll(size - 1);
    return FINE + (bits - 10) * 4 + (uint32_t)((size - 1) >> (bits - 2) & 3);
}

static size_t room_of(uint32_t class)
{
    if (class < FINE)
        return (class + 1) * (size_t)16;
    unsigned bits = 10 + (class - FINE) / 4;
    return ((size_t)1 << bits) +
           ((size_t)((class - FINE) % 4 + 1) << (bits - 2));
}

static struct block *block_of(void *at)
{
    return (struct block *)(void *)((uint8_t *)at - HEAD);
}

static void *take(size_t size)
{
    uint32_t class = class_of(size);
    struct heap *h = heap();
    uint8_t *at = class < CLASSES ? h->free[class] : NULL;

    if (class >= CLASSES)
        return NULL;
    if (at) {
        memcpy(&h->free[class], at, sizeof(uint8_t *));
    } else {
        if (room_of(class) + HEAD > (size_t)(heap_base + HEAP_BYTES - h->top))
            return NULL;
        at = h->top + HEAD;
        h->top = at + room_of(class);
    }
    *block_of(at) = (struct block){.class = class, .used = 1, .size = size};
    return at;
}

static void give(void *at)
{
    struct block *b = block_of(at);

    FUZZ_MUST(b->used == 1);
    b->used = 0;
    memcpy(at, &heap()->free[b->class], sizeof(uint8_t *));
    heap()->free[b->class] = at;
}

void *malloc(size_t size)
{
    return inside ? take(size) : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    size_t whole;

    if (!inside)
        return __libc_calloc(count, size);
    if (__builtin_mul_overflow(count, size, &whole))
        return NULL;
    void *at = take(whole);
    return at ? memset(at, 0, whole) : NULL;
}

void free(void *at)
{
    if (is_ours(at))
        give(at);
    else
        __libc_free(at);
}

void *realloc(void *at, size_t size)
{
    if (!is_ours(at))
        return inside && !at ? take(size) : __libc_realloc(at, size);
    struct block *b = block_of(at);
    if (size && size <= room_of(b->class)) {
        b->size = size;
        return at;
    }
    void *grown = size ? take(size) : NULL;
    if (grown)
        memcpy(grown, at, b->size < size ? b->size : size);
    if (grown || !size)
        give(at);
    return grown;
}

/* SQLite asks, and uses what it is told. */
size_t malloc_usable_size(void *at)
{
    static size_t (*system_s)(void *at);

    if (is_ours(at))
        return block_of(at)->size;
    if (!system_s)
        system_s = (size_t(*)(void *))dlsym(RTLD_NEXT, "malloc_usable_size");
    return system_s(at);
}

/* ---- what a moment keeps ---- */

struct range {
    uint8_t *at;
    size_t len;
};

struct moment {
    ucontext_t registers;
    size_t count, room, len;
    struct range *ranges;
    uint8_t *copy;
};

static ucontext_t outside;
static bool came_back;
static uint8_t *stack;
static struct range covered[COVERED_MAX], left[LEFT_MAX];
static size_t covered_count, left_count;

static void add(struct moment *m, uint8_t *at, const uint8_t *end)
{
    struct range *last = m->count ? &m->ranges[m->count - 1] : NULL;

    if (last && at >= last->at && at <= last->at + last->len + GAP &&
        end >= last->at + last->len) {
        last->len = (size_t)(end - last->at);
        return;
    }
    if (m->count == m->room) {
        m->room = m->room ? 2 * m->room : 256;
        m->ranges = realloc(m->ranges, m->room * sizeof *m->ranges);
        FUZZ_MUST(m->ranges);
    }
    m->ranges[m->count++] = (struct range){at, (size_t)(end - at)};
}

/* Without what is left out of it. */
static void add_block(struct moment *m, uint8_t *at, uint8_t *end)
{
    for (size_t i = 0; i < left_count; i++)
        if (left[i].at >= at && left[i].at < end) {
            add(m, at, left[i].at);
            at = left[i].at + left[i].len;
        }
    add(m, at, end);
}

/* A block that is free keeps its way to the next one. */
static void list_heap(struct moment *m)
{
    add(m, heap_base, heap_base + sizeof(struct heap));
    for (uint8_t *at = heap_base + sizeof(struct heap); at < heap()->top;) {
        const struct block *b = (const struct block *)(void *)at;
        size_t kept = b->used ? b->size : sizeof(void *);
        add_block(m, at, at + HEAD + kept);
        at += HEAD + room_of(b->class);
    }
}

static void put_by(struct moment *m, const uint8_t *stack_from)
{
    m->count = 0;
    list_heap(m);
    add(m, (uint8_t *)(uintptr_t)stack_from, stack + STACK_BYTES);
    for (size_t i = 0; i < covered_count; i++)
        add(m, covered[i].at, covered[i].at + covered[i].len);
    for (size_t i = 0; i < m->count; i++)
        m->len += m->ranges[i].len;
    m->copy = malloc(m->len);
    FUZZ_MUST(m->copy);
    uint8_t *to = m->copy;
    for (size_t i = 0; i < m->count; to += m->ranges[i++].len)
        memcpy(to, m->ranges[i].at, m->ranges[i].len);
}

/* Below the frame that asks lies nothing that it needs but what the system may
 * keep there. */
__attribute__((noinline)) struct moment *moment_mark(void)
{
    const uint8_t *from = (const uint8_t *)__builtin_frame_address(0) - 1024;
    struct moment *m;

    inside = false;
    m = calloc(1, sizeof *m);
    FUZZ_MUST(m);
    came_back = false;
    FUZZ_MUST(getcontext(&m->registers) == 0);
    if (came_back) {
        inside = true;
        return NULL;
    }
    put_by(m, from);
    inside = true;
    return m;
}

static void swap_to(const ucontext_t *there)
{
    came_back = true;
    FUZZ_MUST(swapcontext(&outside, there) == 0);
    inside = false;
}

void moment_go_back(const struct moment *m)
{
    const uint8_t *from = m->copy;

    for (size_t i = 0; i < m->count; from += m->ranges[i++].len)
        memcpy(m->ranges[i].at, from, m->ranges[i].len);
    swap_to(&m->registers);
}

static void (*scene_played)(void);

static void on_stack(void)
{
    inside = true;
    scene_played();
    inside = false;
}

void moment_play(void (*scene)(void))
{
    ucontext_t start;

    left_count = 0;
    *heap() = (struct heap){.top = heap_base + sizeof(struct heap)};
    FUZZ_MUST(getcontext(&start) == 0);
    start.uc_stack.ss_sp = stack;
    start.uc_stack.ss_size = STACK_BYTES;
    start.uc_link = &outside;
    scene_played = scene;
    makecontext(&start, on_stack, 0);
    swap_to(&start);
}

void moment_leaves(const void *at, size_t size)
{
    FUZZ_MUST(left_count < LEFT_MAX);
    left[left_count++] = (struct range){(uint8_t *)(uintptr_t)at, size};
}

/* ---- at the beginning ---- */

/* What of SQLite can be written once it is loaded. */
static int find_sqlite(struct dl_phdr_info *info, size_t size, void *ctx)
{
    struct range *out = ctx;
    uint8_t *from = NULL;

    (void)size;
    if (!strstr(info->dlpi_name, "libsqlite3"))
        return 0;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_GNU_RELRO)
            from = (uint8_t *)(info->dlpi_addr + p->p_vaddr + p->p_memsz);
        if (p->p_type == PT_LOAD && (p->p_flags & PF_W))
            *out = (struct range){(uint8_t *)(info->dlpi_addr + p->p_vaddr),
                                  p->p_memsz};
    }
    if (from > out->at) {
        out->len -= (size_t)(from - out->at);
        out->at = from;
    }
    return 1;
}

static void *map(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    FUZZ_MUST(at != MAP_FAILED);
    return at;
}

void moment_covers(void *at, size_t size)
{
    FUZZ_MUST(covered_count < COVERED_MAX);
    covered[covered_count++] = (struct range){at, size};
}

void moment_begin(void)
{
    heap_base = map(HEAP_BYTES);
    stack = map(STACK_BYTES);
    FUZZ_MUST(dl_iterate_phdr(find_sqlite, &covered[covered_count++]) == 1);
}
