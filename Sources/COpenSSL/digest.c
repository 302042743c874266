#include "internal.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

size_t qk_hash_length(qk_hash hash) {
    switch (hash) {
    case QK_SHA1: return 20;
    case QK_SHA256: return 32;
    case QK_SHA384: return 48;
    case QK_SHA512: return 64;
    case QK_NO_HASH: break;
    }
    return 0;
}

const char *qk_hash_name(qk_hash hash) {
    switch (hash) {
    case QK_SHA1: return "SHA1";
    case QK_SHA256: return "SHA256";
    case QK_SHA384: return "SHA384";
    case QK_SHA512: return "SHA512";
    case QK_NO_HASH: break;
    }
    return NULL;
}

const EVP_MD *qk_message_digest(const qk_library *library, qk_hash hash) {
    switch (hash) {
    case QK_SHA1: return library->sha1;
    case QK_SHA256: return library->sha256;
    case QK_SHA384: return library->sha384;
    case QK_SHA512: return library->sha512;
    case QK_NO_HASH: break;
    }
    return NULL;
}

// A context costs more to make than a short digest costs to take, and hash trees take many: each thread keeps one for
// SHA-256. What passes through qk_digest is public.

static pthread_once_t thread_context_once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_context_key;
static int thread_context_usable;

static void free_thread_context(void *context) { EVP_MD_CTX_free(context); }

static void make_thread_context_key(void) {
    thread_context_usable = pthread_key_create(&thread_context_key, free_thread_context) == 0;
}

static EVP_MD_CTX *thread_sha256(const qk_library *library) {
    pthread_once(&thread_context_once, make_thread_context_key);
    if (!thread_context_usable) return NULL;
    EVP_MD_CTX *context = pthread_getspecific(thread_context_key);
    if (context != NULL) return context;
    context = EVP_MD_CTX_new();
    if (context == NULL) return NULL;
    if (EVP_DigestInit_ex2(context, library->sha256, NULL) != 1 ||
        pthread_setspecific(thread_context_key, context) != 0) {
        EVP_MD_CTX_free(context);
        return NULL;
    }
    return context;
}

static int digest_with(EVP_MD_CTX *context, const void *data, size_t length, uint8_t *out) {
    return EVP_DigestInit_ex2(context, NULL, NULL) == 1 && EVP_DigestUpdate(context, data, length) == 1 &&
           EVP_DigestFinal_ex(context, out, NULL) == 1;
}

qk_status qk_digest(qk_hash hash, const void *data, size_t length, uint8_t *out) {
    const qk_library *library = qk_library_get();
    if (library == NULL) return QK_INTERNAL;
    if (hash == QK_SHA256) {
        EVP_MD_CTX *context = thread_sha256(library);
        if (context != NULL && digest_with(context, data, length, out)) return QK_OK;
    }
    const EVP_MD *algorithm = qk_message_digest(library, hash);
    if (algorithm == NULL) return QK_BAD_ARGUMENT;
    return EVP_Digest(data, length, out, NULL, algorithm, NULL) == 1 ? QK_OK : qk_failure(QK_INTERNAL);
}

typedef struct {
    const void *bytes;
    size_t length;
} piece;

static qk_status hmac_pieces(qk_hash hash, const void *key, size_t key_length, const piece *pieces, size_t count,
                             uint8_t *out) {
    const qk_library *library = qk_library_get();
    const char *name = qk_hash_name(hash);
    if (library == NULL) return QK_INTERNAL;
    if (name == NULL) return QK_BAD_ARGUMENT;
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(library->hmac);
    if (context == NULL) return qk_failure(QK_INTERNAL);
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)name, 0),
        OSSL_PARAM_construct_end(),
    };
    static const uint8_t empty_key[1];
    const uint8_t *key_bytes = key_length == 0 ? empty_key : key;
    int good = EVP_MAC_init(context, key_bytes, key_length, parameters) == 1;
    for (size_t i = 0; good && i < count; i++) {
        if (pieces[i].length > 0) good = EVP_MAC_update(context, pieces[i].bytes, pieces[i].length) == 1;
    }
    size_t written = 0;
    good = good && EVP_MAC_final(context, out, &written, qk_hash_length(hash)) == 1 && written == qk_hash_length(hash);
    EVP_MAC_CTX_free(context);
    return good ? QK_OK : qk_failure(QK_INTERNAL);
}

qk_status qk_hmac(qk_hash hash, const void *key, size_t key_length, const void *data, size_t length, uint8_t *out) {
    piece pieces[] = {{data, length}};
    return hmac_pieces(hash, key, key_length, pieces, 1, out);
}

qk_status qk_kdf(const void *key, size_t key_length, const void *label, size_t label_length, const void *context,
                 size_t context_length, uint8_t *out, size_t out_length) {
    if (out_length == 0 || out_length > 64) return QK_BAD_ARGUMENT;
    const uint8_t counter[4] = {0, 0, 0, 1};
    const uint8_t separator[1] = {0};
    size_t bits = out_length * 8;
    const uint8_t length[4] = {0, 0, (uint8_t)(bits >> 8), (uint8_t)bits};
    piece pieces[] = {{counter, 4}, {label, label_length}, {separator, 1}, {context, context_length}, {length, 4}};
    uint8_t block[64];
    qk_status status = hmac_pieces(QK_SHA512, key, key_length, pieces, QK_COUNT(pieces), block);
    if (status == QK_OK) memcpy(out, block, out_length);
    qk_wipe(block, sizeof block);
    return status;
}
