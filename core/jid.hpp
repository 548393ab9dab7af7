// SPDX-License-Identifier: GPL-3.0-or-later
// Jabber identifiers (RFC 7622), prepared as the host servers prepare them (RFC 3920 stringprep).
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace jidgate {

// A valid, prepared address. There is no other way to make one than parse(), so a Jid in hand is
// safe to compare byte by byte, to log, and to put into a stanza.
class Jid {
 public:
  // Parses UTF-8 text. Nothing is guessed: what RFC 7622 refuses, what holds controls,
  // bidirectional or zero-width formatting, and what the servers' stringprep refuses gives nullopt.
  static std::optional<Jid> parse(std::string_view text);

  const std::string& local() const { return local_; }  // empty: none
  const std::string& domain() const { return domain_; }
  const std::string& resource() const { return resource_; }  // empty: none
  bool is_bare() const { return resource_.empty(); }
  bool is_account() const { return !local_.empty(); }  // names an account, not only a host

  Jid bare() const;
  std::string to_string() const;

  friend auto operator<=>(const Jid&, const Jid&) = default;

 private:
  Jid() = default;
  std::string local_, domain_, resource_;
};

// A domain prepared like a Jid's domain part: lower case, one trailing dot off, A-labels as
// U-labels are compared by to_ascii_domain(). nullopt when it is no domain.
std::optional<std::string> prepare_domain(std::string_view text);
// The A-label form ("xn--bcher-kva.example") for HTTP hosts. nullopt when there is none.
std::optional<std::string> to_ascii_domain(std::string_view domain);

}  // namespace jidgate
