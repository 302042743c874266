#ifndef QK_IMPORT_H
#define QK_IMPORT_H

#include "qk_key.h"
#include "qk_status.h"

/// A big-endian number in the secure heap (n and e may be anywhere).
typedef struct {
    const uint8_t *bytes;
    size_t length;
} qk_number;

/// The members of RFC 7518 section 6.3.2.
typedef struct {
    qk_number n, e, d, p, q, dp, dq, qi;
} qk_rsa_numbers;

/// What is wrong with a key to import.
typedef enum {
    QK_FAULTLESS = 0,
    /// n is not of 2048, 3072 or 4096 bits.
    QK_FAULT_MODULUS_SIZE = 1,
    /// e is even, below 65537, or has more than 256 bits.
    QK_FAULT_EXPONENT = 2,
    /// p or q has not half of the bits of n.
    QK_FAULT_P_SIZE = 3,
    QK_FAULT_Q_SIZE = 4,
    /// n is not p times q.
    QK_FAULT_PRODUCT = 5,
    /// p and q are so close that n can be factored.
    QK_FAULT_CLOSE_PRIMES = 6,
    QK_FAULT_P_COMPOSITE = 7,
    QK_FAULT_Q_COMPOSITE = 8,
    /// d is not the inverse of e, or not below n.
    QK_FAULT_D = 9,
    /// d is so small that it can be found.
    QK_FAULT_SMALL_D = 10,
    QK_FAULT_DP = 11,
    QK_FAULT_DQ = 12,
    QK_FAULT_QI = 13,
    /// n looks like those of chips whose primes can be found (CVE-2017-15361).
    QK_FAULT_GUESSABLE_PRIMES = 14,
    /// The private number is 0, or not below the order of the curve; of an Ed25519 key: it hasn't 32 bytes.
    QK_FAULT_SCALAR = 15,
    /// x or y is not that of the point that belongs to the private number.
    QK_FAULT_POINT = 16,
    /// The key does not verify what it signs.
    QK_FAULT_PAIR = 17,
} qk_fault;

/// Checks all numbers (FIPS 186-5 section A.1, SP 800-56B section 6.4.1) and makes a key of them; the private exponent
/// and the CRT numbers of the key are computed anew. Zeros before the numbers don't count. QK_KEY_REJECTED tells the
/// fault.
qk_status qk_key_import_rsa(const qk_rsa_numbers *numbers, qk_key **out, qk_fault *fault);

/// `scalar` is the private number, in the secure heap. `x` and `y` are compared with the point where their length is
/// not 0. Zeros before the numbers don't count. QK_KEY_REJECTED tells the fault.
qk_status qk_key_import_ec(qk_curve curve, qk_number scalar, qk_number x, qk_number y, qk_key **out, qk_fault *fault);

/// `seed` is the private key of RFC 8032 section 5.1.5, in the secure heap. `x` is compared with the public key where
/// its length is not 0. QK_KEY_REJECTED tells the fault.
qk_status qk_key_import_ed25519(qk_number seed, qk_number x, qk_key **out, qk_fault *fault);

#endif
