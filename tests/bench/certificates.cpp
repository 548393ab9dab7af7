// SPDX-License-Identifier: GPL-3.0-or-later
// What the store of certificates does in a second. `bench_certificates add URL THREADS SECONDS`
// registers certificates of new accounts; `bench_certificates lookup URL THREADS SECONDS ROWS` asks
// who may log in with a random one of the rows that `bench_certificates statement` finds;
// `bench_certificates migrate URL` makes the schema for both.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <iostream>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "core/crypto.hpp"
#include "core/jid.hpp"
#include "core/metrics.hpp"
#include "db/certificate_store.hpp"
#include "db/migrate.hpp"
#include "db/pqxx_adapter.hpp"
#include "tests/bench/figures.hpp"

namespace jidgate::bench {
namespace {

struct Task {
  std::string url;
  unsigned threads;
  std::chrono::seconds time;
};

// Runs `once(thread)` on all threads until the time is over; gives how often a second.
template <class Once>
double rate_of(const Task& task, Once once) {
  std::atomic<std::size_t> count{0};
  std::atomic<bool> failed{false};
  const Time from = now(), until = from + task.time;
  std::vector<std::thread> threads;
  for (unsigned t = 0; t < task.threads; ++t) {
    threads.emplace_back([&, t] {
      try {
        for (; now() < until && !failed; ++count) once(t);
      } catch (const std::exception& error) {
        std::cerr << error.what() << "\n";
        failed = true;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  if (failed) throw std::runtime_error("a thread has failed");
  return static_cast<double>(count) / std::chrono::duration<double>(now() - from).count();
}

void add(const Task& task) {
  // Made before the clock starts, more than any machine gets through.
  struct Prepared {
    Jid account;
    Certificate certificate;
  };
  const auto today = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const std::size_t each = 10000 * static_cast<std::size_t>(task.time.count());
  std::vector<std::vector<Prepared>> prepared(task.threads);
  for (auto& list : prepared) {
    for (std::size_t i = 0; i < each; ++i) {
      Certificate certificate;
      certificate.der = random_octets(700);
      certificate.fingerprint = sha256(certificate.der);
      certificate.subject = "CN=bench";
      certificate.key = "P-256";
      certificate.not_before = today;
      certificate.not_after = today + std::chrono::hours(24 * 365);
      const Jid account = *Jid::parse("bench" + random_id() + "@verona.test");
      certificate.xmpp_addresses = {account};
      list.push_back({account, std::move(certificate)});
    }
  }
  Metrics metrics;
  db::Pool pool(task.url, task.threads, metrics);
  db::CertificateStore store(pool);
  std::vector<std::size_t> next(task.threads);
  tell("adds", rate_of(task, [&](unsigned thread) {
         const Prepared& one = prepared[thread].at(next[thread]++);
         const auto added = store.add(one.account, "phone", one.certificate, true, {});
         if (added != OrStoreFault<CertificateStore::Added>(CertificateStore::Added::added)) {
           throw std::runtime_error("a certificate was not added");
         }
       }));
}

// Row i holds 64 octets, the number i: that is all that a client has to choose.
constexpr db::PreparedSql lookup_sql{
    "lookup",
    "SELECT account, name, can_manage, xmpp_addresses FROM jidgate.login_candidates("
    "sha256(decode(lpad(to_hex($1::bigint), 128, '0'), 'hex')))"};

void lookup(const Task& task, std::uint64_t rows) {
  struct Client {
    explicit Client(const std::string& url) : connection(url, {}) {
      connection.raw();
      connection.prepare(lookup_sql);
    }
    db::Connection connection;
    std::mt19937_64 random{std::random_device{}()};
  };
  std::vector<std::unique_ptr<Client>> clients;
  for (unsigned t = 0; t < task.threads; ++t) {
    clients.push_back(std::make_unique<Client>(task.url));
  }
  tell("lookups", rate_of(task, [&](unsigned thread) {
         Client& client = *clients[thread];
         pqxx::nontransaction transaction(client.connection.raw());
         const std::uint64_t row = client.random() % rows + 1;
         if (db::execute(transaction, lookup_sql, row).size() != 1) {
           throw std::runtime_error("nobody may log in");
         }
       }));
}

void run(const std::vector<std::string>& arguments) {
  if (arguments.size() == 1 && arguments[0] == "statement") {
    std::cout << lookup_sql.sql.text() << "\n";
    return;
  }
  if (arguments.size() == 2 && arguments[0] == "migrate") {
    db::migrate(arguments[1]);
    return;
  }
  if (arguments.size() < 4) throw std::runtime_error("add or lookup, URL, THREADS, SECONDS");
  const Task task{arguments[1], static_cast<unsigned>(std::stoul(arguments[2])),
                  std::chrono::seconds(std::stoul(arguments[3]))};
  if (arguments[0] == "add") {
    add(task);
  } else {
    lookup(task, std::stoull(arguments.at(4)));
  }
}

}  // namespace
}  // namespace jidgate::bench

int main(int count, char** arguments) {
  try {
    jidgate::bench::run({arguments + 1, arguments + count});
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "bench_certificates: " << error.what() << "\n";
    return 1;
  }
}
