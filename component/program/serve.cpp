// SPDX-License-Identifier: GPL-3.0-or-later
// `jidgate serve`: the main thread, which owns the signals and the order of start and stop.
#include "component/program/serve.hpp"

#include <signal.h>
#include <sys/resource.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>
#include <utility>
#include <variant>

#include "component/program/contents.hpp"
#include "component/program/daemon.hpp"
#include "component/program/journal.hpp"
#include "component/program/service_manager.hpp"

namespace jidgate::program {

namespace {

constexpr std::chrono::seconds refresh_interval{10};

// Blocked before any thread is started, so that every thread inherits it and only sigtimedwait()
// below sees them.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int one : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, one);
  if (pthread_sigmask(SIG_BLOCK, &signals, nullptr) != 0) {
    throw std::system_error(errno, std::generic_category(), "pthread_sigmask");
  }
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);
  return signals;
}

// Each person who waits keeps a connection open; shells start programs with a soft limit of 1024.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// nullopt when `patience` is over.
std::optional<int> wait_for_signal(const sigset_t& signals, std::chrono::nanoseconds patience) {
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(patience);
  const timespec time{whole.count(), (patience - whole).count()};
  const int got = sigtimedwait(&signals, nullptr, &time);
  if (got < 0) return std::nullopt;
  return got;
}

class Reloader {
 public:
  Reloader(Settings running, const ConfigurationSource& source, Daemon& daemon, Log& log)
      : running_(std::move(running)), source_(source), daemon_(daemon), log_(log) {}

  // With any fault, also in what the files hold, everything stays as it was.
  void reload() {
    notify_reloading();
    auto loaded = source_.load();
    const auto* faults = std::get_if<ConfigurationFaults>(&loaded);
    if (faults == nullptr) {
      apply(std::get<Settings>(std::move(loaded)));
    } else {
      refuse(*faults);
    }
    notify_ready();
  }

 private:
  void apply(Settings settings) {
    if (const auto faults = content_faults(settings); !faults.empty()) return refuse(faults);
    for (const std::string& what : needs_restart(running_, settings)) {
      log_.warning("config.needs_restart", {{"what", what}});
    }
    daemon_.apply(std::move(settings));
    log_.info("config.reloaded");
    daemon_.reloaded(true);
  }
  void refuse(const std::vector<std::string>& faults) {
    for (const std::string& fault : faults) log_.error("config.fault", {{"what", fault}});
    log_.error("config.reload_failed", {{"faults", std::to_string(faults.size())}});
    daemon_.reloaded(false);
  }

  const Settings running_;
  const ConfigurationSource& source_;
  Daemon& daemon_;
  Log& log_;
};

}  // namespace

int serve(Settings settings, const ConfigurationSource& source) {
  const sigset_t signals = block_signals();
  raise_descriptor_limit();
  const SystemClock clock;
  const auto log = make_log(settings.log, clock);
  log->info("daemon.starting", {{"version", JIDGATE_VERSION}});
  Daemon daemon(settings, clock, *log);
  daemon.start();
  Reloader reloader(std::move(settings), source, daemon, *log);
  notify_ready();
  log->info("daemon.ready");

  const auto watchdog = watchdog_interval();
  const std::chrono::nanoseconds patience =
      watchdog ? std::min<std::chrono::nanoseconds>(*watchdog, refresh_interval) : refresh_interval;
  while (true) {
    const auto signal = wait_for_signal(signals, patience);
    if (!signal) {
      notify_alive();
      daemon.refresh();
    } else if (*signal == SIGHUP) {
      reloader.reload();
    } else {
      log->info("daemon.stopping", {{"signal", std::to_string(*signal)}});
      break;
    }
  }
  notify_stopping();
  // A second SIGTERM ends at once what the first one asked to end in order. SIGHUP stays blocked:
  // it would end the daemon too, and asks for nothing that is still to be had.
  struct sigaction at_once {};
  at_once.sa_handler = SIG_DFL;
  sigaction(SIGTERM, &at_once, nullptr);
  sigset_t ending;
  sigemptyset(&ending);
  for (const int one : {SIGTERM, SIGINT}) sigaddset(&ending, one);
  pthread_sigmask(SIG_UNBLOCK, &ending, nullptr);
  daemon.stop();
  log->info("daemon.stopped");
  return 0;
}

}  // namespace jidgate::program
