#include "ecdsa_form.h"
#include "key_internal.h"

#include <openssl/rsa.h>
#include <string.h>

static int set_padding(EVP_PKEY_CTX *context, qk_scheme scheme, const EVP_MD *digest) {
    switch (scheme) {
    case QK_PKCS1:
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
               EVP_PKEY_CTX_set_signature_md(context, digest) == 1;
    case QK_PSS:
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_signature_md(context, digest) == 1 &&
               EVP_PKEY_CTX_set_rsa_mgf1_md(context, digest) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1;
    case QK_ECDSA_RAW:
    case QK_ECDSA_DER: return EVP_PKEY_CTX_set_signature_md(context, digest) == 1;
    // Without a digest OpenSSL pads the value as it is.
    case QK_PKCS1_BARE: return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
    // Signs messages, by ed25519.c.
    case QK_ED25519_PURE: return 0;
    }
    return 0;
}

static EVP_PKEY_CTX *prepare(qk_key *key, uint32_t purpose) {
    const qk_library *library = qk_library_get();
    if (library == NULL) return NULL;
    const EVP_MD *digest = qk_message_digest(library, (qk_hash)(purpose & 0xff));
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(library->context, key->pkey, NULL);
    if (context == NULL) return NULL;
    int started = purpose >> 16 == QK_SIGNS ? EVP_PKEY_sign_init(context) : EVP_PKEY_verify_init(context);
    if (started == 1 && set_padding(context, (qk_scheme)(purpose >> 8 & 0xff), digest)) return context;
    EVP_PKEY_CTX_free(context);
    return NULL;
}

size_t qk_bare_limit(const qk_key *key) { return key->type == QK_RSA ? key->bits / 8 - 11 : 0; }

static int fits(const qk_key *key, qk_scheme scheme, qk_hash hash, size_t length) {
    int digest = hash != QK_NO_HASH && length == qk_hash_length(hash);
    switch (scheme) {
    case QK_PKCS1:
    case QK_PSS: return key->type == QK_RSA && digest;
    case QK_ECDSA_RAW:
    case QK_ECDSA_DER: return key->type == QK_EC && digest;
    // Nothing as long as the modulus: that would be the bare private operation, and could decrypt.
    case QK_PKCS1_BARE: return hash == QK_NO_HASH && length > 0 && length <= qk_bare_limit(key);
    case QK_ED25519_PURE: return key->type == QK_ED25519 && hash == QK_NO_HASH;
    }
    return 0;
}

qk_status qk_key_sign(qk_key *key, qk_scheme scheme, qk_hash hash, const uint8_t *digest, size_t digest_length,
                      uint8_t *out, size_t *out_length) {
    if (!fits(key, scheme, hash, digest_length)) return QK_BAD_ARGUMENT;
    if (scheme == QK_ED25519_PURE) return qk_ed25519_sign(key, digest, digest_length, out, out_length);
    if (!qk_key_enter(key)) return QK_CLOSED;
    uint8_t der[QK_ECDSA_DER_MAX];
    int raw = scheme == QK_ECDSA_RAW;
    uint8_t *target = raw ? der : out;
    size_t length = raw ? sizeof der : QK_SIGNATURE_MAX;
    qk_lease taken = qk_lease_take(key, QK_PURPOSE(QK_SIGNS, scheme, hash), prepare);
    int good = taken.context != NULL && EVP_PKEY_sign(taken.context, target, &length, digest, digest_length) == 1;
    qk_lease_return(taken, good);
    size_t width = qk_curve_width(key->curve);
    qk_key_leave(key);
    if (good && raw) {
        good = qk_ecdsa_to_raw(der, length, width, out);
        length = 2 * width;
    }
    if (!good) return qk_failure(QK_INTERNAL);
    *out_length = length;
    return QK_OK;
}

qk_status qk_key_verify(qk_key *key, qk_scheme scheme, qk_hash hash, const uint8_t *digest, size_t digest_length,
                        const uint8_t *signature, size_t signature_length, int *valid) {
    *valid = 0;
    if (!fits(key, scheme, hash, digest_length)) return QK_BAD_ARGUMENT;
    if (scheme == QK_ED25519_PURE) {
        return qk_ed25519_verify(key, digest, digest_length, signature, signature_length, valid);
    }
    uint8_t der[QK_ECDSA_DER_MAX];
    if (scheme == QK_ECDSA_RAW) {
        size_t width = qk_curve_width(key->curve);
        if (signature_length != 2 * width) return QK_OK;
        signature_length = qk_ecdsa_to_der(signature, width, der);
        signature = der;
    } else if (signature_length == 0 || signature_length > QK_SIGNATURE_MAX) {
        return QK_OK;
    }
    if (!qk_key_enter(key)) return QK_CLOSED;
    qk_lease taken = qk_lease_take(key, QK_PURPOSE(QK_VERIFIES, scheme, hash), prepare);
    int ready = taken.context != NULL;
    int answer = ready ? EVP_PKEY_verify(taken.context, signature, signature_length, digest, digest_length) : 0;
    qk_lease_return(taken, answer == 1);
    qk_key_leave(key);
    *valid = answer == 1;
    if (*valid) return QK_OK;
    // A refusal leaves an error behind that means nothing more than "no"; a failed allocation must not look like one.
    qk_status status = qk_failure(ready ? QK_OK : QK_INTERNAL);
    return status;
}
