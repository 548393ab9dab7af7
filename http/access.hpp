// SPDX-License-Identifier: GPL-3.0-or-later
// The decision about one request, the same for every door: rule, credentials, JID, grants, limits,
// and then the question. Doors turn requests into AccessRequest and decisions into answers.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/asker.hpp"
#include "core/clock.hpp"
#include "core/confirmations.hpp"
#include "core/grants.hpp"
#include "core/limits.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"
#include "core/rules.hpp"
#include "http/credentials.hpp"
#include "http/gate.hpp"

namespace jidgate::http {

struct AccessRequest {
  std::shared_ptr<const Rules> rules;  // keeps `ruling` alive
  Ruling ruling;
  std::string method;
  std::string target;  // as the client sent it; Digest's uri must equal it
  // On the site's origin, query included: <confirm url>, and the entity that HEAD's grant is for.
  std::string url;
  Address asker;                           // the client, behind any trusted proxy
  std::vector<std::string> authorization;  // every Authorization field, usually none or one
  std::string request_id;
  std::optional<Seconds> longest_wait;  // the door's cap; a rule's own timeout is above it
  std::string endpoint;                 // "direct", "auth-request", "forward-auth": metric label
  bool may_ask = true;                  // false: a prefetch, which never troubles a person
};

// Why a request is not let through. The strings are stable: X-Auth-Reason, problem documents.
struct Pass {
  std::optional<Jid> account;  // as given; absent where the rule is bypass
};
struct Unauthorized {
  std::string_view reason;  // "no-credentials", "malformed-credentials", "code-used", "expired", …
  bool stale = false;
  std::optional<Seconds> retry_after;
};
struct Forbidden {
  std::string_view reason;  // "denied", "not-allowed", "no-account"
};
struct BadRequest {
  std::string_view reason;
};
struct Limited {  // a limit of the asker: 429
  std::string_view reason;
  Seconds retry_after;
};
struct Unavailable {        // our own fault or limit: 503
  std::string_view reason;  // "busy", "link-down", "shutting-down"
  Seconds retry_after;
};
using Decision = std::variant<Pass, Unauthorized, Forbidden, BadRequest, Limited, Unavailable>;

// The full URL of a request on its site's origin, as a person and XML may see it: octets that no
// URI holds become %XX, so that no control and no bidirectional character gets through.
std::string url_on(const Site& site, std::string_view target);

// Turns a decision into the answer of a door. Called on any thread; must not block. Of a request
// that has waited only `rules`, `ruling.site` and `endpoint` are left.
using Render = std::function<Responder(const AccessRequest&, const Decision&)>;

// Lives as long as the gate. Reactor thread, unless said otherwise.
class Access {
 public:
  struct Parts {
    const Clock& clock;
    Confirmations& confirmations;
    Grants& grants;
    Limits& limits;
    DigestAuthority& digest;
    Asker& asker;
    Log& log;
    Metrics& metrics;
  };
  explicit Access(Parts parts);
  // As Gate::complete(), which it is but in tests.
  using Complete = std::function<bool(ParkedId, Responder)>;
  // Where parked requests are completed; set once, before the gate starts.
  void set_complete(Complete complete) { complete_ = std::move(complete); }
  void set_gate(Gate& gate) {
    set_complete([&gate](ParkedId id, Responder responder) {
      return gate.complete(id, std::move(responder));
    });
  }

  // The whole road from request to verdict; parks the request when the person has to be waited for.
  Verdict handle(AccessRequest request, Render render);
  DigestAuthority& digest() { return parts_.digest; }

 private:
  std::variant<Credentials, Decision> read_credentials(const AccessRequest& request) const;
  std::optional<Decision> refusal_to_ask(const AccessRequest& request,
                                         const Credentials& credentials) const;
  Park wait(std::shared_ptr<const Question> question, Render render, const std::string& endpoint,
            const std::string& confirmation, SteadyTime deadline) const;
  void count(const AccessRequest& request, const Decision& decision) const;

  Parts parts_;
  Complete complete_;
};

}  // namespace jidgate::http
