// SPDX-License-Identifier: GPL-3.0-or-later
// Which certificates an account may register.
#include "core/certificate_policy.hpp"

#include <openssl/pem.h>
#include <openssl/x509_vfy.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

#include "core/certificate_openssl.hpp"
#include "core/date_text.hpp"

namespace jidgate {
namespace {

using openssl::Owned;
using openssl::OwnedBio;
using openssl::OwnedCertificate;

// OpenSSL's security level that TLS has by default in Debian: 112 bits, so neither SHA-1 nor RSA of
// 1024 bits between the certificate and the authority.
constexpr int security_level = 2;

bool has_problem(const Certificate& certificate, std::string_view word) {
  return std::any_of(certificate.problems.begin(), certificate.problems.end(),
                     [&](const auto& problem) { return problem.word == word; });
}

void add(std::string& text, std::string_view sentence) {
  if (!text.empty()) text += ' ';
  text += sentence;
}

// Where a file wants a passphrase, OpenSSL would ask the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

std::string date_fault(const Certificate& certificate, WallTime now) {
  const auto second = std::chrono::floor<std::chrono::seconds>(now);
  if (second > certificate.not_after) {
    return "The certificate has expired on " + date_text(certificate.not_after) +
           "; make a new one.";
  }
  if (second < certificate.not_before) {
    return "The certificate is not valid before " + date_text(certificate.not_before) +
           "; wait until then, or look at the clock of the device that made it.";
  }
  return "";
}

std::string address_fault(const Certificate& certificate, const Jid& account, bool required) {
  const std::string own = account.bare().to_string();
  const auto& addresses = certificate.xmpp_addresses;
  if (addresses.empty()) {
    if (!required) return "";
    return "The certificate names no XMPP address; make one with " + own +
           " as id-on-xmppAddr in its subjectAltName.";
  }
  const bool named = std::any_of(addresses.begin(), addresses.end(), [&](const Jid& address) {
    return address.bare() == account.bare();
  });
  if (named) return "";
  return "The certificate is for " + addresses.front().to_string() +
         (addresses.size() > 1 ? " and others" : "") + ", not for you; make one with " + own +
         " as id-on-xmppAddr in its subjectAltName.";
}

}  // namespace

struct CertificateAuthorities::State {
  Owned<X509_STORE, X509_STORE_free> store{X509_STORE_new()};
};

CertificateAuthorities::CertificateAuthorities(std::unique_ptr<State> state)
    : state_(std::move(state)) {}
CertificateAuthorities::~CertificateAuthorities() = default;

std::variant<std::shared_ptr<const CertificateAuthorities>, std::string>
CertificateAuthorities::load(const std::string& path) {
  const openssl::ErrorQueueGuard errors;
  errno = 0;
  const OwnedBio file(BIO_new_file(path.c_str(), "r"));
  if (!file) return path + ": " + std::strerror(errno);
  auto state = std::make_unique<State>();
  bool any = false;
  while (const OwnedCertificate authority{
      PEM_read_bio_X509(file.get(), nullptr, no_passphrase, nullptr)}) {
    if (X509_STORE_add_cert(state->store.get(), authority.get()) != 1) {
      return path + ": a certificate in it cannot be used";
    }
    any = true;
  }
  const auto last = ERR_peek_last_error();
  if (ERR_GET_LIB(last) != ERR_LIB_PEM || ERR_GET_REASON(last) != PEM_R_NO_START_LINE) {
    return path + ": is not a readable file of certificates in PEM";
  }
  if (!any) return path + ": holds no certificate in PEM";
  return std::shared_ptr<const CertificateAuthorities>(
      new CertificateAuthorities(std::move(state)));
}

std::optional<std::string> CertificateAuthorities::objection(const Certificate& certificate,
                                                             WallTime now) const {
  const openssl::ErrorQueueGuard errors;
  const auto* at = reinterpret_cast<const unsigned char*>(certificate.der.data());
  const OwnedCertificate x509(d2i_X509(nullptr, &at, static_cast<long>(certificate.der.size())));
  const Owned<X509_STORE_CTX, X509_STORE_CTX_free> context(X509_STORE_CTX_new());
  if (!x509 || !context ||
      X509_STORE_CTX_init(context.get(), state_->store.get(), x509.get(), nullptr) != 1) {
    return "it cannot be verified";
  }
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_CLIENT);
  X509_VERIFY_PARAM_set_auth_level(parameters, security_level);
  X509_VERIFY_PARAM_set_time(parameters, WallTime::clock::to_time_t(now));
  if (X509_verify_cert(context.get()) == 1) return std::nullopt;
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

std::optional<std::string> CertificatePolicy::refusal(const Certificate& certificate,
                                                      const Jid& account, WallTime now) const {
  std::string text;
  for (const auto& problem : certificate.problems) add(text, problem.text);
  if (!has_problem(certificate, "time")) {
    if (const auto fault = date_fault(certificate, now); !fault.empty()) add(text, fault);
  }
  if (!has_problem(certificate, "alternative-name") && !has_problem(certificate, "address")) {
    const auto fault = address_fault(certificate, account, settings.require_xmpp_address);
    if (!fault.empty()) add(text, fault);
  }
  if (authorities && certificate.weak_signature && certificate.self_signed) {
    add(text,
        "The certificate was signed with MD5, SHA-1 or the like; have it signed with SHA-256 by an "
        "authority that this server trusts.");
  }
  // Last, because it is the only one that takes time: a signature has to be verified.
  if (authorities && text.empty()) {
    if (const auto why = authorities->objection(certificate, now)) {
      add(text, "No authority that this server trusts stands for the certificate (" + *why +
                    "); ask whoever runs the server who signs it.");
    }
  }
  if (text.empty()) return std::nullopt;
  return text;
}

}  // namespace jidgate
