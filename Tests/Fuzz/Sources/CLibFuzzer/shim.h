#include <stddef.h>
#include <stdint.h>

// FuzzerInterface.h of compiler-rt, which toolchains do not install.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));
