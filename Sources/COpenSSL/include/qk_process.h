#ifndef QK_PROCESS_H
#define QK_PROCESS_H

#include "qk_status.h"

/// 1 when the hooks that zero every block OpenSSL frees are in force (they are put in place before `main`).
int qk_memory_hooks_installed(void);

/// Sets up the secure heap. `locked` tells whether its pages are locked in memory. A second call changes nothing and
/// reports the first result.
qk_status qk_secure_heap_start(size_t bytes, size_t minimum, int *locked);

/// The version of the library that is loaded, not of the headers.
void qk_library_version(unsigned *major, unsigned *minor, unsigned *patch);

/// Makes the process undumpable; 0 on success.
int qk_forbid_dumps(void);

/// Sets the core file limit to 0, soft and hard; 0 on success.
int qk_forbid_core_files(void);

/// Locks all present and future pages, as they are touched. QK_SYSTEM when the limit does not allow that for good: with
/// a
/// small limit later mappings would fail, so then nothing is locked.
qk_status qk_lock_all_memory(void);

/// Default handling for SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE.
int qk_reset_crash_handlers(void);

/// Replaces the process by itself with `name=value` in its environment. Returns only on failure.
int qk_reexec_with(const char *name, const char *value);

/// Gives an environment variable a value where it has none. What is read at the start of a process comes into force
/// with qk_reexec_with. 0 on success.
int qk_set_environment(const char *name, const char *value);

/// 1 when the environment variable holds exactly `value`.
int qk_environment_is(const char *name, const char *value);

/// A small number for the calling thread, given at the first call: 0, 1, 2 …
unsigned qk_thread_index(void);

/// Lets other threads run for about this long.
void qk_pause_microseconds(unsigned microseconds);

#endif
