#ifndef TOKEN_H
#define TOKEN_H

#include "CPKCS11.h"

// What a token is to do. Texts end with zero.
struct qt_order {
    uint8_t action;
    char module[1025], token[33], key[65], pin[257];
    size_t pin_length;
    // Pairs of a key of the token and a point.
    const uint8_t *pairs;
    size_t pair_count;
};

struct qt_result {
    char detail[256];
    uint8_t point[QT_POINT], secret[QT_SECRET];
};

qt_outcome qt_carry_out(const struct qt_order *order, struct qt_result *result);

#endif
