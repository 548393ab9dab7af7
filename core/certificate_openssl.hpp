// SPDX-License-Identifier: GPL-3.0-or-later
// How the files about certificates hold what OpenSSL gives them.
#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>

namespace jidgate::openssl {

template <auto free>
struct Free {
  template <class T>
  void operator()(T* value) const {
    free(value);
  }
};

template <class T, auto free>
using Owned = std::unique_ptr<T, Free<free>>;

using OwnedCertificate = Owned<X509, X509_free>;
using OwnedKey = Owned<EVP_PKEY, EVP_PKEY_free>;
using OwnedBio = Owned<BIO, BIO_free_all>;
using OwnedNames = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;

// OpenSSL's queue of errors belongs to the thread: what is left in it is found by whoever looks
// next, as the fault of his own connection.
class ErrorQueueGuard {
 public:
  ErrorQueueGuard() { ERR_clear_error(); }
  ~ErrorQueueGuard() { ERR_clear_error(); }
  ErrorQueueGuard(const ErrorQueueGuard&) = delete;
  ErrorQueueGuard& operator=(const ErrorQueueGuard&) = delete;
};

}  // namespace jidgate::openssl
