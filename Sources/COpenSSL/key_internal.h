// What a qk_key is made of, for the files that use one.

#ifndef QK_KEY_INTERNAL_H
#define QK_KEY_INTERNAL_H

#include <stdatomic.h>
#include <stdint.h>

#include "internal.h"

enum { QK_CONTEXT_SLOTS = 16 };

/// A context that was prepared for one purpose. Threads have slots of their own as long as there are no more of them
/// than
/// slots; a slot fills a cache line so that they don't disturb each other.
typedef struct {
    _Alignas(64) atomic_int busy;
    uint32_t purpose;
    EVP_PKEY_CTX *context;
} qk_slot;

struct qk_key {
    EVP_PKEY *pkey;
    qk_key_type type;
    qk_curve curve;
    unsigned bits;
    /// Threads inside, and the two flags below. The material is freed once, by whoever finds it closed and empty.
    atomic_uint users;
    qk_slot slots[QK_CONTEXT_SLOTS];
};

enum { QK_KEY_CLOSED = 1u << 30, QK_KEY_RELEASED = 1u << 29 };

/// Takes over `pkey`; on refusal it is freed.
qk_status qk_key_wrap(EVP_PKEY *pkey, qk_key **out);

/// 1 when the key may be used until the matching leave.
int qk_key_enter(qk_key *key);
void qk_key_leave(qk_key *key);

const char *qk_curve_group(qk_curve curve);
/// Length of r, of s, and of a coordinate.
size_t qk_curve_width(qk_curve curve);

#endif
