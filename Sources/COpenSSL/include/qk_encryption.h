#ifndef QK_ENCRYPTION_H
#define QK_ENCRYPTION_H

#include "qk_key.h"
#include "qk_status.h"

typedef enum {
    /// RSAES-OAEP (RFC 8017 section 7.1), SHA-1 for both hashes, empty label.
    QK_OAEP_SHA1 = 1,
    /// The same with SHA-256.
    QK_OAEP_SHA256 = 2,
    /// RSAES-PKCS1-v1_5 (RFC 8017 section 7.2), decrypted with implicit rejection.
    QK_RSAES_PKCS1 = 3,
    /// RSAES-OAEP with SHA-384.
    QK_OAEP_SHA384 = 4,
} qk_rsa_padding;

/// The largest modulus in bytes.
enum { QK_MODULUS_MAX = 512 };

/// How many bytes a message may have at most; 0 for a key that isn't RSA.
size_t qk_rsa_message_limit(const qk_key *key, qk_rsa_padding padding);

/// `out` holds QK_MODULUS_MAX bytes.
qk_status qk_rsa_encrypt(qk_key *key, qk_rsa_padding padding, const uint8_t *plain, size_t length, uint8_t *out,
                         size_t *out_length);

/// `out` holds QK_MODULUS_MAX bytes, all of which are written.
///
/// OAEP: every failure is QK_AUTHENTICATION_FAILED. PKCS1: a ciphertext of the right length and below the modulus
/// always gives QK_OK: where the padding is wrong the message is one that key and ciphertext determine and that nobody
/// without the key can tell from a true one (draft-irtf-cfrg-rsa-guidance section 7); whether it was is decided
/// without a branch.
qk_status qk_rsa_decrypt(qk_key *key, qk_rsa_padding padding, const uint8_t *ciphertext, size_t length, uint8_t *out,
                         size_t *out_length);

#endif
