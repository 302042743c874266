#include "internal.h"

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <string.h>

void *qk_secure_alloc(size_t length) {
    // OpenSSL falls back to the ordinary heap when the secure one was never set up; we do not.
    if (length == 0 || !CRYPTO_secure_malloc_initialized()) return NULL;
    void *pointer = OPENSSL_secure_malloc(length);
    qk_failure(QK_OK);
    return pointer;
}

void qk_secure_free(void *pointer, size_t length) {
    if (pointer != NULL) OPENSSL_secure_clear_free(pointer, length);
}

int qk_secure_heap_started(void) { return CRYPTO_secure_malloc_initialized() == 1; }

size_t qk_secure_used(void) { return CRYPTO_secure_used(); }

void qk_wipe(void *pointer, size_t length) {
    if (pointer != NULL && length > 0) OPENSSL_cleanse(pointer, length);
}

int qk_equal(const void *a, const void *b, size_t length) { return length == 0 || CRYPTO_memcmp(a, b, length) == 0; }

qk_status qk_random_public(uint8_t *out, size_t length) {
    const qk_library *library = qk_library_get();
    if (library == NULL) return QK_INTERNAL;
    if (length == 0) return QK_OK;
    return RAND_bytes_ex(library->context, out, length, 0) == 1 ? QK_OK : qk_failure(QK_INTERNAL);
}

qk_status qk_random_private(uint8_t *out, size_t length) {
    const qk_library *library = qk_library_get();
    if (library == NULL) return QK_INTERNAL;
    if (length == 0) return QK_OK;
    return RAND_priv_bytes_ex(library->context, out, length, 0) == 1 ? QK_OK : qk_failure(QK_INTERNAL);
}

qk_status qk_take_secure_bio(BIO *bio, uint8_t **out, size_t *out_length) {
    char *data = NULL;
    long length = BIO_get_mem_data(bio, &data);
    if (length <= 0 || data == NULL) return qk_failure(QK_INTERNAL);
    uint8_t *copy = qk_secure_alloc((size_t)length);
    if (copy == NULL) return QK_SECURE_MEMORY_EXHAUSTED;
    memcpy(copy, data, (size_t)length);
    *out = copy;
    *out_length = (size_t)length;
    return QK_OK;
}
