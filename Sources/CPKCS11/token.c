#define _GNU_SOURCE
#include "token.h"

#include "cryptoki.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

// P-256 as a named curve (RFC 5480 section 2.1.1.1), DER.
static const CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};

enum { MOST_SLOTS = 256 };

// Everything about the one session of this process.
struct work {
    const struct qt_order *order;
    struct qt_result *result;
    const CK_FUNCTION_LIST *call;
    CK_SLOT_ID slot;
    CK_FLAGS token_flags;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE private_key, public_key;
};

static qt_outcome failed(struct work *work, qt_outcome outcome, const char *what, CK_RV code) {
    snprintf(work->result->detail, sizeof work->result->detail, "%s answers 0x%lx", what, code);
    return outcome;
}

static qt_outcome refused(struct work *work, qt_outcome outcome, const char *text) {
    snprintf(work->result->detail, sizeof work->result->detail, "%s", text);
    return outcome;
}

// --- the module ------------------------------------------------------------------------------------------------------

// Whoever may write the module's file commands whoever loads it.
static qt_outcome load(struct work *work) {
    struct stat status;
    const char *path = work->order->module;
    if (stat(path, &status) != 0) return refused(work, QT_NO_MODULE, strerror(errno));
    if (!S_ISREG(status.st_mode)) return refused(work, QT_NO_MODULE, "it isn't a regular file");
    if ((status.st_uid != 0 && status.st_uid != geteuid()) || (status.st_mode & 022) != 0)
        return refused(work, QT_NO_MODULE, "others than root and the node's user may write it");
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!module) return refused(work, QT_BAD_MODULE, dlerror());
    CK_RV (*list)(CK_FUNCTION_LIST **) = (CK_RV(*)(CK_FUNCTION_LIST **))dlsym(module, "C_GetFunctionList");
    if (!list) return refused(work, QT_BAD_MODULE, "it has no C_GetFunctionList");
    CK_FUNCTION_LIST *functions = NULL;
    CK_RV code = list(&functions);
    if (code != CKR_OK || !functions) return failed(work, QT_BAD_MODULE, "C_GetFunctionList", code);
    if (functions->version.major != 2) return refused(work, QT_BAD_MODULE, "it isn't of PKCS #11 version 2");
    work->call = functions;
    code = functions->C_Initialize(NULL);
    return code == CKR_OK ? QT_DONE : failed(work, QT_BAD_MODULE, "C_Initialize", code);
}

// --- the token -------------------------------------------------------------------------------------------------------

static int has_label(const CK_BYTE label[32], const char *wanted) {
    CK_BYTE padded[32];
    memset(padded, ' ', sizeof padded);
    memcpy(padded, wanted, strlen(wanted));
    return memcmp(padded, label, sizeof padded) == 0;
}

static qt_outcome find_token(struct work *work) {
    static CK_SLOT_ID slots[MOST_SLOTS];
    CK_ULONG count = MOST_SLOTS, found = 0;
    CK_RV code = work->call->C_GetSlotList(CK_TRUE, slots, &count);
    if (code != CKR_OK) return failed(work, QT_NO_TOKEN, "C_GetSlotList", code);
    for (CK_ULONG i = 0; i < count && i < MOST_SLOTS; i++) {
        CK_TOKEN_INFO info;
        // A slot whose token was taken out meanwhile is one without.
        if (work->call->C_GetTokenInfo(slots[i], &info) != CKR_OK) continue;
        if (!has_label(info.label, work->order->token)) continue;
        work->slot = slots[i];
        work->token_flags = info.flags;
        found++;
    }
    if (found > 1) return QT_TOKENS;
    return found == 1 ? QT_DONE : QT_NO_TOKEN;
}

static qt_outcome log_in(struct work *work) {
    CK_FLAGS flags = CKF_SERIAL_SESSION | (work->order->action == QT_MAKE ? CKF_RW_SESSION : 0);
    CK_RV code = work->call->C_OpenSession(work->slot, flags, NULL, NULL, &work->session);
    if (code != CKR_OK) return failed(work, QT_FAILED, "C_OpenSession", code);
    if (work->token_flags & CKF_USER_PIN_LOCKED) return refused(work, QT_PIN_UNUSABLE, "it is locked");
    // The PIN is tried by a machine, again at each start: a wrong one in a file must not cost the last try.
    if (work->token_flags & CKF_USER_PIN_FINAL_TRY) return QT_LAST_TRY;
    code = work->call->C_Login(work->session, CKU_USER, (CK_BYTE *)work->order->pin, work->order->pin_length);
    switch (code) {
    case CKR_OK:
    case CKR_USER_ALREADY_LOGGED_IN: return QT_DONE;
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE: return failed(work, QT_WRONG_PIN, "C_Login", code);
    case CKR_PIN_LOCKED: return refused(work, QT_PIN_UNUSABLE, "it is locked");
    case CKR_PIN_EXPIRED: return refused(work, QT_PIN_UNUSABLE, "it has expired");
    case CKR_USER_PIN_NOT_INITIALIZED: return refused(work, QT_PIN_UNUSABLE, "it was never set");
    default: return failed(work, QT_FAILED, "C_Login", code);
    }
}

// --- the key ---------------------------------------------------------------------------------------------------------

// How many objects there are of this class with the key's label, or with this id; the first of them.
static CK_RV find(struct work *work, CK_ULONG class, const CK_BYTE *id, CK_ULONG id_length, CK_OBJECT_HANDLE *first,
                  CK_ULONG *count) {
    CK_ULONG type = CKK_EC;
    CK_BBOOL yes = CK_TRUE;
    CK_ATTRIBUTE wanted[] = {
        {CKA_CLASS, &class, sizeof class},
        {CKA_TOKEN, &yes, sizeof yes},
        {CKA_KEY_TYPE, &type, sizeof type},
        {CKA_LABEL, (void *)work->order->key, strlen(work->order->key)},
        {CKA_ID, (void *)id, id_length},
    };
    CK_OBJECT_HANDLE found[2];
    *count = 0;
    CK_RV code = work->call->C_FindObjectsInit(work->session, wanted, id_length > 0 ? 5 : 4);
    if (code != CKR_OK) return code;
    code = work->call->C_FindObjects(work->session, found, 2, count);
    CK_RV end = work->call->C_FindObjectsFinal(work->session);
    if (code == CKR_OK && *count > 0) *first = found[0];
    return code != CKR_OK ? code : end;
}

static int is(struct work *work, CK_ATTRIBUTE_TYPE type, CK_BBOOL expected) {
    CK_BBOOL value = !expected;
    CK_ATTRIBUTE asked = {type, &value, sizeof value};
    return work->call->C_GetAttributeValue(work->session, work->private_key, &asked, 1) == CKR_OK &&
           asked.length == sizeof value && value == expected;
}

static qt_outcome check_key(struct work *work) {
    CK_BYTE curve[64];
    CK_ATTRIBUTE asked = {CKA_EC_PARAMS, curve, sizeof curve};
    CK_RV code = work->call->C_GetAttributeValue(work->session, work->private_key, &asked, 1);
    if (code != CKR_OK || asked.length != sizeof p256 || memcmp(curve, p256, sizeof p256) != 0)
        return refused(work, QT_UNFIT_KEY, "it isn't of the curve P-256");
    if (!is(work, CKA_DERIVE, CK_TRUE)) return refused(work, QT_UNFIT_KEY, "it may not be used to derive (CKA_DERIVE)");
    if (!is(work, CKA_EXTRACTABLE, CK_FALSE) || !is(work, CKA_NEVER_EXTRACTABLE, CK_TRUE))
        return refused(work, QT_UNFIT_KEY, "it can leave the token, or could once (CKA_NEVER_EXTRACTABLE)");
    if (!is(work, CKA_SENSITIVE, CK_TRUE) || !is(work, CKA_ALWAYS_SENSITIVE, CK_TRUE))
        return refused(work, QT_UNFIT_KEY, "it can be read, or could once (CKA_ALWAYS_SENSITIVE)");
    return QT_DONE;
}

static qt_outcome read_point(struct work *work) {
    // As the standard has it, in an OCTET STRING; some tokens leave that out.
    CK_BYTE value[QT_POINT + 16];
    CK_ATTRIBUTE asked = {CKA_EC_POINT, value, sizeof value};
    CK_RV code = work->call->C_GetAttributeValue(work->session, work->public_key, &asked, 1);
    if (code != CKR_OK) return failed(work, QT_FAILED, "C_GetAttributeValue(CKA_EC_POINT)", code);
    const CK_BYTE *point = value;
    if (asked.length == QT_POINT + 2 && value[0] == 0x04 && value[1] == QT_POINT) {
        point += 2;
    } else if (asked.length != QT_POINT) {
        return refused(work, QT_UNFIT_KEY, "its public half has another length than a point of P-256");
    }
    if (point[0] != 0x04) return refused(work, QT_UNFIT_KEY, "its public half is no uncompressed point");
    memcpy(work->result->point, point, QT_POINT);
    return QT_DONE;
}

static qt_outcome find_key(struct work *work) {
    CK_ULONG count = 0;
    CK_RV code = find(work, CKO_PRIVATE_KEY, NULL, 0, &work->private_key, &count);
    if (code != CKR_OK) return failed(work, QT_FAILED, "C_FindObjects", code);
    if (count != 1) return count == 0 ? QT_NO_KEY : refused(work, QT_KEYS, "there are several");
    CK_BYTE id[64];
    CK_ATTRIBUTE asked = {CKA_ID, id, sizeof id};
    code = work->call->C_GetAttributeValue(work->session, work->private_key, &asked, 1);
    CK_ULONG length = code == CKR_OK && asked.length <= sizeof id ? asked.length : 0;
    code = find(work, CKO_PUBLIC_KEY, id, length, &work->public_key, &count);
    if (code != CKR_OK) return failed(work, QT_FAILED, "C_FindObjects", code);
    if (count != 1) return refused(work, count == 0 ? QT_NO_KEY : QT_KEYS, "of its public half");
    qt_outcome outcome = check_key(work);
    return outcome == QT_DONE ? read_point(work) : outcome;
}

// --- what is asked for -----------------------------------------------------------------------------------------------

static qt_outcome agree(struct work *work) {
    static const uint8_t any[QT_POINT];
    const uint8_t *pair = work->order->pairs, *peer = NULL;
    for (size_t i = 0; i < work->order->pair_count && !peer; i++, pair += 2 * QT_POINT)
        if (memcmp(pair, work->result->point, QT_POINT) == 0 || memcmp(pair, any, QT_POINT) == 0)
            peer = pair + QT_POINT;
    if (!peer) return QT_OTHER_KEY;
    CK_ECDH1_DERIVE_PARAMS parameters = {CKD_NULL, 0, NULL, QT_POINT, (CK_BYTE *)peer};
    CK_MECHANISM mechanism = {CKM_ECDH1_DERIVE, &parameters, sizeof parameters};
    // It is of this session only, and read at once.
    CK_ULONG class = CKO_SECRET_KEY, type = CKK_GENERIC_SECRET, length = QT_SECRET;
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_ATTRIBUTE made[] = {
        {CKA_CLASS, &class, sizeof class}, {CKA_KEY_TYPE, &type, sizeof type},   {CKA_TOKEN, &no, sizeof no},
        {CKA_SENSITIVE, &no, sizeof no},   {CKA_EXTRACTABLE, &yes, sizeof yes}, {CKA_VALUE_LEN, &length, sizeof length},
    };
    CK_OBJECT_HANDLE secret;
    CK_RV code = work->call->C_DeriveKey(work->session, &mechanism, work->private_key, made, 6, &secret);
    if (code != CKR_OK) return failed(work, QT_FAILED, "C_DeriveKey(CKM_ECDH1_DERIVE)", code);
    CK_ATTRIBUTE value = {CKA_VALUE, work->result->secret, QT_SECRET};
    code = work->call->C_GetAttributeValue(work->session, secret, &value, 1);
    (void)work->call->C_DestroyObject(work->session, secret);
    if (code != CKR_OK || value.length != QT_SECRET) return failed(work, QT_FAILED, "C_GetAttributeValue", code);
    return QT_DONE;
}

static qt_outcome make(struct work *work) {
    CK_ULONG count = 0;
    CK_RV code = find(work, CKO_PRIVATE_KEY, NULL, 0, &work->private_key, &count);
    if (code != CKR_OK) return failed(work, QT_FAILED, "C_FindObjects", code);
    if (count > 0) return QT_KEYS;
    CK_BYTE id[16];
    if (getrandom(id, sizeof id, 0) != sizeof id) return refused(work, QT_FAILED, "no random bytes");
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    char *label = (char *)work->order->key;
    CK_ATTRIBUTE public[] = {
        {CKA_TOKEN, &yes, sizeof yes},
        {CKA_LABEL, label, strlen(label)},
        {CKA_ID, id, sizeof id},
        {CKA_EC_PARAMS, (void *)p256, sizeof p256},
    };
    CK_ATTRIBUTE private[] = {
        {CKA_TOKEN, &yes, sizeof yes},
        {CKA_PRIVATE, &yes, sizeof yes},
        {CKA_LABEL, label, strlen(label)},
        {CKA_ID, id, sizeof id},
        {CKA_SENSITIVE, &yes, sizeof yes},
        {CKA_EXTRACTABLE, &no, sizeof no},
        {CKA_DERIVE, &yes, sizeof yes},
        {CKA_SIGN, &no, sizeof no},
    };
    CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
    code = work->call->C_GenerateKeyPair(work->session, &mechanism, public, sizeof public / sizeof *public, private,
                                         sizeof private / sizeof *private, &work->public_key, &work->private_key);
    if (code != CKR_OK) return failed(work, QT_FAILED, "C_GenerateKeyPair", code);
    return find_key(work);
}

qt_outcome qt_carry_out(const struct qt_order *order, struct qt_result *result) {
    struct work work = {.order = order, .result = result};
    qt_outcome outcome = load(&work);
    if (outcome != QT_DONE) return outcome;
    outcome = find_token(&work);
    if (outcome == QT_DONE) outcome = log_in(&work);
    if (outcome == QT_DONE && order->action == QT_MAKE) outcome = make(&work);
    if (outcome == QT_DONE && order->action == QT_AGREE) outcome = find_key(&work);
    if (outcome == QT_DONE && order->action == QT_AGREE) outcome = agree(&work);
    // Sessions and what they hold end with it.
    (void)work.call->C_Finalize(NULL);
    return outcome;
}
