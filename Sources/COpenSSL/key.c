#include "key_internal.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/encoder.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    qk_curve curve;
    const char *group;
    size_t width;
} curves[] = {
    {QK_P256, "prime256v1", 32},
    {QK_P384, "secp384r1", 48},
    {QK_P521, "secp521r1", 66},
    {QK_P256K, "secp256k1", 32},
};

const char *qk_curve_group(qk_curve curve) {
    for (size_t i = 0; i < QK_COUNT(curves); i++) {
        if (curves[i].curve == curve) return curves[i].group;
    }
    return NULL;
}

size_t qk_curve_width(qk_curve curve) {
    for (size_t i = 0; i < QK_COUNT(curves); i++) {
        if (curves[i].curve == curve) return curves[i].width;
    }
    return 0;
}

static qk_curve curve_of(const EVP_PKEY *pkey) {
    char name[64];
    size_t length = 0;
    if (EVP_PKEY_get_group_name(pkey, name, sizeof name, &length) != 1) return QK_NO_CURVE;
    for (size_t i = 0; i < QK_COUNT(curves); i++) {
        if (strcmp(curves[i].group, name) == 0) return curves[i].curve;
    }
    return QK_NO_CURVE;
}

qk_status qk_key_wrap(EVP_PKEY *pkey, qk_key **out) {
    qk_key_type type = 0;
    qk_curve curve = QK_NO_CURVE;
    int bits = EVP_PKEY_get_bits(pkey);
    int listed = 0;
    if (EVP_PKEY_is_a(pkey, "RSA")) {
        type = QK_RSA;
        listed = bits == 2048 || bits == 3072 || bits == 4096;
    } else if (EVP_PKEY_is_a(pkey, "EC")) {
        type = QK_EC;
        curve = curve_of(pkey);
        listed = curve != QK_NO_CURVE;
    } else if (EVP_PKEY_is_a(pkey, "ED25519")) {
        type = QK_ED25519;
        listed = 1;
    }
    qk_key *key = listed ? aligned_alloc(64, sizeof *key) : NULL;
    if (key == NULL) {
        EVP_PKEY_free(pkey);
        return qk_failure(listed ? QK_INTERNAL : QK_UNSUPPORTED);
    }
    memset(key, 0, sizeof *key);
    key->pkey = pkey;
    key->type = type;
    key->curve = curve;
    key->bits = (unsigned)bits;
    *out = key;
    return QK_OK;
}

qk_key_type qk_key_get_type(const qk_key *key) { return key->type; }
qk_curve qk_key_get_curve(const qk_key *key) { return key->curve; }
unsigned qk_key_get_bits(const qk_key *key) { return key->bits; }

// The key type that PKCS #8 (RFC 5208) names by its object identifier behind the version; NULL for any other.
static const char *named_type(const uint8_t *pkcs8, size_t length) {
    static const struct {
        const char *name;
        uint8_t count, identifier[11];
    } types[] = {
        {"EC", 9, {0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01}},
        {"RSA", 11, {0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01}},
        {"ED25519", 5, {0x06, 0x03, 0x2B, 0x65, 0x70}},
    };
    // Two sequences of up to four bytes of length, and the version, come before it.
    for (size_t start = 0; start < 16 && start < length; start++) {
        for (size_t type = 0; type < sizeof types / sizeof *types; type++) {
            if (length - start < types[type].count) continue;
            if (memcmp(pkcs8 + start, types[type].identifier, types[type].count) == 0) return types[type].name;
        }
    }
    return NULL;
}

// OpenSSL 3.0 looks through all its decoders whenever it makes a context: nearly a millisecond where the type isn't
// named, and a quarter of one where it is. So each thread keeps the one it used last.
static _Thread_local struct {
    const char *type;
    OSSL_DECODER_CTX *decoder;
    EVP_PKEY *decoded;
} kept;

static void drop_decoder(void) {
    OSSL_DECODER_CTX_free(kept.decoder);
    kept.decoder = NULL;
    kept.type = NULL;
}

static EVP_PKEY *decode_named(const char *type, const uint8_t **cursor, size_t *left, OSSL_LIB_CTX *context) {
    if (kept.type != type) {
        drop_decoder();
        kept.decoder = OSSL_DECODER_CTX_new_for_pkey(
            &kept.decoded, "DER", "PrivateKeyInfo", type, EVP_PKEY_KEYPAIR, context, NULL);
        if (kept.decoder == NULL) return NULL;
        kept.type = type;
    }
    kept.decoded = NULL;
    const int isDecoded = OSSL_DECODER_from_data(kept.decoder, cursor, left);
    EVP_PKEY *pkey = kept.decoded;
    kept.decoded = NULL;
    if (isDecoded == 1) return pkey;
    // In what state a failure leaves it isn't said anywhere.
    drop_decoder();
    EVP_PKEY_free(pkey);
    return NULL;
}

qk_status qk_key_load_private(const uint8_t *pkcs8, size_t length, qk_key **out) {
    const qk_library *library = qk_library_get();
    if (library == NULL) return QK_INTERNAL;
    if (!qk_secure_heap_started()) return QK_SECURE_MEMORY_EXHAUSTED;
    if (length == 0 || length > 16384) return QK_MALFORMED;
    const uint8_t *cursor = pkcs8;
    size_t left = length;
    const char *type = named_type(pkcs8, length);
    EVP_PKEY *pkey;
    if (type != NULL) {
        pkey = decode_named(type, &cursor, &left, library->context);
    } else {
        pkey = d2i_AutoPrivateKey_ex(NULL, &cursor, (long)length, library->context, NULL);
        left = (size_t)(pkcs8 + length - cursor);
    }
    if (pkey == NULL) return qk_failure(QK_MALFORMED);
    if (left != 0) {
        EVP_PKEY_free(pkey);
        return qk_failure(QK_MALFORMED);
    }
    return qk_key_wrap(pkey, out);
}

qk_status qk_key_load_octets(const uint8_t *octets, size_t length, qk_key **out) {
    if (qk_aes_index(length) < 0) return QK_UNSUPPORTED;
    uint8_t *copy = qk_secure_alloc(length);
    if (copy == NULL) return QK_SECURE_MEMORY_EXHAUSTED;
    qk_key *key = aligned_alloc(64, sizeof *key);
    if (key == NULL) {
        qk_secure_free(copy, length);
        return QK_INTERNAL;
    }
    memset(key, 0, sizeof *key);
    memcpy(copy, octets, length);
    key->octets = copy;
    key->octet_count = length;
    key->type = QK_OCTETS;
    key->bits = (unsigned)length * 8;
    *out = key;
    return QK_OK;
}

// With e = 1 every message is its own signature, an even e has no inverse, and a long one costs whoever verifies.
static int exponent_usable(const EVP_PKEY *pkey) {
    if (!EVP_PKEY_is_a(pkey, "RSA")) return 1;
    BIGNUM *e = NULL;
    int usable = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) == 1 && BN_is_odd(e) && !BN_is_one(e) &&
                 BN_num_bits(e) <= 256;
    BN_free(e);
    return usable;
}

qk_status qk_key_load_public(const uint8_t *spki, size_t length, qk_key **out) {
    const qk_library *library = qk_library_get();
    if (library == NULL) return QK_INTERNAL;
    if (length == 0 || length > 4096) return QK_MALFORMED;
    const uint8_t *cursor = spki;
    EVP_PKEY *pkey = d2i_PUBKEY_ex(NULL, &cursor, (long)length, library->context, NULL);
    if (pkey == NULL) return qk_failure(QK_MALFORMED);
    if (cursor != spki + length) {
        EVP_PKEY_free(pkey);
        return qk_failure(QK_MALFORMED);
    }
    if (!exponent_usable(pkey)) {
        EVP_PKEY_free(pkey);
        return qk_failure(QK_KEY_REJECTED);
    }
    return qk_key_wrap(pkey, out);
}

int qk_key_enter(qk_key *key) {
    unsigned before = atomic_fetch_add_explicit(&key->users, 1, memory_order_acquire);
    if ((before & QK_KEY_CLOSED) == 0) return 1;
    qk_key_leave(key);
    return 0;
}

static void release_material(qk_key *key) {
    unsigned expected = QK_KEY_CLOSED;
    if (!atomic_compare_exchange_strong(&key->users, &expected, QK_KEY_CLOSED | QK_KEY_RELEASED)) return;
    for (size_t i = 0; i < QK_CONTEXT_SLOTS; i++) {
        EVP_PKEY_CTX_free(key->slots[i].context);
        key->slots[i].context = NULL;
    }
    EVP_PKEY_free(key->pkey);
    key->pkey = NULL;
    qk_secure_free(key->octets, key->octet_count);
    key->octets = NULL;
    qk_secure_free(atomic_exchange(&key->exponent_digest, NULL), 32);
}

void qk_key_leave(qk_key *key) {
    unsigned before = atomic_fetch_sub_explicit(&key->users, 1, memory_order_acq_rel);
    if (before == (QK_KEY_CLOSED | 1u)) release_material(key);
}

void qk_key_close(qk_key *key) {
    atomic_fetch_or_explicit(&key->users, QK_KEY_CLOSED, memory_order_acq_rel);
    release_material(key);
}

void qk_key_free(qk_key *key) {
    if (key == NULL) return;
    qk_key_close(key);
    free(key);
}

qk_status qk_key_export_private(qk_key *key, uint8_t **out, size_t *out_length) {
    if (key->type == QK_OCTETS) return QK_UNSUPPORTED;
    if (!qk_key_enter(key)) return QK_CLOSED;
    qk_status status = QK_INTERNAL;
    BIO *bio = BIO_new(BIO_s_secmem());
    OSSL_ENCODER_CTX *encoder =
        OSSL_ENCODER_CTX_new_for_pkey(key->pkey, EVP_PKEY_KEYPAIR, "DER", "PrivateKeyInfo", NULL);
    if (bio != NULL && encoder != NULL && OSSL_ENCODER_to_bio(encoder, bio) == 1) {
        status = qk_take_secure_bio(bio, out, out_length);
    }
    OSSL_ENCODER_CTX_free(encoder);
    BIO_free(bio);
    qk_key_leave(key);
    return status == QK_OK ? QK_OK : qk_failure(status);
}

qk_status qk_key_export_public(qk_key *key, uint8_t *out, size_t capacity, size_t *out_length) {
    if (key->type == QK_OCTETS) return QK_UNSUPPORTED;
    if (!qk_key_enter(key)) return QK_CLOSED;
    uint8_t *der = NULL;
    int length = i2d_PUBKEY(key->pkey, &der);
    qk_key_leave(key);
    if (length <= 0) return qk_failure(QK_INTERNAL);
    *out_length = (size_t)length;
    qk_status status = (size_t)length <= capacity ? QK_OK : QK_BUFFER_TOO_SMALL;
    if (status == QK_OK) memcpy(out, der, (size_t)length);
    OPENSSL_free(der);
    return status;
}
