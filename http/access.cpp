// SPDX-License-Identifier: GPL-3.0-or-later
// The road of a request: rule, credentials, account, grant, limits, question.
#include "http/access.hpp"

#include <algorithm>
#include <utility>

#include "core/endings.hpp"
#include "core/overloaded.hpp"
#include "core/text.hpp"
#include "core/typed_code.hpp"

namespace jidgate::http {

namespace {

constexpr Seconds link_retry{5};
constexpr Seconds busy_retry{10};
constexpr Seconds pending_retry{2};

// The metric's words for a decision.
std::pair<std::string_view, std::string_view> words(const Decision& decision) {
  return std::visit(
      Overloaded{[](const Pass& pass) {
                   return std::pair<std::string_view, std::string_view>(
                       "pass", pass.account ? "account" : "bypass");
                 },
                 [](const Unauthorized& why) {
                   return std::pair<std::string_view, std::string_view>("unauthorized", why.reason);
                 },
                 [](const Forbidden& why) {
                   return std::pair<std::string_view, std::string_view>("forbidden", why.reason);
                 },
                 [](const BadRequest& why) {
                   return std::pair<std::string_view, std::string_view>("bad-request", why.reason);
                 },
                 [](const Limited& why) {
                   return std::pair<std::string_view, std::string_view>("limited", why.reason);
                 },
                 [](const Unavailable& why) {
                   return std::pair<std::string_view, std::string_view>("unavailable", why.reason);
                 }},
      decision);
}

Decision decision_for(Outcome outcome, const Jid& asked) {
  switch (outcome) {
    case Outcome::confirmed:
      return Pass{asked};
    case Outcome::denied:
      // XEP-0070 section 4.7: "If the XMPP Client denied the request, the HTTP Server MUST return a
      // Forbidden error".
      return Forbidden{"denied"};
    case Outcome::expired:
    case Outcome::unreachable:
      // One word for both: strangers are not told who exists.
      return Unauthorized{"unanswered", false, std::nullopt};
    case Outcome::cancelled:
      break;
  }
  return Unavailable{"link-down", link_retry};
}

// A request that waits for a person, shared by the three callbacks of which one will answer it.
// Thousands may wait: what can be had from the question is not kept twice.
struct Waiting {
  AccessRequest request() const {
    AccessRequest left;
    left.rules = question->rules;
    left.ruling.site = question->site;
    left.endpoint = endpoint;
    return left;
  }

  std::shared_ptr<const Question> question;
  Render render;
  std::string endpoint;
  std::string confirmation;
};

}  // namespace

std::string url_on(const Site& site, std::string_view target) {
  constexpr std::string_view url_characters = "!$%&'()*+,/:;=?@[]~-._";
  return site.origin + percent_encode(target, url_characters);
}

Access::Access(Parts parts) : parts_(parts) {}

void Access::count(const AccessRequest& request, const Decision& decision) const {
  const auto [word, reason] = words(decision);
  parts_.metrics.add("authz_decisions_total",
                     {{"endpoint", request.endpoint}, {"decision", word}, {"reason", reason}});
}

std::variant<Credentials, Decision> Access::read_credentials(const AccessRequest& request) const {
  if (request.authorization.empty()) {
    return Unauthorized{"no-credentials", false, std::nullopt};
  }
  if (request.authorization.size() > 1) return BadRequest{"several-authorization-fields"};
  const Site& site = *request.ruling.site;
  const std::string& value = request.authorization.front();
  const std::string scheme = scheme_of(value);
  CredentialResult result = CredentialFault::scheme_not_offered;
  if (scheme == "basic" && site.basic) {
    result = read_basic(value);
  } else if (scheme == "digest" && site.digest) {
    result = parts_.digest.read(
        {value, request.method, request.target, site.name, site.digest_password});
  } else if (scheme.empty()) {
    result = CredentialFault::malformed;
  }
  if (auto* credentials = std::get_if<Credentials>(&result)) return std::move(*credentials);
  switch (std::get<CredentialFault>(result)) {
    case CredentialFault::malformed:
      return Unauthorized{"malformed-credentials", false, std::nullopt};
    case CredentialFault::no_local_part:
      return Forbidden{"no-account"};
    case CredentialFault::scheme_not_offered:
      return Unauthorized{"scheme-not-offered", false, std::nullopt};
    case CredentialFault::stale:
      parts_.metrics.add("digest_nonce_errors_total", {{"reason", "stale"}});
      return Unauthorized{"stale-nonce", true, std::nullopt};
    case CredentialFault::replayed:
      parts_.metrics.add("digest_nonce_errors_total", {{"reason", "replayed"}});
      return Unauthorized{"replayed", false, std::nullopt};
    case CredentialFault::unverified:
      return Unauthorized{"unverified-response", false, std::nullopt};
  }
  return Unauthorized{"malformed-credentials", false, std::nullopt};
}

std::optional<Decision> Access::refusal_to_ask(const AccessRequest& request,
                                               const Credentials& credentials) const {
  if (!request.may_ask) return Unauthorized{"prefetch", false, std::nullopt};
  if (const auto refusal =
          parts_.limits.check(credentials.jid.bare(), request.asker, parts_.clock.steady())) {
    parts_.metrics.add("rate_limited_total", {{"scope", refusal->scope}});
    return Limited{refusal->scope == "address" ? "address-limit" : "account-limit",
                   refusal->retry_after};
  }
  // The same code asked about twice at once: whoever came second must not ride on the answer that
  // is meant for the first. Nor is he told that the code is the right one: the word is the same as
  // for any other code while the account is being asked.
  for (const OpenQuestion& open : parts_.confirmations.open_for(credentials.jid)) {
    if (open.question.transaction_id != credentials.transaction_id) continue;
    if (request.ruling.mode == Mode::challenge && open.question.asker == request.asker) {
      return Unauthorized{"pending", false, pending_retry};
    }
    parts_.metrics.add("rate_limited_total", {{"scope", "pending"}});
    return Limited{"account-busy", pending_retry};
  }
  if (!parts_.asker.is_up()) return Unavailable{"link-down", link_retry};
  return std::nullopt;
}

Verdict Access::handle(AccessRequest request, Render render) {
  const auto answer = [&](const Decision& decision) -> Verdict {
    count(request, decision);
    return render(request, decision);
  };
  if (request.ruling.mode == Mode::bypass) return answer(Pass{});

  auto read = read_credentials(request);
  if (auto* fault = std::get_if<Decision>(&read)) return answer(*fault);
  Credentials& credentials = std::get<Credentials>(read);

  // Where the code has to be typed, one that a person may send without meaning it confirms nothing.
  if (request.ruling.site->text_confirm == TextConfirm::type_code &&
      !is_typed_code(credentials.transaction_id)) {
    return answer(Unauthorized{"code-too-simple", false, std::nullopt});
  }

  // XEP-0070 section 4.4: "the HTTP Server MUST verify that the JID is authorized to access the
  // HTTP resource" before anything is sent over XMPP.
  if (!request.rules->admits(request.ruling, credentials.jid)) {
    parts_.log.info("authz.denied", {{"request", request.request_id},
                                     {"jid", credentials.jid.bare().to_string()},
                                     {"rule", std::string(request.ruling.rule)}});
    return answer(Forbidden{"not-allowed"});
  }

  const bool digest = credentials.grant_token != credentials.transaction_id;
  const auto question = std::make_shared<const Question>(
      Question{credentials.jid, credentials.transaction_id, request.method, request.url,
               request.asker, request.rules, request.ruling.site,
               digest ? credentials.grant_token : std::string(), request.ruling.grant});
  switch (parts_.grants.look(grant_key(*question), request.url, parts_.clock.steady(),
                             request.ruling.grant)) {
    case Standing::granted:
      return answer(Pass{credentials.jid});
    case Standing::used:
      // A Digest client makes a new cnonce by itself: with a new nonce it may ask again.
      return answer(Unauthorized{"code-used", digest, std::nullopt});
    case Standing::denied:
      // Where nobody waits for the answer this is the request that gets it. Whoever waits has had
      // it, and may ask again.
      if (request.ruling.mode == Mode::challenge) return answer(Forbidden{"denied"});
      break;
    case Standing::unknown:
      break;
  }
  if (auto refusal = refusal_to_ask(request, credentials)) return answer(*refusal);

  Seconds timeout = request.ruling.timeout;
  if (request.longest_wait && !request.ruling.timeout_is_own) {
    timeout = std::min(timeout, *request.longest_wait);
  }
  const SteadyTime deadline = parts_.clock.steady() + timeout;
  const auto opened = parts_.confirmations.open(question, deadline);
  if (const auto* refusal = std::get_if<Confirmations::Refusal>(&opened)) {
    if (*refusal == Confirmations::Refusal::full) {
      parts_.metrics.add("rate_limited_total", {{"scope", "waiting"}});
      return answer(Unavailable{"busy", busy_retry});
    }
    parts_.metrics.add("rate_limited_total", {{"scope", "pending"}});
    return answer(
        Limited{*refusal == Confirmations::Refusal::account_busy ? "account-busy" : "address-limit",
                pending_retry});
  }
  const std::string& confirmation = std::get<std::string>(opened);
  if (request.ruling.mode == Mode::challenge) {
    parts_.asker.ask(confirmation);
    return answer(Unauthorized{"pending", false, pending_retry});
  }
  return wait(question, std::move(render), request.endpoint, confirmation, deadline);
}

Park Access::wait(std::shared_ptr<const Question> question, Render render,
                  const std::string& endpoint, const std::string& confirmation,
                  SteadyTime deadline) const {
  const auto waiting = std::make_shared<const Waiting>(
      Waiting{std::move(question), std::move(render), endpoint, confirmation});
  Park park;
  park.deadline = deadline;
  park.parked = [this, waiting](ParkedId parked) {
    // First whoever is told, then the question: a fast answer is not lost.
    parts_.confirmations.attach(waiting->confirmation, [this, waiting, parked](Outcome outcome) {
      const AccessRequest request = waiting->request();
      const Decision decision = decision_for(outcome, waiting->question->asked);
      // When the client has left or was answered by expired(), this is not what it got.
      if (complete_(parked, waiting->render(request, decision))) count(request, decision);
    });
    parts_.asker.ask(waiting->confirmation);
  };
  park.gone = [this, waiting](ParkedId) {
    const auto cancelled = parts_.confirmations.cancel(waiting->confirmation);
    if (!cancelled) return;
    parts_.asker.withdraw(*cancelled);
    // A question that was asked in vain, or leaving early would be a way to ask without end.
    const Question& asked = *waiting->question;
    parts_.limits.ended(asked.asked.bare(), asked.asker, Outcome::cancelled, parts_.clock.steady());
  };
  park.expired = [this, waiting](ParkedId) {
    // The waiter's complete() finds nothing any more, so the answer is given here; and it is the
    // person's, if that came in the same instant.
    const std::string& id = waiting->confirmation;
    const bool is_late = parts_.confirmations.expire(id);
    const Outcome outcome =
        is_late ? Outcome::expired : parts_.confirmations.ended_as(id).value_or(Outcome::expired);
    const AccessRequest request = waiting->request();
    const Decision decision = decision_for(outcome, waiting->question->asked);
    count(request, decision);
    return waiting->render(request, decision);
  };
  return park;
}

}  // namespace jidgate::http
