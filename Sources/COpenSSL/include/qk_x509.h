#ifndef QK_X509_H
#define QK_X509_H

#include "qk_key.h"
#include "qk_status.h"

/// A parsed X.509 certificate. Its signature is not checked by parsing.
typedef struct qk_certificate qk_certificate;

qk_status qk_certificate_parse(const uint8_t *der, size_t length, qk_certificate **out);
void qk_certificate_free(qk_certificate *certificate);

/// SubjectPublicKeyInfo DER; QK_BUFFER_TOO_SMALL tells the needed length.
qk_status qk_certificate_spki(const qk_certificate *certificate, uint8_t *out, size_t capacity, size_t *out_length);

/// Subject in the form of RFC 2253, UTF-8, without a final zero.
qk_status qk_certificate_subject(const qk_certificate *certificate, uint8_t *out, size_t capacity, size_t *out_length);

/// The only common name of the subject, UTF-8. QK_MALFORMED when there is none or more than one.
qk_status qk_certificate_common_name(const qk_certificate *certificate, uint8_t *out, size_t capacity,
                                     size_t *out_length);

/// Seconds since 1970.
qk_status qk_certificate_validity(const qk_certificate *certificate, int64_t *not_before, int64_t *not_after);

/// Whether the certificate's signature was made by `issuer`.
qk_status qk_certificate_check_signature(const qk_certificate *certificate, qk_key *issuer, int *valid);

/// A certificate for `subject_key` with this common name, signed by `signer`, whose common name is `issuer`: with
/// SHA-384 by a P-384 key, else with SHA-256. Where both are one key it is that of an authority, else that of an end
/// entity. Times are seconds since 1970. DER; QK_BUFFER_TOO_SMALL tells the needed length.
qk_status qk_certificate_make(qk_key *subject_key, const char *common_name, qk_key *signer, const char *issuer,
                              int64_t not_before, int64_t not_after, uint8_t *out, size_t capacity,
                              size_t *out_length);

#endif
