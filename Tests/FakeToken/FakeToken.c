#define _GNU_SOURCE
#include "FakeToken.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <p11-kit-1/p11-kit/pkcs11.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SLOT 7UL
#define TWIN 8UL

// MARK: State

typedef struct {
    int used;
    CK_OBJECT_CLASS kind;
    EVP_PKEY *key;
    unsigned char id[32];
    size_t idLength;
    char label[128];
} Object;

typedef struct {
    int used, canWrite, isSigning, isAllowed, isFinding;
    CK_MECHANISM_TYPE mechanism;
    int key;
    CK_OBJECT_HANDLE found[64];
    size_t foundCount, foundNext;
} Session;

typedef struct {
    char name[32];
    unsigned calls, failures;
    CK_RV value;
    int isBlocked;
} Function;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t released = PTHREAD_COND_INITIALIZER;
static Object objects[64];
static Session sessions[128];
static Function functions[64];
static long settings[FakeToken_settingCount];
static char pin[32];
static int isReady, isInitialized, isLoggedIn;
static unsigned blocked;
static unsigned long generation, firstSession;

static Function *function(const char *name) {
    for (size_t index = 0; index < 64; index++) {
        if (!functions[index].name[0]) strncpy(functions[index].name, name, sizeof functions[index].name - 1);
        if (strcmp(functions[index].name, name) == 0) return &functions[index];
    }
    abort();
}

static unsigned countSessions(void) {
    unsigned count = 0;
    for (size_t index = 0; index < 128; index++) count += sessions[index].used ? 1 : 0;
    return count;
}

static Object *newObject(CK_OBJECT_CLASS kind, EVP_PKEY *key, const unsigned char *id, size_t idLength, const char *label) {
    for (size_t index = 0; index < 64; index++) {
        Object *object = &objects[index];
        if (object->used) continue;
        memset(object, 0, sizeof *object);
        object->used = 1;
        object->kind = kind;
        EVP_PKEY_up_ref(key);
        object->key = key;
        object->idLength = idLength < sizeof object->id ? idLength : sizeof object->id;
        memcpy(object->id, id, object->idLength);
        strncpy(object->label, label, sizeof object->label - 1);
        return object;
    }
    return NULL;
}

static void addPair(EVP_PKEY *key, const unsigned char *id, size_t idLength, const char *label) {
    newObject(CKO_PUBLIC_KEY, key, id, idLength, label);
    newObject(CKO_PRIVATE_KEY, key, id, idLength, label);
}

static void freeObject(Object *object) {
    EVP_PKEY_free(object->key);
    memset(object, 0, sizeof *object);
}

// MARK: Keys that outlive the process

static void saveKeys(void) {
    const char *path = getenv("FAKE_TOKEN_KEYS");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    for (size_t index = 0; index < 64; index++) {
        Object *object = &objects[index];
        if (!object->used || object->kind != CKO_PRIVATE_KEY) continue;
        for (size_t octet = 0; octet < object->idLength; octet++) fprintf(file, "%02x", object->id[octet]);
        fprintf(file, " %s\n", object->label);
        PEM_write_PrivateKey(file, object->key, NULL, NULL, 0, NULL, NULL);
    }
    fclose(file);
}

static int hasID(const unsigned char *id, size_t length) {
    for (size_t index = 0; index < 64; index++) {
        Object *object = &objects[index];
        if (object->used && object->idLength == length && memcmp(object->id, id, length) == 0) return 1;
    }
    return 0;
}

static int loadKeys(void) {
    const char *path = getenv("FAKE_TOKEN_KEYS");
    FILE *file = path ? fopen(path, "r") : NULL;
    if (!file) return 0;
    char hex[65], label[128];
    while (fscanf(file, "%64s %127[^\n]", hex, label) == 2) {
        unsigned char id[32];
        size_t length = strlen(hex) / 2;
        for (size_t octet = 0; octet < length; octet++) sscanf(hex + 2 * octet, "%2hhx", &id[octet]);
        EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
        if (!key) break;
        if (!hasID(id, length)) addPair(key, id, length, label);
        EVP_PKEY_free(key);
    }
    fclose(file);
    return 1;
}

static void prepare(void) {
    static EVP_PKEY *keys[4];
    if (isReady) return;
    isReady = 1;
    strcpy(pin, "1234");
    settings[FakeToken_present] = settings[FakeToken_loginRequired] = 1;
    if (loadKeys()) return;
    static const char *labels[] = {"rsa", "p256", "p384", "ed25519"};
    if (!keys[0]) {
        keys[0] = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
        keys[1] = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
        keys[2] = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
        keys[3] = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    }
    for (unsigned char index = 0; index < 4; index++) {
        unsigned char id = index + 1;
        addPair(keys[index], &id, 1, labels[index]);
    }
    saveKeys();
}

// MARK: What tests say

// No handle is used twice.
static void endSessions(void) {
    memset(sessions, 0, sizeof sessions);
    firstSession += 1000;
    isLoggedIn = 0;
}

void FakeToken_reset(void) {
    pthread_mutex_lock(&lock);
    for (size_t index = 0; index < 64; index++) {
        if (objects[index].used) freeObject(&objects[index]);
    }
    endSessions();
    memset(functions, 0, sizeof functions);
    memset(settings, 0, sizeof settings);
    isReady = 0;
    prepare();
    pthread_mutex_unlock(&lock);
}

void FakeToken_set(enum FakeTokenSetting setting, long value) {
    pthread_mutex_lock(&lock);
    prepare();
    settings[setting] = value;
    if (setting == FakeToken_present && !value) endSessions();
    pthread_mutex_unlock(&lock);
}

void FakeToken_fail(const char *name, unsigned long value, unsigned count) {
    pthread_mutex_lock(&lock);
    function(name)->value = value;
    function(name)->failures = count;
    pthread_mutex_unlock(&lock);
}

void FakeToken_block(const char *name) {
    pthread_mutex_lock(&lock);
    function(name)->isBlocked = 1;
    pthread_mutex_unlock(&lock);
}

void FakeToken_release(void) {
    pthread_mutex_lock(&lock);
    for (size_t index = 0; index < 64; index++) functions[index].isBlocked = 0;
    pthread_cond_broadcast(&released);
    pthread_mutex_unlock(&lock);
}

unsigned FakeToken_blockedCount(void) {
    pthread_mutex_lock(&lock);
    unsigned count = blocked;
    pthread_mutex_unlock(&lock);
    return count;
}

unsigned FakeToken_calls(const char *name) {
    pthread_mutex_lock(&lock);
    unsigned calls = function(name)->calls;
    pthread_mutex_unlock(&lock);
    return calls;
}

void FakeToken_setPIN(const char *newPIN) {
    pthread_mutex_lock(&lock);
    prepare();
    strncpy(pin, newPIN, sizeof pin - 1);
    pthread_mutex_unlock(&lock);
}

void FakeToken_endSessions(void) {
    pthread_mutex_lock(&lock);
    endSessions();
    pthread_mutex_unlock(&lock);
}

void FakeToken_logOut(void) {
    pthread_mutex_lock(&lock);
    isLoggedIn = 0;
    pthread_mutex_unlock(&lock);
}

void FakeToken_renumber(void) {
    pthread_mutex_lock(&lock);
    generation += 1;
    pthread_mutex_unlock(&lock);
}

unsigned FakeToken_objectCount(void) {
    pthread_mutex_lock(&lock);
    prepare();
    unsigned count = 0;
    for (size_t index = 0; index < 64; index++) count += objects[index].used ? 1 : 0;
    pthread_mutex_unlock(&lock);
    return count;
}

unsigned FakeToken_sessionCount(void) {
    pthread_mutex_lock(&lock);
    unsigned count = countSessions();
    pthread_mutex_unlock(&lock);
    return count;
}

void FakeToken_copy(unsigned char id, unsigned char newID, unsigned char namesake) {
    pthread_mutex_lock(&lock);
    prepare();
    Object *original = NULL, *other = NULL;
    for (size_t index = 0; index < 64; index++) {
        Object *object = &objects[index];
        if (!object->used || object->kind != CKO_PRIVATE_KEY || object->idLength != 1) continue;
        if (object->id[0] == id) original = object;
        if (object->id[0] == namesake) other = object;
    }
    if (original && other) addPair(original->key, &newID, 1, other->label);
    pthread_mutex_unlock(&lock);
}

// MARK: Entering a function

// With the lock held.
static CK_RV readFaults(const char *name) {
    const char *path = getenv("FAKE_TOKEN_FAULTS");
    FILE *file = path ? fopen(path, "r") : NULL;
    if (!file) return CKR_OK;
    char fault[32];
    long value, delay = 0;
    CK_RV result = CKR_OK;
    settings[FakeToken_present] = 1;
    settings[FakeToken_wrongSignatures] = 0;
    while (fscanf(file, "%31s %li", fault, &value) == 2) {
        if (strcmp(fault, "present") == 0) settings[FakeToken_present] = value;
        if (strcmp(fault, "wrong_signature") == 0) settings[FakeToken_wrongSignatures] = value;
        if (strcmp(fault, "delay") == 0 && strcmp(name, "C_Sign") == 0) delay = value;
        if (strcmp(fault, name) == 0) result = (CK_RV)value;
    }
    fclose(file);
    if (delay > 0) {
        pthread_mutex_unlock(&lock);
        usleep((useconds_t)delay * 1000);
        pthread_mutex_lock(&lock);
    }
    return result;
}

// Takes the lock, unless the function is to fail.
static CK_RV enter(const char *name) {
    pthread_mutex_lock(&lock);
    prepare();
    Function *called = function(name);
    called->calls += 1;
    while (called->isBlocked) {
        blocked += 1;
        pthread_cond_wait(&released, &lock);
        blocked -= 1;
    }
    CK_RV value = readFaults(name);
    if (value == CKR_OK && called->failures > 0) {
        called->failures -= 1;
        value = called->value;
    }
    int isOfModule = strcmp(name, "C_Initialize") == 0 || strcmp(name, "C_Finalize") == 0;
    if (value == CKR_OK && !isOfModule) {
        if (!isInitialized) value = CKR_CRYPTOKI_NOT_INITIALIZED;
        else if (settings[FakeToken_broken]) value = CKR_GENERAL_ERROR;
    }
    if (value != CKR_OK) pthread_mutex_unlock(&lock);
    return value;
}

static CK_RV leave(CK_RV value) {
    pthread_mutex_unlock(&lock);
    return value;
}

#define ENTER(name)                \
    do {                           \
        CK_RV early = enter(name); \
        if (early) return early;   \
    } while (0)

static Session *session(CK_SESSION_HANDLE handle) {
    if (handle <= firstSession || handle > firstSession + 128) return NULL;
    Session *found = &sessions[handle - firstSession - 1];
    return found->used ? found : NULL;
}

#define SESSION(handle)                                                                      \
    if (!settings[FakeToken_present]) return leave(CKR_DEVICE_REMOVED);                      \
    Session *current = session(handle);                                                      \
    if (!current) return leave(CKR_SESSION_HANDLE_INVALID)

static Object *object(CK_OBJECT_HANDLE handle) {
    if (handle >> 8 != generation || (handle & 255) == 0 || (handle & 255) > 64) return NULL;
    Object *found = &objects[(handle & 255) - 1];
    return found->used ? found : NULL;
}

// MARK: Module, slots and tokens

static CK_RV initialize(void *arguments) {
    ENTER("C_Initialize");
    CK_C_INITIALIZE_ARGS *given = arguments;
    if (given && !(given->flags & CKF_OS_LOCKING_OK)) return leave(CKR_CANT_LOCK);
    if (isInitialized) return leave(CKR_CRYPTOKI_ALREADY_INITIALIZED);
    isInitialized = 1;
    settings[FakeToken_broken] = 0;
    settings[FakeToken_emptied] = 0;
    return leave(CKR_OK);
}

static CK_RV finalize(void *reserved) {
    (void)reserved;
    ENTER("C_Finalize");
    if (!isInitialized) return leave(CKR_CRYPTOKI_NOT_INITIALIZED);
    isInitialized = 0;
    endSessions();
    return leave(CKR_OK);
}

static void fill(unsigned char *field, size_t size, const char *text) {
    memset(field, ' ', size);
    memcpy(field, text, strlen(text) < size ? strlen(text) : size);
}

static CK_RV getInfo(CK_INFO *info) {
    ENTER("C_GetInfo");
    memset(info, 0, sizeof *info);
    fill(info->manufacturerID, 32, "Writ");
    fill(info->libraryDescription, 32, "Fake library");
    info->libraryVersion.major = 1;
    info->libraryVersion.minor = 2;
    return leave(CKR_OK);
}

static CK_RV getSlotList(CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *count) {
    (void)present;
    ENTER("C_GetSlotList");
    CK_ULONG has = settings[FakeToken_twin] ? 2 : 1;
    if (slots && *count < has) return leave(CKR_BUFFER_TOO_SMALL);
    if (slots) slots[0] = SLOT;
    if (slots && has > 1) slots[1] = TWIN;
    *count = has;
    return leave(CKR_OK);
}

static CK_RV getSlotInfo(CK_SLOT_ID slot, CK_SLOT_INFO *info) {
    ENTER("C_GetSlotInfo");
    if (slot != SLOT && slot != TWIN) return leave(CKR_SLOT_ID_INVALID);
    memset(info, 0, sizeof *info);
    fill(info->slotDescription, 64, "Fake slot");
    fill(info->manufacturerID, 32, "Writ slots");
    info->flags = settings[FakeToken_present] ? CKF_TOKEN_PRESENT : 0;
    return leave(CKR_OK);
}

static CK_RV getTokenInfo(CK_SLOT_ID slot, CK_TOKEN_INFO *info) {
    ENTER("C_GetTokenInfo");
    if (slot != SLOT && slot != TWIN) return leave(CKR_SLOT_ID_INVALID);
    if (!settings[FakeToken_present]) return leave(CKR_TOKEN_NOT_PRESENT);
    memset(info, 0, sizeof *info);
    fill(info->label, 32, settings[FakeToken_strangeLabel] ? "Strange\x1b[31m\n" : "Fake");
    fill(info->manufacturerID, 32, "Writ tokens");
    fill(info->model, 16, "F1");
    fill(info->serialNumber, 16, slot == SLOT ? "42" : "43");
    info->flags = CKF_TOKEN_INITIALIZED | CKF_USER_PIN_INITIALIZED;
    if (settings[FakeToken_finalTry]) info->flags |= CKF_USER_PIN_FINAL_TRY;
    if (settings[FakeToken_loginRequired]) info->flags |= CKF_LOGIN_REQUIRED;
    if (settings[FakeToken_asksForPIN]) info->flags |= CKF_PROTECTED_AUTHENTICATION_PATH;
    return leave(CKR_OK);
}

static int isMissing(CK_MECHANISM_TYPE type) {
    int hashes = type == CKM_SHA256_RSA_PKCS || type == CKM_SHA256_RSA_PKCS_PSS;
    int isEdDSA = type == CKM_EDDSA || type == CKM_EC_EDWARDS_KEY_PAIR_GEN;
    if (type == CKM_ECDSA) return settings[FakeToken_hashesForECDSA] != 0;
    if (type == CKM_ECDSA_SHA256 || type == CKM_ECDSA_SHA384) return !settings[FakeToken_hashesForECDSA];
    return (hashes && settings[FakeToken_withoutHashing]) || (isEdDSA && settings[FakeToken_withoutEdDSA]);
}

static const CK_MECHANISM_TYPE mechanisms[] = {
    CKM_SHA256_RSA_PKCS, CKM_RSA_PKCS, CKM_SHA256_RSA_PKCS_PSS, CKM_RSA_PKCS_PSS, CKM_ECDSA, CKM_EDDSA,
    CKM_ECDSA_SHA256, CKM_ECDSA_SHA384,
    CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_EC_KEY_PAIR_GEN, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_AES_CBC,
};

static CK_RV getMechanismList(CK_SLOT_ID slot, CK_MECHANISM_TYPE *list, CK_ULONG *count) {
    (void)slot;
    ENTER("C_GetMechanismList");
    CK_ULONG has = 0;
    for (size_t index = 0; index < sizeof mechanisms / sizeof *mechanisms; index++) {
        if (isMissing(mechanisms[index])) continue;
        if (list && has < *count) list[has] = mechanisms[index];
        has += 1;
    }
    *count = has;
    return leave(CKR_OK);
}

static CK_RV getMechanismInfo(CK_SLOT_ID slot, CK_MECHANISM_TYPE type, CK_MECHANISM_INFO *info) {
    (void)slot;
    ENTER("C_GetMechanismInfo");
    if (isMissing(type)) return leave(CKR_MECHANISM_INVALID);
    memset(info, 0, sizeof *info);
    switch (type) {
        case CKM_RSA_PKCS_KEY_PAIR_GEN:
        case CKM_EC_KEY_PAIR_GEN:
        case CKM_EC_EDWARDS_KEY_PAIR_GEN: info->flags = CKF_GENERATE_KEY_PAIR; break;
        case CKM_AES_CBC: info->flags = CKF_ENCRYPT; break;
        default: info->flags = CKF_SIGN | CKF_VERIFY;
    }
    return leave(CKR_OK);
}

// MARK: Sessions

static CK_RV openSession(CK_SLOT_ID slot, CK_FLAGS flags, void *application, CK_NOTIFY notify, CK_SESSION_HANDLE *handle) {
    (void)application;
    (void)notify;
    ENTER("C_OpenSession");
    if (slot != SLOT) return leave(CKR_SLOT_ID_INVALID);
    if (!settings[FakeToken_present]) return leave(CKR_TOKEN_NOT_PRESENT);
    long limit = settings[FakeToken_sessionLimit];
    if (limit > 0 && countSessions() >= (unsigned)limit) return leave(CKR_SESSION_COUNT);
    for (size_t index = 0; index < 128; index++) {
        if (sessions[index].used) continue;
        memset(&sessions[index], 0, sizeof *sessions);
        sessions[index].used = 1;
        sessions[index].canWrite = (flags & CKF_RW_SESSION) != 0;
        *handle = firstSession + index + 1;
        return leave(CKR_OK);
    }
    return leave(CKR_SESSION_COUNT);
}

static CK_RV closeSession(CK_SESSION_HANDLE handle) {
    ENTER("C_CloseSession");
    SESSION(handle);
    memset(current, 0, sizeof *current);
    // PKCS#11: the user is logged out with the last session.
    if (countSessions() == 0) isLoggedIn = 0;
    return leave(CKR_OK);
}

static CK_RV getSessionInfo(CK_SESSION_HANDLE handle, CK_SESSION_INFO *info) {
    ENTER("C_GetSessionInfo");
    SESSION(handle);
    memset(info, 0, sizeof *info);
    info->slotID = SLOT;
    info->state = current->canWrite ? (isLoggedIn ? CKS_RW_USER_FUNCTIONS : CKS_RW_PUBLIC_SESSION)
                                    : (isLoggedIn ? CKS_RO_USER_FUNCTIONS : CKS_RO_PUBLIC_SESSION);
    return leave(CKR_OK);
}

static CK_RV logIn(CK_SESSION_HANDLE handle, CK_USER_TYPE user, unsigned char *given, CK_ULONG length) {
    ENTER("C_Login");
    SESSION(handle);
    if (settings[FakeToken_asksForPIN]) {
        if (given) return leave(CKR_ARGUMENTS_BAD);
    } else if (!given || length != strlen(pin) || memcmp(given, pin, length) != 0) {
        return leave(CKR_PIN_INCORRECT);
    }
    if (user == CKU_CONTEXT_SPECIFIC) {
        if (!current->isSigning) return leave(CKR_OPERATION_NOT_INITIALIZED);
        current->isAllowed = 1;
        return leave(CKR_OK);
    }
    if (isLoggedIn) return leave(CKR_USER_ALREADY_LOGGED_IN);
    isLoggedIn = 1;
    return leave(CKR_OK);
}

// MARK: Objects

static int isRSA(const Object *o) { return EVP_PKEY_is_a(o->key, "RSA"); }
static int isEd25519(const Object *o) { return EVP_PKEY_is_a(o->key, "ED25519"); }

static size_t number(EVP_PKEY *key, const char *name, unsigned char *value) {
    BIGNUM *big = NULL;
    if (!EVP_PKEY_get_bn_param(key, name, &big)) return 0;
    size_t length = (size_t)BN_bn2bin(big, value);
    BN_free(big);
    return length;
}

static size_t flag(unsigned char *value, int is) {
    value[0] = is ? CK_TRUE : CK_FALSE;
    return 1;
}

static size_t word(unsigned char *value, CK_ULONG number) {
    memcpy(value, &number, sizeof number);
    return sizeof number;
}

static const unsigned char p256[] = {0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const unsigned char p384[] = {0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22};
// As some tokens want it: not the object identifier.
static const unsigned char edwards25519[] = "\x13\x0c" "edwards25519";

static size_t curve(const Object *o, unsigned char *value) {
    const unsigned char *der = isEd25519(o) ? edwards25519 : EVP_PKEY_get_bits(o->key) == 256 ? p256 : p384;
    size_t length = isEd25519(o) ? sizeof edwards25519 - 1 : EVP_PKEY_get_bits(o->key) == 256 ? sizeof p256 : sizeof p384;
    memcpy(value, der, length);
    return length;
}

static size_t point(const Object *o, unsigned char *value) {
    size_t length = 0, offset = settings[FakeToken_barePoints] ? 0 : 2;
    if (isEd25519(o)) {
        length = 32;
        EVP_PKEY_get_raw_public_key(o->key, value + offset, &length);
    } else {
        EVP_PKEY_get_octet_string_param(o->key, OSSL_PKEY_PARAM_PUB_KEY, value + offset, 256, &length);
    }
    if (offset) {
        value[0] = 0x04;
        value[1] = (unsigned char)length;
    }
    return length + offset;
}

// The length of an attribute; -1 if the object does not have it. `value` has room for 1024 octets.
static long attribute(const Object *o, CK_ATTRIBUTE_TYPE type, unsigned char *value) {
    int isPrivate = o->kind == CKO_PRIVATE_KEY;
    switch (type) {
        case CKA_CLASS: return (long)word(value, o->kind);
        case CKA_KEY_TYPE: return (long)word(value, isRSA(o) ? CKK_RSA : isEd25519(o) ? CKK_EC_EDWARDS : CKK_EC);
        case CKA_ID: memcpy(value, o->id, o->idLength); return (long)o->idLength;
        case CKA_LABEL: memcpy(value, o->label, strlen(o->label)); return (long)strlen(o->label);
        case CKA_MODULUS: return isRSA(o) ? (long)number(o->key, OSSL_PKEY_PARAM_RSA_N, value) : -1;
        case CKA_PUBLIC_EXPONENT: return isRSA(o) ? (long)number(o->key, OSSL_PKEY_PARAM_RSA_E, value) : -1;
        case CKA_EC_PARAMS: return isRSA(o) ? -1 : (long)curve(o, value);
        case CKA_EC_POINT: return isRSA(o) || isPrivate ? -1 : (long)point(o, value);
        case CKA_ALWAYS_AUTHENTICATE:
            return isPrivate ? (long)flag(value, settings[FakeToken_alwaysAuthenticate] != 0) : -1;
        case CKA_PUBLIC_KEY_INFO:
            return isPrivate && settings[FakeToken_publicKeyInfo] ? (long)i2d_PUBKEY(o->key, &value) : -1;
        default: return -1;
    }
}

static CK_RV getAttributeValue(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE key, CK_ATTRIBUTE *list, CK_ULONG count) {
    ENTER("C_GetAttributeValue");
    SESSION(handle);
    Object *o = object(key);
    if (!o) return leave(CKR_OBJECT_HANDLE_INVALID);
    CK_RV status = CKR_OK;
    for (CK_ULONG index = 0; index < count; index++) {
        unsigned char value[1024];
        long length = attribute(o, list[index].type, value);
        if (length < 0) {
            list[index].ulValueLen = CK_UNAVAILABLE_INFORMATION;
            status = CKR_ATTRIBUTE_TYPE_INVALID;
        } else if (list[index].pValue && list[index].ulValueLen < (CK_ULONG)length) {
            list[index].ulValueLen = CK_UNAVAILABLE_INFORMATION;
            status = CKR_BUFFER_TOO_SMALL;
        } else {
            if (list[index].pValue) memcpy(list[index].pValue, value, (size_t)length);
            list[index].ulValueLen = (CK_ULONG)length;
        }
    }
    return leave(status);
}

static int isVisible(const Object *o) {
    if (o->kind == CKO_PRIVATE_KEY) return isLoggedIn || !settings[FakeToken_loginRequired];
    return !settings[FakeToken_withoutPublicObjects];
}

static CK_RV findObjectsInit(CK_SESSION_HANDLE handle, CK_ATTRIBUTE *list, CK_ULONG count) {
    ENTER("C_FindObjectsInit");
    SESSION(handle);
    if (current->isFinding) return leave(CKR_OPERATION_ACTIVE);
    loadKeys();
    current->isFinding = 1;
    current->foundCount = current->foundNext = 0;
    for (size_t index = 0; index < 64; index++) {
        Object *o = &objects[index];
        if (!o->used || !isVisible(o) || settings[FakeToken_emptied]) continue;
        int matches = 1;
        for (CK_ULONG wanted = 0; wanted < count; wanted++) {
            unsigned char value[1024];
            long length = attribute(o, list[wanted].type, value);
            if (length < 0 || (CK_ULONG)length != list[wanted].ulValueLen
                || memcmp(value, list[wanted].pValue, (size_t)length) != 0) matches = 0;
        }
        if (matches) current->found[current->foundCount++] = generation << 8 | (index + 1);
    }
    return leave(CKR_OK);
}

static CK_RV findObjects(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE *found, CK_ULONG most, CK_ULONG *count) {
    ENTER("C_FindObjects");
    SESSION(handle);
    if (!current->isFinding) return leave(CKR_OPERATION_NOT_INITIALIZED);
    for (*count = 0; *count < most && current->foundNext < current->foundCount; (*count)++) {
        found[*count] = current->found[current->foundNext++];
    }
    return leave(CKR_OK);
}

static CK_RV findObjectsFinal(CK_SESSION_HANDLE handle) {
    ENTER("C_FindObjectsFinal");
    SESSION(handle);
    current->isFinding = 0;
    return leave(CKR_OK);
}

static CK_RV destroyObject(CK_SESSION_HANDLE handle, CK_OBJECT_HANDLE key) {
    ENTER("C_DestroyObject");
    SESSION(handle);
    if (!current->canWrite) return leave(CKR_SESSION_READ_ONLY);
    Object *o = object(key);
    if (!o) return leave(CKR_OBJECT_HANDLE_INVALID);
    freeObject(o);
    saveKeys();
    return leave(CKR_OK);
}

// MARK: Signatures

static CK_RV signInit(CK_SESSION_HANDLE handle, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key) {
    ENTER("C_SignInit");
    SESSION(handle);
    if (current->isSigning) return leave(CKR_OPERATION_ACTIVE);
    if (!isLoggedIn && settings[FakeToken_loginRequired]) return leave(CKR_USER_NOT_LOGGED_IN);
    if (isMissing(mechanism->mechanism)) return leave(CKR_MECHANISM_INVALID);
    Object *o = object(key);
    if (!o || o->kind != CKO_PRIVATE_KEY) return leave(CKR_KEY_HANDLE_INVALID);
    if (mechanism->mechanism == CKM_RSA_PKCS_PSS || mechanism->mechanism == CKM_SHA256_RSA_PKCS_PSS) {
        CK_RSA_PKCS_PSS_PARAMS *pss = mechanism->pParameter;
        if (!pss || mechanism->ulParameterLen != sizeof *pss || pss->hashAlg != CKM_SHA256
            || pss->mgf != CKG_MGF1_SHA256 || pss->sLen != 32) return leave(CKR_MECHANISM_PARAM_INVALID);
    }
    current->isSigning = 1;
    current->isAllowed = !settings[FakeToken_alwaysAuthenticate];
    current->mechanism = mechanism->mechanism;
    current->key = (int)(key & 255) - 1;
    return leave(CKR_OK);
}

// -1 if the signature cannot be made.
static long rsa(EVP_PKEY *key, const unsigned char *data, size_t length, int padding, int isDigest, unsigned char *out) {
    size_t count = 1024;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    int isMade = EVP_PKEY_sign_init(context) > 0 && EVP_PKEY_CTX_set_rsa_padding(context, padding) > 0;
    if (isDigest) isMade = isMade && EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) > 0;
    if (padding == RSA_PKCS1_PSS_PADDING) isMade = isMade && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, 32) > 0;
    isMade = isMade && EVP_PKEY_sign(context, out, &count, data, length) > 0;
    EVP_PKEY_CTX_free(context);
    return isMade ? (long)count : -1;
}

static long ecdsa(EVP_PKEY *key, const unsigned char *digest, size_t length, unsigned char *out) {
    unsigned char der[256];
    size_t count = sizeof der;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    int isMade = EVP_PKEY_sign_init(context) > 0 && EVP_PKEY_sign(context, der, &count, digest, length) > 0;
    EVP_PKEY_CTX_free(context);
    if (!isMade) return -1;
    const unsigned char *start = der;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &start, (long)count);
    int size = EVP_PKEY_get_bits(key) / 8;
    BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, size);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + size, size);
    ECDSA_SIG_free(signature);
    return 2 * size;
}

static long eddsa(EVP_PKEY *key, const unsigned char *data, size_t length, unsigned char *out) {
    size_t count = 64;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int isMade = EVP_DigestSignInit(context, NULL, NULL, NULL, key) > 0
        && EVP_DigestSign(context, out, &count, data, length) > 0;
    EVP_MD_CTX_free(context);
    return isMade ? (long)count : -1;
}

static CK_RV sign(
    CK_SESSION_HANDLE handle, unsigned char *data, CK_ULONG length, unsigned char *signature, CK_ULONG *count) {
    ENTER("C_Sign");
    SESSION(handle);
    if (!current->isSigning) return leave(CKR_OPERATION_NOT_INITIALIZED);
    current->isSigning = 0;
    if (!current->isAllowed) return leave(CKR_USER_NOT_LOGGED_IN);
    EVP_PKEY *key = objects[current->key].key;
    unsigned char digest[32], longDigest[48], out[1024];
    unsigned digestLength = sizeof digest;
    EVP_Digest(data, length, digest, &digestLength, EVP_sha256(), NULL);
    EVP_Digest(data, length, longDigest, &digestLength, EVP_sha384(), NULL);
    long made = -1;
    switch (current->mechanism) {
        case CKM_SHA256_RSA_PKCS: made = rsa(key, digest, 32, RSA_PKCS1_PADDING, 1, out); break;
        case CKM_RSA_PKCS: made = rsa(key, data, length, RSA_PKCS1_PADDING, 0, out); break;
        case CKM_SHA256_RSA_PKCS_PSS: made = rsa(key, digest, 32, RSA_PKCS1_PSS_PADDING, 1, out); break;
        case CKM_RSA_PKCS_PSS: made = rsa(key, data, length, RSA_PKCS1_PSS_PADDING, 1, out); break;
        case CKM_ECDSA: made = ecdsa(key, data, length, out); break;
        case CKM_ECDSA_SHA256: made = ecdsa(key, digest, 32, out); break;
        case CKM_ECDSA_SHA384: made = ecdsa(key, longDigest, 48, out); break;
        case CKM_EDDSA: made = eddsa(key, data, length, out); break;
    }
    if (made < 0) return leave(CKR_DATA_INVALID);
    if (*count < (CK_ULONG)made) return leave(CKR_BUFFER_TOO_SMALL);
    if (settings[FakeToken_wrongSignatures]) out[made - 1] ^= 1;
    memcpy(signature, out, (size_t)made);
    *count = (CK_ULONG)made;
    return leave(CKR_OK);
}

// MARK: New keys

static CK_ATTRIBUTE *find(CK_ATTRIBUTE *list, CK_ULONG count, CK_ATTRIBUTE_TYPE type) {
    for (CK_ULONG index = 0; index < count; index++) {
        if (list[index].type == type) return &list[index];
    }
    return NULL;
}

static int isFlag(CK_ATTRIBUTE *list, CK_ULONG count, CK_ATTRIBUTE_TYPE type, int value) {
    CK_ATTRIBUTE *found = find(list, count, type);
    return found && found->ulValueLen == 1 && *(CK_BBOOL *)found->pValue == value;
}

static int isSame(CK_ATTRIBUTE *found, const unsigned char *value, size_t length) {
    return found && found->ulValueLen == length && memcmp(found->pValue, value, length) == 0;
}

static CK_RV generateKeyPair(
    CK_SESSION_HANDLE handle, CK_MECHANISM *mechanism, CK_ATTRIBUTE *public, CK_ULONG publicCount,
    CK_ATTRIBUTE *private, CK_ULONG privateCount, CK_OBJECT_HANDLE *publicKey, CK_OBJECT_HANDLE *privateKey) {
    ENTER("C_GenerateKeyPair");
    SESSION(handle);
    if (!current->canWrite) return leave(CKR_SESSION_READ_ONLY);
    if (!isLoggedIn) return leave(CKR_USER_NOT_LOGGED_IN);
    // The key may not leave the token.
    if (!isFlag(private, privateCount, CKA_TOKEN, 1) || !isFlag(private, privateCount, CKA_PRIVATE, 1)
        || !isFlag(private, privateCount, CKA_SENSITIVE, 1) || !isFlag(private, privateCount, CKA_EXTRACTABLE, 0)
        || !isFlag(private, privateCount, CKA_SIGN, 1) || !isFlag(public, publicCount, CKA_TOKEN, 1)
        || !isFlag(public, publicCount, CKA_VERIFY, 1)) return leave(CKR_TEMPLATE_INCONSISTENT);
    CK_ATTRIBUTE *id = find(private, privateCount, CKA_ID), *label = find(private, privateCount, CKA_LABEL);
    CK_ATTRIBUTE *curve = find(public, publicCount, CKA_EC_PARAMS), *bits = find(public, publicCount, CKA_MODULUS_BITS);
    if (!id || !label || !isSame(find(public, publicCount, CKA_ID), id->pValue, id->ulValueLen)) {
        return leave(CKR_TEMPLATE_INCOMPLETE);
    }
    EVP_PKEY *key = NULL;
    if (mechanism->mechanism == CKM_RSA_PKCS_KEY_PAIR_GEN) {
        if (!bits || bits->ulValueLen != sizeof(CK_ULONG)) return leave(CKR_TEMPLATE_INCOMPLETE);
        key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)*(CK_ULONG *)bits->pValue);
    } else if (isSame(curve, p256, sizeof p256)) {
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    } else if (isSame(curve, p384, sizeof p384)) {
        key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
    } else if (isSame(curve, edwards25519, sizeof edwards25519 - 1)) {
        key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    } else {
        return leave(CKR_CURVE_NOT_SUPPORTED);
    }
    char text[128] = "";
    memcpy(text, label->pValue, label->ulValueLen < 127 ? label->ulValueLen : 127);
    *publicKey = generation << 8
        | (CK_ULONG)(newObject(CKO_PUBLIC_KEY, key, id->pValue, id->ulValueLen, text) - objects + 1);
    *privateKey = generation << 8
        | (CK_ULONG)(newObject(CKO_PRIVATE_KEY, key, id->pValue, id->ulValueLen, text) - objects + 1);
    EVP_PKEY_free(key);
    saveKeys();
    return leave(CKR_OK);
}

// MARK: The list

static CK_FUNCTION_LIST list = {
    .version = {2, 40},
    .C_Initialize = initialize,
    .C_Finalize = finalize,
    .C_GetInfo = getInfo,
    .C_GetFunctionList = C_GetFunctionList,
    .C_GetSlotList = getSlotList,
    .C_GetSlotInfo = getSlotInfo,
    .C_GetTokenInfo = getTokenInfo,
    .C_GetMechanismList = getMechanismList,
    .C_GetMechanismInfo = getMechanismInfo,
    .C_OpenSession = openSession,
    .C_CloseSession = closeSession,
    .C_GetSessionInfo = getSessionInfo,
    .C_Login = logIn,
    .C_GetAttributeValue = getAttributeValue,
    .C_FindObjectsInit = findObjectsInit,
    .C_FindObjects = findObjects,
    .C_FindObjectsFinal = findObjectsFinal,
    .C_DestroyObject = destroyObject,
    .C_SignInit = signInit,
    .C_Sign = sign,
    .C_GenerateKeyPair = generateKeyPair,
};

CK_RV C_GetFunctionList(CK_FUNCTION_LIST **functionList) {
    *functionList = &list;
    return CKR_OK;
}

void *FakeToken_functions(void) { return &list; }
