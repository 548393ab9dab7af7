// SPDX-License-Identifier: GPL-3.0-or-later
// What a fuzz target asserts. Unlike assert() it holds in every build.
#pragma once

#include <cstdio>
#include <cstdlib>

// A macro because the failed condition has to be printed.
#define REQUIRE(condition)                                                                \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      std::fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                       \
    }                                                                                     \
  } while (false)
