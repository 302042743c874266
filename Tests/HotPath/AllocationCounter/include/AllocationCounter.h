#ifndef QUORATE_ALLOCATION_COUNTER_H
#define QUORATE_ALLOCATION_COUNTER_H

#include <stdint.h>

/// How often memory was asked for in this process, by anybody: this program's own malloc counts.
uint64_t qk_allocations(void);

#endif
