#include "key_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    const uint8_t *bytes;
    size_t length;
    int asked;
} passphrase_source;

static int give_passphrase(char *buffer, int size, int writing, void *user) {
    (void)writing;
    passphrase_source *source = user;
    source->asked = 1;
    if (source->bytes == NULL || source->length > (size_t)size) return -1;
    memcpy(buffer, source->bytes, source->length);
    return (int)source->length;
}

qk_status qk_key_load_pem(const uint8_t *pem, size_t length, const uint8_t *passphrase, size_t passphrase_length,
                          qk_key **out) {
    const qk_library *library = qk_library_get();
    if (library == NULL) return QK_INTERNAL;
    if (!qk_secure_heap_started()) return QK_SECURE_MEMORY_EXHAUSTED;
    if (length == 0 || length > 65536) return QK_MALFORMED;
    BIO *bio = BIO_new_mem_buf(pem, (int)length);
    if (bio == NULL) return qk_failure(QK_INTERNAL);
    passphrase_source source = {passphrase, passphrase_length, 0};
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey_ex(bio, NULL, give_passphrase, &source, library->context, NULL);
    BIO_free(bio);
    if (pkey == NULL) {
        if (source.asked && passphrase == NULL) return qk_failure(QK_PASSPHRASE_NEEDED);
        return qk_failure(source.asked ? QK_AUTHENTICATION_FAILED : QK_MALFORMED);
    }
    return qk_key_wrap(pkey, out);
}

static int write_all(int file, const uint8_t *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = write(file, bytes, length);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return 0;
        bytes += written;
        length -= (size_t)written;
    }
    return 1;
}

static qk_status pem_of(qk_key *key, uint8_t **out, size_t *out_length) {
    if (!qk_key_enter(key)) return QK_CLOSED;
    BIO *bio = BIO_new(BIO_s_secmem());
    qk_status status = QK_INTERNAL;
    if (bio != NULL && PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) == 1) {
        status = qk_take_secure_bio(bio, out, out_length);
    }
    BIO_free(bio);
    qk_key_leave(key);
    return status == QK_OK ? QK_OK : qk_failure(status);
}

/// Opens the folder that a path leads to, and finds the last part of the path; -1 if it can't be opened for reading.
static int open_folder(const char *path, const char **name) {
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    const char *slash = strrchr(path, '/');
    *name = slash == NULL ? path : slash + 1;
    if (slash == NULL) return open(".", flags);
    char *folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    if (folder == NULL) return -1;
    int opened = open(folder, flags);
    free(folder);
    return opened;
}

qk_status qk_key_write_pem(qk_key *key, const char *path) {
    uint8_t *pem = NULL;
    size_t length = 0;
    qk_status status = pem_of(key, &pem, &length);
    if (status != QK_OK) return status;
    const char *name = NULL;
    int folder = open_folder(path, &name);
    int file = folder < 0 ? -1 : openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int good = file >= 0 && write_all(file, pem, length) && fsync(file) == 0;
    if (file >= 0) {
        good = close(file) == 0 && good;
        // Without its name the key would be gone after a loss of power.
        good = good && fsync(folder) == 0;
        if (!good) unlinkat(folder, name, 0);
    }
    if (folder >= 0) close(folder);
    qk_secure_free(pem, length);
    return good ? QK_OK : QK_SYSTEM;
}

static qk_status check_secret_file(int file, size_t limit, size_t *length) {
    struct stat info;
    if (fstat(file, &info) != 0) return QK_SYSTEM;
    int acceptable = S_ISREG(info.st_mode) && (info.st_mode & 077) == 0 &&
                     (info.st_uid == geteuid() || info.st_uid == 0) && info.st_size > 0 &&
                     (uint64_t)info.st_size <= limit;
    if (!acceptable) return QK_KEY_REJECTED;
    *length = (size_t)info.st_size;
    return QK_OK;
}

qk_status qk_secure_read_file(const char *path, size_t limit, uint8_t **out, size_t *out_length) {
    int file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return errno == ELOOP ? QK_KEY_REJECTED : QK_SYSTEM;
    size_t length = 0, have = 0;
    qk_status status = check_secret_file(file, limit, &length);
    uint8_t *bytes = status == QK_OK ? qk_secure_alloc(length) : NULL;
    if (status == QK_OK && bytes == NULL) status = QK_SECURE_MEMORY_EXHAUSTED;
    while (status == QK_OK && have < length) {
        ssize_t got = read(file, bytes + have, length - have);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) status = QK_SYSTEM;
        else have += (size_t)got;
    }
    close(file);
    if (status != QK_OK) {
        qk_secure_free(bytes, length);
        return status;
    }
    *out = bytes;
    *out_length = length;
    return QK_OK;
}
