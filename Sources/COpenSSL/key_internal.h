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
    /// NULL for a symmetric key.
    EVP_PKEY *pkey;
    /// A symmetric key's bytes, in the secure heap; else NULL.
    uint8_t *octets;
    size_t octet_count;
    /// SHA-256 of an RSA key's private exponent, in the secure heap, once it was needed; see qk_implicit_rejection.
    _Atomic(uint8_t *) exponent_digest;
    qk_key_type type;
    qk_curve curve;
    unsigned bits;
    /// Threads inside, and the two flags below. The material is freed once, by whoever finds it closed and empty.
    atomic_uint users;
    qk_slot slots[QK_CONTEXT_SLOTS];
};

enum { QK_KEY_CLOSED = 1u << 30, QK_KEY_RELEASED = 1u << 29 };

/// The same number without the zero bytes that go beyond `width`; what is within it isn't looked at.
qk_number qk_number_trimmed(qk_number given, size_t width);

/// Takes over `pkey`; on refusal it is freed.
qk_status qk_key_wrap(EVP_PKEY *pkey, qk_key **out);

/// Signs and verifies a probe: a pair that does not fit itself must not go out. On failure the key is freed.
qk_status qk_key_check_pair(qk_key **held, qk_fault *fault);

/// 1 when the key may be used until the matching leave.
int qk_key_enter(qk_key *key);
void qk_key_leave(qk_key *key);

/// A context taken for one operation; `slot` is NULL when another thread had this thread's slot.
typedef struct {
    EVP_PKEY_CTX *context;
    qk_slot *slot;
} qk_lease;

/// Makes a context for a purpose, or gives NULL.
typedef EVP_PKEY_CTX *(*qk_preparation)(qk_key *key, uint32_t purpose);

/// A context for the purpose: the thread's last one when it fits, else a new one. Between enter and leave.
qk_lease qk_lease_take(qk_key *key, uint32_t purpose, qk_preparation prepare);
void qk_lease_return(qk_lease taken, int reusable);

/// Purposes of contexts: operation, scheme or padding, hash.
enum { QK_SIGNS = 1, QK_VERIFIES = 2, QK_ENCRYPTS = 3, QK_DECRYPTS = 4 };
#define QK_PURPOSE(operation, scheme, hash) ((uint32_t)(operation) << 16 | (uint32_t)(scheme) << 8 | (uint32_t)(hash))

/// Decrypts RSAES-PKCS1-v1_5 with implicit rejection. The key is entered, `ciphertext` as long as the modulus.
qk_status qk_implicit_rejection(qk_key *key, const uint8_t *ciphertext, size_t length, uint8_t *out,
                                size_t *out_length);

/// As qk_key_sign and qk_key_verify, for a key of type QK_ED25519.
qk_status qk_ed25519_sign(qk_key *key, const uint8_t *message, size_t length, uint8_t *out, size_t *out_length);
qk_status qk_ed25519_verify(qk_key *key, const uint8_t *message, size_t length, const uint8_t *signature,
                            size_t signature_length, int *valid);

const char *qk_curve_group(qk_curve curve);
/// Length of r, of s, and of a coordinate.
size_t qk_curve_width(qk_curve curve);

#endif
