// SPDX-License-Identifier: GPL-3.0-or-later
// The configuration after it was checked: every value is of a type that cannot be wrong. What
// contract.md's sample calls `[confirm] per-account` is `Settings::confirm.per_account` here, and
// the initial values are the documented defaults.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/jid.hpp"
#include "core/log.hpp"
#include "core/network.hpp"

namespace jidgate {

using Seconds = std::chrono::seconds;

// What a rule does with a request it covers.
enum class Mode {
  bypass,     // no credentials wanted
  challenge,  // 401 at once; credentials ask the person, the answer is not waited for
  block,      // 401, then the request waits for the person
  redirect,   // browsers go to the sign-in page; until the pages exist, as block
};

// What must stand in A1 of a Digest response (XEP-0070 names no password).
enum class DigestPassword { empty_or_transaction, code, any };

enum class TextConfirm { ok, type_code };
enum class Unreachable { hold, answer };

// `count` events in `window`; count 0 switches the limit off.
struct RateLimit {
  unsigned count = 0;
  Seconds window{0};
};

// Who may be asked: one account, every account of a domain, or a group.
struct Admission {
  enum class Kind { account, domain, group } kind = Kind::account;
  std::string value;  // bare JID, prepared domain, or group name
};

struct Rule {
  std::string path = "/";  // normalised; a prefix unless `exact`
  bool exact = false;
  std::vector<std::string> methods;  // empty: all
  std::vector<Network> networks;     // empty: all
  std::vector<Admission> allow;      // empty: the site's
  std::optional<Mode> mode;          // absent: the site's
  std::optional<Seconds> timeout;    // absent: [confirm] timeout
  std::optional<Seconds> grant;      // absent: the site's
  std::string name;                  // "files.1", for logs and explain
};

struct Site {
  std::string name;
  std::vector<std::string> hosts;  // A-labels, lower case, without port
  std::string origin;              // scheme://host[:port], no trailing slash
  std::string root;                // directory of static files, or empty
  std::string upstream;            // http://…, unix:…, or empty
  std::vector<Admission> allow;
  bool basic = true, digest = true;
  DigestPassword digest_password = DigestPassword::empty_or_transaction;
  Mode mode = Mode::block;
  Seconds grant{300};
  std::vector<std::string> languages = {"en", "de", "fr", "es"};
  TextConfirm text_confirm = TextConfirm::ok;
  std::vector<Rule> rules;  // in order, first match wins; none matches: the site's own values
};

// A named rule set for the authorisation endpoints: /authz/<kind>/p/<name>.
struct Policy {
  std::string name;
  std::vector<Admission> allow;
  std::optional<Mode> mode;
  std::optional<Seconds> timeout, grant;
};

struct XmppSettings {
  std::string domain;  // of the component
  std::string server_host = "127.0.0.1";
  std::uint16_t server_port = 5347;
  std::string secret_file;
  bool tls = false;
  std::string tls_ca, tls_name;
  bool insecure = false;            // a plain link to a server that is not on this machine
  std::vector<std::string> hosts;   // account domains served
  std::vector<Jid> administrators;  // bare JIDs
  bool operator==(const XmppSettings&) const = default;
};

struct DatabaseSettings {
  std::string url;  // read from url or url-file; empty: no database
  unsigned connections = 4;
  bool operator==(const DatabaseSettings&) const = default;
};

struct Listen {
  bool tls = false;
  std::string host;        // an address, IPv6 without brackets
  std::uint16_t port = 0;  // 0: any free one, reported in the log
  bool operator==(const Listen&) const = default;
};

struct HttpSettings {
  std::vector<Listen> listen;
  std::optional<Listen> admin_listen;
  std::string tls_certificate, tls_key;
  std::vector<Network> trusted_proxies;  // default: 127.0.0.0/8 and ::1
  std::size_t max_waiting = 10000;
  unsigned workers = 4;
  std::size_t max_connections = 20000;
  std::size_t max_connections_per_address = 0;  // 0: off; loopback and trusted proxies never count
  std::size_t max_head = 16384;
  std::uint64_t max_body = 65536;
  bool insecure = false;  // plain HTTP on an address that is not loopback
};

struct ConfirmSettings {
  Seconds timeout{50};
  unsigned per_account = 1;
  RateLimit per_account_rate{3, Seconds{120}};
  RateLimit per_address_rate{10, Seconds{60}};
  Unreachable unreachable = Unreachable::hold;
  bool chat_messages = false;  // message-type = chat: for clients that hide a stranger's normal one
};

struct CertificateSettings {
  unsigned max_per_account = 20;
  bool require_xmpp_address = true;
  std::string require_ca;  // a PEM file; empty: self-signed is fine
  std::optional<Seconds> remove_expired_after{30 * 86400};  // absent: never
  std::optional<Seconds> expiry_notice{14 * 86400};         // before the end; absent: none
  bool operator==(const CertificateSettings&) const = default;
};

enum class LogFormat { automatic, json, journal };  // automatic: the journal when stderr is it

struct LogSettings {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::automatic;
  bool operator==(const LogSettings&) const = default;
};

struct Settings {
  XmppSettings xmpp;
  DatabaseSettings database;
  HttpSettings http;
  ConfirmSettings confirm;
  CertificateSettings certificates;
  LogSettings log;
  std::vector<Site> sites;
  std::map<std::string, Policy> policies;
  std::map<std::string, std::vector<Jid>> groups;  // bare JIDs
};

}  // namespace jidgate
