#ifndef QK_CIPHER_H
#define QK_CIPHER_H

#include "qk_status.h"

/// AES-256-GCM (SP 800-38D), 96-bit nonce, 128-bit tag. `out` holds `length` bytes.
qk_status qk_gcm_seal(const uint8_t key[32], const uint8_t nonce[12], const void *ad, size_t ad_length,
                      const void *plain, size_t length, uint8_t *out, uint8_t tag[16]);

/// On a wrong tag `out` is zeroed.
qk_status qk_gcm_open(const uint8_t key[32], const uint8_t nonce[12], const void *ad, size_t ad_length,
                      const void *ciphertext, size_t length, const uint8_t tag[16], uint8_t *out);

/// A256CBC-HS512 (RFC 7518 section 5.2.5): `key` is 32 bytes for the MAC, then 32 for AES. `out` holds
/// length rounded up to the next multiple of 16, exclusive.
qk_status qk_cbc_hmac_seal(const uint8_t key[64], const uint8_t iv[16], const void *aad, size_t aad_length,
                           const void *plain, size_t length, uint8_t *out, size_t *out_length, uint8_t tag[32]);

/// The tag is checked before anything is decrypted. `out` holds `length` bytes; `out_length` tells how many are meant.
qk_status qk_cbc_hmac_open(const uint8_t key[64], const uint8_t iv[16], const void *aad, size_t aad_length,
                           const void *ciphertext, size_t length, const uint8_t tag[32], uint8_t *out,
                           size_t *out_length);

#endif
