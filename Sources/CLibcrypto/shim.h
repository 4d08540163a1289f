#pragma once

#include <malloc.h>
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
#include <sys/prctl.h>
#include <sys/resource.h>

#if OPENSSL_VERSION_NUMBER < 0x30000000L
#error "Writ needs OpenSSL 3.0 or newer"
#endif

// Swift imports neither macros that are more than a literal nor functions with a variable number of arguments.

static const int CLibcrypto_selectPublicKey = EVP_PKEY_PUBLIC_KEY;
static const int CLibcrypto_lockedMemoryLimit = RLIMIT_MEMLOCK;

static inline long CLibcrypto_memoryContents(BIO *bio, char **contents) {
    return BIO_get_mem_data(bio, contents);
}

static inline void *CLibcrypto_allocate(size_t count) {
    return OPENSSL_malloc(count);
}

static inline void CLibcrypto_clearAndFree(void *memory, size_t count) {
    OPENSSL_clear_free(memory, count);
}

static inline int CLibcrypto_forbidDumps(void) {
    return prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
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
