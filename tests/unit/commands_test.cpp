// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0050: forms and actions, errors and languages.
#include "tests/support/command_dialogue.hpp"

namespace jidgate::test {
namespace {

using testing::HasSubstr;

class CommandsTest : public CommandDialogue {};

// Section 2.4.1, example 7.
TEST_F(CommandsTest, ACommandWithoutFormsIsCompletedAtOnce) {
  for (const auto* action : {"", "action='execute'"}) {
    EXPECT_TRUE(matches(asks_as(orchard, command("at-once", action)),
                        completed("at-once", "{any}", "In en")));
  }
}

// Section 2.4.2.
TEST_F(CommandsTest, FormsAreFilledInOneAfterTheOther) {
  const std::string session = begins("two");
  EXPECT_TRUE(matches(shown, executing("two", session, next, "a")));
  EXPECT_TRUE(matches(goes_on("two", session, "next", submit("a", "one")),
                      executing("two", session, last, "b")));
  EXPECT_TRUE(matches(goes_on("two", session, "complete", submit("b", "other")),
                      completed("two", session, "one and other")));
}

// Section 3.4: "The action "execute" is equivalent to the action specified in the "execute"
// attribute." Section 4.1: it "is the default value".
TEST_F(CommandsTest, ExecuteGoesOnAndIsTheDefault) {
  const std::string session = begins("two");
  EXPECT_TRUE(matches(goes_on("two", session, "execute", submit("a", "one")),
                      executing("two", session, last, "b")));
  EXPECT_TRUE(matches(goes_on("two", session, "", submit("b", "other")),
                      completed("two", session, "one and other")));
}

// Poezio knows no other way on.
TEST_F(CommandsTest, NextLeadsToTheEndToo) {
  const std::string session = begins("two");
  goes_on("two", session, "next", submit("a", "one"));
  EXPECT_TRUE(matches(goes_on("two", session, "next", submit("b", "other")),
                      completed("two", session, "one and other")));
}

// Section 2.4.2: "If the requester wishes to revert to the previous stage, it sends […]
// "action='prev'"". What a client sends along is not wanted.
TEST_F(CommandsTest, PrevLeadsBack) {
  const std::string session = begins("two");
  goes_on("two", session, "next", submit("a", "one"));
  EXPECT_TRUE(matches(goes_on("two", session, "prev", submit("b", "other")),
                      executing("two", session, next, "a")));
  expect_error(goes_on("two", session, "prev"), "modify", "bad-request", "bad-action");
  EXPECT_TRUE(matches(goes_on("two", session, "next", submit("a", "again")),
                      executing("two", session, last, "b")));
  EXPECT_TRUE(matches(goes_on("two", session, "complete", submit("b", "other")),
                      completed("two", session, "again and other")));
}

// Section 2.4.3: "The responder MUST reply with the success of the command".
TEST_F(CommandsTest, ACommandCanBeCanceledAtAnyStage) {
  for (const bool second_stage : {false, true}) {
    const std::string session = begins("two");
    if (second_stage) goes_on("two", session, "next", submit("a", "one"));
    EXPECT_TRUE(matches(goes_on("two", session, "cancel", submit("a", "one")),
                        result("<command xmlns='http://jabber.org/protocol/commands' node='two' "
                               "sessionid='" +
                               session + "' status='canceled' xml:lang='en'/>")));
    expect_error(goes_on("two", session, "cancel"), "cancel", "not-allowed", "session-expired");
  }
}

// Section 4.4: "The responding JID does not understand the specified action."
TEST_F(CommandsTest, AnUnknownActionIsMalformed) {
  const std::string session = begins("two");
  for (const auto* action : {"go", "NEXT", "executing"}) {
    expect_error(goes_on("two", session, action), "modify", "bad-request", "malformed-action");
    expect_error(asks_as(orchard, command("two", "action='" + std::string(action) + "'")), "modify",
                 "bad-request", "malformed-action");
  }
  expect_error(asks_as(orchard, command("two", "action=''")), "modify", "bad-request",
               "malformed-action");
  EXPECT_TRUE(matches(goes_on("two", session, "next", submit("a", "one")),
                      executing("two", session, last, "b")))
      << "the session has not suffered";
}

// Section 4.4: "The responding JID cannot accept the specified action." Section 3.4: "If
// <complete/> is not contained by the <actions/>, it is disabled."
TEST_F(CommandsTest, AnActionThatWasNotOfferedIsBad) {
  const std::string session = begins("two");
  expect_error(goes_on("two", session, "complete", submit("a", "one")), "modify", "bad-request",
               "bad-action");
  expect_error(goes_on("two", session, "prev"), "modify", "bad-request", "bad-action");
}

// Section 4.4: "The responding JID cannot accept the specified payload (e.g. the data form did not
// provide one or more required fields)." The person can correct it.
TEST_F(CommandsTest, AFormThatCannotBeReadCanBeSentAgain) {
  const std::string session = begins("two");
  const std::string form = submit("a", "one");
  for (const std::string& payload : {std::string(), submit("b", "one"), submit("a", ""),
                                     form + form, std::string("<x xmlns='jabber:x:data'/>"),
                                     std::string("<x xmlns='jabber:x:data' "
                                                 "type='form'/>"),
                                     std::string("<x xmlns='urn:x' type='submit'/>")}) {
    expect_error(goes_on("two", session, "next", payload), "modify", "bad-request", "bad-payload");
  }
  // Section 3.5: "The payload can be elements in any namespace".
  EXPECT_TRUE(matches(goes_on("two", session, "next", "<y xmlns='urn:x'/>" + form),
                      executing("two", session, last, "b")));
  expect_error(goes_on("two", session, "complete", submit("b", "wait")), "wait",
               "resource-constraint");
  EXPECT_TRUE(matches(goes_on("two", session, "complete", submit("b", "other")),
                      completed("two", session, "one and other")));
}

// RFC 6120 section 8.3.1: an error may hold what it is about; clients find their session by it.
// What was filled in is not sent around.
TEST_F(CommandsTest, AnErrorNamesTheSession) {
  const std::string session = begins("two");
  EXPECT_TRUE(matches(
      goes_on("two", session, "next", submit("c", "one")),
      "<iq type='error' id='1' from='gate.verona.test' to='romeo@verona.test/orchard'>"
      "<command xmlns='http://jabber.org/protocol/commands' node='two' sessionid='" +
          session +
          "' action='next'/><error type='modify'>"
          "<bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>"
          "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>a is missing</text>"
          "<bad-payload xmlns='http://jabber.org/protocol/commands'/></error></iq>"));
}

// Section 4.1: "If specified by the requester, the responder MUST ignore it."
TEST_F(CommandsTest, TheStatusThatARequesterSendsIsIgnored) {
  EXPECT_TRUE(matches(asks_as(orchard, command("at-once", "status='completed'")),
                      completed("at-once", "{any}", "In en")));
  EXPECT_TRUE(matches(asks_as(orchard, command("at-once", "status='nonsense'")),
                      completed("at-once", "{any}", "In en")));
}

// Section 4.4: item-not-found, "The responding JID cannot find the requested command node";
// forbidden, "The requesting JID is not allowed to execute the command".
TEST_F(CommandsTest, ACommandMustExistAndBeAllowed) {
  expect_error(asks_as(orchard, command("missing")), "cancel", "item-not-found");
  expect_error(asks_as(orchard, command("")), "cancel", "item-not-found");
  expect_error(asks_as(orchard, "<command xmlns='http://jabber.org/protocol/commands'/>"), "cancel",
               "item-not-found");
  expect_error(asks_as(orchard, command("juliets")), "cancel", "forbidden");
  EXPECT_THAT(asks_as(balcony, command("juliets")), HasSubstr(">Hers</note>"));
}

TEST_F(CommandsTest, EverythingElseIsRefused) {
  refuses({
      {"get", "gate.verona.test",
       "<command xmlns='http://jabber.org/protocol/commands' node='two'/>", "cancel",
       "feature-not-implemented"},
      {"set", "gate.verona.test", "<order xmlns='http://jabber.org/protocol/commands' node='two'/>",
       "cancel", "feature-not-implemented"},
      {"set", "gate.verona.test",
       "<command xmlns='http://jabber.org/protocol/command' node='two'/>", "cancel",
       "service-unavailable"},
      {"set", "juliet@gate.verona.test",
       "<command xmlns='http://jabber.org/protocol/commands' node='two'/>", "cancel",
       "service-unavailable"},
  });
}

// Section 3.7: "The requester SHOULD provide its locale information using the "xml:lang" attribute
// on either the <iq/> (RECOMMENDED) or <command/> element."
TEST_F(CommandsTest, TheLanguageIsTheRequesters) {
  const std::pair<std::pair<const char*, const char*>, const char*> cases[] = {
      {{"xml:lang='de'", ""}, "de"},
      {{"", "xml:lang='fr-CA'"}, "fr"},
      {{"xml:lang='de'", "xml:lang='es'"}, "es"},
      // He is served in English: his server may have written it there without asking him.
      {{"xml:lang='tlh'", ""}, "en"},
      {{"xml:lang=''", ""}, "en"}};
  for (const auto& [where, want] : cases) {
    const std::string got = asks_as(orchard, command("at-once", where.second), where.first);
    EXPECT_THAT(got, HasSubstr("xml:lang='" + std::string(want) + "'"));
    EXPECT_THAT(got, HasSubstr(">In " + std::string(want) + "<"));
  }
}

// Section 3.7: "Each execution session […] SHOULD use only one language/locale, and requesters and
// responders SHOULD assume the first language/locale specified applies."
TEST_F(CommandsTest, TheFirstLanguageHolds) {
  shown = asks_as(orchard, command("two", "xml:lang='de'"));
  const std::string session = session_of(shown);
  shown = asks_as(orchard,
                  command("two", "xml:lang='es' sessionid='" + session + "'", submit("a", "one")));
  EXPECT_THAT(shown, HasSubstr("xml:lang='de'"));
}

// Section 4.4: "The responding JID cannot accept the specified language/locale."
TEST_F(CommandsTest, WhatIsNoLanguageIsABadLocale) {
  for (const auto* language : {"d_e", "1", "-", "de--AT"}) {
    expect_error(asks_as(orchard, command("at-once"), "xml:lang='" + std::string(language) + "'"),
                 "modify", "bad-request", "bad-locale");
  }
}

}  // namespace
}  // namespace jidgate::test
