// SPDX-License-Identifier: GPL-3.0-or-later
// The log: lines that a program can read whatever strangers put into them.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "component/program/journal.hpp"
#include "core/log_json.hpp"

namespace jidgate {
namespace {

using testing::EndsWith;

class FixedClock final : public Clock {
 public:
  SteadyTime steady() const override { return {}; }
  WallTime wall() const override {
    return std::chrono::sys_days(std::chrono::year{2026} / 11 / 24) + std::chrono::hours(14) +
           std::chrono::milliseconds(7);
  }
};

class LogTest : public testing::Test {
 protected:
  LogTest() : file_(std::tmpfile()) {}
  ~LogTest() override { std::fclose(file_); }

  JsonLog make_log(LogLevel level = LogLevel::debug) const {
    return JsonLog(fileno(file_), level, clock_);
  }
  std::vector<std::string> lines() const {
    std::string text(static_cast<std::size_t>(::lseek(fileno(file_), 0, SEEK_END)), '\0');
    EXPECT_EQ(::pread(fileno(file_), text.data(), text.size(), 0),
              static_cast<ssize_t>(text.size()));
    std::vector<std::string> found;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) found.push_back(line);
    return found;
  }

  const FixedClock clock_;
  std::FILE* file_;
};

TEST_F(LogTest, ALineHoldsTimeLevelEventAndFieldsInOrder) {
  make_log().info("confirm.sent", {{"jid", "juliet@verona.test"}, {"via", "iq"}});
  EXPECT_THAT(lines(),
              testing::ElementsAre("{\"time\":\"2026-11-24T14:00:00.007Z\",\"level\":\"info\","
                                   "\"event\":\"confirm.sent\",\"jid\":\"juliet@verona.test\","
                                   "\"via\":\"iq\"}"));
}

TEST_F(LogTest, LessImportantEventsAreLeftOut) {
  JsonLog log = make_log(LogLevel::warning);
  log.debug("a");
  log.info("b");
  log.warning("c");
  log.error("d");
  EXPECT_EQ(lines().size(), 2u);
}

TEST_F(LogTest, WhateverAFieldHoldsTheLineIsOneJsonObject) {
  JsonLog log = make_log();
  for (int octet = 0; octet < 256; ++octet) {
    log.info("x", {{"value", std::string("<") + static_cast<char>(octet) + ">"}});
  }
  log.info("x", {{"value", "\"\\\n\r\t\x7f\xed\xa0\x80\xf0\x9f\x8c\xb9"}});
  const auto written = lines();
  ASSERT_EQ(written.size(), 257u);
  for (const std::string& line : written) {
    const auto object = nlohmann::json::parse(line, nullptr, false);
    EXPECT_TRUE(object.is_object()) << line;
  }
  EXPECT_EQ(nlohmann::json::parse(written[10])["value"], "<\n>");
  EXPECT_EQ(nlohmann::json::parse(written[0xff])["value"], "<\xEF\xBF\xBD>");
  const std::string last = nlohmann::json::parse(written[256])["value"];
  EXPECT_THAT(last, EndsWith("\xf0\x9f\x8c\xb9"));  // what is valid stays
}

TEST_F(LogTest, AFieldIsBounded) {
  make_log().info("x", {{"value", std::string(100000, 'a')}});
  EXPECT_LT(lines().at(0).size(), 1200u);
  EXPECT_THAT(log_text(std::string(2000, 'a')), EndsWith("a..."));
  EXPECT_EQ(log_text(std::string(1024, 'a')).size(), 1024u);
}

TEST_F(LogTest, LinesOfSeveralThreadsDoNotMix) {
  JsonLog log = make_log();
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&log, i] {
      for (int n = 0; n < 200; ++n) log.info("x", {{"value", std::string(500, 'a' + char(i))}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto written = lines();
  EXPECT_EQ(written.size(), 800u);
  for (const std::string& line : written) {
    EXPECT_TRUE(nlohmann::json::accept(line)) << line;
  }
}

TEST_F(LogTest, AFullDiskAndAClosedPipeAreSurvived) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  JsonLog(full, LogLevel::debug, clock_).info("x");
  ::close(full);
  JsonLog(-1, LogLevel::debug, clock_).info("x");
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  ::close(ends[0]);
  const auto before = std::signal(SIGPIPE, SIG_IGN);  // as the daemon does
  JsonLog(ends[1], LogLevel::debug, clock_).info("x");
  std::signal(SIGPIPE, before);
  ::close(ends[1]);
  make_log().info("still here");
  EXPECT_EQ(lines().size(), 1u);
}

TEST_F(LogTest, TheJournalGetsFieldsWithItsOwnNames) {
  EXPECT_THAT(program::journal_entry(LogLevel::warning, "peer.untrusted",
                                     {{"peer", "192.0.2.1"}, {"X-Name", "a\nb\xff"}}),
              testing::ElementsAre(
                  "PRIORITY=4", "SYSLOG_IDENTIFIER=jidgate", "JIDGATE_EVENT=peer.untrusted",
                  "JIDGATE_PEER=192.0.2.1", "JIDGATE_X_NAME=a\nb\xEF\xBF\xBD",
                  "MESSAGE=peer.untrusted peer=192.0.2.1 X-Name=a\nb\xEF\xBF\xBD"));
}

TEST_F(LogTest, TheJournalIsKnownByDeviceAndInode) {
  struct stat status {};
  ASSERT_EQ(::fstat(fileno(file_), &status), 0);
  const std::string name = std::to_string(status.st_dev) + ":" + std::to_string(status.st_ino);
  EXPECT_TRUE(program::is_journal(fileno(file_), name));
  EXPECT_FALSE(program::is_journal(fileno(file_), name + "0"));
  EXPECT_FALSE(program::is_journal(fileno(file_), ""));
  EXPECT_FALSE(program::is_journal(-1, name));
}

}  // namespace
}  // namespace jidgate
