// The one door to OpenSSL: C functions over plain buffers, no OpenSSL type in sight.
//
// Rules that every function here keeps:
// - lengths are checked before memory is touched; the answer is a qk_status, results go to out parameters;
// - private key material is only in buffers of the secure heap (qk_secure_alloc), or inside objects whose numbers
//   OpenSSL
//   keeps there;
// - nothing is left on OpenSSL's error queue.

#ifndef COPENSSL_H
#define COPENSSL_H

#include "qk_status.h"

#include "qk_aes.h"
#include "qk_cipher.h"
#include "qk_digest.h"
#include "qk_encryption.h"
#include "qk_import.h"
#include "qk_key.h"
#include "qk_key_file.h"
#include "qk_memory.h"
#include "qk_process.h"
#include "qk_signing.h"
#include "qk_x509.h"

#endif
