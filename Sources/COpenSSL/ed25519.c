// Ed25519 (RFC 8032 section 5.1): signatures over messages, not over digests.

#include "der_writer.h"
#include "key_internal.h"

#include <string.h>

enum { signature_length = 64, coordinate = 32 };

static EVP_MD_CTX *begin(qk_key *key, int signing) {
    const qk_library *library = qk_library_get();
    EVP_MD_CTX *context = library == NULL ? NULL : EVP_MD_CTX_new();
    if (context == NULL) return NULL;
    int started = signing
                      ? EVP_DigestSignInit_ex(context, NULL, NULL, library->context, NULL, key->pkey, NULL)
                      : EVP_DigestVerifyInit_ex(context, NULL, NULL, library->context, NULL, key->pkey, NULL);
    if (started == 1) return context;
    EVP_MD_CTX_free(context);
    return NULL;
}

static const uint8_t nothing[1];

qk_status qk_ed25519_sign(qk_key *key, const uint8_t *message, size_t length, uint8_t *out, size_t *out_length) {
    if (!qk_key_enter(key)) return QK_CLOSED;
    EVP_MD_CTX *context = begin(key, 1);
    size_t written = QK_SIGNATURE_MAX;
    int good = context != NULL &&
               EVP_DigestSign(context, out, &written, length == 0 ? nothing : message, length) == 1 &&
               written == signature_length;
    EVP_MD_CTX_free(context);
    qk_key_leave(key);
    if (!good) return qk_failure(QK_INTERNAL);
    *out_length = written;
    return QK_OK;
}

qk_status qk_ed25519_verify(qk_key *key, const uint8_t *message, size_t length, const uint8_t *signature,
                            size_t given, int *valid) {
    *valid = 0;
    if (given != signature_length) return QK_OK;
    if (!qk_key_enter(key)) return QK_CLOSED;
    EVP_MD_CTX *context = begin(key, 0);
    int ready = context != NULL;
    *valid = ready && EVP_DigestVerify(context, signature, given, length == 0 ? nothing : message, length) == 1;
    EVP_MD_CTX_free(context);
    qk_key_leave(key);
    return *valid ? QK_OK : qk_failure(ready ? QK_OK : QK_INTERNAL);
}

/// PKCS #8 around CurvePrivateKey (RFC 8410 section 7).
static qk_status load(qk_number seed, qk_key **out) {
    static const uint8_t algorithm[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};
    enum { capacity = 64 };
    uint8_t *buffer = qk_secure_alloc(capacity);
    if (buffer == NULL) return QK_SECURE_MEMORY_EXHAUSTED;
    const uint8_t *last = buffer + capacity;
    qk_der der = qk_der_begin(buffer, capacity);
    qk_der_bytes(&der, seed.bytes, seed.length);
    qk_der_wrap(&der, 0x04, last);
    qk_der_wrap(&der, 0x04, last);
    qk_der_bytes(&der, algorithm, sizeof algorithm);
    qk_der_small(&der, 0);
    qk_der_wrap(&der, 0x30, last);
    qk_status status = der.good ? qk_key_load_private(der.head, (size_t)(last - der.head), out) : QK_INTERNAL;
    qk_secure_free(buffer, capacity);
    return status;
}

qk_status qk_key_import_ed25519(qk_number seed, qk_number x, qk_key **out, qk_fault *fault) {
    *fault = QK_FAULTLESS;
    if (!qk_secure_heap_started()) return QK_SECURE_MEMORY_EXHAUSTED;
    if (seed.length != coordinate) {
        *fault = QK_FAULT_SCALAR;
        return QK_KEY_REJECTED;
    }
    qk_status status = load(seed, out);
    if (status != QK_OK) return status;
    uint8_t point[coordinate];
    size_t length = sizeof point;
    if (EVP_PKEY_get_raw_public_key((*out)->pkey, point, &length) != 1 || length != sizeof point) {
        status = qk_failure(QK_INTERNAL);
    } else if (x.length != 0 && (x.length != sizeof point || !qk_equal(x.bytes, point, sizeof point))) {
        *fault = QK_FAULT_POINT;
        status = QK_KEY_REJECTED;
    }
    if (status == QK_OK) return qk_key_check_pair(out, fault);
    qk_key_free(*out);
    *out = NULL;
    return status;
}
