// A clock that can be made wrong while a process runs. Loaded into it (LD_PRELOAD), it answers for CLOCK_BOOTTIME, the
// clock that leases are counted by, as the file CLOCKWARP_FILE says: "ahead N" adds N nanoseconds, "stop" makes it stand
// still. Without the file, or with nothing in it, the clock is right. It only ever looks at the file's first bytes.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    static struct timespec stopped;
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, time);
    const char *path = getenv("CLOCKWARP_FILE");
    if (clock != CLOCK_BOOTTIME || result != 0 || !path) return result;
    char text[64] = {0};
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return result;
    ssize_t count = read(file, text, sizeof text - 1);
    close(file);
    if (count <= 0) return result;
    if (strncmp(text, "ahead ", 6) == 0) {
        int64_t nanoseconds = time->tv_nsec + strtoll(text + 6, NULL, 10);
        time->tv_sec += nanoseconds / 1000000000;
        time->tv_nsec = nanoseconds % 1000000000;
    } else if (strncmp(text, "stop", 4) == 0) {
        pthread_mutex_lock(&lock);
        if (stopped.tv_sec == 0) stopped = *time;
        *time = stopped;
        pthread_mutex_unlock(&lock);
    }
    return result;
}
