#define _GNU_SOURCE
#include "internal.h"

#include <linux/capability.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

// OpenSSL locks the arena and keeps it out of core dumps. A forked child must not inherit it either; the mapping is
// found by
// an address inside it. Guard pages are mappings of their own.
static void wipe_arena_on_fork(void) {
    void *inside = OPENSSL_secure_malloc(16);
    FILE *maps = inside == NULL ? NULL : fopen("/proc/self/maps", "re");
    if (maps != NULL) {
        char line[512];
        while (fgets(line, sizeof line, maps) != NULL) {
            unsigned long start = 0, end = 0;
            if (sscanf(line, "%lx-%lx", &start, &end) != 2) continue;
            if ((uintptr_t)inside < start || (uintptr_t)inside >= end) continue;
            (void)madvise((void *)start, end - start, MADV_WIPEONFORK);
            (void)madvise((void *)start, end - start, MADV_DONTDUMP);
            break;
        }
        fclose(maps);
    }
    OPENSSL_secure_free(inside);
}

qk_status qk_secure_heap_start(size_t bytes, size_t minimum, int *locked) {
    static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
    static int result;
    pthread_mutex_lock(&guard);
    if (result == 0) {
        result = CRYPTO_secure_malloc_init(bytes, minimum);
        if (result != 0) wipe_arena_on_fork();
    }
    int now = result;
    pthread_mutex_unlock(&guard);
    *locked = now == 1;
    return now == 0 ? qk_failure(QK_INTERNAL) : QK_OK;
}

int qk_forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int qk_forbid_core_files(void) {
    struct rlimit none = {0, 0};
    return setrlimit(RLIMIT_CORE, &none);
}

static int may_lock_without_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur == RLIM_INFINITY) return 1;
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    memset(data, 0, sizeof data);
    if (syscall(SYS_capget, &header, data) != 0) return 0;
    return (data[0].effective >> CAP_IPC_LOCK) & 1;
}

qk_status qk_lock_all_memory(void) {
    if (!may_lock_without_limit()) return QK_SYSTEM;
    // The allocator gives back free pages by madvise(), which locked memory refuses. What has a mapping of its own can
    // still be given back; by default the size from which it has one grows up to 32 MiB.
    (void)mallopt(M_MMAP_THRESHOLD, 256 * 1024);
    return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0 ? QK_OK : QK_SYSTEM;
}

int qk_reset_crash_handlers(void) {
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGABRT, SIGFPE};
    int failed = 0;
    for (size_t i = 0; i < QK_COUNT(crashes); i++) {
        if (signal(crashes[i], SIG_DFL) == SIG_ERR) failed = -1;
    }
    return failed;
}

int qk_environment_is(const char *name, const char *value) {
    const char *current = getenv(name);
    return current != NULL && strcmp(current, value) == 0;
}

// The arguments as the kernel keeps them: a list of strings in one block.
static char **own_arguments(void) {
    FILE *file = fopen("/proc/self/cmdline", "re");
    if (file == NULL) return NULL;
    char *block = NULL;
    size_t capacity = 0, count = 0;
    char **arguments = NULL;
    while (getdelim(&block, &capacity, 0, file) >= 0) {
        char **grown = realloc(arguments, (count + 2) * sizeof *grown);
        if (grown == NULL) break;
        arguments = grown;
        arguments[count] = strdup(block);
        arguments[++count] = NULL;
    }
    free(block);
    fclose(file);
    return arguments;
}

int qk_set_environment(const char *name, const char *value) { return setenv(name, value, 0); }

int qk_reexec_with(const char *name, const char *value) {
    char **arguments = own_arguments();
    if (arguments == NULL || setenv(name, value, 1) != 0) return -1;
    // /proc/self/exe is this very file even when it was replaced or moved meanwhile.
    return execve("/proc/self/exe", arguments, environ);
}

unsigned qk_thread_index(void) {
    static atomic_uint next;
    static _Thread_local unsigned mine;
    if (mine == 0) mine = atomic_fetch_add_explicit(&next, 1, memory_order_relaxed) + 1;
    return mine - 1;
}

void qk_pause_microseconds(unsigned microseconds) {
    struct timespec time = {microseconds / 1000000, (long)(microseconds % 1000000) * 1000};
    nanosleep(&time, NULL);
}
