// The ceiling on what DuckDB's functions may allocate.
//
// DuckDB counts against memory_limit what its buffer manager holds, and nothing of
// what one call of a function builds: repeat('x', 4000000000) or range(1000000000)
// take what the machine has. All of it comes from the allocator below, which the
// linker leads through here (ceiling_linux_amd64.go): blocks of a mebibyte and more
// are counted, and where they would come to more than the ceiling there is none,
// which DuckDB answers with a fault of that statement. What C++ containers ask for
// (rpad, printf and format build their text in them) is not counted, but one block
// over the ceiling is not given.

#include "ceiling_linux_amd64.h"

enum { counted = 1 << 20 };

void *__real_duckdb_je_malloc(size_t n) __attribute__((weak));
void *__real_duckdb_je_realloc(void *p, size_t n) __attribute__((weak));
void __real_duckdb_je_free(void *p) __attribute__((weak));
void *__real__Znwm(size_t n) __attribute__((weak)); // operator new
size_t duckdb_je_malloc_usable_size(const void *p) __attribute__((weak));

static long long held;    // bytes in counted blocks
static long long ceiling; // of held; 0: none

void kith_raise_ceiling(long long by) { __atomic_add_fetch(&ceiling, by, __ATOMIC_RELAXED); }

long long kith_held(void) { return __atomic_load_n(&held, __ATOMIC_RELAXED); }

static void give(long long n) { __atomic_sub_fetch(&held, n, __ATOMIC_RELAXED); }

static int take(long long n) {
	long long most = __atomic_load_n(&ceiling, __ATOMIC_RELAXED);
	if (__atomic_add_fetch(&held, n, __ATOMIC_RELAXED) <= most || most == 0) return 1;
	give(n);
	return 0;
}

// size is what p counts for.
static long long size(const void *p) {
	size_t n = p ? duckdb_je_malloc_usable_size(p) : 0;
	return n >= counted ? (long long)n : 0;
}

void *__wrap_duckdb_je_malloc(size_t n) {
	if (n < counted) return __real_duckdb_je_malloc(n);
	if (n > (1ULL << 46) || !take((long long)n)) return NULL;
	void *p = __real_duckdb_je_malloc(n);
	give((long long)n - size(p)); // a block is a little larger than was asked
	return p;
}

void *__wrap_duckdb_je_realloc(void *p, size_t n) {
	long long before = size(p);
	if (n < counted && before == 0) return __real_duckdb_je_realloc(p, n);
	if (n > (1ULL << 46) || !take((long long)n)) return NULL;
	void *q = __real_duckdb_je_realloc(p, n);
	give((long long)n);
	if (q) {
		__atomic_add_fetch(&held, size(q) - before, __ATOMIC_RELAXED);
	}
	return q;
}

void __wrap_duckdb_je_free(void *p) {
	long long n = size(p);
	__real_duckdb_je_free(p);
	if (n) give(n);
}

void *__wrap__Znwm(size_t n) {
	long long most = __atomic_load_n(&ceiling, __ATOMIC_RELAXED);
	if (most > 0 && n > (size_t)most) n = (size_t)1 << 62; // nobody has that: it throws bad_alloc
	return __real__Znwm(n);
}
