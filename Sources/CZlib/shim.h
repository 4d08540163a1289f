#pragma once

#include <zlib.h>

#if ZLIB_VERNUM < 0x1290
#error "Writ needs zlib 1.2.9, which has uncompress2"
#endif
