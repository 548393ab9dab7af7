// SPDX-License-Identifier: GPL-3.0-or-later
// [xmpp], [database], [http], [confirm] and [log].
#include "component/program/files.hpp"
#include "component/program/section.hpp"
#include "component/program/sections.hpp"
#include "db/connection_string.hpp"

namespace jidgate::program {
namespace {

XmppSettings read_xmpp(Section section) {
  XmppSettings xmpp;
  if (!section.required("domain", "the component's domain").empty()) {
    xmpp.domain = section.value("domain", prepare_domain, "a domain");
  }
  const auto server = section.value(
      "server", [](std::string_view text) { return parse_host_port(text, std::uint16_t{5347}); },
      "HOST:PORT");
  xmpp.server_host = server.host;
  xmpp.server_port = server.port;
  section.required("secret-file", "the path of a file");
  xmpp.secret_file = section.file("secret-file", check_secret_file);
  xmpp.tls = section.is_on("tls");
  xmpp.tls_ca = section.file("tls-ca", check_readable_file);
  xmpp.tls_name = section.text("tls-name");
  xmpp.insecure = section.is_on("insecure");
  if (!xmpp.tls && !xmpp.insecure && !server.host.empty() && !is_loopback_host(server.host)) {
    section.fault("server",
                  "is not on this machine and the link would be plain text, expected tls = on "
                  "(or insecure = yes)");
  }
  xmpp.hosts = section.values("host", prepare_domain, "a domain");
  if (section.list("host").empty()) {
    section.fault("host", "is missing, expected the domains of the accounts");
  }
  xmpp.administrators = section.values("administrator", parse_account, "a bare JID");
  for (const std::string& host : xmpp.hosts) {
    if (host == xmpp.domain) {
      section.fault("host", "is the component itself, expected the domains of the accounts");
    }
  }
  return xmpp;
}

// postgresql://user:secret@host/… or password=secret.
bool holds_password(std::string_view url) {
  const std::string_view authority = url.substr(0, url.find('@'));
  return url.find("password") != std::string_view::npos ||
         (authority.size() < url.size() && authority.rfind(':') > authority.find("://"));
}

// The value itself is never told: it may hold a password.
void check_database_url(Section& section, std::string_view key, const std::string& url) {
  if (db::is_connection_string(url)) return;
  section.fault(key,
                "is no connection string, expected postgresql://USER:PASSWORD@HOST/DATABASE with "
                "the password percent-encoded");
}

DatabaseSettings read_database(Section section) {
  DatabaseSettings database;
  database.connections = static_cast<unsigned>(section.count("connections", 1, 64));
  const RawValue url = section.single("url");
  const std::string file = section.file("url-file", check_secret_file);
  if (file.empty()) {
    database.url = url.text;
    check_database_url(section, "url", database.url);
    if (url.line != 0 && holds_password(url.text)) {
      const std::string path = url.place.substr(0, url.place.rfind(':'));
      if (const auto wrong = check_secret_file(path)) {
        section.fault("url", "holds a password in a file that " + *wrong + " (or url-file)");
      }
    }
    return database;
  }
  if (section.given("url")) section.fault("url-file", "stands beside url, expected one of them");
  try {
    database.url = read_secret_file(file).reveal();
    check_database_url(section, "url-file", database.url);
  } catch (const std::exception&) {
    section.fault("url-file", "cannot be read, expected one line with a connection string");
  }
  return database;
}

void check_tls_files(Section& section, HttpSettings& http) {
  http.tls_certificate = section.file("tls-certificate", check_readable_file);
  http.tls_key = section.file("tls-key", check_secret_file);
  bool wanted = http.admin_listen && http.admin_listen->tls;
  for (const Listen& listen : http.listen) wanted = wanted || listen.tls;
  for (const std::string_view key : {"tls-certificate", "tls-key"}) {
    if (wanted && section.text(key).empty()) {
      section.fault(key, "is missing, expected a PEM file for the https:// listener");
    }
  }
}

HttpSettings read_http(Section section) {
  constexpr std::string_view address = "ADDRESS:PORT, IPv6 in brackets, https:// before it for TLS";
  HttpSettings http;
  http.listen = section.values("listen", parse_listen, address);
  if (section.list("listen").empty()) section.fault("listen", "is empty, expected ADDRESS:PORT");
  http.admin_listen = section.maybe("admin-listen", parse_listen, address);
  http.insecure = section.is_on("insecure");
  const auto check_plain = [&](std::string_view key, const Listen& listen) {
    if (!listen.tls && !http.insecure && !is_loopback_host(listen.host)) {
      section.fault(key,
                    "would be plain HTTP for other machines, expected https:// "
                    "(or insecure = yes)");
    }
  };
  for (const Listen& listen : http.listen) check_plain("listen", listen);
  if (http.admin_listen) check_plain("admin-listen", *http.admin_listen);
  check_tls_files(section, http);
  http.trusted_proxies =
      section.values("trusted-proxy", Network::parse, "a network such as 10.0.0.0/8");
  http.max_waiting = section.count("max-waiting", 1, 1'000'000);
  http.workers = static_cast<unsigned>(section.count("workers", 1, 64));
  http.max_connections = section.count("max-connections", 1, 2'000'000);
  http.max_connections_per_address = section.count("max-connections-per-address", 0, 2'000'000);
  http.max_head = section.size("max-head", 1024, 1 << 20);
  http.max_body = section.size("max-body", 0, 1ULL << 30);
  return http;
}

ConfirmSettings read_confirm(Section section) {
  constexpr std::string_view rate = "COUNT/TIME such as 3/2m, or 0";
  ConfirmSettings confirm;
  confirm.timeout = section.duration("timeout", Seconds{1}, Seconds{3600});
  confirm.per_account = static_cast<unsigned>(section.count("per-account", 0, 1000));
  confirm.per_account_rate = section.value("per-account-rate", parse_rate, rate);
  confirm.per_address_rate = section.value("per-address-rate", parse_rate, rate);
  confirm.unreachable = section.choice<Unreachable>(
      "unreachable", {{"hold", Unreachable::hold}, {"answer", Unreachable::answer}});
  confirm.chat_messages = section.choice<bool>("message-type", {{"normal", false}, {"chat", true}});
  return confirm;
}

LogSettings read_log(Section section) {
  LogSettings log;
  log.level = section.choice<LogLevel>("level", {{"error", LogLevel::error},
                                                 {"warning", LogLevel::warning},
                                                 {"info", LogLevel::info},
                                                 {"debug", LogLevel::debug}});
  log.format = section.choice<LogFormat>("format", {{"automatic", LogFormat::automatic},
                                                    {"json", LogFormat::json},
                                                    {"journal", LogFormat::journal}});
  return log;
}

}  // namespace

void read_daemon_sections(const Reading& reading, Settings& settings) {
  const auto section = [&](std::string name) {
    return Section(reading.config, reading.file, std::move(name), reading.faults);
  };
  settings.xmpp = read_xmpp(section("xmpp"));
  settings.database = read_database(section("database"));
  settings.http = read_http(section("http"));
  settings.confirm = read_confirm(section("confirm"));
  settings.log = read_log(section("log"));
}

}  // namespace jidgate::program
