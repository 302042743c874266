// A PKCS #11 module in a process of its own: its code never runs in the daemon, and can't reach the daemon's memory.
//
// The daemon starts itself again as the helper (qt_ask), sends one request through a socket and reads one answer. The
// helper (qt_help) loads the module, finds token and key, logs in, has the token do one thing, and ends.
//
// Request: action[1], then module, token label, key label and PIN, each as a length (2 bytes, big endian) and bytes,
// then pairs of points to the end. Answer: outcome[1], detail as a length and bytes, and with QT_DONE point[65],
// secret[32]. Lengths are checked before anything is read.
#ifndef CPKCS11_H
#define CPKCS11_H

#include <stddef.h>
#include <stdint.h>

enum {
    /// An uncompressed point of P-256 (SEC 1, section 2.3.3).
    QT_POINT = 65,
    QT_SECRET = 32,
    QT_LONGEST_REQUEST = 16384,
    QT_LONGEST_ANSWER = 1024,
};

/// What the token is to do.
enum {
    /// Agree on a secret (SP 800-56A section 5.7.1.2) between the token's key and a point. Of the pairs (key, point)
    /// the first counts whose key is the token's, or zero.
    QT_AGREE = 1,
    /// Make a key pair that can't leave the token. The secret in the answer is zero.
    QT_MAKE = 2,
};

/// How it went. The detail is a text for people, such as the module's number for the error.
typedef enum {
    QT_DONE = 0,
    QT_BAD_REQUEST = 1,
    /// No regular file, or one that others may write.
    QT_NO_MODULE = 2,
    /// It can't be loaded, or is no PKCS #11 module.
    QT_BAD_MODULE = 3,
    QT_NO_TOKEN = 4,
    QT_TOKENS = 5,
    QT_WRONG_PIN = 6,
    /// Locked, expired or never set.
    QT_PIN_UNUSABLE = 7,
    /// One more wrong PIN would lock the token, so none was tried.
    QT_LAST_TRY = 8,
    QT_NO_KEY = 9,
    QT_KEYS = 10,
    /// Of another curve, or it may leave the token.
    QT_UNFIT_KEY = 11,
    /// The token's key is none of those in the request.
    QT_OTHER_KEY = 12,
    QT_FAILED = 13,
    /// From qt_ask: the helper gave no answer in time, or none at all.
    QT_NO_ANSWER = 14,
} qt_outcome;

/// Runs the helper to its end: reads the request from `socket`, answers there. What is returned is for exit().
int qt_help(int socket);

/// Starts `program` as the helper and asks it. The helper has nothing of this process but the socket as its standard
/// input: no other descriptor, no memory, no variable beside `environment`.
///
/// @param arguments,environment  each ends with NULL
/// @param answer  QT_LONGEST_ANSWER bytes; holds secrets
/// @param milliseconds  after which the helper is killed
/// @return the length of the answer, or a negative errno
long qt_ask(const char *program, char *const arguments[], char *const environment[], const void *request,
            size_t request_length, uint8_t *answer, int milliseconds);

#endif
