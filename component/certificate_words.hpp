// SPDX-License-Identifier: GPL-3.0-or-later
// The words that people read when they manage certificates.
#pragma once

#include <string_view>

namespace jidgate::component {

// One language. Nothing but string views, so that a test can see that none was forgotten.
struct CertificateWords {
  std::string_view language;
  // The menu.
  std::string_view list, add, disable, revoke, list_account, revoke_account, statistics;
  // Titles and instructions of forms.
  std::string_view list_title, paste, choose_disabled, choose_revoked, choose_account;
  // Labels.
  std::string_view name, state, expires, fingerprint, can_manage, certificate, account, accounts;
  std::string_view active, disabled, revoked, expired, yes, no;
  // {name}: {details}; the details in one line; what they end with for some.
  std::string_view line, details, no_management;
  // Notes.
  std::string_view none, more, was_added, was_disabled, was_revoked;
  std::string_view private_key, wrong_field, forbidden, busy;
  // Leads of a refusal, whose sentence follows in English; the last one stands alone.
  std::string_view malformed, not_acceptable, conflict, unknown, full, away;
  // Messages: what happened, to which certificate, and what to do. {host}: the component,
  // {command}: a name of the menu, {link}: the same as a link.
  std::string_view told_added, told_expiring, told_what, told_may_manage, do_added, do_expiring;
};

// `language`: one of catalogue_languages.
const CertificateWords& certificate_words(std::string_view language);

}  // namespace jidgate::component
