// SPDX-License-Identifier: GPL-3.0-or-later
// Managing certificates by ad-hoc commands.
#include "component/certificate_commands.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <optional>
#include <utility>
#include <variant>

#include "component/certificate_nodes.hpp"
#include "component/certificate_texts.hpp"
#include "core/text.hpp"

namespace jidgate::component {
namespace {

constexpr std::string_view form_type = "urn:xmpp:jidgate:certificates";
// The names of fields.
constexpr std::string_view name_field = "name", certificate_field = "certificate",
                           manage_field = "can-manage", account_field = "account";

CommandOutcome failed(std::string text) {
  CommandEnd end;
  end.notes.push_back({"error", std::move(text)});
  return end;
}

CommandOutcome done(std::string text) {
  CommandEnd end;
  end.notes.push_back({"info", std::move(text)});
  return end;
}

CommandOutcome refused(const CertificateWords& words, const CertificateRefusal& refusal) {
  return failed(refusal_text(words, refusal));
}

CommandOutcome wrong(const CertificateWords& words, std::string_view label) {
  return bad_payload(fill_in(words.wrong_field, {{"name", label}}), words.language);
}

CommandOutcome last_stage(std::string_view title, std::string_view instructions,
                          std::span<const FormField> fields) {
  return CommandStage{make_form(title, instructions, form_type, fields), true};
}

CommandOutcome which_account(const CertificateWords& words, std::string_view title) {
  const FormField field{account_field, "jid-single", words.account, true};
  return CommandStage{make_form(title, words.choose_account, form_type, {&field, 1}), false};
}

// Clients may offer the full addresses of contacts.
std::optional<Jid> account_of(const SubmittedForm& form) {
  const auto jid = Jid::parse(form.single(account_field).value_or(""));
  if (!jid || !jid->is_account()) return std::nullopt;
  return jid->bare();
}

bool can_end(const CertificateRecord& record, CertificateStore::End how) {
  if (record.state == CertificateState::revoked) return false;
  return how == CertificateStore::End::revoke || record.state != CertificateState::disabled;
}

// PEM labels it so, whatever kind of key it is.
bool holds_private_key(std::string_view text) {
  return text.find("PRIVATE KEY") != std::string_view::npos;
}

template <class Range, class Value>
bool contains(const Range& range, const Value& value) {
  return std::find(range.begin(), range.end(), value) != range.end();
}

StanzaError busy(const CertificateWords& words) {
  return {"wait", "resource-constraint", std::string(words.busy), words.language};
}

}  // namespace

CertificateCommands::CertificateCommands(const Parts& parts, const XmppSettings& settings)
    : registry_(parts.registry),
      store_(parts.store),
      guard_(parts.guard),
      strands_(parts.strands),
      log_(parts.log),
      hosts_(settings.hosts),
      administrators_(settings.administrators) {}

std::vector<Command> CertificateCommands::commands() {
  const auto owner = [this](const Jid& asker) {
    return asker.is_account() && contains(hosts_, asker.domain());
  };
  const auto administrator = [this](const Jid& asker) {
    return contains(administrators_, asker.bare());
  };
  const auto name = [](std::string_view CertificateWords::*word) {
    return [word](std::string_view language) { return certificate_words(language).*word; };
  };
  using Words = CertificateWords;
  namespace nodes = certificate_nodes;
  return {
      {nodes::list, name(&Words::list), owner,
       [this](const CommandStep& step, CommandAnswer answer) { list(step, std::move(answer)); }},
      {nodes::add, name(&Words::add), owner,
       [this](const CommandStep& step, CommandAnswer answer) { add(step, std::move(answer)); }},
      {nodes::disable, name(&Words::disable), owner,
       [this](const CommandStep& step, CommandAnswer answer) {
         end(step, std::move(answer), End::disable);
       }},
      {nodes::revoke, name(&Words::revoke), owner,
       [this](const CommandStep& step, CommandAnswer answer) {
         end(step, std::move(answer), End::revoke);
       }},
      {nodes::list_account, name(&Words::list_account), administrator,
       [this](const CommandStep& step, CommandAnswer answer) {
         list_account(step, std::move(answer));
       }},
      {nodes::revoke_account, name(&Words::revoke_account), administrator,
       [this](const CommandStep& step, CommandAnswer answer) {
         revoke_account(step, std::move(answer));
       }},
      {nodes::statistics, name(&Words::statistics), administrator,
       [this](const CommandStep& step, CommandAnswer answer) {
         statistics(step, std::move(answer));
       }},
  };
}

void CertificateCommands::on_strand(const Jid& account, const CommandStep& step,
                                    CommandAnswer answer, Work work) {
  const bool taken =
      strands_.post(account.to_string(), [this, answer, work = std::move(work)]() noexcept {
        try {
          answer.give(work());
        } catch (const std::exception& fault) {  // the asker is told when the answer dies
          log_.error("unit.failed", {{"kind", "command"}, {"what", fault.what()}});
        }
      });
  if (!taken) answer.give(busy(certificate_words(step.language)));
}

void CertificateCommands::guarded(const Jid& account, const CommandStep& step, CommandAnswer answer,
                                  Work work) {
  const auto shared = std::make_shared<const CommandStep>(step);
  guard_.may_manage(
      step.asker, step.session,
      [this, account, shared, answer, work = std::move(work)](SessionGuard::Word word) {
        const CertificateWords& words = certificate_words(shared->language);
        switch (word) {
          case SessionGuard::Word::may:
            return on_strand(account, *shared, answer, work);
          case SessionGuard::Word::may_not:
            return answer.give(
                StanzaError{"cancel", "forbidden", std::string(words.forbidden), words.language});
          case SessionGuard::Word::busy:
            return answer.give(busy(words));
          case SessionGuard::Word::cannot_tell:
            return answer.give(failed(std::string(words.away)));
        }
      });
}

void CertificateCommands::list(const CommandStep& step, CommandAnswer answer) {
  const Jid account = step.asker.bare();
  on_strand(account, step, std::move(answer),
            [this, account, &words = certificate_words(step.language)] {
              return listed(account, words);
            });
}

void CertificateCommands::list_account(const CommandStep& step, CommandAnswer answer) {
  const CertificateWords& words = certificate_words(step.language);
  if (step.forms.empty()) {
    auto stage = which_account(words, words.list_account);
    std::get<CommandStage>(stage).last = true;
    return answer.give(std::move(stage));
  }
  const auto account = account_of(step.forms.front());
  if (!account) return answer.give(wrong(words, words.account));
  on_strand(*account, step, std::move(answer),
            [this, account = *account, &words] { return listed(account, words); });
}

void CertificateCommands::add(const CommandStep& step, CommandAnswer answer) {
  const Jid account = step.asker.bare();
  const auto forms = std::make_shared<const std::vector<SubmittedForm>>(step.forms);
  guarded(account, step, std::move(answer),
          [this, account, forms, &words = certificate_words(step.language)]() -> CommandOutcome {
            if (!forms->empty()) return registered(account, words, forms->front());
            const std::array<FormField, 3> fields{{
                {name_field, "text-single", words.name, true},
                {certificate_field, "text-multi", words.certificate, true},
                // XEP-0257 section 2.1: it may, unless <no-cert-management/> says otherwise.
                {manage_field, "boolean", words.can_manage, false, {"1"}},
            }};
            return last_stage(words.add, words.paste, fields);
          });
}

void CertificateCommands::end(const CommandStep& step, CommandAnswer answer, End how) {
  const Jid account = step.asker.bare();
  const auto forms = std::make_shared<const std::vector<SubmittedForm>>(step.forms);
  guarded(account, step, std::move(answer),
          [this, account, forms, how, &words = certificate_words(step.language)] {
            if (forms->empty()) return choice(account, words, how);
            return ended(account, words, forms->front(), how);
          });
}

void CertificateCommands::revoke_account(const CommandStep& step, CommandAnswer answer) {
  const CertificateWords& words = certificate_words(step.language);
  if (step.forms.empty()) {
    return guarded(step.asker.bare(), step, std::move(answer),
                   [&words] { return which_account(words, words.revoke_account); });
  }
  const auto account = account_of(step.forms.front());
  if (!account) return answer.give(wrong(words, words.account));
  const auto shared = std::make_shared<const CommandStep>(step);
  guarded(*account, step, std::move(answer), [this, account = *account, shared, &words] {
    if (shared->forms.size() == 1) return choice(account, words, End::revoke);
    const SubmittedForm& form = shared->forms.back();
    auto outcome = ended(account, words, form, End::revoke);
    const auto* end = std::get_if<CommandEnd>(&outcome);
    if (end && end->notes.front().type == "info") {
      log_.info("certificate.revoked_by_administrator",
                {{"administrator", shared->asker.to_string()},
                 {"account", account.to_string()},
                 {"name", form.single(name_field).value_or("")}});
    }
    return outcome;
  });
}

void CertificateCommands::statistics(const CommandStep& step, CommandAnswer answer) {
  on_strand(
      step.asker.bare(), step, std::move(answer),
      [this, &words = certificate_words(step.language)]() -> CommandOutcome {
        const auto asked = store_.statistics();
        const auto* counts = std::get_if<CertificateStore::Statistics>(&asked);
        if (!counts) return failed(std::string(words.away));
        const std::array<FormField, 5> fields{{
            {"accounts", "text-single", words.accounts, false, {std::to_string(counts->accounts)}},
            {"active", "text-single", words.active, false, {std::to_string(counts->active)}},
            {"disabled", "text-single", words.disabled, false, {std::to_string(counts->disabled)}},
            {"revoked", "text-single", words.revoked, false, {std::to_string(counts->revoked)}},
            {"expired", "text-single", words.expired, false, {std::to_string(counts->expired)}},
        }};
        CommandEnd end;
        end.result = make_result(words.statistics, form_type, fields);
        return end;
      });
}

// A field for each certificate, and no table: poezio shows no tables, and where there is a form it
// shows no notes either. XEP-0004 section 3.4 allows no fields beside a table.
CommandOutcome CertificateCommands::listed(const Jid& account,
                                           const CertificateWords& words) const {
  const auto all = registry_.list(account, true);
  if (const auto* refusal = std::get_if<CertificateRefusal>(&all)) return refused(words, *refusal);
  const auto& records = std::get<std::vector<CertificateRecord>>(all);
  if (records.empty()) return done(std::string(words.none));
  const std::size_t count = std::min(records.size(), most_shown);
  std::vector<std::string> vars;
  std::vector<FormField> fields;
  for (std::size_t at = 0; at < count; ++at) vars.push_back(hex_encode(records[at].fingerprint));
  for (std::size_t at = 0; at < count; ++at) {
    fields.push_back({vars[at],
                      "text-single",
                      records[at].name,
                      false,
                      {certificate_details(words, records[at])}});
  }
  CommandEnd end;
  if (records.size() > count) {
    const std::string more = std::to_string(records.size() - count);
    end.notes.push_back({"info", fill_in(words.more, {{"count", more}})});
  }
  end.result =
      make_result(fill_in(words.list_title, {{"account", account.to_string()}}), form_type, fields);
  return end;
}

CommandOutcome CertificateCommands::choice(const Jid& account, const CertificateWords& words,
                                           End how) const {
  const auto all = registry_.list(account, true);
  if (const auto* refusal = std::get_if<CertificateRefusal>(&all)) return refused(words, *refusal);
  FormField field{name_field, "list-single", words.name, true};
  for (const auto& record : std::get<std::vector<CertificateRecord>>(all)) {
    if (!can_end(record, how)) continue;
    field.options.push_back({certificate_line(words, record), record.name});
    if (field.options.size() == most_shown) break;
  }
  if (field.options.empty()) return done(std::string(words.none));
  return last_stage(fill_in(words.list_title, {{"account", account.to_string()}}),
                    how == End::revoke ? words.choose_revoked : words.choose_disabled, {&field, 1});
}

CommandOutcome CertificateCommands::registered(const Jid& account, const CertificateWords& words,
                                               const SubmittedForm& form) {
  const std::string encoded = form.lines(certificate_field);
  if (holds_private_key(encoded) || holds_private_key(form.lines(name_field))) {
    return failed(std::string(words.private_key));
  }
  const auto name = form.single(name_field);
  if (!name) return wrong(words, words.name);
  if (encoded.empty()) return wrong(words, words.certificate);
  const auto can_manage = form.boolean(manage_field, true);
  if (!can_manage) return wrong(words, words.can_manage);
  const auto added = registry_.add(account, *name, encoded, *can_manage);
  if (const auto* refusal = std::get_if<CertificateRefusal>(&added)) {
    return refused(words, *refusal);
  }
  const auto& certificate = std::get<Certificate>(added);
  return done(
      fill_in(words.was_added, {{"name", *name}, {"date", shown_time(certificate.not_after)}}) +
      "\nSHA-256: " + shown_fingerprint(certificate.fingerprint));
}

CommandOutcome CertificateCommands::ended(const Jid& account, const CertificateWords& words,
                                          const SubmittedForm& form, End how) {
  const auto name = form.single(name_field);
  if (!name) return wrong(words, words.name);
  const auto result = registry_.end(account, *name, how);
  if (const auto* refusal = std::get_if<CertificateRefusal>(&result)) {
    return refused(words, *refusal);
  }
  return done(
      fill_in(how == End::revoke ? words.was_revoked : words.was_disabled, {{"name", *name}}));
}

}  // namespace jidgate::component
