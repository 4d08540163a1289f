#pragma once

#include <dlfcn.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// Only the header of p11-kit is used. Its library is not linked: a module is loaded when the service needs one.
#if __has_include(<p11-kit/pkcs11.h>)
#include <p11-kit/pkcs11.h>
#elif __has_include(<p11-kit-1/p11-kit/pkcs11.h>)
#include <p11-kit-1/p11-kit/pkcs11.h>
#else
#error "Writ needs the header p11-kit/pkcs11.h: Debian has it in libp11-kit-dev"
#endif

// Swift would trap at a function that a module leaves out of its list.
#define CPKCS11_CALL(list, name, ...) ((list)->name ? (list)->name(__VA_ARGS__) : CKR_FUNCTION_NOT_SUPPORTED)

// Values that Swift does not import from their macros.
static const CK_FLAGS CPKCS11_tokenPresent = CKF_TOKEN_PRESENT;
static const CK_FLAGS CPKCS11_loginRequired = CKF_LOGIN_REQUIRED;
static const CK_FLAGS CPKCS11_protectedAuthenticationPath = CKF_PROTECTED_AUTHENTICATION_PATH;
static const CK_FLAGS CPKCS11_tokenInitialized = CKF_TOKEN_INITIALIZED;
static const CK_FLAGS CPKCS11_userPINFinalTry = CKF_USER_PIN_FINAL_TRY;
static const CK_FLAGS CPKCS11_canSign = CKF_SIGN;
static const CK_FLAGS CPKCS11_canGenerateKeyPair = CKF_GENERATE_KEY_PAIR;
static const CK_ULONG CPKCS11_unavailable = CK_UNAVAILABLE_INFORMATION;

static inline void CPKCS11_leave(int status, void *argument) {
    (void)argument;
    fflush(NULL);
    _exit(status);
}

// Makes `exit` end the process without the destructors of the modules that were loaded before this call. A destructor may free
// what a call on another thread still uses, and the process would hang or crash. To be called once: each call adds a function
// to those that `exit` calls, the last one first.
static inline void CPKCS11_skipDestructors(void) {
#ifdef __GLIBC__
    on_exit(CPKCS11_leave, NULL);
#endif
}

// The list of functions of a module, which stays loaded. If there is no list, this returns NULL and the library is unloaded:
// *reason says why, or is NULL if C_GetFunctionList returned *status.
static inline CK_FUNCTION_LIST *CPKCS11_load(const char *path, const char **reason, CK_RV *status) {
    *reason = NULL;
    *status = CKR_OK;
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        *reason = dlerror();
        return NULL;
    }
    CK_C_GetFunctionList getFunctionList = (CK_C_GetFunctionList)dlsym(library, "C_GetFunctionList");
    if (!getFunctionList) {
        *reason = "it is no PKCS#11 module: it has no function C_GetFunctionList";
        dlclose(library);
        return NULL;
    }
    CK_FUNCTION_LIST *list = NULL;
    *status = getFunctionList(&list);
    if (*status == CKR_OK && list) return list;
    if (*status == CKR_OK) *reason = "C_GetFunctionList returned no functions";
    dlclose(library);
    return NULL;
}

// A module that writes to a server that has ended gets an error on this thread, and the process goes on.
static inline void CPKCS11_blockBrokenPipes(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

static inline CK_RV CPKCS11_initialize(CK_FUNCTION_LIST *list) {
    CK_C_INITIALIZE_ARGS arguments = {0};
    arguments.flags = CKF_OS_LOCKING_OK;
    return CPKCS11_CALL(list, C_Initialize, &arguments);
}

static inline CK_RV CPKCS11_finalize(CK_FUNCTION_LIST *list) {
    return CPKCS11_CALL(list, C_Finalize, NULL);
}

static inline CK_RV CPKCS11_info(CK_FUNCTION_LIST *list, CK_INFO *info) {
    return CPKCS11_CALL(list, C_GetInfo, info);
}

// All slots, also those without a token: some modules refresh their list only then.
static inline CK_RV CPKCS11_slots(CK_FUNCTION_LIST *list, CK_SLOT_ID *slots, CK_ULONG *count) {
    return CPKCS11_CALL(list, C_GetSlotList, CK_FALSE, slots, count);
}

static inline CK_RV CPKCS11_slotInfo(CK_FUNCTION_LIST *list, CK_SLOT_ID slot, CK_SLOT_INFO *info) {
    return CPKCS11_CALL(list, C_GetSlotInfo, slot, info);
}

static inline CK_RV CPKCS11_tokenInfo(CK_FUNCTION_LIST *list, CK_SLOT_ID slot, CK_TOKEN_INFO *info) {
    return CPKCS11_CALL(list, C_GetTokenInfo, slot, info);
}

static inline CK_RV CPKCS11_mechanisms(
    CK_FUNCTION_LIST *list, CK_SLOT_ID slot, CK_MECHANISM_TYPE *mechanisms, CK_ULONG *count) {
    return CPKCS11_CALL(list, C_GetMechanismList, slot, mechanisms, count);
}

static inline CK_RV CPKCS11_mechanismInfo(
    CK_FUNCTION_LIST *list, CK_SLOT_ID slot, CK_MECHANISM_TYPE mechanism, CK_MECHANISM_INFO *info) {
    return CPKCS11_CALL(list, C_GetMechanismInfo, slot, mechanism, info);
}

static inline CK_RV CPKCS11_openSession(
    CK_FUNCTION_LIST *list, CK_SLOT_ID slot, int canWrite, CK_SESSION_HANDLE *session) {
    CK_FLAGS flags = CKF_SERIAL_SESSION | (canWrite ? CKF_RW_SESSION : 0);
    return CPKCS11_CALL(list, C_OpenSession, slot, flags, NULL, NULL, session);
}

static inline CK_RV CPKCS11_closeSession(CK_FUNCTION_LIST *list, CK_SESSION_HANDLE session) {
    return CPKCS11_CALL(list, C_CloseSession, session);
}

static inline CK_RV CPKCS11_sessionInfo(CK_FUNCTION_LIST *list, CK_SESSION_HANDLE session, CK_SESSION_INFO *info) {
    return CPKCS11_CALL(list, C_GetSessionInfo, session, info);
}

// A PIN of NULL asks for it at the device.
static inline CK_RV CPKCS11_login(
    CK_FUNCTION_LIST *list, CK_SESSION_HANDLE session, CK_USER_TYPE user, const unsigned char *pin, CK_ULONG count) {
    return CPKCS11_CALL(list, C_Login, session, user, (unsigned char *)pin, count);
}

// Attributes lie one behind the other in `values`, each at a multiple of eight octets.
enum { CPKCS11_mostAttributes = 16 };

// CKR_ARGUMENTS_BAD if there are too many.
static inline CK_RV CPKCS11_attributes(
    CK_ATTRIBUTE *attributes, const CK_ULONG *types, const CK_ULONG *lengths, const unsigned char *values,
    CK_ULONG count) {
    if (count > CPKCS11_mostAttributes) return CKR_ARGUMENTS_BAD;
    size_t offset = 0;
    for (CK_ULONG index = 0; index < count; index++) {
        attributes[index].type = types[index];
        attributes[index].pValue = (void *)(values + offset);
        attributes[index].ulValueLen = lengths[index];
        offset += (lengths[index] + 7) / 8 * 8;
    }
    return CKR_OK;
}

static inline CK_RV CPKCS11_findObjectsInit(
    CK_FUNCTION_LIST *list, CK_SESSION_HANDLE session, const CK_ULONG *types, const CK_ULONG *lengths,
    const unsigned char *values, CK_ULONG count) {
    CK_ATTRIBUTE attributes[CPKCS11_mostAttributes];
    CK_RV status = CPKCS11_attributes(attributes, types, lengths, values, count);
    return status == CKR_OK ? CPKCS11_CALL(list, C_FindObjectsInit, session, attributes, count) : status;
}

static inline CK_RV CPKCS11_findObjects(
    CK_FUNCTION_LIST *list, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, CK_ULONG most, CK_ULONG *count) {
    return CPKCS11_CALL(list, C_FindObjects, session, objects, most, count);
}

static inline CK_RV CPKCS11_findObjectsFinal(CK_FUNCTION_LIST *list, CK_SESSION_HANDLE session) {
    return CPKCS11_CALL(list, C_FindObjectsFinal, session);
}

// The length of an attribute if `value` is NULL.
static inline CK_RV CPKCS11_attribute(
    CK_FUNCTION_LIST *list, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type, void *value,
    CK_ULONG *length) {
    CK_ATTRIBUTE attribute = {type, value, value ? *length : 0};
    CK_RV status = CPKCS11_CALL(list, C_GetAttributeValue, session, object, &attribute, 1);
    *length = attribute.ulValueLen;
    return status;
}

// With `isPSS`, the parameters of RFC 7518 section 3.5 for PS256.
static inline CK_RV CPKCS11_signInit(
    CK_FUNCTION_LIST *list, CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, int isPSS, CK_OBJECT_HANDLE key) {
    CK_RSA_PKCS_PSS_PARAMS pss = {CKM_SHA256, CKG_MGF1_SHA256, 32};
    CK_MECHANISM mechanism = {type, isPSS ? &pss : NULL, isPSS ? sizeof pss : 0};
    return CPKCS11_CALL(list, C_SignInit, session, &mechanism, key);
}

static inline CK_RV CPKCS11_sign(
    CK_FUNCTION_LIST *list, CK_SESSION_HANDLE session, const unsigned char *data, CK_ULONG dataCount,
    unsigned char *signature, CK_ULONG *signatureCount) {
    return CPKCS11_CALL(list, C_Sign, session, (unsigned char *)data, dataCount, signature, signatureCount);
}

static inline CK_RV CPKCS11_generateKeyPair(
    CK_FUNCTION_LIST *list, CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, const CK_ULONG *publicTypes,
    const CK_ULONG *publicLengths, const unsigned char *publicValues, CK_ULONG publicCount,
    const CK_ULONG *privateTypes, const CK_ULONG *privateLengths, const unsigned char *privateValues,
    CK_ULONG privateCount, CK_OBJECT_HANDLE *publicKey, CK_OBJECT_HANDLE *privateKey) {
    CK_MECHANISM mechanism = {type, NULL, 0};
    CK_ATTRIBUTE publicAttributes[CPKCS11_mostAttributes], privateAttributes[CPKCS11_mostAttributes];
    CK_RV status = CPKCS11_attributes(publicAttributes, publicTypes, publicLengths, publicValues, publicCount);
    if (status != CKR_OK) return status;
    status = CPKCS11_attributes(privateAttributes, privateTypes, privateLengths, privateValues, privateCount);
    if (status != CKR_OK) return status;
    return CPKCS11_CALL(
        list, C_GenerateKeyPair, session, &mechanism, publicAttributes, publicCount, privateAttributes, privateCount,
        publicKey, privateKey);
}

static inline CK_RV CPKCS11_destroyObject(CK_FUNCTION_LIST *list, CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object) {
    return CPKCS11_CALL(list, C_DestroyObject, session, object);
}
