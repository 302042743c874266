#include "key_internal.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <string.h>

qk_status qk_key_check_pair(qk_key **held, qk_fault *fault) {
    qk_key *key = *held;
    uint8_t probe[32], signature[QK_SIGNATURE_MAX];
    size_t length = 0;
    int valid = 0;
    memset(probe, 0xa5, sizeof probe);
    qk_scheme scheme = key->type == QK_RSA ? QK_PKCS1 : key->type == QK_EC ? QK_ECDSA_RAW : QK_ED25519_PURE;
    qk_hash hash = key->type == QK_ED25519 ? QK_NO_HASH : QK_SHA256;
    qk_status status = qk_key_sign(key, scheme, hash, probe, sizeof probe, signature, &length);
    if (status == QK_OK) {
        status = qk_key_verify(key, scheme, hash, probe, sizeof probe, signature, length, &valid);
    }
    if (status == QK_OK && valid) return QK_OK;
    if (status == QK_OK) {
        *fault = QK_FAULT_PAIR;
        status = QK_KEY_REJECTED;
    }
    qk_key_free(key);
    *held = NULL;
    return status;
}

static qk_status generate(EVP_PKEY_CTX *context, qk_key **out) {
    EVP_PKEY *pkey = NULL;
    if (EVP_PKEY_generate(context, &pkey) != 1) return qk_failure(QK_INTERNAL);
    qk_status status = qk_key_wrap(pkey, out);
    qk_fault fault;
    return status == QK_OK ? qk_key_check_pair(out, &fault) : status;
}

static int exponent_allowed(const BIGNUM *exponent) {
    return BN_is_odd(exponent) && BN_num_bits(exponent) >= 17 && BN_num_bits(exponent) <= 256;
}

qk_status qk_key_generate_rsa(unsigned bits, const uint8_t *exponent, size_t exponent_length, qk_key **out) {
    const qk_library *library = qk_library_get();
    if (library == NULL) return QK_INTERNAL;
    if (!qk_secure_heap_started()) return QK_SECURE_MEMORY_EXHAUSTED;
    if (bits != 2048 && bits != 3072 && bits != 4096) return QK_UNSUPPORTED;
    if (exponent_length == 0 || exponent_length > 32) return QK_UNSUPPORTED;
    BIGNUM *e = BN_bin2bn(exponent, (int)exponent_length, NULL);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(library->context, "RSA", NULL);
    qk_status status = QK_INTERNAL;
    if (e != NULL && context != NULL) {
        // Odd and at least 17 bits long: 65537 or more.
        int ready = exponent_allowed(e) && EVP_PKEY_keygen_init(context) == 1 &&
                    EVP_PKEY_CTX_set_rsa_keygen_bits(context, (int)bits) == 1 &&
                    EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, e) == 1;
        status = ready ? generate(context, out) : QK_UNSUPPORTED;
    }
    EVP_PKEY_CTX_free(context);
    BN_free(e);
    return status == QK_OK ? QK_OK : qk_failure(status);
}

qk_status qk_key_generate_ec(qk_curve curve, qk_key **out) {
    const qk_library *library = qk_library_get();
    const char *group = qk_curve_group(curve);
    if (library == NULL) return QK_INTERNAL;
    if (!qk_secure_heap_started()) return QK_SECURE_MEMORY_EXHAUSTED;
    if (group == NULL) return QK_UNSUPPORTED;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(library->context, "EC", NULL);
    if (context == NULL) return qk_failure(QK_INTERNAL);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)group, 0),
        OSSL_PARAM_construct_end(),
    };
    qk_status status = QK_INTERNAL;
    if (EVP_PKEY_keygen_init(context) == 1 && EVP_PKEY_CTX_set_params(context, parameters) == 1) {
        status = generate(context, out);
    }
    EVP_PKEY_CTX_free(context);
    return status == QK_OK ? QK_OK : qk_failure(status);
}

qk_status qk_key_generate_ed25519(qk_key **out) {
    const qk_library *library = qk_library_get();
    if (library == NULL) return QK_INTERNAL;
    if (!qk_secure_heap_started()) return QK_SECURE_MEMORY_EXHAUSTED;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(library->context, "ED25519", NULL);
    if (context == NULL) return qk_failure(QK_INTERNAL);
    qk_status status = EVP_PKEY_keygen_init(context) == 1 ? generate(context, out) : QK_INTERNAL;
    EVP_PKEY_CTX_free(context);
    return status == QK_OK ? QK_OK : qk_failure(status);
}
