// SPDX-License-Identifier: GPL-3.0-or-later
// The front door's handle: what a Gate is made of, and in which order it comes and goes.
#include "http/gate.hpp"

#include "http/reactor.hpp"

namespace jidgate::http {
namespace {

using namespace std::chrono_literals;

constexpr auto last_grace = 1s;  // of a gate that dies without stop()

Reply going_away(const Exchange&) {
  Reply reply;
  reply.status = 503;
  reply.close = true;
  return reply;
}

}  // namespace

struct Gate::State {
  State(GateLimits chosen, Decide decider, Refuse refuser, Log& log, Metrics& metrics)
      : limits(std::move(chosen)),
        decide(std::move(decider)),
        refuse(std::move(refuser)),
        reactor({limits, decide, refuse, log, metrics, *counters}) {}

  const GateLimits limits;
  const Decide decide;
  const Refuse refuse;
  // Shared with the gauges, which may be read when the gate is no more.
  const std::shared_ptr<Counters> counters = std::make_shared<Counters>();
  Reactor reactor;
};

Gate::Gate(GateLimits limits, Decide decide, Refuse refuse, Log& log, Metrics& metrics)
    : state_(std::make_unique<State>(std::move(limits), std::move(decide), std::move(refuse), log,
                                     metrics)) {
  if (!state_->limits.show_gauges) return;
  const auto& counters = state_->counters;
  metrics.watch("http_connections",
                [counters] { return static_cast<double>(counters->connections); });
  metrics.watch("http_requests_in_flight",
                [counters] { return static_cast<double>(counters->requests); });
  metrics.watch("waiters", [counters] { return static_cast<double>(counters->parked); });
}

Gate::~Gate() {
  stop(going_away, last_grace);
}

std::uint16_t Gate::listen(const Listen& where, std::shared_ptr<TlsContext> tls) {
  Listener listener(where, std::move(tls));
  const std::uint16_t port = listener.port();
  state_->reactor.listen(std::move(listener));
  return port;
}

void Gate::start() {
  state_->reactor.start();
}

bool Gate::complete(ParkedId id, Responder responder) {
  return state_->reactor.complete(id, std::move(responder));
}

std::size_t Gate::parked() const {
  return state_->counters->parked;
}

std::size_t Gate::connections() const {
  return state_->counters->connections;
}

void Gate::stop(const Responder& farewell, std::chrono::milliseconds grace) {
  state_->reactor.stop(farewell, grace);
}

}  // namespace jidgate::http
