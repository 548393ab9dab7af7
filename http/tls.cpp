// SPDX-License-Identifier: GPL-3.0-or-later
// Builds the TLS context of a web listener from its files.
#include "http/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <ctime>

namespace jidgate::http {
namespace {

std::string openssl_error(const std::string& what) {
  // The first error is the cause; those behind it only say which calls failed because of it.
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return what + ": " + (reason == nullptr ? "not readable" : reason);
}

// Without this OpenSSL would ask for the passphrase on the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

// RFC 7301 section 3.2: what the client offers and we have, otherwise no protocol at all; a client
// that offers only h2 finds out from the answer, as it would without ALPN.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* length,
                    const unsigned char* offered, unsigned offered_length, void*) {
  static constexpr unsigned char ours[] = "\x08http/1.1";
  unsigned char* selected = nullptr;
  if (SSL_select_next_proto(&selected, length, ours, sizeof ours - 1, offered, offered_length) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *chosen = selected;
  return SSL_TLSEXT_ERR_OK;
}

void set_policy(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(
      context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // RELEASE_BUFFERS: a waiting connection gives 34 kB back. The other two: a partly taken answer
  // may be handed over again from another place.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Otherwise SSL_read() goes on until it finds content, as long as there is something to read: a
  // client that only ever sends key updates would keep the reactor from everybody else.
  SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
  // Tickets resume sessions without a cache that every stranger could fill.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 1);
  static constexpr unsigned char id[] = "jidgate";
  SSL_CTX_set_session_id_context(context, id, sizeof id - 1);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
}

std::chrono::system_clock::time_point end_of(const SSL_CTX* context) {
  std::tm end{};
  ASN1_TIME_to_tm(X509_get0_notAfter(SSL_CTX_get0_certificate(context)), &end);
  return std::chrono::system_clock::from_time_t(timegm(&end));
}

}  // namespace

TlsContext::Result TlsContext::create(std::string certificate_file, std::string key_file) {
  const std::shared_ptr<TlsContext> made(
      new TlsContext(std::move(certificate_file), std::move(key_file)));
  if (auto error = made->reload()) return std::move(*error);
  return made;
}

TlsContext::Stamp TlsContext::stamp() const {
  Stamp stamp{};
  std::size_t at = 0;
  for (const std::string& file : {certificate_file_, key_file_}) {
    struct stat found {};
    if (::stat(file.c_str(), &found) != 0) found = {};
    for (const auto part :
         {static_cast<std::int64_t>(found.st_dev), static_cast<std::int64_t>(found.st_ino),
          static_cast<std::int64_t>(found.st_size), static_cast<std::int64_t>(found.st_mtim.tv_sec),
          static_cast<std::int64_t>(found.st_mtim.tv_nsec)}) {
      stamp[at++] = part;
    }
  }
  return stamp;
}

std::optional<std::string> TlsContext::load() {
  ERR_clear_error();
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) return openssl_error("TLS cannot be set up");
  set_policy(context.get());
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file_.c_str()) != 1) {
    return openssl_error("certificate " + certificate_file_);
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), key_file_.c_str(), SSL_FILETYPE_PEM) != 1) {
    return openssl_error("key " + key_file_);
  }
  if (SSL_CTX_check_private_key(context.get()) != 1) {
    return openssl_error("key " + key_file_ + " does not fit certificate " + certificate_file_);
  }
  const auto end = end_of(context.get());
  in_use_.with([&](InUse& in_use) { in_use = {context, end}; });
  return std::nullopt;
}

std::optional<std::string> TlsContext::reload() {
  return last_read_.with([&](Stamp& last) {
    last = stamp();  // before the files are read: a change meanwhile is seen the next time
    return load();
  });
}

std::optional<std::string> TlsContext::reload_if_changed(bool* changed) {
  return last_read_.with([&](Stamp& last) -> std::optional<std::string> {
    if (changed != nullptr) *changed = false;
    const Stamp now = stamp();
    if (now == last) return std::nullopt;
    last = now;
    auto error = load();
    if (changed != nullptr) *changed = !error;
    return error;
  });
}

std::chrono::system_clock::time_point TlsContext::not_after() const {
  return in_use_.with([](const InUse& in_use) { return in_use.not_after; });
}

ssl_st* TlsContext::new_server(int descriptor) const {
  const auto context = in_use_.with([](const InUse& in_use) { return in_use.context; });
  SSL* tls = SSL_new(context.get());
  if (tls == nullptr) return nullptr;
  if (SSL_set_fd(tls, descriptor) != 1) {
    SSL_free(tls);
    return nullptr;
  }
  SSL_set_accept_state(tls);
  return tls;
}

}  // namespace jidgate::http
