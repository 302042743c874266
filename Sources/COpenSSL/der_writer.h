// Writes DER (X.690) from the end of a buffer to its front, so that lengths are known when they are written.

#ifndef QK_DER_WRITER_H
#define QK_DER_WRITER_H

#include <openssl/bn.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint8_t *start;
    /// First byte written so far.
    uint8_t *head;
    /// Cleared when the buffer was too small.
    int good;
} qk_der;

/// Begins at the end of a buffer.
qk_der qk_der_begin(uint8_t *buffer, size_t length);
void qk_der_bytes(qk_der *der, const void *bytes, size_t length);
/// Tag and length in front of everything from the present head up to `end`.
void qk_der_wrap(qk_der *der, uint8_t tag, const uint8_t *end);
/// A nonnegative INTEGER.
void qk_der_integer(qk_der *der, const BIGNUM *number);
/// An INTEGER below 128.
void qk_der_small(qk_der *der, uint8_t number);

#endif
