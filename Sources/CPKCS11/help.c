#define _GNU_SOURCE
#include "CPKCS11.h"

#include "token.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

// What the helper was asked for, and its answer: in memory that is locked where it can be, and wiped.
static struct {
    uint8_t request[QT_LONGEST_REQUEST];
    size_t length, at;
    struct qt_order order;
    struct qt_result result;
} room;

static void protect(void) {
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    // Who has asked is gone: so is the reason to go on.
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    // Where the limit is too low the pages may be swapped, as the operator has been told at the daemon's start.
    (void)mlock(&room, sizeof room);
}

static int read_request(int socket) {
    for (;;) {
        ssize_t count = recv(socket, room.request + room.length, sizeof room.request - room.length, 0);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return 0;
        if (count == 0) return 1;
        room.length += (size_t)count;
        if (room.length == sizeof room.request) return 0;
    }
}

// The next field as a text that ends with zero; it has none inside.
static int take_text(char *text, size_t limit, size_t *length) {
    if (room.length - room.at < 2) return 0;
    size_t count = (size_t)room.request[room.at] << 8 | room.request[room.at + 1];
    room.at += 2;
    if (count == 0 || count >= limit || count > room.length - room.at) return 0;
    memcpy(text, room.request + room.at, count);
    text[count] = 0;
    room.at += count;
    *length = count;
    return memchr(text, 0, count) == NULL;
}

static int parse(struct qt_order *order) {
    size_t ignored;
    if (room.length < 1) return 0;
    order->action = room.request[room.at++];
    if (!take_text(order->module, sizeof order->module, &ignored)) return 0;
    if (!take_text(order->token, sizeof order->token, &ignored)) return 0;
    if (!take_text(order->key, sizeof order->key, &ignored)) return 0;
    if (!take_text(order->pin, sizeof order->pin, &order->pin_length)) return 0;
    size_t left = room.length - room.at;
    if (left % (2 * QT_POINT) != 0) return 0;
    order->pairs = room.request + room.at;
    order->pair_count = left / (2 * QT_POINT);
    return order->module[0] == '/' && (order->action == QT_AGREE || order->action == QT_MAKE);
}

static void answer(int socket, qt_outcome outcome) {
    uint8_t bytes[QT_LONGEST_ANSWER];
    size_t length = 0, detail = strnlen(room.result.detail, sizeof room.result.detail);
    bytes[length++] = (uint8_t)outcome;
    bytes[length++] = (uint8_t)(detail >> 8);
    bytes[length++] = (uint8_t)detail;
    memcpy(bytes + length, room.result.detail, detail);
    length += detail;
    if (outcome == QT_DONE) {
        memcpy(bytes + length, room.result.point, QT_POINT);
        memcpy(bytes + length + QT_POINT, room.result.secret, QT_SECRET);
        length += QT_POINT + QT_SECRET;
    }
    (void)!send(socket, bytes, length, MSG_NOSIGNAL);
    explicit_bzero(bytes, sizeof bytes);
}

int qt_help(int socket) {
    protect();
    qt_outcome outcome = QT_BAD_REQUEST;
    if (read_request(socket) && parse(&room.order)) outcome = qt_carry_out(&room.order, &room.result);
    answer(socket, outcome);
    explicit_bzero(&room, sizeof room);
    return outcome == QT_DONE ? 0 : 1;
}
