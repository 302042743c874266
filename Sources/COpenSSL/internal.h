// Shared by the files of this target, seen by no one else.

#ifndef QK_INTERNAL_H
#define QK_INTERNAL_H

#include <openssl/evp.h>
#include <openssl/types.h>

#include "COpenSSL.h"

/// A library context of our own, with algorithms fetched once. It reads no configuration file, so neither OPENSSL_CONF
/// nor
/// OPENSSL_MODULES can put another provider under it.
typedef struct {
    OSSL_LIB_CTX *context;
    EVP_MD *sha1, *sha256, *sha384, *sha512;
    EVP_MAC *hmac;
    /// By length: 128, 192, 256 bits.
    EVP_CIPHER *aes_gcm[3], *aes_cbc[3], *aes_wrap[3], *aes_wrap_pad[3];
} qk_library;

/// NULL when the library could not be set up.
const qk_library *qk_library_get(void);

/// Index of the AES ciphers for keys of this many bytes, -1 when there are none.
int qk_aes_index(size_t key_length);

/// GCM with a cipher of this library; see qk_gcm_seal and qk_gcm_open.
qk_status qk_gcm_seal_with(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t nonce[12], const void *ad,
                           size_t ad_length, const void *plain, size_t length, uint8_t *out, uint8_t tag[16]);
qk_status qk_gcm_open_with(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t nonce[12], const void *ad,
                           size_t ad_length, const void *ciphertext, size_t length, const uint8_t tag[16],
                           uint8_t *out);

const EVP_MD *qk_message_digest(const qk_library *library, qk_hash hash);
const char *qk_hash_name(qk_hash hash);

/// Empties OpenSSL's error queue and turns `fallback` into QK_SECURE_MEMORY_EXHAUSTED where an allocation had failed.
qk_status qk_failure(qk_status fallback);

/// A whole BIO of secure memory copied to a new block of the secure heap.
qk_status qk_take_secure_bio(BIO *bio, uint8_t **out, size_t *out_length);

#define QK_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
