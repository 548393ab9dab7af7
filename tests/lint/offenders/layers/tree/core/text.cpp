// SPDX-License-Identifier: GPL-3.0-or-later
#include <openssl/evp.h>
#include <string>
#include "http/gate.hpp"
