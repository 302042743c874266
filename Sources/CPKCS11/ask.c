#define _GNU_SOURCE
#include "CPKCS11.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (long long)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

// posix_spawn shares this process's memory until the helper has its own program, and copies none of it.
static int start(const char *program, char *const arguments[], char *const environment[], int socket, pid_t *helper) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&files);
    if (error) return error;
    error = posix_spawnattr_init(&attributes);
    if (error) {
        posix_spawn_file_actions_destroy(&files);
        return error;
    }
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    error = posix_spawn_file_actions_adddup2(&files, socket, STDIN_FILENO);
    // What a module writes there is of no interest, and may hold what it shouldn't.
    if (!error) error = posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", 1 /* O_WRONLY */, 0);
    if (!error) error = posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO);
    if (!error) error = posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    if (!error) error = posix_spawn_file_actions_addchdir_np(&files, "/");
    if (!error) error = posix_spawnattr_setsigdefault(&attributes, &all);
    if (!error) error = posix_spawnattr_setsigmask(&attributes, &none);
    if (!error) error = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    if (!error) error = posix_spawn(helper, program, &files, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

static int sent(int socket, const uint8_t *bytes, size_t length) {
    while (length > 0) {
        ssize_t count = send(socket, bytes, length, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        bytes += count;
        length -= (size_t)count;
    }
    return shutdown(socket, SHUT_WR) == 0 ? 0 : errno;
}

static long received(int socket, uint8_t *answer, int milliseconds) {
    long long end = now() + milliseconds;
    size_t length = 0;
    for (;;) {
        long long left = end - now();
        struct pollfd waiting = {.fd = socket, .events = POLLIN};
        int ready = left > 0 ? poll(&waiting, 1, (int)left) : 0;
        if (ready < 0 && errno == EINTR) continue;
        if (ready < 0) return -errno;
        if (ready == 0) return -ETIMEDOUT;
        ssize_t count = recv(socket, answer + length, QT_LONGEST_ANSWER - length, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return -errno;
        if (count == 0) return (long)length;
        length += (size_t)count;
        if (length == QT_LONGEST_ANSWER) return -EMSGSIZE;
    }
}

long qt_ask(const char *program, char *const arguments[], char *const environment[], const void *request,
            size_t request_length, uint8_t *answer, int milliseconds) {
    int sockets[2];
    if (request_length > QT_LONGEST_REQUEST) return -EMSGSIZE;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) != 0) return -errno;
    pid_t helper;
    int error = start(program, arguments, environment, sockets[1], &helper);
    close(sockets[1]);
    if (error) {
        close(sockets[0]);
        return -error;
    }
    // The request is shorter than a socket's buffer: this doesn't wait for the helper.
    error = sent(sockets[0], request, request_length);
    long result = error ? -error : received(sockets[0], answer, milliseconds);
    close(sockets[0]);
    // It has answered, or never will.
    kill(helper, SIGKILL);
    while (waitpid(helper, NULL, 0) < 0 && errno == EINTR) {}
    return result;
}
