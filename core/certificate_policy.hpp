// SPDX-License-Identifier: GPL-3.0-or-later
// Which certificates an account may register.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "core/certificate.hpp"
#include "core/settings.hpp"

namespace jidgate {

// The authorities of `[certificates] require-ca`. Immutable; any thread.
class CertificateAuthorities {
 public:
  // A PEM file; every certificate in it is trusted by itself, intermediates as well. The string
  // says what is wrong with the file.
  static std::variant<std::shared_ptr<const CertificateAuthorities>, std::string> load(
      const std::string& path);
  ~CertificateAuthorities();

  // Whether one of them has signed it for TLS clients, at this time; if not, a few words on why.
  std::optional<std::string> objection(const Certificate& certificate, WallTime now) const;

 private:
  struct State;
  explicit CertificateAuthorities(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

struct CertificatePolicy {
  CertificateSettings settings;
  std::shared_ptr<const CertificateAuthorities> authorities;  // null: a self-signed one is fine

  // Why this account may not register it now: a sentence for each fault. nullopt: it may.
  std::optional<std::string> refusal(const Certificate& certificate, const Jid& account,
                                     WallTime now) const;
};

}  // namespace jidgate
