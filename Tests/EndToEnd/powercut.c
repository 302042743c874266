// What a power cut would leave behind. Loaded into a process (LD_PRELOAD), it keeps beside one folder a second one that
// holds only what has been flushed: a write reaches it when the file is synced, not before. Kill the process, and the
// second folder is what the disk would hold after the lights went out, had it kept nothing that it was not made to keep.
//
//   POWERCUT_FOLDER    the folder to watch, an absolute path
//   POWERCUT_SURVIVES  the second folder; begins as a copy of the first
//   POWERCUT_LIES      if set, syncs reach nothing: a disk that says it has written and has not
//
// Removing and renaming files counts as flushed at once. Files in shared memory (-shm) are left out.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST_FILES 1024
#define MOST_DESCRIPTORS 65536

// One file of the folder, and which of its bytes have changed since its last sync.
struct file {
    char path[PATH_MAX];  // below the folder
    off_t *ranges;        // pairs of start and end
    size_t count, room;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file files[MOST_FILES];
static size_t file_count;
static short file_of[MOST_DESCRIPTORS];  // number of the file + 1
static const char *folder, *survives;
static size_t folder_length;
static int lies;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    folder = getenv("POWERCUT_FOLDER");
    survives = getenv("POWERCUT_SURVIVES");
    folder_length = folder ? strlen(folder) : 0;
    lies = getenv("POWERCUT_LIES") != NULL;
    if (!survives) folder = NULL;
}

static _Noreturn void fail(const char *what) {
    dprintf(2, "powercut: %s: %s\n", what, strerror(errno));
    _exit(99);
}

// The path below the folder; NULL if it isn't there or of no interest.
static const char *below(const char *path, char *room) {
    if (!folder) return NULL;
    if (path[0] != '/') {
        char here[PATH_MAX];
        if (!getcwd(here, sizeof here) || snprintf(room, PATH_MAX, "%s/%s", here, path) >= PATH_MAX) return NULL;
    } else if (snprintf(room, PATH_MAX, "%s", path) >= PATH_MAX) {
        return NULL;
    }
    if (strncmp(room, folder, folder_length) != 0 || room[folder_length] != '/') return NULL;
    size_t length = strlen(room);
    if (length > 4 && strcmp(room + length - 4, "-shm") == 0) return NULL;
    return room + folder_length + 1;
}

static struct file *file_named(const char *path) {
    for (size_t i = 0; i < file_count; i++)
        if (strcmp(files[i].path, path) == 0) return &files[i];
    if (file_count == MOST_FILES) fail("too many files");
    struct file *made = &files[file_count++];
    strcpy(made->path, path);
    return made;
}

static void changed(struct file *file, off_t start, off_t end) {
    if (file->count && file->ranges[2 * file->count - 1] == start) {
        file->ranges[2 * file->count - 1] = end;
        return;
    }
    if (file->count == file->room) {
        file->room = file->room ? 2 * file->room : 64;
        file->ranges = realloc(file->ranges, file->room * 2 * sizeof(off_t));
        if (!file->ranges) fail("memory");
    }
    file->ranges[2 * file->count] = start;
    file->ranges[2 * file->count + 1] = end;
    file->count++;
}

static struct file *of(int descriptor) {
    if (descriptor < 0 || descriptor >= MOST_DESCRIPTORS || !file_of[descriptor]) return NULL;
    return &files[file_of[descriptor] - 1];
}

static void opened(int descriptor, const char *path, int flags) {
    char room[PATH_MAX];
    const char *name = descriptor >= 0 && descriptor < MOST_DESCRIPTORS ? below(path, room) : NULL;
    if (!name || (flags & O_DIRECTORY) || (flags & O_ACCMODE) == O_RDONLY) return;
    pthread_mutex_lock(&lock);
    file_of[descriptor] = (short)(file_named(name) - files + 1);
    pthread_mutex_unlock(&lock);
}

// Everything that has changed goes where it survives.
static void flush(int descriptor, struct file *file) {
    char target[PATH_MAX], buffer[65536];
    snprintf(target, sizeof target, "%s/%s", survives, file->path);
    char source[64];
    snprintf(source, sizeof source, "/proc/self/fd/%d", descriptor);
    int in = REAL(open64)(source, O_RDONLY | O_CLOEXEC), out = REAL(open64)(target, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (in < 0 || out < 0) fail(target);
    struct stat status;
    if (fstat(in, &status) != 0 || REAL(ftruncate64)(out, status.st_size) != 0) fail(target);
    for (size_t i = 0; i < file->count; i++) {
        off_t at = file->ranges[2 * i], end = file->ranges[2 * i + 1];
        if (end > status.st_size) end = status.st_size;
        while (at < end) {
            size_t wanted = end - at < (off_t)sizeof buffer ? (size_t)(end - at) : sizeof buffer;
            ssize_t got = pread(in, buffer, wanted, at);
            if (got <= 0) break;
            if (REAL(pwrite64)(out, buffer, (size_t)got, at) != got) fail(target);
            at += got;
        }
    }
    file->count = 0;
    REAL(close)(in);
    REAL(close)(out);
}

static int synced(int descriptor, int result) {
    pthread_mutex_lock(&lock);
    struct file *file = of(descriptor);
    if (result == 0 && file && !lies) flush(descriptor, file);
    pthread_mutex_unlock(&lock);
    return result;
}

static ssize_t written(int descriptor, off_t start, ssize_t count) {
    if (count > 0) {
        pthread_mutex_lock(&lock);
        struct file *file = of(descriptor);
        if (file) changed(file, start, start + count);
        pthread_mutex_unlock(&lock);
    }
    return count;
}

static ssize_t appended(int descriptor, ssize_t count) {
    if (count <= 0 || descriptor >= MOST_DESCRIPTORS || !file_of[descriptor]) return count;
    return written(descriptor, lseek(descriptor, 0, SEEK_CUR) - count, count);
}

#define OPEN(name, call)                               \
    mode_t mode = 0;                                   \
    if (flags & (O_CREAT | O_TMPFILE)) {               \
        va_list list;                                  \
        va_start(list, flags);                         \
        mode = va_arg(list, mode_t);                   \
        va_end(list);                                  \
    }                                                  \
    int descriptor = call;                             \
    opened(descriptor, path, flags);                   \
    return descriptor

int open(const char *path, int flags, ...) { OPEN(open, REAL(open)(path, flags, mode)); }
int open64(const char *path, int flags, ...) { OPEN(open64, REAL(open64)(path, flags, mode)); }

// Relative to another folder than the current one it is none of ours: the node opens its files by their whole paths.
int openat(int at, const char *path, int flags, ...) { OPEN(openat, REAL(openat)(at, path, flags, mode)); }
int openat64(int at, const char *path, int flags, ...) { OPEN(openat64, REAL(openat64)(at, path, flags, mode)); }

int close(int descriptor) {
    if (descriptor >= 0 && descriptor < MOST_DESCRIPTORS) {
        pthread_mutex_lock(&lock);
        file_of[descriptor] = 0;
        pthread_mutex_unlock(&lock);
    }
    return REAL(close)(descriptor);
}

ssize_t write(int d, const void *bytes, size_t count) { return appended(d, REAL(write)(d, bytes, count)); }
ssize_t writev(int d, const struct iovec *parts, int count) { return appended(d, REAL(writev)(d, parts, count)); }
ssize_t pwrite(int d, const void *bytes, size_t count, off_t at) {
    return written(d, at, REAL(pwrite)(d, bytes, count, at));
}
ssize_t pwrite64(int d, const void *bytes, size_t count, off_t at) {
    return written(d, at, REAL(pwrite64)(d, bytes, count, at));
}

int fsync(int descriptor) { return synced(descriptor, REAL(fsync)(descriptor)); }
int fdatasync(int descriptor) { return synced(descriptor, REAL(fdatasync)(descriptor)); }

static void moved(const char *path, const char *to) {
    char room[PATH_MAX], room2[PATH_MAX], old[PATH_MAX], new[PATH_MAX];
    const char *name = below(path, room), *name2 = to ? below(to, room2) : NULL;
    if (!name) return;
    snprintf(old, sizeof old, "%s/%s", survives, name);
    pthread_mutex_lock(&lock);
    if (name2) {
        snprintf(new, sizeof new, "%s/%s", survives, name2);
        REAL(rename)(old, new);
        // Whoever has it open goes on writing to it under its new name.
        struct file *replaced = file_named(name2);
        replaced->count = 0;
        replaced->path[0] = 0;
        struct file *file = file_named(name);
        strcpy(file->path, name2);
    } else {
        REAL(unlink)(old);
        struct file *file = file_named(name);
        file->count = 0;
    }
    pthread_mutex_unlock(&lock);
}

int unlink(const char *path) {
    int result = REAL(unlink)(path);
    if (result == 0) moved(path, NULL);
    return result;
}

int rename(const char *path, const char *to) {
    int result = REAL(rename)(path, to);
    if (result == 0) moved(path, to);
    return result;
}
