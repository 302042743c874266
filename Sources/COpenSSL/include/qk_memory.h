#ifndef QK_MEMORY_H
#define QK_MEMORY_H

#include "qk_status.h"

/// Memory of the secure heap: locked, outside core dumps, wiped on fork, zeroed on free. NULL when the arena is full or
/// was
/// never set up, and for a length of 0.
void *qk_secure_alloc(size_t length);

/// Zeroes `length` bytes and gives the block back. NULL is ignored.
void qk_secure_free(void *pointer, size_t length);

/// 1 when there is a secure heap.
int qk_secure_heap_started(void);

/// Bytes of the arena that are taken now.
size_t qk_secure_used(void);

/// Zeroes memory in a way that the compiler does not remove.
void qk_wipe(void *pointer, size_t length);

/// 1 when equal; the time depends on the length only.
int qk_equal(const void *a, const void *b, size_t length);

/// Random bytes for what may be seen (ids, salts, nonces).
qk_status qk_random_public(uint8_t *out, size_t length);

/// Random bytes for secrets, from the generator that serves nothing else.
qk_status qk_random_private(uint8_t *out, size_t length);

#endif
