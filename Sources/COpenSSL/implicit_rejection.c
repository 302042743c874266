// RSAES-PKCS1-v1_5 decryption that never tells whether the padding was right.
//
// OpenSSL 3.0 reports bad padding, which whoever sees it can use to decrypt any ciphertext (Bleichenbacher 1998). As
// OpenSSL does from 3.2 on, and as draft-irtf-cfrg-rsa-guidance section 7 has it, a ciphertext with bad padding here
// decrypts to a message that is derived from the private key and the ciphertext. Both messages are computed every
// time; which of them is given, and from where, is selected with masks.

#include "key_internal.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <string.h>

enum { candidates = 128, shortest_padding = 8 };

// Masks: all ones or all zeros. The empty assembly keeps the compiler from knowing that there are only two values.

static uint32_t opaque(uint32_t value) {
    __asm__("" : "+r"(value));
    return value;
}

static uint32_t mask_nonzero(uint32_t value) { return opaque(0u - ((value | (0u - value)) >> 31)); }
static uint32_t mask_equal(uint32_t a, uint32_t b) { return ~mask_nonzero(a ^ b); }
/// For numbers below 2^31.
static uint32_t mask_below(uint32_t a, uint32_t b) { return opaque(0u - ((a - b) >> 31)); }
static uint32_t choose(uint32_t mask, uint32_t yes, uint32_t no) { return (mask & yes) | (~mask & no); }

/// SHA-256 of d, big-endian and as long as the modulus. Computed once a key.
static qk_status exponent_digest(qk_key *key, size_t modulus, const uint8_t **out) {
    *out = atomic_load_explicit(&key->exponent_digest, memory_order_acquire);
    if (*out != NULL) return QK_OK;
    const qk_library *library = qk_library_get();
    uint8_t *digest = qk_secure_alloc(32);
    uint8_t *exponent = qk_secure_alloc(modulus);
    if (digest == NULL || exponent == NULL) {
        qk_secure_free(digest, 32);
        qk_secure_free(exponent, modulus);
        return QK_SECURE_MEMORY_EXHAUSTED;
    }
    OSSL_PARAM parameters[] = {
        // The machine's byte order, which is little-endian on all that this is built for.
        OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_D, exponent, modulus),
        OSSL_PARAM_construct_end(),
    };
    int good = EVP_PKEY_get_params(key->pkey, parameters) == 1;
    for (size_t i = 0; i < modulus / 2; i++) {
        uint8_t low = exponent[i];
        exponent[i] = exponent[modulus - 1 - i];
        exponent[modulus - 1 - i] = low;
    }
    // Not qk_digest, whose context outlives the call.
    good = good && EVP_Digest(exponent, modulus, digest, NULL, library->sha256, NULL) == 1;
    qk_secure_free(exponent, modulus);
    if (!good) {
        qk_secure_free(digest, 32);
        return qk_failure(QK_INTERNAL);
    }
    uint8_t *expected = NULL;
    if (!atomic_compare_exchange_strong(&key->exponent_digest, &expected, digest)) {
        qk_secure_free(digest, 32);
        digest = expected;
    }
    *out = digest;
    return QK_OK;
}

/// HMAC-SHA-256(key, counter || label || bits of the output), counter from 0, both numbers of 16 bits.
static qk_status expand(const uint8_t key[32], const char *label, uint8_t *out, size_t length) {
    uint8_t input[16], block[32];
    size_t label_length = strlen(label);
    uint32_t bits = (uint32_t)length * 8;
    memcpy(input + 2, label, label_length);
    input[2 + label_length] = (uint8_t)(bits >> 8);
    input[3 + label_length] = (uint8_t)bits;
    qk_status status = QK_OK;
    for (size_t done = 0, counter = 0; status == QK_OK && done < length; done += 32, counter++) {
        input[0] = (uint8_t)(counter >> 8);
        input[1] = (uint8_t)counter;
        status = qk_hmac(QK_SHA256, key, 32, input, label_length + 4, block);
        if (status == QK_OK) memcpy(out + done, block, length - done < 32 ? length - done : 32);
    }
    qk_wipe(block, sizeof block);
    return status;
}

/// The length of the substitute: the last of 128 candidates that is not too long.
static uint32_t substitute_length(const uint8_t *numbers, uint32_t modulus) {
    uint32_t limit = modulus - 2 - shortest_padding;
    uint32_t bits = limit;
    for (int shift = 1; shift <= 8; shift *= 2) bits |= bits >> shift;
    uint32_t length = 0;
    for (size_t i = 0; i < candidates; i++) {
        uint32_t candidate = ((uint32_t)numbers[2 * i] << 8 | numbers[2 * i + 1]) & bits;
        length = choose(mask_below(candidate, limit), candidate, length);
    }
    return length;
}

/// Where the message begins in a block of the form 00 02, eight or more nonzero bytes, 00, message.
static uint32_t message_start(const uint8_t *block, uint32_t modulus, uint32_t *good) {
    uint32_t form = mask_equal(block[0], 0) & mask_equal(block[1], 2);
    uint32_t searching = ~0u, separator = 0;
    for (uint32_t i = 2; i < modulus; i++) {
        uint32_t here = mask_equal(block[i], 0) & searching;
        separator = choose(here, i, separator);
        searching &= ~here;
    }
    *good = form & ~searching & ~mask_below(separator, 2 + shortest_padding);
    return separator + 1;
}

/// `substitute` is as long as the block; its last bytes are used.
static void select_message(const uint8_t *block, const uint8_t *substitute, uint32_t modulus, uint32_t length,
                           uint8_t *out, size_t *out_length) {
    uint32_t good = 0;
    uint32_t start = message_start(block, modulus, &good);
    start = choose(good, start, modulus - length);
    // From here on the start is public: it shows in the answer's length, and does not tell which of the two it is of.
    for (uint32_t i = start; i < modulus; i++) {
        out[i - start] = (uint8_t)choose(good, block[i], substitute[i]);
    }
    *out_length = modulus - start;
}

static EVP_PKEY_CTX *prepare_raw(qk_key *key, uint32_t purpose) {
    (void)purpose;
    const qk_library *library = qk_library_get();
    if (library == NULL) return NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(library->context, key->pkey, NULL);
    if (context != NULL && EVP_PKEY_decrypt_init(context) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) == 1) {
        return context;
    }
    EVP_PKEY_CTX_free(context);
    return NULL;
}

qk_status qk_implicit_rejection(qk_key *key, const uint8_t *ciphertext, size_t length, uint8_t *out,
                                size_t *out_length) {
    const uint8_t *digest = NULL;
    qk_status status = exponent_digest(key, length, &digest);
    if (status != QK_OK) return status;
    uint8_t seed[32], numbers[2 * candidates], substitute[QK_MODULUS_MAX], block[QK_MODULUS_MAX];
    status = qk_hmac(QK_SHA256, digest, 32, ciphertext, length, seed);
    if (status == QK_OK) status = expand(seed, "length", numbers, sizeof numbers);
    if (status == QK_OK) status = expand(seed, "message", substitute, length);
    if (status == QK_OK) {
        qk_lease taken = qk_lease_take(key, QK_PURPOSE(QK_DECRYPTS, QK_RSAES_PKCS1, 0), prepare_raw);
        size_t written = sizeof block;
        int ready = taken.context != NULL;
        // Fails for a ciphertext that is not below the modulus: anybody can tell that.
        int done = ready && EVP_PKEY_decrypt(taken.context, block, &written, ciphertext, length) == 1;
        qk_lease_return(taken, ready);
        if (!done || written != length) status = qk_failure(ready ? QK_AUTHENTICATION_FAILED : QK_INTERNAL);
    }
    if (status == QK_OK) {
        uint32_t modulus = (uint32_t)length;
        select_message(block, substitute, modulus, substitute_length(numbers, modulus), out, out_length);
    }
    qk_wipe(seed, sizeof seed);
    qk_wipe(numbers, sizeof numbers);
    qk_wipe(substitute, sizeof substitute);
    qk_wipe(block, sizeof block);
    return status;
}
