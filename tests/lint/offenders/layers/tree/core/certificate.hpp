// SPDX-License-Identifier: GPL-3.0-or-later
// The files beside it may, what everybody includes may not.
#include <openssl/x509.h>
