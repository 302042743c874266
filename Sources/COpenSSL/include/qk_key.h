#ifndef QK_KEY_H
#define QK_KEY_H

#include "qk_status.h"

typedef enum { QK_RSA = 1, QK_EC = 2, QK_OCTETS = 3, QK_ED25519 = 4 } qk_key_type;
typedef enum { QK_NO_CURVE = 0, QK_P256 = 1, QK_P384 = 2, QK_P521 = 3, QK_P256K = 4 } qk_curve;

/// A key in OpenSSL's form with prepared contexts. Any number of threads may use one at once; `qk_key_close` may come
/// at any
/// time; `qk_key_free` only when no thread can reach the key any more.
typedef struct qk_key qk_key;

/// PKCS#8 DER that lies in the secure heap. RSA of 2048, 3072, 4096 bits, EC on a listed named curve, or Ed25519.
qk_status qk_key_load_private(const uint8_t *pkcs8, size_t length, qk_key **out);

/// A symmetric key of 16, 24 or 32 bytes; they are copied to the secure heap. It signs and encrypts only by the
/// functions of qk_aes.h, and has no PKCS#8 or SubjectPublicKeyInfo form.
qk_status qk_key_load_octets(const uint8_t *octets, size_t length, qk_key **out);

/// SubjectPublicKeyInfo DER. The point of an EC key is checked to lie on its curve; the exponent of an RSA key is odd,
/// not 1, and has
/// at most 256 bits, else QK_KEY_REJECTED.
qk_status qk_key_load_public(const uint8_t *spki, size_t length, qk_key **out);

/// `exponent` is big-endian, odd, 65537 or more and below 2^256. The new key has signed and verified a probe.
qk_status qk_key_generate_rsa(unsigned bits, const uint8_t *exponent, size_t exponent_length, qk_key **out);
qk_status qk_key_generate_ec(qk_curve curve, qk_key **out);
qk_status qk_key_generate_ed25519(qk_key **out);

/// PKCS#8 DER in a new block of the secure heap.
qk_status qk_key_export_private(qk_key *key, uint8_t **out, size_t *out_length);

/// SubjectPublicKeyInfo DER. With too small a buffer: QK_BUFFER_TOO_SMALL and the needed length.
qk_status qk_key_export_public(qk_key *key, uint8_t *out, size_t capacity, size_t *out_length);

qk_key_type qk_key_get_type(const qk_key *key);
qk_curve qk_key_get_curve(const qk_key *key);
unsigned qk_key_get_bits(const qk_key *key);

/// Ends the use of the key: the material is freed now, or by the last thread that is using it. Later uses get
/// QK_CLOSED.
void qk_key_close(qk_key *key);

/// Closes the key and frees the shell.
void qk_key_free(qk_key *key);

#endif
