// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0050: what disco says of commands.
#include "tests/support/command_dialogue.hpp"

namespace jidgate::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class CommandDiscoTest : public CommandDialogue {};

// Section 2.1: "If supported, the responder includes a <feature/> with the "var" of
// "http://jabber.org/protocol/commands"." XEP-0004 section 6: an entity that supports forms in a
// wrapper namespace "MUST NOT advertise support for the 'jabber:x:data' namespace".
TEST_F(CommandDiscoTest, TheFeatureIsAdvertised) {
  const std::string got =
      asks_as(orchard, "<query xmlns='http://jabber.org/protocol/disco#info'/>", "", "get");
  EXPECT_THAT(got, HasSubstr("<feature var='http://jabber.org/protocol/commands'/>"));
  EXPECT_THAT(got, Not(HasSubstr("jabber:x:data")));
}

// Section 2.2: "Each command is a disco item. The node attribute of <item/> identifies the command,
// and the name attribute is the label for the command." "The responder is not required to send the
// same list of commands to all requesters."
TEST_F(CommandDiscoTest, TheListHasWhatTheRequesterMayRun) {
  const std::string list =
      "<query xmlns='http://jabber.org/protocol/disco#items' "
      "node='http://jabber.org/protocol/commands'";
  const auto item = [](std::string_view node, std::string_view name) {
    return "<item jid='gate.verona.test' node='" + std::string(node) + "' name=\"" +
           std::string(name) + "\"/>";
  };
  const std::string everybodys = item("at-once", "At once") + item("two", "Two forms") +
                                 item("held", "Held") + item("forgotten", "Forgotten") +
                                 item("twice", "Twice");
  EXPECT_TRUE(matches(asks_as(orchard, list + "/>", "", "get"),
                      result(list + ">" + everybodys + "</query>")));
  EXPECT_TRUE(
      matches(asks_as(balcony, list + "/>", "", "get"),
              result(list + ">" + everybodys + item("juliets", "Juliet's") + "</query>", balcony)));
}

TEST_F(CommandDiscoTest, TheListIsInTheRequestersLanguage) {
  EXPECT_THAT(asks_as(orchard,
                      "<query xmlns='http://jabber.org/protocol/disco#items' "
                      "node='http://jabber.org/protocol/commands'/>",
                      "xml:lang='de'", "get"),
              HasSubstr("name='Auf Deutsch'"));
}

TEST_F(CommandDiscoTest, TheListItselfIsANode) {
  EXPECT_TRUE(matches(asks_as(orchard,
                              "<query xmlns='http://jabber.org/protocol/disco#info' "
                              "node='http://jabber.org/protocol/commands'/>",
                              "", "get"),
                      result("<query xmlns='http://jabber.org/protocol/disco#info' "
                             "node='http://jabber.org/protocol/commands'>"
                             "<identity category='automation' type='command-list'/>"
                             "<feature var='http://jabber.org/protocol/disco#info'/>"
                             "<feature var='http://jabber.org/protocol/commands'/></query>")));
}

// Section 2.2: "A responder MUST at least provide <identity category='automation'
// type='command-node'/> and <feature var='http://jabber.org/protocol/commands'/>, and SHOULD
// include <feature var='jabber:x:data'/>."
TEST_F(CommandDiscoTest, ACommandDescribesItself) {
  EXPECT_TRUE(
      matches(asks_as(orchard, "<query xmlns='http://jabber.org/protocol/disco#info' node='two'/>",
                      "", "get"),
              result("<query xmlns='http://jabber.org/protocol/disco#info' node='two'>"
                     "<identity category='automation' type='command-node' name='Two forms'/>"
                     "<feature var='http://jabber.org/protocol/disco#info'/>"
                     "<feature var='http://jabber.org/protocol/commands'/>"
                     "<feature var='jabber:x:data'/></query>")));
  EXPECT_TRUE(
      matches(asks_as(orchard, "<query xmlns='http://jabber.org/protocol/disco#items' node='two'/>",
                      "", "get"),
              result("<query xmlns='http://jabber.org/protocol/disco#items' node='two'/>")));
}

// Section 2.2: "If the command is not available to the requester, the responder SHOULD respond with
// a 403 "Forbidden" error."
TEST_F(CommandDiscoTest, AForbiddenCommandIsNotDescribed) {
  expect_error(
      asks_as(orchard, "<query xmlns='http://jabber.org/protocol/disco#info' node='juliets'/>", "",
              "get"),
      "cancel", "forbidden");
  expect_error(
      asks_as(orchard, "<query xmlns='http://jabber.org/protocol/disco#info' node='missing'/>", "",
              "get"),
      "cancel", "item-not-found");
}

}  // namespace
}  // namespace jidgate::test
