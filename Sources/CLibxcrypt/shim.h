#pragma once

#include <crypt.h>

#ifndef CRYPT_OUTPUT_SIZE
#error "Writ needs libxcrypt's crypt.h"
#endif
