// ECDSA signatures as DER and as r || s of fixed width. Signatures are public.

#ifndef QK_ECDSA_FORM_H
#define QK_ECDSA_FORM_H

#include <stddef.h>
#include <stdint.h>

/// The longest DER form: two integers of 67 bytes.
enum { QK_ECDSA_DER_MAX = 2 * (2 + 67) + 3 };

/// 1 when `der` was a strict SEQUENCE of two non-negative integers that fit `width`.
int qk_ecdsa_to_raw(const uint8_t *der, size_t length, size_t width, uint8_t *raw);

/// The length of the DER form.
size_t qk_ecdsa_to_der(const uint8_t *raw, size_t width, uint8_t der[QK_ECDSA_DER_MAX]);

#endif
