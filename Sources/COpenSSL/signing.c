#include "ecdsa_form.h"
#include "key_internal.h"

#include <openssl/rsa.h>
#include <string.h>

enum { sign_operation = 1, verify_operation = 2 };

static uint32_t purpose_of(int operation, qk_scheme scheme, qk_hash hash) {
    return (uint32_t)operation << 16 | (uint32_t)scheme << 8 | (uint32_t)hash;
}

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
    }
    return 0;
}

static EVP_PKEY_CTX *prepare(qk_key *key, int operation, qk_scheme scheme, qk_hash hash) {
    const qk_library *library = qk_library_get();
    const EVP_MD *digest = library == NULL ? NULL : qk_message_digest(library, hash);
    if (digest == NULL) return NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(library->context, key->pkey, NULL);
    if (context == NULL) return NULL;
    int started = operation == sign_operation ? EVP_PKEY_sign_init(context) : EVP_PKEY_verify_init(context);
    if (started == 1 && set_padding(context, scheme, digest)) return context;
    EVP_PKEY_CTX_free(context);
    return NULL;
}

// A context taken for one operation; `slot` is NULL when another thread had this thread's slot.
typedef struct {
    EVP_PKEY_CTX *context;
    qk_slot *slot;
} lease;

static lease take(qk_key *key, int operation, qk_scheme scheme, qk_hash hash) {
    qk_slot *slot = &key->slots[qk_thread_index() % QK_CONTEXT_SLOTS];
    uint32_t purpose = purpose_of(operation, scheme, hash);
    if (atomic_exchange_explicit(&slot->busy, 1, memory_order_acquire) != 0) {
        return (lease){prepare(key, operation, scheme, hash), NULL};
    }
    if (slot->context == NULL || slot->purpose != purpose) {
        EVP_PKEY_CTX_free(slot->context);
        slot->context = prepare(key, operation, scheme, hash);
        slot->purpose = purpose;
    }
    return (lease){slot->context, slot};
}

static void give_back(lease taken, int reusable) {
    if (taken.slot == NULL) {
        EVP_PKEY_CTX_free(taken.context);
        return;
    }
    if (!reusable) {
        EVP_PKEY_CTX_free(taken.slot->context);
        taken.slot->context = NULL;
    }
    atomic_store_explicit(&taken.slot->busy, 0, memory_order_release);
}

static int fits(const qk_key *key, qk_scheme scheme, qk_hash hash, size_t digest_length) {
    int rsa = scheme == QK_PKCS1 || scheme == QK_PSS;
    return digest_length == qk_hash_length(hash) && (key->type == QK_RSA) == rsa;
}

qk_status qk_key_sign(qk_key *key, qk_scheme scheme, qk_hash hash, const uint8_t *digest, size_t digest_length,
                      uint8_t *out, size_t *out_length) {
    if (!fits(key, scheme, hash, digest_length)) return QK_BAD_ARGUMENT;
    if (!qk_key_enter(key)) return QK_CLOSED;
    uint8_t der[QK_ECDSA_DER_MAX];
    int raw = scheme == QK_ECDSA_RAW;
    uint8_t *target = raw ? der : out;
    size_t length = raw ? sizeof der : QK_SIGNATURE_MAX;
    lease taken = take(key, sign_operation, scheme, hash);
    int good = taken.context != NULL && EVP_PKEY_sign(taken.context, target, &length, digest, digest_length) == 1;
    give_back(taken, good);
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
    lease taken = take(key, verify_operation, scheme, hash);
    int ready = taken.context != NULL;
    int answer = ready ? EVP_PKEY_verify(taken.context, signature, signature_length, digest, digest_length) : 0;
    give_back(taken, answer == 1);
    qk_key_leave(key);
    *valid = answer == 1;
    if (*valid) return QK_OK;
    // A refusal leaves an error behind that means nothing more than "no"; a failed allocation must not look like one.
    qk_status status = qk_failure(ready ? QK_OK : QK_INTERNAL);
    return status;
}
