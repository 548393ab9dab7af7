// SPDX-License-Identifier: GPL-3.0-or-later
// TLS from the first octet on the component port.
#include "component/link_tls.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>
#include <stdexcept>

namespace jidgate::component {
namespace {

std::string last_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code ? ERR_reason_error_string(code) : nullptr;
  return reason ? reason : "unknown TLS error";
}

}  // namespace

TlsClient::TlsClient(const std::string& ca_file, const std::string& name)
    : context_(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free), ssl_(nullptr, &SSL_free) {
  ERR_clear_error();
  if (!context_) throw std::runtime_error(last_error());
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  const bool loaded = ca_file.empty()
                          ? SSL_CTX_set_default_verify_paths(context_.get()) == 1
                          : SSL_CTX_load_verify_file(context_.get(), ca_file.c_str()) == 1;
  if (!loaded) throw std::runtime_error("tls-ca: " + last_error());

  ssl_.reset(SSL_new(context_.get()));
  BIO* in = BIO_new(BIO_s_mem());
  BIO* out = BIO_new(BIO_s_mem());
  if (!ssl_ || !in || !out) {
    BIO_free(in);
    BIO_free(out);
    throw std::runtime_error(last_error());
  }
  SSL_set_bio(ssl_.get(), in, out);
  SSL_set_connect_state(ssl_.get());
  X509_VERIFY_PARAM* verify = SSL_get0_param(ssl_.get());
  X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (X509_VERIFY_PARAM_set1_ip_asc(verify, name.c_str()) != 1) {
    // No IP address, so a name; the server may choose its certificate by it.
    if (X509_VERIFY_PARAM_set1_host(verify, name.data(), name.size()) != 1 ||
        // SSL_set_tlsext_host_name(), of which the macro has a C cast.
        SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 const_cast<char*>(name.c_str())) != 1) {
      throw std::runtime_error("tls-name: " + last_error());
    }
  }
  ERR_clear_error();
}

bool TlsClient::receive(std::string_view network, std::string& plain) {
  ERR_clear_error();
  if (!network.empty()) {
    BIO_write(SSL_get_rbio(ssl_.get()), network.data(), static_cast<int>(network.size()));
  }
  if (!handshake()) return false;
  if (!is_open()) return true;
  std::array<char, 16384> buffer;
  int size = 0;
  while ((size = SSL_read(ssl_.get(), buffer.data(), static_cast<int>(buffer.size()))) > 0) {
    plain.append(buffer.data(), static_cast<std::size_t>(size));
  }
  return fail(size);
}

bool TlsClient::send(std::string_view plain) {
  ERR_clear_error();
  if (plain.empty()) return true;
  const int result = SSL_write(ssl_.get(), plain.data(), static_cast<int>(plain.size()));
  return result > 0 || fail(result);
}

bool TlsClient::handshake() {
  if (is_open()) return true;
  const int result = SSL_do_handshake(ssl_.get());
  return result == 1 || fail(result);
}

// Sorts out a call that did not succeed: true when it only needs more octets, or the server has
// closed.
bool TlsClient::fail(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
    case SSL_ERROR_ZERO_RETURN:
      return true;
    default:
      break;
  }
  const long verified = SSL_get_verify_result(ssl_.get());
  error_ = verified == X509_V_OK ? last_error() : X509_verify_cert_error_string(verified);
  ERR_clear_error();
  return false;
}

void TlsClient::close() {
  ERR_clear_error();
  if (is_open()) SSL_shutdown(ssl_.get());
}

std::string TlsClient::output() {
  BIO* out = SSL_get_wbio(ssl_.get());
  std::string octets(BIO_ctrl_pending(out), '\0');
  if (octets.empty()) return octets;
  const int size = BIO_read(out, octets.data(), static_cast<int>(octets.size()));
  octets.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  return octets;
}

bool TlsClient::is_open() const {
  return SSL_is_init_finished(ssl_.get()) == 1;
}

bool TlsClient::is_closed() const {
  return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
}

}  // namespace jidgate::component
