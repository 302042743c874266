#ifndef QK_KEY_FILE_H
#define QK_KEY_FILE_H

#include "qk_key.h"
#include "qk_status.h"

/// The first private key of a PEM text. `passphrase` is NULL when there is none; an encrypted key then gives
/// QK_PASSPHRASE_NEEDED, a wrong pass phrase QK_AUTHENTICATION_FAILED.
qk_status qk_key_load_pem(const uint8_t *pem, size_t length, const uint8_t *passphrase, size_t passphrase_length,
                          qk_key **out);

/// Writes PKCS#8 PEM to a new file of mode 0600, and flushes it and its folder. An existing file is refused, and so is
/// a folder that can't be flushed; then no file is left.
qk_status qk_key_write_pem(qk_key *key, const char *path);

/// Reads a secret file into the secure heap. The file is a regular one, no symbolic link, belongs to this user or to
/// root,
/// has no permission for group or others, and is no longer than `limit`. QK_KEY_REJECTED where it breaks one of these.
qk_status qk_secure_read_file(const char *path, size_t limit, uint8_t **out, size_t *out_length);

#endif
