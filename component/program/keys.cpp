// SPDX-License-Identifier: GPL-3.0-or-later
// The table of every key of the configuration.
#include "component/program/keys.hpp"

#include <algorithm>

#include "component/program/values.hpp"
#include "core/jid.hpp"

namespace jidgate::program {
namespace {

using enum KeyKind;

constexpr Key table[] = {
    {"xmpp", "domain", single, "", "Domain of the component; required."},
    {"xmpp", "server", single, "127.0.0.1:5347", "Component port of the XMPP server: HOST:PORT."},
    {"xmpp", "secret-file", single, "",
     "File with the component's secret, mode 0640 or less; required."},
    {"xmpp", "tls", single, "off", "TLS from the first byte on the component port."},
    {"xmpp", "tls-ca", single, "",
     "PEM file of the authorities that may sign the server's certificate; empty: the system's."},
    {"xmpp", "tls-name", single, "",
     "Name that the server's certificate must hold; empty: the host of server."},
    {"xmpp", "insecure", single, "no",
     "Allow a link without TLS to a server that is not on this machine."},
    {"xmpp", "host", words, "",
     "Account domains served; only these may delegate to us. Required, repeatable."},
    {"xmpp", "administrator", words, "",
     "Bare JIDs that may manage every account's certificates by ad-hoc command. Repeatable."},

    {"database", "url", single, "postgresql:///jidgate",
     "PostgreSQL connection string; empty: keep no records. Not as a flag."},
    {"database", "url-file", single, "",
     "File that holds the connection string instead, mode 0640 or less."},
    {"database", "connections", single, "4", "Connections at most."},

    {"http", "listen", words, "127.0.0.1:8070",
     "ADDRESS:PORT, or https://ADDRESS:PORT for TLS; port 0: any free one. Repeatable."},
    {"http", "admin-listen", single, "127.0.0.1:8071",
     "ADDRESS:PORT of /healthz, /readyz and /metrics; empty: none."},
    {"http", "tls-certificate", single, "",
     "PEM file, own certificate first; read again when it changes."},
    {"http", "tls-key", single, "", "PEM file of the key, mode 0640 or less."},
    {"http", "insecure", single, "no",
     "Allow HTTP without TLS on an address that is not loopback."},
    {"http", "trusted-proxy", words, "127.0.0.0/8 ::1",
     "Networks whose forwarded headers are believed. Repeatable."},
    {"http", "max-waiting", single, "10000", "Requests that may wait for a person at once."},
    {"http", "workers", single, "4", "Threads that write answers."},
    {"http", "max-connections", single, "20000", "Open connections of clients at most."},
    {"http", "max-connections-per-address", single, "0",
     "The same for one address; loopback and trusted proxies never count; 0: no limit."},
    {"http", "max-head", single, "16KiB", "Largest head of a request."},
    {"http", "max-body", single, "64KiB", "Largest body of a request."},

    {"confirm", "timeout", single, "50s", "How long a person has to answer."},
    {"confirm", "per-account", single, "1", "Questions pending at once for one account; 0: off."},
    {"confirm", "per-account-rate", single, "3/2m",
     "Denied or unanswered questions of one account, COUNT/TIME; then quiet for 5m; 0: off."},
    {"confirm", "per-address-rate", single, "10/1m",
     "The same for the address of one asker; as many may be open at once; 0: off."},
    {"confirm", "unreachable", single, "hold",
     "hold: strangers cannot tell unknown from offline; answer: at once, for closed networks."},
    {"confirm", "message-type", single, "normal",
     "normal, or chat for clients that hide normal messages of strangers."},

    {"certificates", "max-per-account", single, "20", "Registered certificates of one account."},
    {"certificates", "require-xmpp-address", single, "yes",
     "A certificate must name the account as id-on-xmppAddr."},
    {"certificates", "require-ca", single, "",
     "PEM file of the authorities that must have signed; empty: self-signed is fine."},
    {"certificates", "remove-expired-after", single, "30d",
     "How long expired certificates are kept; 0: for ever."},
    {"certificates", "expiry-notice", single, "14d",
     "How long before its end an account is told that a certificate expires; 0: it is not told."},

    {"log", "level", single, "info", "error, warning, info or debug."},
    {"log", "format", single, "automatic",
     "json, journal, or automatic: the journal when it reads standard error."},

    {"site.NAME", "host", words, "", "Hosts that the site answers for; required, repeatable."},
    {"site.NAME", "origin", single, "",
     "SCHEME://HOST[:PORT] that URLs in questions begin with; empty: https:// and the first host."},
    {"site.NAME", "root", single, "", "Directory of static files; empty: none."},
    {"site.NAME", "upstream", single, "",
     "Application behind the site instead: http://HOST:PORT or unix:/PATH. Not in this version."},
    {"site.NAME", "allow", words, "",
     "Who may be asked: JID, *@DOMAIN or group:NAME; empty: the accounts of xmpp.host. "
     "Repeatable."},
    {"site.NAME", "schemes", words, "basic digest", "Challenges: basic, digest."},
    {"site.NAME", "digest-password", single, "empty-or-transaction",
     "What Digest must hold: empty-or-transaction, code, or any."},
    {"site.NAME", "mode", single, "block", "block, challenge, redirect or bypass."},
    {"site.NAME", "grant", single, "5m",
     "How long the same credentials pass after a confirmation; 0: ask every time."},
    {"site.NAME", "languages", words, "en de fr es",
     "Languages of the question: en, de, fr, es. Repeatable, the most important first."},
    {"site.NAME", "text-confirm", single, "ok",
     "Answer by text: ok, or type-code for repeating the code, which then needs four characters, a "
     "digit among them."},

    {"rule.SITE.N", "path", single, "/", "Path that the rule covers, with all below it."},
    {"rule.SITE.N", "path-exact", single, "", "Path that the rule covers alone; instead of path."},
    {"rule.SITE.N", "method", words, "", "Methods; empty: all. Repeatable."},
    {"rule.SITE.N", "network", words, "", "Networks of the asker; empty: all. Repeatable."},
    {"rule.SITE.N", "allow", words, "", "As for a site; empty: the site's. Repeatable."},
    {"rule.SITE.N", "mode", single, "", "As for a site; empty: the site's."},
    {"rule.SITE.N", "timeout", single, "", "As confirm.timeout; empty: that."},
    {"rule.SITE.N", "grant", single, "", "As for a site; empty: the site's."},

    {"policy.NAME", "allow", words, "", "As for a site; empty: the rule's. Repeatable."},
    {"policy.NAME", "mode", single, "", "As for a site; empty: the rule's."},
    {"policy.NAME", "timeout", single, "", "As confirm.timeout; empty: the rule's."},
    {"policy.NAME", "grant", single, "", "As for a site; empty: the rule's."},

    {"group.NAME", "member", words, "", "JIDs of the accounts; required, repeatable."},

    {"posh.DOMAIN", "certificate", lines, "",
     "PEM file, own certificate first; repeatable, the one in service first; required."},
    {"posh.DOMAIN", "services", words, "client server", "client, server."},
    {"posh.DOMAIN", "expires", single, "1d", "How long verifiers may keep the document."},
    {"posh.DOMAIN", "publish", single, "direct", "direct, redirect or reference."},
    {"posh.DOMAIN", "target", single, "", "https:// URL for redirect and reference."},
};

}  // namespace

std::span<const Key> keys() {
  return table;
}

const Key* find_key(std::string_view section, std::string_view name) {
  const Key* key = std::find_if(std::begin(table), std::end(table), [&](const Key& k) {
    return k.section == section && k.name == name;
  });
  return key == std::end(table) ? nullptr : key;
}

bool is_fixed(std::string_view section) {
  return section.find('.') == std::string_view::npos;
}

bool may_be_flag(const Key& key) {
  return is_fixed(key.section) && !(key.section == "database" && key.name == "url");
}

std::optional<std::string_view> section_kind(std::string_view section) {
  const std::size_t dot = section.find('.');
  if (dot == std::string_view::npos) {
    const Key* key = std::find_if(std::begin(table), std::end(table),
                                  [&](const Key& k) { return k.section == section; });
    if (key == std::end(table)) return std::nullopt;
    return key->section;
  }
  const std::string_view kind = section.substr(0, dot), name = section.substr(dot + 1);
  if (kind == "site" && is_name(name)) return "site.NAME";
  if (kind == "policy" && is_name(name)) return "policy.NAME";
  if (kind == "group" && is_name(name)) return "group.NAME";
  if (kind == "posh" && to_ascii_domain(name)) return "posh.DOMAIN";
  const std::size_t second = name.find('.');
  if (kind == "rule" && second != std::string_view::npos && is_name(name.substr(0, second)) &&
      parse_count(name.substr(second + 1))) {
    return "rule.SITE.N";
  }
  return std::nullopt;
}

}  // namespace jidgate::program
