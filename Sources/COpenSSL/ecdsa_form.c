#include "ecdsa_form.h"

#include <string.h>

// One INTEGER at `*cursor`, right-aligned into `width` bytes.
static int read_integer(const uint8_t **cursor, const uint8_t *end, size_t width, uint8_t *out) {
    const uint8_t *p = *cursor;
    if (end - p < 3 || p[0] != 0x02 || p[1] == 0 || p[1] > 127) return 0;
    size_t length = p[1];
    p += 2;
    if ((size_t)(end - p) < length || (p[0] & 0x80)) return 0;
    *cursor = p + length;
    if (p[0] == 0 && length > 1) {
        if ((p[1] & 0x80) == 0) return 0;
        p++;
        length--;
    }
    if (length > width) return 0;
    memset(out, 0, width - length);
    memcpy(out + width - length, p, length);
    return 1;
}

int qk_ecdsa_to_raw(const uint8_t *der, size_t length, size_t width, uint8_t *raw) {
    if (length < 8 || length > QK_ECDSA_DER_MAX || der[0] != 0x30) return 0;
    const uint8_t *cursor = der + 2;
    const uint8_t *end = der + length;
    if (der[1] == 0x81) {
        cursor++;
        if (der[2] < 128 || (size_t)der[2] != length - 3) return 0;
    } else if (der[1] > 127 || (size_t)der[1] != length - 2) {
        return 0;
    }
    return read_integer(&cursor, end, width, raw) && read_integer(&cursor, end, width, raw + width) && cursor == end;
}

static uint8_t *write_integer(const uint8_t *value, size_t width, uint8_t *out) {
    while (width > 1 && *value == 0) {
        value++;
        width--;
    }
    size_t pad = (*value & 0x80) ? 1 : 0;
    *out++ = 0x02;
    *out++ = (uint8_t)(width + pad);
    if (pad) *out++ = 0;
    memcpy(out, value, width);
    return out + width;
}

size_t qk_ecdsa_to_der(const uint8_t *raw, size_t width, uint8_t der[QK_ECDSA_DER_MAX]) {
    uint8_t body[QK_ECDSA_DER_MAX];
    uint8_t *end = write_integer(raw + width, width, write_integer(raw, width, body));
    size_t length = (size_t)(end - body);
    size_t head = 0;
    der[head++] = 0x30;
    if (length > 127) der[head++] = 0x81;
    der[head++] = (uint8_t)length;
    memcpy(der + head, body, length);
    return head + length;
}
