// SPDX-License-Identifier: GPL-3.0-or-later
// What people read when they manage certificates: the commands, and the messages about them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "component/certificate_words.hpp"
#include "component/local_text.hpp"
#include "core/certificate_registry.hpp"
#include "core/certificate_store.hpp"

namespace jidgate::component {

std::string_view state_word(const CertificateWords& words, CertificateState state);
std::string refusal_text(const CertificateWords& words, const CertificateRefusal& refusal);
// "active, expires 2027-01-31 12:30 UTC, SHA-256 A0:B1:…"
std::string certificate_details(const CertificateWords& words, const CertificateRecord& record);
// The same behind its name, with as much of the fingerprint as tells one's certificates apart.
std::string certificate_line(const CertificateWords& words, const CertificateRecord& record);

// As `openssl x509 -fingerprint -sha256` prints it, the first `octets` of it: "A0:B1:…".
std::string shown_fingerprint(std::string_view fingerprint, std::size_t octets = 32);
// "2027-01-31 12:30 UTC"
std::string shown_time(std::chrono::sys_seconds time);

// The bodies of a message about a certificate that was added, or that is about to expire; `host` is
// the component, where its owner can do something about it.
LocalTexts told_of_added(const CertificateRecord& record, std::string_view host);
LocalTexts told_of_expiry(const CertificateRecord& record, std::string_view host);

}  // namespace jidgate::component
