#include "key_internal.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

struct qk_certificate {
    X509 *x509;
};

static qk_status hand_out(const void *bytes, size_t length, uint8_t *out, size_t capacity, size_t *out_length) {
    *out_length = length;
    if (length > capacity) return QK_BUFFER_TOO_SMALL;
    if (length > 0) memcpy(out, bytes, length);
    return QK_OK;
}

qk_status qk_certificate_parse(const uint8_t *der, size_t length, qk_certificate **out) {
    const qk_library *library = qk_library_get();
    if (library == NULL) return QK_INTERNAL;
    if (length == 0 || length > 65536) return QK_MALFORMED;
    qk_certificate *certificate = calloc(1, sizeof *certificate);
    if (certificate == NULL) return QK_INTERNAL;
    certificate->x509 = X509_new_ex(library->context, NULL);
    const uint8_t *cursor = der;
    // d2i frees and clears the object that it was to fill when it fails.
    int parsed = certificate->x509 != NULL && d2i_X509(&certificate->x509, &cursor, (long)length) != NULL &&
                 cursor == der + length;
    if (!parsed) {
        qk_certificate_free(certificate);
        return qk_failure(QK_MALFORMED);
    }
    *out = certificate;
    return QK_OK;
}

void qk_certificate_free(qk_certificate *certificate) {
    if (certificate == NULL) return;
    X509_free(certificate->x509);
    free(certificate);
}

qk_status qk_certificate_spki(const qk_certificate *certificate, uint8_t *out, size_t capacity, size_t *out_length) {
    uint8_t *der = NULL;
    int length = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate->x509), &der);
    if (length <= 0) return qk_failure(QK_MALFORMED);
    qk_status status = hand_out(der, (size_t)length, out, capacity, out_length);
    OPENSSL_free(der);
    return status;
}

qk_status qk_certificate_subject(const qk_certificate *certificate, uint8_t *out, size_t capacity, size_t *out_length) {
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio == NULL) return qk_failure(QK_INTERNAL);
    unsigned long form = XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB;
    qk_status status = QK_MALFORMED;
    if (X509_NAME_print_ex(bio, X509_get_subject_name(certificate->x509), 0, form) >= 0) {
        char *text = NULL;
        long length = BIO_get_mem_data(bio, &text);
        status = hand_out(text, length > 0 ? (size_t)length : 0, out, capacity, out_length);
    }
    BIO_free(bio);
    return status == QK_OK ? QK_OK : qk_failure(status);
}

qk_status qk_certificate_common_name(const qk_certificate *certificate, uint8_t *out, size_t capacity,
                                     size_t *out_length) {
    const X509_NAME *subject = X509_get_subject_name(certificate->x509);
    int first = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (first < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, first) >= 0) return qk_failure(QK_MALFORMED);
    uint8_t *text = NULL;
    int length = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, first)));
    if (length < 0) return qk_failure(QK_MALFORMED);
    qk_status status = hand_out(text, (size_t)length, out, capacity, out_length);
    OPENSSL_free(text);
    return status;
}

static int unix_seconds(const ASN1_TIME *time, int64_t *out) {
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, seconds = 0;
    int good = epoch != NULL && time != NULL && ASN1_TIME_diff(&days, &seconds, epoch, time) == 1;
    ASN1_TIME_free(epoch);
    if (good) *out = (int64_t)days * 86400 + seconds;
    return good;
}

qk_status qk_certificate_validity(const qk_certificate *certificate, int64_t *not_before, int64_t *not_after) {
    int good = unix_seconds(X509_get0_notBefore(certificate->x509), not_before) &&
               unix_seconds(X509_get0_notAfter(certificate->x509), not_after);
    return good ? QK_OK : qk_failure(QK_MALFORMED);
}

qk_status qk_certificate_check_signature(const qk_certificate *certificate, qk_key *issuer, int *valid) {
    *valid = 0;
    if (!qk_key_enter(issuer)) return QK_CLOSED;
    *valid = X509_verify(certificate->x509, issuer->pkey) == 1;
    qk_key_leave(issuer);
    return qk_failure(QK_OK);
}
