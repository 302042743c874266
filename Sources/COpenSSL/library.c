#include "internal.h"

#include <malloc.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/cryptoerr.h>
#include <openssl/err.h>
#include <openssl/provider.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// OpenSSL frees blocks that held keys without wiping all of them (DER buffers of import and export, for example). With
// these
// hooks every block is zeroed as it goes.

static void *hooked_malloc(size_t size, const char *file, int line) {
    (void)file;
    (void)line;
    return malloc(size);
}

static void hooked_free(void *pointer, const char *file, int line) {
    (void)file;
    (void)line;
    if (pointer == NULL) return;
    explicit_bzero(pointer, malloc_usable_size(pointer));
    free(pointer);
}

static void *hooked_realloc(void *pointer, size_t size, const char *file, int line) {
    if (pointer == NULL) return malloc(size);
    if (size == 0) {
        hooked_free(pointer, file, line);
        return NULL;
    }
    size_t usable = malloc_usable_size(pointer);
    if (size <= usable && size > usable / 2) return pointer;
    void *moved = malloc(size);
    if (moved == NULL) return NULL;
    memcpy(moved, pointer, usable < size ? usable : size);
    hooked_free(pointer, file, line);
    return moved;
}

// A constructor, because OpenSSL takes hooks only before its first allocation, and any target may be the first to ask
// for a
// digest.
__attribute__((constructor)) static void install_memory_hooks(void) {
    CRYPTO_set_mem_functions(hooked_malloc, hooked_realloc, hooked_free);
}

int qk_memory_hooks_installed(void) {
    CRYPTO_malloc_fn allocate = NULL;
    CRYPTO_realloc_fn reallocate = NULL;
    CRYPTO_free_fn release = NULL;
    CRYPTO_get_mem_functions(&allocate, &reallocate, &release);
    return allocate == hooked_malloc && reallocate == hooked_realloc && release == hooked_free;
}

static pthread_once_t library_once = PTHREAD_ONCE_INIT;
static qk_library the_library;
static int library_ready;

static int fetch_ciphers(OSSL_LIB_CTX *context, const char *mode, EVP_CIPHER *ciphers[3]) {
    static const char *const lengths[3] = {"128", "192", "256"};
    for (int i = 0; i < 3; i++) {
        char name[32];
        snprintf(name, sizeof name, "AES-%s-%s", lengths[i], mode);
        ciphers[i] = EVP_CIPHER_fetch(context, name, NULL);
        if (ciphers[i] == NULL) return 0;
    }
    return 1;
}

int qk_aes_index(size_t key_length) {
    switch (key_length) {
    case 16: return 0;
    case 24: return 1;
    case 32: return 2;
    default: return -1;
    }
}

static void start_library(void) {
    if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL) != 1) return;
    qk_library *library = &the_library;
    OSSL_LIB_CTX *context = OSSL_LIB_CTX_new();
    if (context == NULL || OSSL_PROVIDER_load(context, "default") == NULL) return;
    library->context = context;
    library->sha1 = EVP_MD_fetch(context, "SHA1", NULL);
    library->sha256 = EVP_MD_fetch(context, "SHA256", NULL);
    library->sha384 = EVP_MD_fetch(context, "SHA384", NULL);
    library->sha512 = EVP_MD_fetch(context, "SHA512", NULL);
    library->hmac = EVP_MAC_fetch(context, "HMAC", NULL);
    int ciphers = fetch_ciphers(context, "GCM", library->aes_gcm) && fetch_ciphers(context, "CBC", library->aes_cbc) &&
                  fetch_ciphers(context, "WRAP", library->aes_wrap) &&
                  fetch_ciphers(context, "WRAP-PAD", library->aes_wrap_pad);
    library_ready =
        library->sha1 && library->sha256 && library->sha384 && library->sha512 && library->hmac && ciphers;
}

const qk_library *qk_library_get(void) {
    pthread_once(&library_once, start_library);
    return library_ready ? &the_library : NULL;
}

void qk_library_version(unsigned *major, unsigned *minor, unsigned *patch) {
    *major = OPENSSL_version_major();
    *minor = OPENSSL_version_minor();
    *patch = OPENSSL_version_patch();
}

qk_status qk_failure(qk_status fallback) {
    qk_status status = fallback;
    for (unsigned long code = ERR_get_error(); code != 0; code = ERR_get_error()) {
        int reason = ERR_GET_REASON(code);
        int exhausted = reason == ERR_R_MALLOC_FAILURE ||
                        (ERR_GET_LIB(code) == ERR_LIB_CRYPTO && reason == CRYPTO_R_SECURE_MALLOC_FAILURE);
        if (exhausted) status = QK_SECURE_MEMORY_EXHAUSTED;
    }
    return status;
}
