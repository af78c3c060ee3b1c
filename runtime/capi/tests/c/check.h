/* What the tests have in common. */

#include <stdio.h>
#include <stdlib.h>

#include "fixate.h"

static int checks = 0;

#define CHECK(condition)                                                              \
    do {                                                                              \
        checks++;                                                                     \
        if (!(condition)) {                                                           \
            char text[512];                                                           \
            fixate_last_error(text, sizeof text, NULL);                               \
            fprintf(stderr, "%s:%d: %s; newest error: %s\n", __FILE__, __LINE__, #condition, text); \
            exit(1);                                                                  \
        }                                                                             \
    } while (0)
