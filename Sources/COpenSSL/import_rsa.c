#include "der_writer.h"
#include "key_internal.h"

#include <openssl/bn.h>

// OpenSSL's own checks let close primes, small private exponents and wrong CRT numbers pass; so everything is checked
// here. The numbers, and what is computed from them, are in the secure heap.

typedef struct {
    BN_CTX *pool;
    BIGNUM *n, *e, *d, *p, *q, *dp, *dq, *qi;
    /// p - 1, q - 1, the least common multiple of the two, and room.
    BIGNUM *p1, *q1, *period, *room, *more;
} work;

static qk_status begin(work *w, const qk_library *library, const qk_rsa_numbers *in, qk_fault *fault) {
    w->pool = BN_CTX_secure_new_ex(library->context);
    if (w->pool == NULL) return QK_SECURE_MEMORY_EXHAUSTED;
    BN_CTX_start(w->pool);
    BIGNUM **numbers[] = {&w->n,  &w->e,  &w->d,  &w->p,  &w->q,      &w->dp,   &w->dq,
                          &w->qi, &w->p1, &w->q1, &w->period, &w->room, &w->more};
    const qk_number given[] = {in->n, in->e, in->d, in->p, in->q, in->dp, in->dq, in->qi};
    // What a number is that is longer than the longest modulus.
    static const qk_fault too_long[] = {QK_FAULT_MODULUS_SIZE, QK_FAULT_EXPONENT, QK_FAULT_D,  QK_FAULT_P_SIZE,
                                        QK_FAULT_Q_SIZE,       QK_FAULT_DP,       QK_FAULT_DQ, QK_FAULT_QI};
    for (size_t i = 0; i < QK_COUNT(numbers); i++) {
        *numbers[i] = BN_CTX_get(w->pool);
        if (*numbers[i] == NULL) return QK_SECURE_MEMORY_EXHAUSTED;
        if (i >= QK_COUNT(given)) continue;
        qk_number number = qk_number_trimmed(given[i], QK_MODULUS_MAX);
        if (number.length > QK_MODULUS_MAX) return *fault = too_long[i], QK_KEY_REJECTED;
        if (BN_bin2bn(number.bytes, (int)number.length, *numbers[i]) == NULL) return QK_SECURE_MEMORY_EXHAUSTED;
    }
    return QK_OK;
}

static void end(work *w) {
    if (w->pool == NULL) return;
    BN_CTX_end(w->pool);
    BN_CTX_free(w->pool);
}

/// Nemec and others, "The Return of Coppersmith's Attack" (2017): the primes of that library are powers of 65537 modulo
/// a product of small primes, hence so is n. Of other moduli one in 2^27 is taken for one of those.
static int looks_guessable(const BIGNUM *n) {
    static const uint8_t primes[] = {3,  5,  7,  11, 13, 17,  19,  23,  29,  31,  37,  41,  43,
                                     47, 53, 59, 61, 67, 71,  73,  79,  83,  89,  97,  101, 103,
                                     107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167};
    for (size_t i = 0; i < sizeof primes; i++) {
        unsigned prime = primes[i], rest = (unsigned)BN_mod_word(n, prime), power = 1;
        int found = 0;
        do {
            found |= power == rest;
            power = power * (65537 % prime) % prime;
        } while (power != 1);
        if (!found) return 0;
    }
    return 1;
}

static qk_fault check_public(const work *w) {
    int bits = BN_num_bits(w->n);
    if (bits != 2048 && bits != 3072 && bits != 4096) return QK_FAULT_MODULUS_SIZE;
    // Odd and at least 17 bits long: 65537 or more.
    if (!BN_is_odd(w->e) || BN_num_bits(w->e) < 17 || BN_num_bits(w->e) > 256) return QK_FAULT_EXPONENT;
    return looks_guessable(w->n) ? QK_FAULT_GUESSABLE_PRIMES : QK_FAULTLESS;
}

static qk_status check_primes(work *w, qk_fault *fault) {
    int bits = BN_num_bits(w->n);
    if (BN_num_bits(w->p) != bits / 2) return *fault = QK_FAULT_P_SIZE, QK_KEY_REJECTED;
    if (BN_num_bits(w->q) != bits / 2) return *fault = QK_FAULT_Q_SIZE, QK_KEY_REJECTED;
    if (!BN_mul(w->room, w->p, w->q, w->pool)) return QK_INTERNAL;
    if (BN_cmp(w->room, w->n) != 0) return *fault = QK_FAULT_PRODUCT, QK_KEY_REJECTED;
    if (!BN_sub(w->room, w->p, w->q)) return QK_INTERNAL;
    // More than 2^(bits / 2 - 100): FIPS 186-5 section A.1.3.
    if (BN_num_bits(w->room) <= bits / 2 - 100) return *fault = QK_FAULT_CLOSE_PRIMES, QK_KEY_REJECTED;
    int prime = BN_check_prime(w->p, w->pool, NULL);
    if (prime == 0) return *fault = QK_FAULT_P_COMPOSITE, QK_KEY_REJECTED;
    if (prime == 1) prime = BN_check_prime(w->q, w->pool, NULL);
    if (prime == 0) return *fault = QK_FAULT_Q_COMPOSITE, QK_KEY_REJECTED;
    return prime == 1 ? QK_OK : QK_INTERNAL;
}

/// Checks the given exponents, then puts the least ones in their place.
static qk_status check_exponents(work *w, qk_fault *fault) {
    int computed = BN_sub(w->p1, w->p, BN_value_one()) && BN_sub(w->q1, w->q, BN_value_one()) &&
                   BN_gcd(w->room, w->p1, w->q1, w->pool) && BN_div(w->more, NULL, w->p1, w->room, w->pool) &&
                   BN_mul(w->period, w->more, w->q1, w->pool);
    if (!computed) return QK_INTERNAL;
    // e d = 1 modulo the least common multiple: then e has an inverse, and d is one.
    if (BN_is_zero(w->d) || BN_cmp(w->d, w->n) >= 0) return *fault = QK_FAULT_D, QK_KEY_REJECTED;
    if (!BN_mod_mul(w->room, w->d, w->e, w->period, w->pool)) return QK_INTERNAL;
    if (!BN_is_one(w->room)) return *fault = QK_FAULT_D, QK_KEY_REJECTED;
    if (!BN_mod(w->d, w->d, w->period, w->pool)) return QK_INTERNAL;
    if (BN_num_bits(w->d) <= BN_num_bits(w->n) / 2) return *fault = QK_FAULT_SMALL_D, QK_KEY_REJECTED;
    if (!BN_mod(w->room, w->d, w->p1, w->pool)) return QK_INTERNAL;
    if (BN_cmp(w->room, w->dp) != 0) return *fault = QK_FAULT_DP, QK_KEY_REJECTED;
    if (!BN_mod(w->room, w->d, w->q1, w->pool)) return QK_INTERNAL;
    if (BN_cmp(w->room, w->dq) != 0) return *fault = QK_FAULT_DQ, QK_KEY_REJECTED;
    if (BN_is_zero(w->qi) || BN_cmp(w->qi, w->p) >= 0) return *fault = QK_FAULT_QI, QK_KEY_REJECTED;
    if (!BN_mod_mul(w->room, w->q, w->qi, w->p, w->pool)) return QK_INTERNAL;
    return BN_is_one(w->room) ? QK_OK : (*fault = QK_FAULT_QI, QK_KEY_REJECTED);
}

/// OpenSSL wants the larger prime first.
static int put_in_order(work *w) {
    if (BN_cmp(w->p, w->q) > 0) return 1;
    BN_swap(w->p, w->q);
    BN_swap(w->dp, w->dq);
    return BN_mod_inverse(w->qi, w->q, w->p, w->pool) != NULL;
}

/// PKCS #8 (RFC 5958) around RSAPrivateKey (RFC 8017 section A.1.2).
static qk_status load(const work *w, qk_key **out) {
    static const uint8_t algorithm[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                        0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
    enum { capacity = 4096 };
    uint8_t *buffer = qk_secure_alloc(capacity);
    if (buffer == NULL) return QK_SECURE_MEMORY_EXHAUSTED;
    const uint8_t *last = buffer + capacity;
    qk_der der = qk_der_begin(buffer, capacity);
    const BIGNUM *numbers[] = {w->qi, w->dq, w->dp, w->q, w->p, w->d, w->e, w->n};
    for (size_t i = 0; i < QK_COUNT(numbers); i++) qk_der_integer(&der, numbers[i]);
    qk_der_small(&der, 0);
    qk_der_wrap(&der, 0x30, last);
    qk_der_wrap(&der, 0x04, last);
    qk_der_bytes(&der, algorithm, sizeof algorithm);
    qk_der_small(&der, 0);
    qk_der_wrap(&der, 0x30, last);
    qk_status status = der.good ? qk_key_load_private(der.head, (size_t)(last - der.head), out) : QK_INTERNAL;
    qk_secure_free(buffer, capacity);
    return status;
}

qk_status qk_key_import_rsa(const qk_rsa_numbers *numbers, qk_key **out, qk_fault *fault) {
    const qk_library *library = qk_library_get();
    *fault = QK_FAULTLESS;
    if (library == NULL) return QK_INTERNAL;
    if (!qk_secure_heap_started()) return QK_SECURE_MEMORY_EXHAUSTED;
    work w = {0};
    qk_status status = begin(&w, library, numbers, fault);
    if (status == QK_OK) {
        *fault = check_public(&w);
        if (*fault != QK_FAULTLESS) status = QK_KEY_REJECTED;
    }
    if (status == QK_OK) status = check_primes(&w, fault);
    if (status == QK_OK) status = check_exponents(&w, fault);
    if (status == QK_OK) status = put_in_order(&w) ? load(&w, out) : QK_INTERNAL;
    end(&w);
    if (status == QK_OK) status = qk_key_check_pair(out, fault);
    return status == QK_OK ? QK_OK : qk_failure(status);
}
