// SPDX-License-Identifier: GPL-3.0-or-later
// Where waiting web requests meet the answers from XMPP: the table of open questions. It is the one
// arbiter of "one outcome": whoever removes an entry decides, everybody else finds nothing.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/clock.hpp"
#include "core/jid.hpp"
#include "core/network.hpp"
#include "core/outcome.hpp"
#include "core/rules.hpp"
#include "core/settings.hpp"

namespace jidgate {

// What a person is asked, and for whom.
struct Question {
  Jid asked;                   // as in the credentials: full (asked by IQ) or bare (by message)
  std::string transaction_id;  // unchanged (XEP-0070 section 4.5)
  std::string method;
  std::string url;  // the full URL, query included
  Address asker;
  std::shared_ptr<const Rules> rules;  // keeps `site` alive
  const Site* site = nullptr;
  std::string grant_token;  // see GrantKey; empty: the transaction id
  Seconds grant{0};
};

// How far a question has come. Before it has gone out nothing can be an answer to it.
enum class Delivery { waiting, sent, returned };

// An open question as the XMPP side sees it.
struct OpenQuestion {
  std::string id;      // 128 random bits: the stanza's id, and the row's uuid
  std::string thread;  // 128 random bits
  Question question;
  Via via = Via::iq;
  Delivery delivery = Delivery::waiting;
  WallTime asked_at;
  SteadyTime opened, deadline;
};

// A question that is over. Kept for a while so that a late answer gets a polite word, and no grant.
struct EndedQuestion {
  std::string id, thread;
  Jid account;  // bare
  Outcome outcome;
};

class Confirmations {
 public:
  struct Limits {
    std::size_t waiting = 10000;
    std::size_t per_account = 1;  // 0: off
    // Questions that one address (or /64) may have open at once; 0: off. Questions count against
    // `per-address-rate` when they end in vain, so no more than that may be under way.
    std::size_t per_address = 0;
  };
  enum class Refusal { account_busy, address_busy, full };
  // Called once an entry ended, outside the lock, on the thread that ended it, before the waiter.
  using Observer = std::function<void(const OpenQuestion&, Outcome)>;
  // Called after the observer. Must not block.
  using Waiter = std::function<void(Outcome)>;

  Confirmations(const Clock& clock, Observer observer);
  ~Confirmations();

  // All of these: any thread.
  void configure(const Limits& limits);
  // The question is open at once but not yet sent; `deadline` is the latest end of it.
  // Whoever waits for it may share the question: ten thousand of them count.
  std::variant<std::string, Refusal> open(std::shared_ptr<const Question> question,
                                          SteadyTime deadline);
  std::variant<std::string, Refusal> open(Question question, SteadyTime deadline);
  // Who is told. Without one (mode challenge) the outcome goes to the observer alone. When the
  // question is over already (the link was lost just now), the waiter is called at once.
  void attach(const std::string& id, Waiter waiter);
  std::optional<OpenQuestion> find(const std::string& id) const;
  std::vector<OpenQuestion> open_for(const Jid& account) const;  // by bare JID, oldest first
  std::vector<OpenQuestion> all() const;
  // Right before it goes out this way. False when it is over: then it must not go out any more.
  bool sent(const std::string& id, Via via);
  // The question could not be delivered. With hold it stays open and ends as unreachable at its
  // deadline, so that a stranger cannot tell unknown from offline.
  void unreachable(const std::string& id, Unreachable what);
  // Ends the question. False when it was over already: somebody else decided.
  bool end(const std::string& id, Outcome outcome);
  // Ends it as cancelled and gives it as it was then, for whoever tells the person.
  std::optional<OpenQuestion> cancel(const std::string& id);
  // The deadline has come: expired, or unreachable when it was never delivered.
  bool expire(const std::string& id);
  // How a question that is over ended; nullopt while it is open, and when it is forgotten.
  std::optional<Outcome> ended_as(const std::string& id) const;
  void end_all(Outcome outcome);
  // Expires what is past its deadline (for questions that nobody waits for). Returns how many.
  std::size_t sweep();
  // The ended question that a late answer of this account belongs to: by thread or by id, and where
  // it names neither the last one. Gives each at most once, so that at most one notice is sent.
  std::optional<EndedQuestion> take_ended(const Jid& account, const std::string& thread_or_id);
  // Whether a message to this account was given up less than `ago` ago, neither confirmed nor
  // denied: a plain "OK" may still be meant for that one.
  bool left_unanswered(const Jid& account, Seconds ago) const;
  std::size_t size() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace jidgate
