// SPDX-License-Identifier: GPL-3.0-or-later
// Takes each stanza to the unit that serves it, and answers what no unit serves.
#pragma once

#include <gloox/tag.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "component/reply.hpp"
#include "component/unit.hpp"
#include "core/log.hpp"
#include "core/metrics.hpp"

namespace jidgate::component {

// XMPP thread. What no unit serves is answered like this, from the address that was asked:
//   an account of ours (we have none)          service-unavailable (RFC 6121 section 8.5.1)
//   what no unit lists                         as unit_for() says
//   no child, several, or an unknown type      bad-request (RFC 6120 section 8.2.3)
// Results and errors are never answered (same section, rule 4), and neither is what comes from or
// goes to something that is no address: the answer would carry it on (section 8.3.1, rule 2).
class Router {
 public:
  // `units` in the order that they are asked; not owned, and may grow until the first stanza.
  Router(std::string domain, const std::vector<Unit*>& units, std::shared_ptr<ReplySink> sink,
         Log& log, Metrics& metrics);

  void handle(const gloox::Tag& stanza);
  // The XML guard dropped a stanza; `head` is what could be read of its beginning, or null. A
  // request is answered, so that nobody waits for ever.
  void handle_dropped(const gloox::Tag* head, std::string_view why);
  void tick();  // about once a second

 private:
  void handle_iq(const Incoming& iq, Reply reply);
  void guarded(const gloox::Tag& payload, const std::function<void()>& work);
  Reply reply_to(const gloox::Tag& stanza) const;
  void refuse_sender(const gloox::Tag& stanza);
  void drop(std::string_view why, const gloox::Tag* stanza);

  const std::string domain_;
  const std::vector<Unit*>& units_;
  const std::shared_ptr<ReplySink> sink_;
  Log& log_;
  Metrics& metrics_;
  unsigned drops_logged_ = 0;
};

}  // namespace jidgate::component
