// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and self-signed certificates in a directory of their own, made when a test runs.
#pragma once

#include <filesystem>
#include <string>

namespace jidgate::http::test {

class TlsFiles {
 public:
  TlsFiles();
  ~TlsFiles();
  TlsFiles(const TlsFiles&) = delete;
  TlsFiles& operator=(const TlsFiles&) = delete;

  // A new key, and a certificate with it for `name` that ends in `days`. Replaces what was there.
  void renew(const std::string& name, int days = 30);
  void write_certificate(const std::string& content);
  void write_key(const std::string& content);
  std::string certificate() const { return (directory_ / "cert.pem").string(); }
  std::string key() const { return (directory_ / "key.pem").string(); }

 private:
  std::filesystem::path directory_;
};

// The text of a key in PEM, encrypted where there is a passphrase.
std::string new_key(const std::string& passphrase = {});

}  // namespace jidgate::http::test
