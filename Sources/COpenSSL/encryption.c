#include "key_internal.h"

#include <openssl/rsa.h>

size_t qk_rsa_message_limit(const qk_key *key, qk_rsa_padding padding) {
    if (key->type != QK_RSA) return 0;
    size_t modulus = key->bits / 8;
    switch (padding) {
    case QK_OAEP_SHA1: return modulus - 2 * 20 - 2;
    case QK_OAEP_SHA256: return modulus - 2 * 32 - 2;
    case QK_OAEP_SHA384: return modulus - 2 * 48 - 2;
    case QK_RSAES_PKCS1: return modulus - 11;
    }
    return 0;
}

static const EVP_MD *oaep_digest(const qk_library *library, qk_rsa_padding padding) {
    switch (padding) {
    case QK_OAEP_SHA256: return library->sha256;
    case QK_OAEP_SHA384: return library->sha384;
    case QK_OAEP_SHA1:
    case QK_RSAES_PKCS1: break;
    }
    return library->sha1;
}

static EVP_PKEY_CTX *prepare(qk_key *key, uint32_t purpose) {
    const qk_library *library = qk_library_get();
    if (library == NULL) return NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(library->context, key->pkey, NULL);
    if (context == NULL) return NULL;
    qk_rsa_padding padding = (qk_rsa_padding)(purpose >> 8 & 0xff);
    int started = purpose >> 16 == QK_ENCRYPTS ? EVP_PKEY_encrypt_init(context) : EVP_PKEY_decrypt_init(context);
    int ready = 0;
    if (started == 1 && padding == QK_RSAES_PKCS1) {
        ready = EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
    } else if (started == 1) {
        const EVP_MD *digest = oaep_digest(library, padding);
        ready = EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
                EVP_PKEY_CTX_set_rsa_oaep_md(context, digest) == 1 &&
                EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest) == 1;
    }
    if (ready) return context;
    EVP_PKEY_CTX_free(context);
    return NULL;
}

qk_status qk_rsa_encrypt(qk_key *key, qk_rsa_padding padding, const uint8_t *plain, size_t length, uint8_t *out,
                         size_t *out_length) {
    static const uint8_t none[1];
    if (key->type != QK_RSA) return QK_UNSUPPORTED;
    if (length > qk_rsa_message_limit(key, padding)) return QK_BAD_ARGUMENT;
    if (!qk_key_enter(key)) return QK_CLOSED;
    qk_lease taken = qk_lease_take(key, QK_PURPOSE(QK_ENCRYPTS, padding, 0), prepare);
    size_t written = QK_MODULUS_MAX;
    const uint8_t *message = length == 0 ? none : plain;
    int good = taken.context != NULL && EVP_PKEY_encrypt(taken.context, out, &written, message, length) == 1;
    qk_lease_return(taken, good);
    qk_key_leave(key);
    if (!good) return qk_failure(QK_INTERNAL);
    *out_length = written;
    return QK_OK;
}

static qk_status oaep_decrypt(qk_key *key, qk_rsa_padding padding, const uint8_t *ciphertext, size_t length,
                              uint8_t *out, size_t *out_length) {
    qk_lease taken = qk_lease_take(key, QK_PURPOSE(QK_DECRYPTS, padding, 0), prepare);
    size_t written = QK_MODULUS_MAX;
    int ready = taken.context != NULL;
    int good = ready && EVP_PKEY_decrypt(taken.context, out, &written, ciphertext, length) == 1;
    // The same steps whatever the outcome: the context stays, the error queue is emptied.
    qk_lease_return(taken, ready);
    qk_status status = qk_failure(ready ? QK_AUTHENTICATION_FAILED : QK_INTERNAL);
    if (good) status = QK_OK;
    *out_length = good ? written : 0;
    return status;
}

qk_status qk_rsa_decrypt(qk_key *key, qk_rsa_padding padding, const uint8_t *ciphertext, size_t length, uint8_t *out,
                         size_t *out_length) {
    if (key->type != QK_RSA) return QK_UNSUPPORTED;
    *out_length = 0;
    if (length != key->bits / 8) return QK_AUTHENTICATION_FAILED;
    if (!qk_key_enter(key)) return QK_CLOSED;
    qk_status status = padding == QK_RSAES_PKCS1 ? qk_implicit_rejection(key, ciphertext, length, out, out_length)
                                                 : oaep_decrypt(key, padding, ciphertext, length, out, out_length);
    qk_key_leave(key);
    // Nothing behind the message, and nothing at all on failure. The lengths are no secret by now.
    qk_wipe(out + *out_length, QK_MODULUS_MAX - *out_length);
    return status;
}
