// SPDX-License-Identifier: GPL-3.0-or-later
// The certificate and key of a web listener, which may be renewed while it runs.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "core/locked.hpp"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX
struct ssl_st;      // OpenSSL's SSL

namespace jidgate::http {

// Any thread.
class TlsContext {
 public:
  // PEM files: the certificate with its chain, leaf first, and the key without a passphrase. The
  // string says what is wrong, and with which file.
  using Result = std::variant<std::shared_ptr<TlsContext>, std::string>;
  static Result create(std::string certificate_file, std::string key_file);

  // Reads both files again. New connections get what was read; those that are open keep what they
  // have. After an error, which is returned, the old certificate stays in use.
  std::optional<std::string> reload();
  // As reload(), but only when a file has changed since it was last read, with or without success.
  // `changed` is set when a new certificate is in use.
  std::optional<std::string> reload_if_changed(bool* changed = nullptr);

  // When the leaf certificate in use ends.
  std::chrono::system_clock::time_point not_after() const;
  const std::string& certificate_file() const { return certificate_file_; }

  // For the server's side of one connection; the caller frees it. Null when memory is short.
  ssl_st* new_server(int descriptor) const;

 private:
  // Device, inode, size and time of change of both files: what tells that they were renewed.
  using Stamp = std::array<std::int64_t, 10>;
  struct InUse {
    std::shared_ptr<ssl_ctx_st> context;
    std::chrono::system_clock::time_point not_after;
  };
  TlsContext(std::string certificate_file, std::string key_file)
      : certificate_file_(std::move(certificate_file)), key_file_(std::move(key_file)) {}
  Stamp stamp() const;
  std::optional<std::string> load();

  std::string certificate_file_, key_file_;
  Locked<InUse> in_use_;
  Locked<Stamp> last_read_;  // held while the files are read: one reload at a time
};

}  // namespace jidgate::http
