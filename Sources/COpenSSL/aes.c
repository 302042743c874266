#include "key_internal.h"

#include <openssl/crypto.h>
#include <string.h>

// Contexts hold the key's schedule in the ordinary heap: each lives for one operation, and is zeroed when it is freed.

static const uint8_t none[16];

/// The cipher of a family for this key, and the right to use the key until qk_key_leave.
static qk_status begin(qk_key *key, EVP_CIPHER *const family[3], const EVP_CIPHER **cipher) {
    int index = key->type == QK_OCTETS ? qk_aes_index(key->octet_count) : -1;
    if (index < 0) return QK_UNSUPPORTED;
    if (!qk_key_enter(key)) return QK_CLOSED;
    *cipher = family[index];
    return QK_OK;
}

qk_status qk_aes_gcm_seal(qk_key *key, const uint8_t nonce[12], const void *ad, size_t ad_length, const void *plain,
                          size_t length, uint8_t *out, uint8_t tag[16]) {
    const qk_library *library = qk_library_get();
    const EVP_CIPHER *cipher = NULL;
    qk_status status = library == NULL ? QK_INTERNAL : begin(key, library->aes_gcm, &cipher);
    if (status != QK_OK) return status;
    status = qk_gcm_seal_with(cipher, key->octets, nonce, ad, ad_length, plain, length, out, tag);
    qk_key_leave(key);
    return status;
}

qk_status qk_aes_gcm_open(qk_key *key, const uint8_t nonce[12], const void *ad, size_t ad_length,
                          const void *ciphertext, size_t length, const uint8_t tag[16], uint8_t *out) {
    const qk_library *library = qk_library_get();
    const EVP_CIPHER *cipher = NULL;
    qk_status status = library == NULL ? QK_INTERNAL : begin(key, library->aes_gcm, &cipher);
    if (status != QK_OK) return status;
    status = qk_gcm_open_with(cipher, key->octets, nonce, ad, ad_length, ciphertext, length, tag, out);
    qk_key_leave(key);
    return status;
}

static int cbc(const EVP_CIPHER *cipher, const uint8_t *key, int encrypting, const uint8_t iv[16], const void *in,
               size_t length, const uint8_t *last, uint8_t *out) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int written = 0, more = 0;
    int good = context != NULL && EVP_CipherInit_ex2(context, cipher, key, iv, encrypting, NULL) == 1 &&
               EVP_CIPHER_CTX_set_padding(context, 0) == 1 &&
               (length == 0 || EVP_CipherUpdate(context, out, &written, in, (int)length) == 1) &&
               (last == NULL || EVP_CipherUpdate(context, out + written, &more, last, 16) == 1) &&
               (size_t)written == length;
    EVP_CIPHER_CTX_free(context);
    return good;
}

qk_status qk_aes_cbc(qk_key *key, int encrypting, const uint8_t iv[16], const void *in, size_t length, uint8_t *out) {
    const qk_library *library = qk_library_get();
    const EVP_CIPHER *cipher = NULL;
    if (length % 16 != 0 || length > INT32_MAX) return QK_BAD_ARGUMENT;
    qk_status status = library == NULL ? QK_INTERNAL : begin(key, library->aes_cbc, &cipher);
    if (status != QK_OK) return status;
    int good = cbc(cipher, key->octets, encrypting, iv, in, length, NULL, out);
    qk_key_leave(key);
    return good ? QK_OK : qk_failure(QK_INTERNAL);
}

qk_status qk_aes_cbc_pad_encrypt(qk_key *key, const uint8_t iv[16], const void *plain, size_t length, uint8_t *out) {
    const qk_library *library = qk_library_get();
    const EVP_CIPHER *cipher = NULL;
    if (length > INT32_MAX - 16) return QK_BAD_ARGUMENT;
    qk_status status = library == NULL ? QK_INTERNAL : begin(key, library->aes_cbc, &cipher);
    if (status != QK_OK) return status;
    size_t rest = length % 16, whole = length - rest;
    uint8_t last[16];
    memset(last, (int)(16 - rest), sizeof last);
    if (rest > 0) memcpy(last, (const uint8_t *)plain + whole, rest);
    int good = cbc(cipher, key->octets, 1, iv, plain, whole, last, out);
    qk_wipe(last, sizeof last);
    qk_key_leave(key);
    return good ? QK_OK : qk_failure(QK_INTERNAL);
}

/// All ones where the number is not zero, else zero; for numbers below 2^31.
static uint32_t mask_nonzero(uint32_t value) {
    value = 0u - ((value | (0u - value)) >> 31);
    __asm__("" : "+r"(value));
    return value;
}

/// How many bytes of padding end the block, 0 where it is no padding. No branch, no index depends on the block.
static uint32_t padding_length(const uint8_t block[16]) {
    uint32_t count = block[15];
    uint32_t wrong = ~mask_nonzero(count) | (mask_nonzero(count >> 4) & mask_nonzero(count ^ 16));
    for (uint32_t i = 0; i < 16; i++) {
        uint32_t inside = 0u - ((i - count) >> 31);
        wrong |= inside & mask_nonzero(block[15 - i] ^ count);
    }
    return count & ~wrong;
}

qk_status qk_aes_cbc_pad_decrypt(qk_key *key, const uint8_t iv[16], const void *ciphertext, size_t length, uint8_t *out,
                                 size_t *out_length) {
    *out_length = 0;
    if (length == 0 || length % 16 != 0) return QK_AUTHENTICATION_FAILED;
    qk_status status = qk_aes_cbc(key, 0, iv, ciphertext, length, out);
    if (status != QK_OK) return status;
    uint32_t padding = padding_length(out + length - 16);
    if (padding == 0) {
        qk_wipe(out, length);
        return QK_AUTHENTICATION_FAILED;
    }
    qk_wipe(out + length - padding, padding);
    *out_length = length - padding;
    return QK_OK;
}

static int run_wrap(const EVP_CIPHER *cipher, const uint8_t *key, int wrapping, const void *in, size_t length,
                    uint8_t *out, size_t *out_length) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (context == NULL) return 0;
    EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    int written = 0, last = 0;
    // The IV is the standard's constant.
    int good = EVP_CipherInit_ex2(context, cipher, key, NULL, wrapping, NULL) == 1 &&
               EVP_CipherUpdate(context, out, &written, in, (int)length) == 1 && written > 0 &&
               EVP_CipherFinal_ex(context, out + written, &last) == 1;
    EVP_CIPHER_CTX_free(context);
    *out_length = good ? (size_t)written + (size_t)last : 0;
    return good;
}

qk_status qk_aes_wrap(qk_key *key, qk_wrap_mode mode, const void *plain, size_t length, uint8_t *out,
                      size_t *out_length) {
    const qk_library *library = qk_library_get();
    const EVP_CIPHER *cipher = NULL;
    if (length > QK_WRAP_MAX || length == 0) return QK_BAD_ARGUMENT;
    if (mode == QK_KW && (length < 16 || length % 8 != 0)) return QK_BAD_ARGUMENT;
    if (library == NULL) return QK_INTERNAL;
    qk_status status = begin(key, mode == QK_KW ? library->aes_wrap : library->aes_wrap_pad, &cipher);
    if (status != QK_OK) return status;
    int good = run_wrap(cipher, key->octets, 1, plain, length, out, out_length);
    qk_key_leave(key);
    return good ? QK_OK : qk_failure(QK_INTERNAL);
}

qk_status qk_aes_unwrap(qk_key *key, qk_wrap_mode mode, const void *wrapped, size_t length, uint8_t *out,
                        size_t *out_length) {
    const qk_library *library = qk_library_get();
    const EVP_CIPHER *cipher = NULL;
    *out_length = 0;
    if (length > QK_WRAP_MAX + 16 || length % 8 != 0) return QK_AUTHENTICATION_FAILED;
    if (length < (mode == QK_KW ? 24 : 16)) return QK_AUTHENTICATION_FAILED;
    if (library == NULL) return QK_INTERNAL;
    qk_status status = begin(key, mode == QK_KW ? library->aes_wrap : library->aes_wrap_pad, &cipher);
    if (status != QK_OK) return status;
    int good = run_wrap(cipher, key->octets, 0, wrapped, length, out, out_length);
    qk_key_leave(key);
    if (good) return QK_OK;
    qk_wipe(out, length);
    return qk_failure(QK_AUTHENTICATION_FAILED);
}

qk_status qk_key_hmac(qk_key *key, qk_hash hash, const void *data, size_t length, uint8_t *out) {
    if (key->type != QK_OCTETS) return QK_UNSUPPORTED;
    if (!qk_key_enter(key)) return QK_CLOSED;
    qk_status status = qk_hmac(hash, key->octets, key->octet_count, length == 0 ? none : data, length, out);
    qk_key_leave(key);
    return status;
}
