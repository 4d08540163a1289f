// Loaded by LD_PRELOAD into wrk, which has no option for it: presents the certificate of the file CLIENT_CERTIFICATE, whose key is
// in the file CLIENT_KEY, in each TLS handshake.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <openssl/ssl.h>
#include <stdlib.h>

SSL_CTX *SSL_CTX_new(const SSL_METHOD *method) {
    SSL_CTX *(*original)(const SSL_METHOD *) = (SSL_CTX * (*)(const SSL_METHOD *)) dlsym(RTLD_NEXT, "SSL_CTX_new");
    const char *certificate = getenv("CLIENT_CERTIFICATE"), *key = getenv("CLIENT_KEY");
    SSL_CTX *context = original ? original(method) : NULL;
    if (!context || !certificate || !key || SSL_CTX_use_certificate_chain_file(context, certificate) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) {
        abort();
    }
    return context;
}
