// Making certificates: the exchange key's, which officers' tools read, and those of the keys that sign attestations and
// released keys.

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "key_internal.h"

static int set_name(X509_NAME *name, const char *common_name) {
    return X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)common_name, -1, -1, 0);
}

static int set_serial(X509 *certificate) {
    uint8_t bytes[16];
    if (qk_random_public(bytes, sizeof bytes) != QK_OK) return 0;
    bytes[0] &= 0x7f;
    BIGNUM *number = BN_bin2bn(bytes, sizeof bytes, NULL);
    int ok = number != NULL && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL;
    BN_free(number);
    return ok;
}

static int add_extension(X509 *certificate, int kind, const char *value) {
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);
    int added = extension != NULL && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return added;
}

static int fill(X509 *certificate, EVP_PKEY *subject, const char *common_name, const char *issuer, int is_authority,
                int64_t not_before, int64_t not_after) {
    return X509_set_version(certificate, 2) == 1 && set_serial(certificate) &&
           set_name(X509_get_subject_name(certificate), common_name) == 1 &&
           set_name(X509_get_issuer_name(certificate), issuer) == 1 &&
           ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)not_before) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)not_after) != NULL &&
           X509_set_pubkey(certificate, subject) == 1 &&
           (!is_authority || (add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                              add_extension(certificate, NID_key_usage, "critical,keyCertSign")));
}

static qk_status encode(const X509 *certificate, uint8_t *out, size_t capacity, size_t *out_length) {
    int length = i2d_X509(certificate, NULL);
    if (length <= 0) return qk_failure(QK_INTERNAL);
    *out_length = (size_t)length;
    if ((size_t)length > capacity) return QK_BUFFER_TOO_SMALL;
    unsigned char *position = out;
    return i2d_X509(certificate, &position) == length ? QK_OK : qk_failure(QK_INTERNAL);
}

qk_status qk_certificate_make(qk_key *subject_key, const char *common_name, qk_key *signer, const char *issuer,
                              int64_t not_before, int64_t not_after, uint8_t *out, size_t capacity,
                              size_t *out_length) {
    if (subject_key == NULL || common_name == NULL || signer == NULL || issuer == NULL || out == NULL ||
        out_length == NULL)
        return QK_BAD_ARGUMENT;
    const qk_library *library = qk_library_get();
    if (library == NULL) return QK_INTERNAL;
    if (!qk_key_enter(subject_key)) return QK_CLOSED;
    if (!qk_key_enter(signer)) {
        qk_key_leave(subject_key);
        return QK_CLOSED;
    }
    qk_status status = QK_INTERNAL;
    X509 *certificate = X509_new_ex(library->context, NULL);
    const EVP_MD *digest = signer->curve == QK_P384 ? library->sha384 : library->sha256;
    if (certificate != NULL &&
        fill(certificate, subject_key->pkey, common_name, issuer, subject_key == signer, not_before, not_after) &&
        X509_sign(certificate, signer->pkey, digest) > 0)
        status = encode(certificate, out, capacity, out_length);
    if (status == QK_INTERNAL) status = qk_failure(QK_INTERNAL);
    X509_free(certificate);
    qk_key_leave(signer);
    qk_key_leave(subject_key);
    return status;
}
