// SPDX-License-Identifier: GPL-3.0-or-later
// The end of the sessions of revoked certificates, whoever revoked them.
#include "component/session_ender.hpp"

#include "component/tags.hpp"
#include "tests/support/certificate_dialogue.hpp"

namespace jidgate::test {
namespace {

using component::SessionEnder;

constexpr std::string_view ended = "<end xmlns='urn:xmpp:jidgate:host:0'/>";

class SessionEnderTest : public CertificateDialogue {
 protected:
  // As somebody else does it, of whom nobody here is told; gives the fingerprint.
  std::string revoked_elsewhere(const std::string& name) {
    const std::string fingerprint = registered(name);
    store.end(Jid::parse(romeo).value(), name, CertificateStore::End::revoke);
    return fingerprint;
  }
  // A revoked record of any account.
  void put_revoked(const std::string& account, const std::string& fingerprint) {
    CertificateRecord record;
    record.account = account;
    record.name = "Phone";
    record.fingerprint = fingerprint;
    record.state = CertificateState::revoked;
    store.put(std::move(record));
  }
  std::size_t unended() const { return std::get<0>(store.unended(10000, std::nullopt)).size(); }
  void module_ends(const std::string& id) { module_answers(id, ended); }
};

// XEP-0257 section 2.4: "if a client is logged in with that compromised certificate using SASL
// EXTERNAL, the server SHOULD close the stream to that client".
TEST_F(SessionEnderTest, ARevokeEndsTheSessionsOfItsCertificateAfterItsAnswer) {
  const std::string phone = registered("Phone");
  sends("set", orchard, by_name("revoke", "Phone"));
  module_answers(is_asked("sessions"), sessions(session("orchard", phone)));
  EXPECT_TRUE(matches(server.receives(), result())) << "before the session that asked is ended";
  module_answers(
      is_asked("end", romeo, phone),
      "<end xmlns='urn:xmpp:jidgate:host:0'><session resource='orchard'/><session/></end>");
  const LogEntry told = log.wait("certificate.sessions_ended");
  EXPECT_EQ(told.fields.at("account"), romeo);
  EXPECT_EQ(told.fields.at("sha256"), hex_encode(phone));
  EXPECT_EQ(told.fields.at("sessions"), "2");
  EXPECT_EQ(unended(), 0U);
}

TEST_F(SessionEnderTest, TheAnswerComesFirstAlsoWhereTheRevokeIsFoundBeforeItIsGiven) {
  // Of an account whose work is not done by the thread that reads what has been revoked, and so can
  // wait for it. The strands are two.
  const auto thread = [](std::string_view key) { return std::hash<std::string_view>{}(key) % 2; };
  std::string account = "a@verona.test";
  while (thread(account) == thread("sessions")) account.insert(0, "a");
  registry.on_revoked([&](const Jid&, const std::string&) {
    ender.wake();
    there([] {});
    std::promise<void> read;
    ASSERT_TRUE(strands.post("sessions", [&] { read.set_value(); }));
    read.get_future().get();
    there([] {});  // what was read has been looked at
  });
  const std::string der = certificate(account);
  ASSERT_TRUE(std::holds_alternative<Certificate>(
      registry.add(Jid::parse(account).value(), "Phone", der, true)));
  const std::string sender = account + "/orchard";
  sends("set", sender, by_name("revoke", "Phone"));
  module_answers(is_asked("sessions", account), sessions(session("orchard", sha256(der))));
  EXPECT_TRUE(matches(server.receives(), result("", sender)));
  module_ends(is_asked("end", account, sha256(der)));
  log.wait("certificate.sessions_ended");
}

TEST_F(SessionEnderTest, ADisableEndsNobody) {
  const std::string phone = registered("Phone");
  sends("set", orchard, by_name("disable", "Phone"));
  module_answers(is_asked("sessions"), sessions(session("orchard", phone)));
  EXPECT_TRUE(matches(server.receives(), result()));
  ender.wake();
  ticks(SessionEnder::period);
  server.receives_nothing();
}

TEST_F(SessionEnderTest, WhatSomebodyElseRevokedIsFoundWhenItIsWoken) {
  const std::string phone = revoked_elsewhere("Phone");
  ender.wake();
  module_ends(is_asked("end", romeo, phone));
  log.wait("certificate.sessions_ended");
  ender.wake();
  ticks(SessionEnder::period);
  server.receives_nothing();
  EXPECT_THAT(log.entries("certificate.sessions_ended"), testing::SizeIs(1));
}

TEST_F(SessionEnderTest, AlsoWhenNobodyWakesIt) {
  const std::string phone = revoked_elsewhere("Phone");
  ticks(SessionEnder::period);
  module_ends(is_asked("end", romeo, phone));
  EXPECT_EQ(log.wait("certificate.sessions_ended").fields.at("sessions"), "0");
}

TEST_F(SessionEnderTest, WhatWasRevokedWithoutTheLinkIsEndedWhenItIsUp) {
  server.cuts();
  log.wait("link.down");
  const std::string phone = revoked_elsewhere("Phone");
  ender.wake();
  ticks(SessionEnder::period);
  server.accepts();
  const std::string id = is_asked("end", romeo, phone);
  // Lost with the link, the answer will never come.
  server.cuts();
  log.wait("link.down", 2);
  server.accepts();
  module_ends(is_asked("end", romeo, phone));
  log.wait("certificate.sessions_ended");
  EXPECT_THAT(log.entries("certificate.sessions_not_ended"), testing::IsEmpty());
}

TEST_F(SessionEnderTest, SessionsThatWereNotEndedAreTriedAgain) {
  const std::string phone = revoked_elsewhere("Phone");
  ender.wake();
  is_asked("end", romeo, phone);
  ticks(Seconds{2});
  EXPECT_EQ(log.wait("certificate.sessions_not_ended").fields.at("host"), host);
  // What is revoked meanwhile does not wait for it.
  const std::string laptop = revoked_elsewhere("Laptop");
  ender.wake();
  module_fails(is_asked("end", romeo, laptop), "internal-server-error");
  ender.wake();
  server.receives_nothing();
  EXPECT_EQ(unended(), 2U);
  ticks(SessionEnder::period);
  module_ends(is_asked("end", romeo, phone));
  module_ends(is_asked("end", romeo, laptop));
  log.wait("certificate.sessions_ended", 2);
  EXPECT_EQ(unended(), 0U);
  EXPECT_THAT(log.entries("certificate.sessions_not_ended"), testing::SizeIs(1))
      << "once until the host answers";
}

TEST_F(SessionEnderTest, WhereTheHostHasNoModuleNobodyIsToBeEnded) {
  has_no_module();
  revoked_elsewhere("Phone");
  ender.wake();
  EXPECT_EQ(log.wait("certificate.sessions_ended").fields.at("sessions"), "0");
  server.receives_nothing();
  EXPECT_EQ(unended(), 0U);
}

TEST_F(SessionEnderTest, WhatTheStoreCouldNotBeToldIsToldItLater) {
  const std::string phone = revoked_elsewhere("Phone");
  ender.wake();
  const std::string id = is_asked("end", romeo, phone);
  store.fails_with(StoreFault::away);
  module_answers(id, "<end xmlns='urn:xmpp:jidgate:host:0'><session resource='orchard'/></end>");
  server.receives_nothing();
  std::promise<void> tried;
  strands.post("sessions", [&] { tried.set_value(); });
  tried.get_future().get();
  there([] {});
  store.fails_with(std::nullopt);
  ender.wake();
  server.receives_nothing();
  EXPECT_EQ(unended(), 1U);
  ticks(SessionEnder::period);
  EXPECT_EQ(log.wait("certificate.sessions_ended").fields.at("sessions"), "1");
  EXPECT_EQ(unended(), 0U);
  server.receives_nothing();
}

TEST_F(SessionEnderTest, AStoreThatIsAwayIsAskedAgain) {
  const std::string phone = revoked_elsewhere("Phone");
  store.fails_with(StoreFault::away);
  ender.wake();
  ticks(SessionEnder::period);
  server.receives_nothing();
  store.fails_with(std::nullopt);
  ticks(SessionEnder::period);
  module_ends(is_asked("end", romeo, phone));
  log.wait("certificate.sessions_ended");
}

TEST_F(SessionEnderTest, OnlyTheHostsThatWeServeAreAsked) {
  for (const char* account : {"romeo@elsewhere.test", "no address", "verona.test", "@", ""}) {
    put_revoked(account, sha256(account));
  }
  const std::string phone = revoked_elsewhere("Phone");
  ender.wake();
  module_ends(is_asked("end", romeo, phone));
  log.wait("certificate.sessions_ended");
  server.receives_nothing();
  EXPECT_EQ(unended(), 5U);
}

TEST_F(SessionEnderTest, ManyAreEndedABatchAfterTheOther) {
  constexpr std::size_t count = 2 * SessionEnder::most_at_once + 50;
  for (std::size_t i = 0; i < count; ++i) {
    put_revoked("user" + std::to_string(i) + "@verona.test", sha256(std::to_string(i)));
  }
  ender.wake();
  std::vector<std::string> ids;
  const auto takes = [&] {
    const std::string got = server.receives();
    EXPECT_THAT(got, testing::HasSubstr("<end "));
    ids.push_back(attribute(got, "id"));
  };
  for (std::size_t i = 0; i < SessionEnder::most_at_once; ++i) takes();
  ender.wake();
  server.receives_nothing();
  for (std::size_t i = 0; i < count; ++i) {
    if (i == ids.size()) takes();
    module_ends(ids[i]);
  }
  log.wait("certificate.sessions_ended", count);
  EXPECT_EQ(ids.size(), count) << "each asked for once";
  EXPECT_EQ(unended(), 0U);
}

TEST_F(SessionEnderTest, ThoseThatAHostIsSilentAboutDoNotKeepTheOthersWaiting) {
  constexpr std::size_t silent = 2 * SessionEnder::most_at_once;
  for (std::size_t i = 0; i < silent; ++i) {
    put_revoked("user" + std::to_string(i) + "@verona.test", sha256(std::to_string(i)));
  }
  const std::string phone = revoked_elsewhere("Phone");
  ender.wake();
  for (std::size_t half = 0; half < 2; ++half) {
    for (std::size_t i = 0; i < SessionEnder::most_at_once; ++i) server.receives();
    ticks(Seconds{2});
  }
  module_ends(is_asked("end", romeo, phone));
  log.wait("certificate.sessions_ended");
  EXPECT_EQ(unended(), silent);
}

}  // namespace
}  // namespace jidgate::test
