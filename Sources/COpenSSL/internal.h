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
    EVP_CIPHER *aes256_gcm, *aes256_cbc;
} qk_library;

/// NULL when the library could not be set up.
const qk_library *qk_library_get(void);

const EVP_MD *qk_message_digest(const qk_library *library, qk_hash hash);
const char *qk_hash_name(qk_hash hash);

/// Empties OpenSSL's error queue and turns `fallback` into QK_SECURE_MEMORY_EXHAUSTED where an allocation had failed.
qk_status qk_failure(qk_status fallback);

/// A whole BIO of secure memory copied to a new block of the secure heap.
qk_status qk_take_secure_bio(BIO *bio, uint8_t **out, size_t *out_length);

#define QK_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
