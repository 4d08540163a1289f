// What libcrypto alone needs for one RS256 signature of a token: digest and RSA verification with a context that is prepared
// once. Arguments: a PEM file with the public key, a file with the token, a count. Prints CPU time and rate, median of five.
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double cpu(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    static char token[20000];
    unsigned char signature[1024], digest[32];
    FILE *file = argc == 4 ? fopen(argv[1], "r") : NULL;
    EVP_PKEY *key = file ? PEM_read_PUBKEY(file, NULL, NULL, NULL) : NULL;
    FILE *text = key ? fopen(argv[2], "r") : NULL;
    if (!text || !fgets(token, sizeof token, text)) return 1;
    token[strcspn(token, "\n")] = 0;
    char *dot = strrchr(token, '.');
    if (!dot) return 1;
    // base64url as EVP_DecodeBlock wants it.
    char padded[1400] = "";
    strncpy(padded, dot + 1, 1390);
    for (char *c = padded; *c; c++) *c = *c == '-' ? '+' : *c == '_' ? '/' : *c;
    size_t length = strlen(padded);
    size_t size = length * 3 / 4;
    while (length % 4) padded[length++] = '=';
    if (EVP_DecodeBlock(signature, (unsigned char *)padded, (int)length) < 0) return 1;

    EVP_MD *sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    if (EVP_PKEY_verify_init(context) != 1 || EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_CTX_set_signature_md(context, sha256) != 1)
        return 1;
    int count = atoi(argv[3]);
    double costs[5];
    for (int round = 0; round < 5; round++) {
        double start = cpu();
        for (int i = 0; i < count; i++) {
            if (EVP_Digest(token, (size_t)(dot - token), digest, NULL, sha256, NULL) != 1) return 1;
            if (EVP_PKEY_verify(context, signature, size, digest, sizeof digest) != 1) return 1;
        }
        costs[round] = (cpu() - start) / count;
    }
    qsort(costs, 5, sizeof costs[0], ascending);
    printf("libcrypto alone\t%.2f\t%d\n", costs[2] * 1e6, (int)(1 / costs[2]));
    return 0;
}
