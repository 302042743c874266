#include "der_writer.h"
#include "key_internal.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/objects.h>

typedef struct {
    EC_GROUP *group;
    BN_CTX *pool;
    BIGNUM *scalar;
    EC_POINT *point;
} work;

static qk_status begin(work *w, const qk_library *library, qk_curve curve, qk_number scalar) {
    w->group = EC_GROUP_new_by_curve_name_ex(library->context, NULL, OBJ_sn2nid(qk_curve_group(curve)));
    w->pool = BN_CTX_secure_new_ex(library->context);
    w->scalar = BN_secure_new();
    if (w->group == NULL || w->pool == NULL || w->scalar == NULL) return QK_INTERNAL;
    w->point = EC_POINT_new(w->group);
    if (w->point == NULL || BN_bin2bn(scalar.bytes, (int)scalar.length, w->scalar) == NULL) return QK_INTERNAL;
    return QK_OK;
}

static void end(work *w) {
    EC_POINT_clear_free(w->point);
    BN_clear_free(w->scalar);
    BN_CTX_free(w->pool);
    EC_GROUP_free(w->group);
}

qk_number qk_number_trimmed(qk_number given, size_t width) {
    while (given.length > width && given.bytes[0] == 0) {
        given.bytes++;
        given.length--;
    }
    return given;
}

/// Compares numbers: zeros that are missing before `given`, or too many, make no difference.
static int differs(qk_number given, const uint8_t *coordinate, size_t width) {
    if (given.length == 0) return 0;
    given = qk_number_trimmed(given, width);
    if (given.length > width) return 1;
    size_t missing = width - given.length;
    for (size_t i = 0; i < missing; i++) {
        if (coordinate[i] != 0) return 1;
    }
    return !qk_equal(given.bytes, coordinate + missing, given.length);
}

/// PKCS #8 (RFC 5958) around ECPrivateKey (RFC 5915) with the point.
static qk_status load(const work *w, qk_curve curve, const uint8_t *point, size_t width, qk_key **out) {
    static const uint8_t ec[] = {0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
    enum { capacity = 512 };
    uint8_t *buffer = qk_secure_alloc(capacity);
    if (buffer == NULL) return QK_SECURE_MEMORY_EXHAUSTED;
    const uint8_t *last = buffer + capacity;
    qk_der der = qk_der_begin(buffer, capacity);
    qk_der_bytes(&der, point, 2 * width + 1);
    qk_der_bytes(&der, "", 1);
    qk_der_wrap(&der, 0x03, last);
    qk_der_wrap(&der, 0xa1, last);
    const uint8_t *scalar_end = der.head;
    der.head -= width;
    if (BN_bn2binpad(w->scalar, der.head, (int)width) != (int)width) der.good = 0;
    qk_der_wrap(&der, 0x04, scalar_end);
    qk_der_small(&der, 1);
    qk_der_wrap(&der, 0x30, last);
    qk_der_wrap(&der, 0x04, last);
    const uint8_t *algorithm_end = der.head;
    const ASN1_OBJECT *name = OBJ_nid2obj(OBJ_sn2nid(qk_curve_group(curve)));
    qk_der_bytes(&der, OBJ_get0_data(name), OBJ_length(name));
    qk_der_wrap(&der, 0x06, algorithm_end);
    qk_der_bytes(&der, ec, sizeof ec);
    qk_der_wrap(&der, 0x30, algorithm_end);
    qk_der_small(&der, 0);
    qk_der_wrap(&der, 0x30, last);
    qk_status status = der.good ? qk_key_load_private(der.head, (size_t)(last - der.head), out) : QK_INTERNAL;
    qk_secure_free(buffer, capacity);
    return status;
}

static qk_status import(work *w, qk_curve curve, qk_number x, qk_number y, qk_key **out, qk_fault *fault) {
    size_t width = qk_curve_width(curve);
    uint8_t point[1 + 2 * 66];
    if (BN_is_zero(w->scalar) || BN_cmp(w->scalar, EC_GROUP_get0_order(w->group)) >= 0) {
        *fault = QK_FAULT_SCALAR;
        return QK_KEY_REJECTED;
    }
    // The curve's own point times a number from 1 to its order, exclusive: on the curve, of the right order, not
    // infinity.
    if (EC_POINT_mul(w->group, w->point, w->scalar, NULL, NULL, w->pool) != 1 ||
        EC_POINT_point2oct(w->group, w->point, POINT_CONVERSION_UNCOMPRESSED, point, sizeof point, w->pool) !=
            1 + 2 * width) {
        return QK_INTERNAL;
    }
    if (differs(x, point + 1, width) || differs(y, point + 1 + width, width)) {
        *fault = QK_FAULT_POINT;
        return QK_KEY_REJECTED;
    }
    return load(w, curve, point, width, out);
}

qk_status qk_key_import_ec(qk_curve curve, qk_number scalar, qk_number x, qk_number y, qk_key **out, qk_fault *fault) {
    const qk_library *library = qk_library_get();
    *fault = QK_FAULTLESS;
    if (library == NULL) return QK_INTERNAL;
    if (!qk_secure_heap_started()) return QK_SECURE_MEMORY_EXHAUSTED;
    if (qk_curve_group(curve) == NULL) return QK_UNSUPPORTED;
    scalar = qk_number_trimmed(scalar, qk_curve_width(curve));
    if (scalar.length > qk_curve_width(curve)) {
        *fault = QK_FAULT_SCALAR;
        return QK_KEY_REJECTED;
    }
    work w = {0};
    qk_status status = begin(&w, library, curve, scalar);
    if (status == QK_OK) status = import(&w, curve, x, y, out, fault);
    end(&w);
    if (status == QK_OK) status = qk_key_check_pair(out, fault);
    return status == QK_OK ? QK_OK : qk_failure(status);
}
