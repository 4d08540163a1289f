#pragma once

#include <errno.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/opensslv.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#ifdef __linux__
#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#endif

#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "Writ needs OpenSSL 3.0 or newer"
#endif

// Swift imports neither macros that are more than a literal nor functions with a variable number of arguments.

static const int CLibcrypto_selectPublicKey = EVP_PKEY_PUBLIC_KEY;
static const int CLibcrypto_reasonUnsupported = ERR_R_UNSUPPORTED;
static const unsigned long CLibcrypto_nameFormat = XN_FLAG_RFC2253;

static inline long CLibcrypto_memoryContents(BIO *bio, char **contents) {
    return BIO_get_mem_data(bio, contents);
}

// A list of certificates, which holds a reference to each.
static inline STACK_OF(X509) *CLibcrypto_newCertificates(void) {
    return sk_X509_new_null();
}

static inline int CLibcrypto_addCertificate(STACK_OF(X509) *list, X509 *certificate) {
    if (!X509_up_ref(certificate)) return 0;
    if (sk_X509_push(list, certificate) > 0) return 1;
    X509_free(certificate);
    return 0;
}

static inline void CLibcrypto_freeCertificates(STACK_OF(X509) *list) {
    sk_X509_pop_free(list, X509_free);
}

static inline int CLibcrypto_certificateCount(const STACK_OF(X509) *list) {
    return sk_X509_num(list);
}

static inline X509 *CLibcrypto_certificate(const STACK_OF(X509) *list, int index) {
    return sk_X509_value(list, index);
}

static inline int CLibcrypto_alternativeNameCount(const GENERAL_NAMES *names) {
    return sk_GENERAL_NAME_num(names);
}

// The octets of a name, and its kind. NULL for a kind that is more than a string.
static inline const ASN1_STRING *CLibcrypto_alternativeName(const GENERAL_NAMES *names, int index, int *kind) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    *kind = name->type;
    switch (name->type) {
        case GEN_EMAIL: return name->d.rfc822Name;
        case GEN_DNS: return name->d.dNSName;
        case GEN_URI: return name->d.uniformResourceIdentifier;
        case GEN_IPADD: return name->d.iPAddress;
        default: return NULL;
    }
}

static inline void *CLibcrypto_allocate(size_t count) {
    return OPENSSL_malloc(count);
}

static inline void CLibcrypto_clearAndFree(void *memory, size_t count) {
    OPENSSL_clear_free(memory, count);
}

// A number that no other running thread has. pthread_t is a number in glibc, and a pointer in musl and on Darwin.
static inline uintptr_t CLibcrypto_threadNumber(void) {
    return (uintptr_t)pthread_self();
}

// 0 if core dumps are disabled. Only on Linux.
static inline int CLibcrypto_forbidDumps(void) {
#ifdef __linux__
    return prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
#else
    return -1;
#endif
}

// 0 if all pages are kept out of swap, 1 if nothing was locked since locked memory has a limit, -1 if the system refused.
// Only on Linux.
static inline int CLibcrypto_lockMemory(void) {
#ifdef __linux__
    struct rlimit limit;
    if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur != RLIM_INFINITY) return 1;
    // Pages are locked when they are first used: many pages of stacks and arenas never are.
    return mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT);
#else
    return -1;
#endif
}

// renameat2(2) with RENAME_NOREPLACE, which Swift's module of the C library does not have, or what Darwin calls it.
// 0, or the error.
static inline int CLibcrypto_renameWithoutReplacing(const char *name, const char *newName) {
#ifdef __linux__
    int status = (int)syscall(SYS_renameat2, AT_FDCWD, name, AT_FDCWD, newName, 1u);
#else
    int status = renamex_np(name, newName, RENAME_EXCL);
#endif
    return status == 0 ? 0 : errno;
}

// Does nothing if the C library is not glibc.
static inline void CLibcrypto_returnFreedMemory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

// Does nothing if the C library is not glibc.
static inline int CLibcrypto_overwriteFreedMemory(void) {
#ifdef M_PERTURB
    return mallopt(M_PERTURB, 0xa5);
#else
    return 0;
#endif
}
