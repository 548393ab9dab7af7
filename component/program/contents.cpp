// SPDX-License-Identifier: GPL-3.0-or-later
// What the files of the configuration hold.
#include "component/program/contents.hpp"

#include <stdexcept>

#include "component/link_tls.hpp"
#include "component/program/files.hpp"
#include "core/certificate_policy.hpp"
#include "http/tls.hpp"

namespace jidgate::program {

std::vector<std::string> content_faults(const Settings& settings) {
  std::vector<std::string> faults;
  try {
    read_secret_file(settings.xmpp.secret_file);
  } catch (const std::runtime_error& fault) {
    faults.push_back(std::string("xmpp.secret-file: ") + fault.what());
  }
  if (settings.xmpp.tls) {
    try {
      component::TlsClient(settings.xmpp.tls_ca, settings.xmpp.domain);
    } catch (const std::runtime_error& fault) {
      faults.push_back(std::string("xmpp.") + fault.what());
    }
  }
  if (!settings.http.tls_certificate.empty()) {
    const auto made =
        http::TlsContext::create(settings.http.tls_certificate, settings.http.tls_key);
    if (const auto* fault = std::get_if<std::string>(&made)) {
      faults.push_back("http.tls-certificate: " + *fault);
    }
  }
  if (!settings.certificates.require_ca.empty()) {
    const auto loaded = CertificateAuthorities::load(settings.certificates.require_ca);
    if (const auto* fault = std::get_if<std::string>(&loaded)) {
      faults.push_back("certificates.require-ca: " + *fault);
    }
  }
  return faults;
}

}  // namespace jidgate::program
