#include "der_writer.h"

#include <string.h>

qk_der qk_der_begin(uint8_t *buffer, size_t length) { return (qk_der){buffer, buffer + length, 1}; }

static uint8_t *reserve(qk_der *der, size_t length) {
    if (!der->good || (size_t)(der->head - der->start) < length) {
        der->good = 0;
        return NULL;
    }
    der->head -= length;
    return der->head;
}

void qk_der_bytes(qk_der *der, const void *bytes, size_t length) {
    uint8_t *place = reserve(der, length);
    if (place != NULL) memcpy(place, bytes, length);
}

void qk_der_wrap(qk_der *der, uint8_t tag, const uint8_t *end) {
    size_t length = (size_t)(end - der->head);
    uint8_t prefix[4] = {tag, (uint8_t)length};
    size_t count = 2;
    if (length > 0xff) {
        prefix[1] = 0x82;
        prefix[2] = (uint8_t)(length >> 8);
        prefix[3] = (uint8_t)length;
        count = 4;
    } else if (length > 0x7f) {
        prefix[1] = 0x81;
        prefix[2] = (uint8_t)length;
        count = 3;
    }
    if (length > 0xffff) der->good = 0;
    qk_der_bytes(der, prefix, count);
}

void qk_der_integer(qk_der *der, const BIGNUM *number) {
    const uint8_t *end = der->head;
    // One bit more than it has, for the sign.
    int length = BN_num_bits(number) / 8 + 1;
    uint8_t *place = reserve(der, (size_t)length);
    if (place == NULL) return;
    if (BN_bn2binpad(number, place, length) != length) der->good = 0;
    qk_der_wrap(der, 0x02, end);
}

void qk_der_small(qk_der *der, uint8_t number) {
    const uint8_t integer[3] = {0x02, 0x01, number};
    qk_der_bytes(der, integer, sizeof integer);
}
