#ifndef QK_STATUS_H
#define QK_STATUS_H

#include <stddef.h>
#include <stdint.h>

typedef enum {
    QK_OK = 0,
    /// A tag, a signature of a container or a padding did not check.
    QK_AUTHENTICATION_FAILED = 1,
    /// The bytes are not what they are said to be.
    QK_MALFORMED = 2,
    /// A key type, size, curve or algorithm outside the list.
    QK_UNSUPPORTED = 3,
    /// The secure heap is full or was never set up. There is no fall-back.
    QK_SECURE_MEMORY_EXHAUSTED = 4,
    /// A key that parsed and must not be used.
    QK_KEY_REJECTED = 5,
    /// The private key file is encrypted and no pass phrase was given.
    QK_PASSPHRASE_NEEDED = 6,
    /// The caller's buffer is too small; the needed length is in the out parameter where there is one.
    QK_BUFFER_TOO_SMALL = 7,
    /// The key was closed by another thread.
    QK_CLOSED = 8,
    /// A length or an argument that the caller should never have passed.
    QK_BAD_ARGUMENT = 9,
    /// The system refused: file, limit, permission.
    QK_SYSTEM = 10,
    QK_INTERNAL = 11,
} qk_status;

#endif
