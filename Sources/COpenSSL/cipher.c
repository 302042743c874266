#include "internal.h"

#include <openssl/crypto.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <string.h>

enum { longest_message = 1 << 30 };

static int gcm_start(EVP_CIPHER_CTX *context, const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t *nonce,
                     const void *ad, size_t ad_length, int sealing) {
    int ignored = 0;
    return EVP_CipherInit_ex2(context, cipher, key, nonce, sealing, NULL) == 1 &&
           (ad_length == 0 || EVP_CipherUpdate(context, NULL, &ignored, ad, (int)ad_length) == 1);
}

qk_status qk_gcm_seal_with(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t nonce[12], const void *ad,
                           size_t ad_length, const void *plain, size_t length, uint8_t *out, uint8_t tag[16]) {
    if (ad_length > longest_message || length > longest_message) return QK_BAD_ARGUMENT;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (context == NULL) return qk_failure(QK_INTERNAL);
    int written = 0, last = 0;
    uint8_t none[16];
    int good = gcm_start(context, cipher, key, nonce, ad, ad_length, 1) &&
               (length == 0 || EVP_CipherUpdate(context, out, &written, plain, (int)length) == 1) &&
               EVP_CipherFinal_ex(context, none, &last) == 1 && (size_t)written == length && last == 0 &&
               EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, 16, tag) == 1;
    EVP_CIPHER_CTX_free(context);
    return good ? QK_OK : qk_failure(QK_INTERNAL);
}

qk_status qk_gcm_open_with(const EVP_CIPHER *cipher, const uint8_t *key, const uint8_t nonce[12], const void *ad,
                           size_t ad_length, const void *ciphertext, size_t length, const uint8_t tag[16],
                           uint8_t *out) {
    if (ad_length > longest_message || length > longest_message) return QK_BAD_ARGUMENT;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (context == NULL) return qk_failure(QK_INTERNAL);
    int written = 0, last = 0;
    uint8_t none[16];
    int ready = gcm_start(context, cipher, key, nonce, ad, ad_length, 0) &&
                (length == 0 || EVP_CipherUpdate(context, out, &written, ciphertext, (int)length) == 1) &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, 16, (void *)tag) == 1;
    int genuine = ready && EVP_CipherFinal_ex(context, none, &last) == 1 && (size_t)written == length && last == 0;
    EVP_CIPHER_CTX_free(context);
    if (genuine) return QK_OK;
    qk_wipe(out, length);
    return qk_failure(ready ? QK_AUTHENTICATION_FAILED : QK_INTERNAL);
}

qk_status qk_gcm_seal(const uint8_t key[32], const uint8_t nonce[12], const void *ad, size_t ad_length,
                      const void *plain, size_t length, uint8_t *out, uint8_t tag[16]) {
    const qk_library *library = qk_library_get();
    if (library == NULL) return QK_INTERNAL;
    return qk_gcm_seal_with(library->aes_gcm[2], key, nonce, ad, ad_length, plain, length, out, tag);
}

qk_status qk_gcm_open(const uint8_t key[32], const uint8_t nonce[12], const void *ad, size_t ad_length,
                      const void *ciphertext, size_t length, const uint8_t tag[16], uint8_t *out) {
    const qk_library *library = qk_library_get();
    if (library == NULL) return QK_INTERNAL;
    return qk_gcm_open_with(library->aes_gcm[2], key, nonce, ad, ad_length, ciphertext, length, tag, out);
}

// The MAC of RFC 7518 section 5.2.2.1: AAD || IV || ciphertext || bit length of AAD, in 64 bits.
static qk_status cbc_hmac_tag(const qk_library *library, const uint8_t *mac_key, const uint8_t iv[16], const void *aad,
                              size_t aad_length, const void *ciphertext, size_t length, uint8_t tag[32]) {
    uint8_t bits[8];
    uint64_t value = (uint64_t)aad_length * 8;
    for (int i = 7; i >= 0; i--, value >>= 8) bits[i] = (uint8_t)value;
    uint8_t whole[64];
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(library->hmac);
    if (context == NULL) return qk_failure(QK_INTERNAL);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA512", 0),
        OSSL_PARAM_construct_end(),
    };
    size_t written = 0;
    int good = EVP_MAC_init(context, mac_key, 32, parameters) == 1 &&
               (aad_length == 0 || EVP_MAC_update(context, aad, aad_length) == 1) &&
               EVP_MAC_update(context, iv, 16) == 1 &&
               (length == 0 || EVP_MAC_update(context, ciphertext, length) == 1) &&
               EVP_MAC_update(context, bits, sizeof bits) == 1 &&
               EVP_MAC_final(context, whole, &written, sizeof whole) == 1 && written == sizeof whole;
    EVP_MAC_CTX_free(context);
    if (good) memcpy(tag, whole, 32);
    qk_wipe(whole, sizeof whole);
    return good ? QK_OK : qk_failure(QK_INTERNAL);
}

qk_status qk_cbc_hmac_seal(const uint8_t key[64], const uint8_t iv[16], const void *aad, size_t aad_length,
                           const void *plain, size_t length, uint8_t *out, size_t *out_length, uint8_t tag[32]) {
    const qk_library *library = qk_library_get();
    if (library == NULL) return QK_INTERNAL;
    if (aad_length > longest_message || length > longest_message) return QK_BAD_ARGUMENT;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (context == NULL) return qk_failure(QK_INTERNAL);
    int written = 0, last = 0;
    int good = EVP_EncryptInit_ex2(context, library->aes_cbc[2], key + 32, iv, NULL) == 1 &&
               (length == 0 || EVP_EncryptUpdate(context, out, &written, plain, (int)length) == 1) &&
               EVP_EncryptFinal_ex(context, out + written, &last) == 1;
    EVP_CIPHER_CTX_free(context);
    if (!good) return qk_failure(QK_INTERNAL);
    *out_length = (size_t)written + (size_t)last;
    return cbc_hmac_tag(library, key, iv, aad, aad_length, out, *out_length, tag);
}

qk_status qk_cbc_hmac_open(const uint8_t key[64], const uint8_t iv[16], const void *aad, size_t aad_length,
                           const void *ciphertext, size_t length, const uint8_t tag[32], uint8_t *out,
                           size_t *out_length) {
    const qk_library *library = qk_library_get();
    if (library == NULL) return QK_INTERNAL;
    if (aad_length > longest_message || length > longest_message) return QK_BAD_ARGUMENT;
    if (length == 0 || length % 16 != 0) return QK_AUTHENTICATION_FAILED;
    uint8_t expected[32];
    qk_status status = cbc_hmac_tag(library, key, iv, aad, aad_length, ciphertext, length, expected);
    if (status != QK_OK) return status;
    int genuine = CRYPTO_memcmp(expected, tag, 32) == 0;
    qk_wipe(expected, sizeof expected);
    if (!genuine) return QK_AUTHENTICATION_FAILED;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (context == NULL) return qk_failure(QK_INTERNAL);
    int written = 0, last = 0;
    uint8_t block[32];
    int good = EVP_DecryptInit_ex2(context, library->aes_cbc[2], key + 32, iv, NULL) == 1 &&
               EVP_DecryptUpdate(context, out, &written, ciphertext, (int)length) == 1 &&
               EVP_DecryptFinal_ex(context, block, &last) == 1 && (size_t)(written + last) <= length;
    if (good) {
        memcpy(out + written, block, (size_t)last);
        *out_length = (size_t)written + (size_t)last;
    } else {
        qk_wipe(out, length);
    }
    qk_wipe(block, sizeof block);
    EVP_CIPHER_CTX_free(context);
    return good ? QK_OK : qk_failure(QK_AUTHENTICATION_FAILED);
}
