// SPDX-License-Identifier: GPL-3.0-or-later
// Certificates that the openssl program makes, and the one that stands in XEP-0257.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/certificate_policy.hpp"
#include "core/date_text.hpp"

namespace jidgate {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

class CertificateRecipe : public testing::Test {
 protected:
  CertificateRecipe() {
    std::string name = (std::filesystem::temp_directory_path() / "jidgate-recipe-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
    directory_ = name;
  }
  ~CertificateRecipe() override { std::filesystem::remove_all(directory_); }

  void write(const std::string& name, const std::string& content) const {
    std::ofstream(directory_ / name) << content;
  }
  void run(const std::string& command) const {
    const std::string line = "cd '" + directory_.string() + "' && " + command + " >log 2>&1";
    if (std::system(line.c_str()) != 0) throw std::runtime_error(command + ": " + content("log"));
  }
  std::string content(const std::string& name) const {
    std::ifstream file(directory_ / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  Certificate certificate(const std::string& name) const {
    const auto der = std::get<std::string>(der_from_any(content(name)));
    return std::get<Certificate>(read_certificate(der));
  }

  std::filesystem::path directory_;
};

std::string refusal(const Certificate& certificate, const std::string& account,
                    std::chrono::days later = {}) {
  const auto when = WallTime::clock::now() + later;
  return CertificatePolicy().refusal(certificate, Jid::parse(account).value(), when).value_or("");
}

// The letter of "Generating your certificate", as it has been published for mod_client_certs.
TEST_F(CertificateRecipe, OfModClientCertsGivesACertificateThatIsTaken) {
  write("client.cnf", R"([req]
prompt = no
x509_extensions = v3_extensions
req_extensions = v3_extensions
distinguished_name = distinguished_name

[v3_extensions]
extendedKeyUsage = clientAuth
keyUsage = digitalSignature,keyEncipherment
basicConstraints = CA:FALSE
subjectAltName = @subject_alternative_name

[subject_alternative_name]
otherName.0 = 1.3.6.1.5.5.7.8.5;FORMAT:UTF8,UTF8:hamlet@shakespeare.lit

[distinguished_name]
commonName = Your Name
emailAddress = hamlet@shakespeare.lit
)");
  run("openssl genrsa -out client.key 4096");
  run("openssl req -key client.key -new -out client.req -config client.cnf "
      "-extensions v3_extensions");
  run("openssl x509 -req -days 365 -in client.req -signkey client.key -out client.crt "
      "-extfile client.cnf -extensions v3_extensions");

  const auto made = certificate("client.crt");
  EXPECT_EQ(made.key, "RSA 4096");
  EXPECT_EQ(made.subject, "emailAddress=hamlet@shakespeare.lit,CN=Your Name");
  EXPECT_TRUE(made.problems.empty());
  EXPECT_EQ(refusal(made, "hamlet@shakespeare.lit"), "");
  EXPECT_THAT(refusal(made, "romeo@montague.lit"), HasSubstr("not for you"));
  EXPECT_THAT(refusal(made, "hamlet@shakespeare.lit", std::chrono::days(366)),
              HasSubstr("expired"));
  EXPECT_THAT(refusal(made, "hamlet@shakespeare.lit", std::chrono::days(-1)),
              HasSubstr("not valid before"));
  EXPECT_TRUE(std::holds_alternative<NotACertificate>(read_certificate(made.der + '\0')));
  EXPECT_TRUE(std::holds_alternative<NotACertificate>(der_from_any(content("client.key"))));
  EXPECT_TRUE(std::holds_alternative<NotACertificate>(der_from_any(content("client.req"))));
}

TEST_F(CertificateRecipe, InOneCommandMakesAnAuthorityThatIsTaken) {
  run("openssl req -x509 -newkey rsa:2048 -nodes -keyout client.key -out client.crt -days 10 "
      "-subj /CN=hamlet -addext "
      "'subjectAltName=otherName:1.3.6.1.5.5.7.8.5;UTF8:hamlet@shakespeare.lit'");
  EXPECT_EQ(certificate("client.crt").key, "RSA 2048");
  EXPECT_EQ(refusal(certificate("client.crt"), "hamlet@shakespeare.lit"), "");
}

TEST_F(CertificateRecipe, WithAWeakKeyIsRefused) {
  run("openssl req -x509 -newkey rsa:1024 -nodes -keyout client.key -out client.crt -days 10 "
      "-subj /CN=hamlet -addext "
      "'subjectAltName=otherName:1.3.6.1.5.5.7.8.5;UTF8:hamlet@shakespeare.lit'");
  EXPECT_EQ(refusal(certificate("client.crt"), "hamlet@shakespeare.lit"),
            "The RSA key has 1024 bits; make one of 2048 to 8192.");
}

// XEP-0257 section 2.1, example 1: RSA of 1024 bits, expired in 2008, for nobody. Its own signature
// with SHA-1 and its CA:TRUE are no faults.
TEST(CertificateExample, OfTheSpecificationIsRefusedToday) {
  const auto der = std::get<std::string>(der_from_base64(R"(
      MIICCTCCAXKgAwIBAgIJALhU0Id6xxwQMA0GCSqGSIb3DQEBBQUAMA4xDDAKBgNV
      BAMTA2ZvbzAeFw0wNzEyMjgyMDA1MTRaFw0wODEyMjcyMDA1MTRaMA4xDDAKBgNV
      BAMTA2ZvbzCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEA0DPcfeJzKWLGE22p
      RMINLKr+CxqozF14DqkXkLUwGzTqYRi49yK6aebZ9ssFspTTjqa2uNpw1U32748t
      qU6bpACWHbcC+eZ/hm5KymXBhL3Vjfb/dW0xrtxjI9JRFgrgWAyxndlNZUpN2s3D
      hKDfVgpPSx/Zp8d/ubbARxqZZZkCAwEAAaNvMG0wHQYDVR0OBBYEFJWwFqmSRGcx
      YXmQfdF+XBWkeML4MD4GA1UdIwQ3MDWAFJWwFqmSRGcxYXmQfdF+XBWkeML4oRKk
      EDAOMQwwCgYDVQQDEwNmb2+CCQC4VNCHesccEDAMBgNVHRMEBTADAQH/MA0GCSqG
      SIb3DQEBBQUAA4GBAIhlUeGZ0d0msNVxYWAXg2lRsJt9INHJQTCJMmoUeTtaRjyp
      ffJtuopguNNBDn+MjrEp2/+zLNMahDYLXaTVmBf6zvY0hzB9Ih0kNTh23Fb5j+yK
      QChPXQUo0EGCaODWhfhKRNdseUozfNWOz9iTgMGw8eYNLllQRL//iAOfOr/8
    )"));
  const auto example = std::get<Certificate>(read_certificate(der));
  EXPECT_EQ(example.key, "RSA 1024");
  EXPECT_EQ(example.subject, "CN=foo");
  EXPECT_TRUE(example.self_signed);
  EXPECT_TRUE(example.weak_signature);
  std::vector<std::string_view> words;
  for (const auto& problem : example.problems) words.push_back(problem.word);
  EXPECT_THAT(words, ElementsAre("weak-key"));
  EXPECT_EQ(refusal(example, "hamlet@shakespeare.lit"),
            "The RSA key has 1024 bits; make one of 2048 to 8192. The certificate has expired on "
            "2008-12-27T20:05:14Z; make a new one. The certificate names no XMPP address; make one "
            "with hamlet@shakespeare.lit as id-on-xmppAddr in its subjectAltName.");
  // The other examples leave the certificate out.
  EXPECT_TRUE(std::holds_alternative<NotACertificate>(der_from_base64("\n      ...\n    ")));
}

}  // namespace
}  // namespace jidgate
