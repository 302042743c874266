#ifndef QK_SIGNING_H
#define QK_SIGNING_H

#include "qk_digest.h"
#include "qk_key.h"
#include "qk_status.h"

typedef enum {
    /// RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2).
    QK_PKCS1 = 1,
    /// RSASSA-PSS (RFC 8017 section 8.1), MGF1 with the same hash, salt as long as the hash.
    QK_PSS = 2,
    /// ECDSA, r and s of fixed width one after the other.
    QK_ECDSA_RAW = 3,
    /// ECDSA, SEQUENCE of two INTEGERs.
    QK_ECDSA_DER = 4,
    /// The padding of RSASSA-PKCS1-v1_5 around a value that the caller chose, without a DigestInfo: RFC 8017 section
    /// 9.2 from step 3 on. Goes with QK_NO_HASH.
    QK_PKCS1_BARE = 5,
    /// Ed25519 (RFC 8032 section 5.1) over the message itself. Goes with QK_NO_HASH.
    QK_ED25519_PURE = 6,
} qk_scheme;

/// The longest signature: RSA-4096.
enum { QK_SIGNATURE_MAX = 512 };

/// How many bytes QK_PKCS1_BARE signs at most; 0 for a key that isn't RSA.
size_t qk_bare_limit(const qk_key *key);

/// Signs a digest; with QK_NO_HASH a value of 1 to qk_bare_limit bytes, or a message of any length. `out` holds
/// QK_SIGNATURE_MAX bytes.
qk_status qk_key_sign(qk_key *key, qk_scheme scheme, qk_hash hash, const uint8_t *digest, size_t digest_length,
                      uint8_t *out, size_t *out_length);

/// A signature of a wrong length or form is not valid, which is no error.
qk_status qk_key_verify(qk_key *key, qk_scheme scheme, qk_hash hash, const uint8_t *digest, size_t digest_length,
                        const uint8_t *signature, size_t signature_length, int *valid);

/// The uncompressed point of a P-256 key.
qk_status qk_ecdh_point(qk_key *key, uint8_t out[65]);

/// ECDH on P-256 (SP 800-56A section 5.7.1.2); the peer's point is checked. `out` is a secure buffer.
qk_status qk_ecdh_agree(qk_key *key, const uint8_t peer[65], uint8_t out[32]);

#endif
