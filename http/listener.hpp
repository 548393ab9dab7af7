// SPDX-License-Identifier: GPL-3.0-or-later
// A socket that connections arrive at.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "core/network.hpp"
#include "core/settings.hpp"

namespace jidgate::http {

class TlsContext;

class Listener {
 public:
  // Binds and listens. Throws std::system_error with the address in its text.
  Listener(const Listen& where, std::shared_ptr<TlsContext> tls);
  ~Listener();
  Listener(Listener&& other) noexcept;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int descriptor() const { return descriptor_; }
  std::uint16_t port() const { return port_; }
  const TlsContext* tls() const { return tls_.get(); }

  struct Accepted {
    enum class Result {
      connection,
      none,       // nobody waits
      lost,       // this one has gone again; try the next
      exhausted,  // no descriptors or memory: try again later
    } result = Result::none;
    int descriptor = -1;
    Address peer;
    int error = 0;
  };
  Accepted accept();

 private:
  int descriptor_ = -1;
  std::uint16_t port_ = 0;
  std::shared_ptr<TlsContext> tls_;
};

}  // namespace jidgate::http
