// SPDX-License-Identifier: GPL-3.0-or-later
// What people read when they manage certificates.
#include "component/certificate_texts.hpp"

#include "component/certificate_nodes.hpp"
#include "core/date_text.hpp"

namespace jidgate::component {
namespace {

constexpr std::size_t fingerprint_told = 8;  // octets: enough to tell one's certificates apart

struct Advice {
  std::string_view CertificateWords::*lead, CertificateWords::*advice, CertificateWords::*command;
  std::string_view node;
};

LocalTexts told(const CertificateRecord& record, std::string_view host, const Advice& advice) {
  LocalTexts texts;
  const std::string link =
      "xmpp:" + std::string(host) + "?command;node=" + std::string(advice.node);
  for (const std::string_view language : catalogue_languages) {
    const CertificateWords& words = certificate_words(language);
    std::string text = fill_in(words.*advice.lead, {{"account", record.account}});
    text +=
        '\n' + fill_in(words.told_what,
                       {{"name", record.name},
                        {"fingerprint", shown_fingerprint(record.fingerprint, fingerprint_told)},
                        {"date", shown_time(record.not_after)}});
    if (record.can_manage) text.append("\n").append(words.told_may_manage);
    text += '\n' + fill_in(words.*advice.advice,
                           {{"command", words.*advice.command}, {"host", host}, {"link", link}});
    texts.push_back({words.language, std::move(text)});
  }
  return texts;
}

std::string details(const CertificateWords& words, const CertificateRecord& record,
                    std::string_view fingerprint) {
  std::string text = fill_in(words.details, {{"state", state_word(words, record.state)},
                                             {"date", shown_time(record.not_after)},
                                             {"fingerprint", fingerprint}});
  if (!record.can_manage) text += words.no_management;
  return text;
}

}  // namespace

std::string_view state_word(const CertificateWords& words, CertificateState state) {
  switch (state) {
    case CertificateState::active:
      return words.active;
    case CertificateState::disabled:
      return words.disabled;
    case CertificateState::revoked:
      return words.revoked;
    case CertificateState::expired:
      break;
  }
  return words.expired;
}

std::string refusal_text(const CertificateWords& words, const CertificateRefusal& refusal) {
  const auto with_reason = [&](std::string_view lead) {
    return std::string(lead) + ' ' + refusal.text;
  };
  switch (refusal.kind) {
    case CertificateRefusal::Kind::malformed:
      return with_reason(words.malformed);
    case CertificateRefusal::Kind::not_acceptable:
      return with_reason(words.not_acceptable);
    case CertificateRefusal::Kind::conflict:
      return with_reason(words.conflict);
    case CertificateRefusal::Kind::unknown:
      return with_reason(words.unknown);
    case CertificateRefusal::Kind::full:
      return with_reason(words.full);
    case CertificateRefusal::Kind::away:
      break;
  }
  return std::string(words.away);
}

std::string certificate_details(const CertificateWords& words, const CertificateRecord& record) {
  return details(words, record, shown_fingerprint(record.fingerprint));
}

std::string certificate_line(const CertificateWords& words, const CertificateRecord& record) {
  const std::string text =
      details(words, record, shown_fingerprint(record.fingerprint, fingerprint_told) + "…");
  return fill_in(words.line, {{"name", record.name}, {"details", text}});
}

std::string shown_fingerprint(std::string_view fingerprint, std::size_t octets) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string shown;
  for (const char octet : fingerprint.substr(0, octets)) {
    if (!shown.empty()) shown += ':';
    shown += digits[static_cast<unsigned char>(octet) >> 4];
    shown += digits[static_cast<unsigned char>(octet) & 15];
  }
  return shown;
}

std::string shown_time(std::chrono::sys_seconds time) {
  const std::string text = date_text(time);
  constexpr std::size_t day = 10, minute = 16;
  return text.substr(0, day) + ' ' + text.substr(day + 1, minute - day - 1) + " UTC";
}

LocalTexts told_of_added(const CertificateRecord& record, std::string_view host) {
  return told(record, host,
              {&CertificateWords::told_added, &CertificateWords::do_added,
               &CertificateWords::revoke, certificate_nodes::revoke});
}

LocalTexts told_of_expiry(const CertificateRecord& record, std::string_view host) {
  return told(record, host,
              {&CertificateWords::told_expiring, &CertificateWords::do_expiring,
               &CertificateWords::add, certificate_nodes::add});
}

}  // namespace jidgate::component
