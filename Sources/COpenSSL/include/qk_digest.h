#ifndef QK_DIGEST_H
#define QK_DIGEST_H

#include "qk_status.h"

typedef enum { QK_NO_HASH = 0, QK_SHA1 = 1, QK_SHA256 = 2, QK_SHA384 = 3, QK_SHA512 = 4 } qk_hash;

/// Length of the digest in bytes, 0 for an unknown one.
size_t qk_hash_length(qk_hash hash);

/// One-shot digest of public data; `out` holds qk_hash_length bytes.
qk_status qk_digest(qk_hash hash, const void *data, size_t length, uint8_t *out);

/// HMAC (RFC 2104); `out` holds qk_hash_length bytes.
qk_status qk_hmac(qk_hash hash, const void *key, size_t key_length, const void *data, size_t length, uint8_t *out);

/// SP 800-108r1 section 4.1, counter mode, HMAC-SHA-512, 32-bit counter and length, one block: at most 64 bytes.
/// HMAC(key, 00000001 || label || 00 || context || out_length * 8).
qk_status qk_kdf(const void *key, size_t key_length, const void *label, size_t label_length, const void *context,
                 size_t context_length, uint8_t *out, size_t out_length);

#endif
