#ifndef QK_AES_H
#define QK_AES_H

#include "qk_digest.h"
#include "qk_key.h"
#include "qk_status.h"

// What a symmetric key (qk_key_load_octets) does: AES of the key's own length, and HMAC. Other keys: QK_UNSUPPORTED.

/// GCM (SP 800-38D), 96-bit nonce, 128-bit tag. `out` holds `length` bytes.
qk_status qk_aes_gcm_seal(qk_key *key, const uint8_t nonce[12], const void *ad, size_t ad_length, const void *plain,
                          size_t length, uint8_t *out, uint8_t tag[16]);

/// On a wrong tag `out` is zeroed.
qk_status qk_aes_gcm_open(qk_key *key, const uint8_t nonce[12], const void *ad, size_t ad_length,
                          const void *ciphertext, size_t length, const uint8_t tag[16], uint8_t *out);

/// CBC (SP 800-38A) without padding: `length` is a multiple of 16, else QK_BAD_ARGUMENT. `out` holds `length` bytes.
qk_status qk_aes_cbc(qk_key *key, int encrypting, const uint8_t iv[16], const void *in, size_t length, uint8_t *out);

/// CBC with the padding of RFC 5652 section 6.3. `out` holds `length` rounded up to the next multiple of 16, exclusive.
qk_status qk_aes_cbc_pad_encrypt(qk_key *key, const uint8_t iv[16], const void *plain, size_t length, uint8_t *out);

/// `out` holds `length` bytes, all of which are written. A wrong length and a wrong padding are
/// QK_AUTHENTICATION_FAILED; the padding is looked at in a time that depends on `length` only, and on failure `out` is
/// zeroed.
qk_status qk_aes_cbc_pad_decrypt(qk_key *key, const uint8_t iv[16], const void *ciphertext, size_t length, uint8_t *out,
                                 size_t *out_length);

typedef enum {
    /// RFC 3394 (SP 800-38F KW): 16 bytes or more, a multiple of 8.
    QK_KW = 1,
    /// RFC 5649 (SP 800-38F KWP): 1 byte or more.
    QK_KWP = 2,
} qk_wrap_mode;

/// The longest text to wrap.
enum { QK_WRAP_MAX = 65536 };

/// `out` holds `length` + 16 bytes. A length outside the mode's range: QK_BAD_ARGUMENT.
qk_status qk_aes_wrap(qk_key *key, qk_wrap_mode mode, const void *plain, size_t length, uint8_t *out,
                      size_t *out_length);

/// `out` holds `length` bytes. Every failure that the ciphertext can cause, its length too, is
/// QK_AUTHENTICATION_FAILED, and `out` is zeroed.
qk_status qk_aes_unwrap(qk_key *key, qk_wrap_mode mode, const void *wrapped, size_t length, uint8_t *out,
                        size_t *out_length);

/// HMAC (RFC 2104) with the key; `out` holds qk_hash_length bytes.
qk_status qk_key_hmac(qk_key *key, qk_hash hash, const void *data, size_t length, uint8_t *out);

#endif
