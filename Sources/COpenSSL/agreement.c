#include "key_internal.h"

#include <openssl/core_names.h>
#include <openssl/params.h>

qk_status qk_ecdh_point(qk_key *key, uint8_t out[65]) {
    if (key->curve != QK_P256) return QK_UNSUPPORTED;
    if (!qk_key_enter(key)) return QK_CLOSED;
    size_t length = 0;
    int good = EVP_PKEY_get_octet_string_param(key->pkey, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, out, 65, &length) == 1 &&
               length == 65 && out[0] == 4;
    qk_key_leave(key);
    return good ? QK_OK : qk_failure(QK_INTERNAL);
}

static EVP_PKEY *p256_peer(const qk_library *library, const uint8_t point[65]) {
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(library->context, "EC", NULL);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, (char *)qk_curve_group(QK_P256), 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, (void *)point, 65),
        OSSL_PARAM_construct_end(),
    };
    EVP_PKEY *peer = NULL;
    if (context == NULL || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &peer, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
        peer = NULL;
    }
    EVP_PKEY_CTX_free(context);
    return peer;
}

qk_status qk_ecdh_agree(qk_key *key, const uint8_t peer[65], uint8_t out[32]) {
    const qk_library *library = qk_library_get();
    if (library == NULL) return QK_INTERNAL;
    if (key->curve != QK_P256) return QK_UNSUPPORTED;
    if (peer[0] != 4) return QK_MALFORMED;
    if (!qk_key_enter(key)) return QK_CLOSED;
    EVP_PKEY *other = p256_peer(library, peer);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(library->context, key->pkey, NULL);
    size_t length = 32;
    // set_peer_ex with 1 checks that the point is on the curve and not the point at infinity.
    int accepted = other != NULL && context != NULL && EVP_PKEY_derive_init(context) == 1 &&
                   EVP_PKEY_derive_set_peer_ex(context, other, 1) == 1;
    int good = accepted && EVP_PKEY_derive(context, out, &length) == 1 && length == 32;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(other);
    qk_key_leave(key);
    if (good) return QK_OK;
    qk_wipe(out, 32);
    return qk_failure(accepted ? QK_INTERNAL : QK_MALFORMED);
}
