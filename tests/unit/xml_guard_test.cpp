// SPDX-License-Identifier: GPL-3.0-or-later
// The XML guard: what may reach gloox, and in which form.
#include "component/xml_guard.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

namespace jidgate::component {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::string_view header =
    "<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' "
    "xmlns='jabber:component:accept' id='3BF96D32' from='gate.verona.test'>";

// One line for each event: "stanza <…/>", "dropped too-deep <…/>", "broken malformed", …
std::vector<std::string> read(XmlGuard& guard, std::string_view octets,
                              std::size_t slice = 1 << 20) {
  std::vector<std::string> events;
  for (std::size_t at = 0; at < octets.size(); at += slice) {
    std::string_view rest = octets.substr(at, slice);
    while (auto event = guard.next(rest)) {
      static constexpr std::string_view names[] = {"header", "stanza", "dropped", "end", "broken"};
      std::string line(names[static_cast<int>(event->kind)]);
      if (!event->why.empty()) line += ' ' + std::string(event->why);
      if (event->tag) line += ' ' + event->tag->xml();
      events.push_back(std::move(line));
    }
  }
  return events;
}

// What comes of `octets` after a header.
std::vector<std::string> after_header(std::string_view octets, XmlLimits limits = {}) {
  XmlGuard guard(limits);
  EXPECT_EQ(read(guard, header).size(), 1U);
  return read(guard, octets);
}

TEST(XmlGuard, ReadsAStreamFromItsHeaderToItsEnd) {
  XmlGuard guard;
  EXPECT_THAT(
      read(guard, std::string(header) + "<handshake/>\n <message from='a@b' to='c'><body>Hi</body>"
                                        "</message></stream:stream>"),
      ElementsAre("header <stream xmlns='http://etherx.jabber.org/streams' id='3BF96D32' "
                  "from='gate.verona.test'/>",
                  "stanza <handshake/>",
                  "stanza <message from='a@b' to='c'><body>Hi</body></message>", "end"));
}

TEST(XmlGuard, ReadsTheSameWhenEveryOctetComesAlone) {
  const std::string stream = std::string(header) +
                             "<message from=\"a@b\"><body>5 &lt; 6 &#x1F600;</body>"
                             "<x xmlns='urn:x'><![CDATA[<y>]]></x></message></stream:stream>";
  XmlGuard whole, sliced;
  EXPECT_EQ(read(sliced, stream, 1), read(whole, stream));
}

// The sender is what the server stamped, never what a client wrote beside it: gloox alone takes the
// first attribute of that local name.
TEST(XmlGuard, PrefixedAttributesCannotStandForTheRealOnes) {
  EXPECT_THAT(
      after_header("<message xmlns:e='urn:e' e:from='victim@host/r' e:id='1' e:type='error' "
                   "xmlns:from='urn:f' from='mallory@host/r'><confirm "
                   "xmlns='http://jabber.org/protocol/http-auth' e:id='2' id='3'/></message>"),
      ElementsAre("stanza <message from='mallory@host/r'><confirm "
                  "xmlns='http://jabber.org/protocol/http-auth' id='3'/></message>"));
}

TEST(XmlGuard, PrefixedElementsComeOutWithTheirNamespace) {
  EXPECT_THAT(after_header("<iq><c:confirm xmlns:c='http://jabber.org/protocol/http-auth' id='1'>"
                           "<c:a/><b/></c:confirm></iq>"),
              ElementsAre("stanza <iq><confirm xmlns='http://jabber.org/protocol/http-auth' id='1'>"
                          "<a/><b xmlns='jabber:component:accept'/></confirm></iq>"));
}

TEST(XmlGuard, PrefixesDeclaredOnTheStreamHeaderHold) {
  XmlGuard guard;
  read(guard,
       "<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:db&lt;' "
       "xmlns='jabber:component:accept' id='1'>");
  EXPECT_THAT(read(guard,
                   "<db:verify from='a'/><stream:error><not-authorized "
                   "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"),
              ElementsAre("stanza <verify xmlns='jabber:db&lt;' from='a'/>",
                          "stanza <error xmlns='http://etherx.jabber.org/streams'><not-authorized "
                          "xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></error>"));
}

TEST(XmlGuard, ExplicitContentNamespacesAreTheStanzaNamespace) {
  EXPECT_THAT(
      after_header("<iq xmlns='jabber:component:accept'/><message xmlns='jabber:client'><body/>"
                   "</message><message><body xmlns='jabber:client'/><forwarded "
                   "xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client'><q xmlns='urn:q'/></iq>"
                   "</forwarded></message>"),
      ElementsAre("stanza <iq/>", "stanza <message><body/></message>",
                  "stanza <message><body/><forwarded xmlns='urn:xmpp:forward:0'>"
                  "<iq xmlns='jabber:client'><q xmlns='urn:q'/></iq></forwarded></message>"));
}

TEST(XmlGuard, TextAndAttributesKeepTheirValue) {
  XmlGuard guard;
  read(guard, header);
  std::string_view stanza =
      "<message id='a&#10;b&#9;c&quot;d&apos;e&lt;&amp;' type=''><body xml:lang='en'> x\r\n&#13;"
      "<![CDATA[<&>]]>\xF0\x9F\x98\x80&#x1F600;&#x85;&#x2028; </body></message>";
  const auto event = guard.next(stanza);
  ASSERT_TRUE(event && event->tag);
  EXPECT_EQ(event->tag->findAttribute("id"), "a\nb\tc\"d'e<&");
  EXPECT_TRUE(event->tag->hasAttribute("type"));
  const gloox::Tag* body = event->tag->findChild("body");
  EXPECT_EQ(body->findAttribute("xml:lang"), "en");
  EXPECT_EQ(body->cdata(), " x\n\r<&>\xF0\x9F\x98\x80\xF0\x9F\x98\x80\xC2\x85\xE2\x80\xA8 ");
}

TEST(XmlGuard, WhatIsNotWellFormedIsDroppedAndTheStreamGoesOn) {
  const std::string cases[] = {
      "<iq a='1' a='2'/>",                              // a duplicate attribute
      "<iq xmlns:a='u' xmlns:b='u' a:x='1' b:x='2'/>",  // … by its namespace
      "<x:iq/>",                                        // an unbound prefix
      "<:iq/>",
      "<iq x:='1'/>",
      "<1iq/>",  // no names
      "<iq a=1/>",
      "<iq a='1'b='2'/>",
      "<iq a/>",      // no attributes
      "<iq a='<'/>",  // a raw <
      "<iq>&nbsp;</iq>",
      "<iq>&#0;</iq>",
      "<iq>&#xD800;</iq>",
      "<iq>&#x110000;</iq>",
      "<iq>&lt</iq>",      // an unfinished reference
      "<iq><a></b></iq>",  // a mismatched end tag
      "<iq>\xFF</iq>",
      "<iq>\xC0\xAF</iq>",
      "<iq>\xED\xA0\x80</iq>",
      "<iq>\xEF\xBF\xBF</iq>",
      "<iq a='\xE2\x82'/>",  // bad UTF-8
      "<iq>\x01</iq>",       // no XML character
      "<iq>]]></iq>",        // may only end a CDATA section
      "<iq><!-- comment --></iq>",
      "<iq><?pi?></iq>",  // RFC 6120 section 11.1
      "<iq xmlns=''/>",
      "<iq><q xmlns=''/></iq>",  // no namespace
      "<xml:iq/>",
      "<iq><q xmlns='urn:q'><xml:a/></q></iq>",  // one that no element has
      "<iq xmlns:xmlns='urn:x'/>",
      "<iq xmlns:xml='urn:x'/>",
      "<iq xmlns:a=''/>",
  };
  for (const std::string& bad : cases) {
    const auto events = after_header(bad + "<presence/>");
    ASSERT_EQ(events.size(), 2U) << bad;
    EXPECT_THAT(events[0], HasSubstr("dropped malformed")) << bad;
    EXPECT_EQ(events[1], "stanza <presence/>") << bad;
  }
}

TEST(XmlGuard, WhatCannotBeFollowedEndsTheStream) {
  const std::pair<std::string, std::string> cases[] = {
      {"text", "broken text-between-stanzas"},
      {"<!-- between stanzas -->", "broken restricted-xml"},
      {"<?pi between stanzas?>", "broken restricted-xml"},
      {"<![CDATA[x]]>", "broken restricted-xml"},
      {"<iq><!DOCTYPE x [<!ENTITY a 'b'>]></iq>", "broken restricted-xml"},
      {"<iq <message/>", "broken malformed"},
      {"<iq></iq <", "broken malformed"},
      {"<>", "broken malformed"},
      {"< iq/>", "broken malformed"},
  };
  for (const auto& [bad, want] : cases) {
    EXPECT_THAT(after_header(bad + "<presence/>"), ElementsAre(want)) << bad;
  }
}

TEST(XmlGuard, TheHeaderMustBeAComponentStream) {
  const std::pair<std::string, std::string> cases[] = {
      {"<stream:stream xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:client'>",
       "broken invalid-namespace"},
      {"<stream:stream xmlns:stream='urn:x' xmlns='jabber:component:accept'>", "broken no-stream"},
      {"<stream xmlns='jabber:component:accept'>", "broken no-stream"},
      {"<stream:stream>", "broken malformed"},
      {"<stream:stream xmlns:stream='http://etherx.jabber.org/streams' "
       "xmlns='jabber:component:accept'/>",
       "broken malformed"},
      {"<!DOCTYPE x>", "broken restricted-xml"},
      {"</stream:stream>", "broken malformed"},
      {"HTTP/1.1 400 Bad Request\r\n", "broken text-between-stanzas"},
      {"<?xml version='1.0' nonsense?>" + std::string(header.substr(header.find("?>") + 2)),
       "broken malformed"},
      {"<a b='" + std::string(5000, 'x'), "broken header-too-large"},
  };
  for (const auto& [bad, want] : cases) {
    XmlGuard guard;
    EXPECT_THAT(read(guard, bad), ElementsAre(want)) << bad;
  }
}

TEST(XmlGuard, NothingFollowsTheEnd) {
  EXPECT_THAT(after_header("</stream:stream><iq/>"), ElementsAre("end"));
}

std::string nested(std::size_t levels, std::string_view inner = {}) {
  std::string xml;
  for (std::size_t i = 0; i < levels; ++i) xml += "<a>";
  xml += inner;
  for (std::size_t i = 0; i < levels; ++i) xml += "</a>";
  return xml;
}

TEST(XmlGuard, WhatIsTooDeepTooWideOrTooLargeIsDroppedAndItsHeadKept) {
  const std::string open = "<iq type='get' id='7' from='a@b/c' to='gate'>", close = "</iq>";
  std::string attributes, elements, declarations;
  for (int i = 0; i < 33; ++i) {
    attributes += " a" + std::to_string(i) + "='1'";
    declarations += " xmlns:a" + std::to_string(i) + "='1'";
  }
  for (int i = 0; i < 1024; ++i) elements += "<e/>";
  const std::pair<std::string, std::string> cases[] = {
      {nested(32), "too-deep"},
      {nested(37449), "too-deep"},
      {nested(74898), "too-deep"},
      {nested(31, "<b/>"), "too-deep"},
      {elements, "too-many-elements"},
      {"<a" + attributes + "/>", "too-many-attributes"},
      {"<a" + declarations + "/>", "too-many-attributes"},
      {std::string(65536, 'x'), "too-large"},
      {"<a b='" + std::string(500000, 'x') + "'/>", "too-large"},
      {"<a><![CDATA[" + std::string(500000, ']') + "]]></a>", "too-large"},
      {"<a><!--" + std::string(500000, '-') + "--></a>", "too-large"},
  };
  for (const auto& [inner, why] : cases) {
    const auto events = after_header(open + inner + close + "<presence/>");
    ASSERT_EQ(events.size(), 2U) << why;
    EXPECT_THAT(events[0], HasSubstr("dropped " + why +
                                     " <iq type='get' id='7' from='a@b/c' "
                                     "to='gate'"));
    EXPECT_EQ(events[1], "stanza <presence/>");
  }
}

TEST(XmlGuard, TheLimitsThemselvesAreAllowed) {
  XmlLimits limits;
  std::string elements, attributes;
  for (std::size_t i = 1; i < limits.elements; ++i) elements += "<e/>";
  for (std::size_t i = 0; i < limits.attributes; ++i)
    attributes += " a" + std::to_string(i) + "=''";
  for (const std::string& xml :
       {"<iq>" + nested(limits.depth - 1) + "</iq>", "<iq>" + elements + "</iq>",
        "<iq" + attributes + "/>", "<iq>" + std::string(limits.stanza - 9, 'x') + "</iq>"}) {
    const auto events = after_header(xml);
    ASSERT_EQ(events.size(), 1U);
    EXPECT_THAT(events[0], HasSubstr("stanza <iq")) << xml.substr(0, 100);
  }
}

// A delegated request is an IQ inside of an IQ: its inner addresses stand in the beginning, too.
TEST(XmlGuard, TheBeginningReachesIntoTheStanza) {
  const auto events = after_header(
      "<iq type='set' id='1'><delegation xmlns='urn:xmpp:delegation:2'><forwarded "
      "xmlns='urn:xmpp:forward:0'><iq xmlns='jabber:client' id='2'><append "
      "xmlns='urn:xmpp:saslcert:1'><x509cert>" +
      std::string(70000, 'A') + "</x509cert></append></iq></forwarded></delegation></iq>");
  ASSERT_EQ(events.size(), 1U);
  EXPECT_THAT(events[0], HasSubstr("<iq xmlns='jabber:client' id='2'><append"));
}

// RFC 6120 section 8.2.3: "An entity that receives an IQ request of type "get" or "set" MUST
// reply", also when the excess is in the start tag itself.
TEST(XmlGuard, WhoAsksWhomIsReadOfAStartTagBeyondTheLimits) {
  std::string attributes, declarations;
  for (int i = 0; i < 500; ++i) {
    attributes += " a" + std::to_string(i) + "='1'";
    declarations += " xmlns:n" + std::to_string(i) + "='urn:n'";
  }
  const std::string addresses = " type='get' id='7' from='a@b/c' to='gate'";
  const std::string cases[][2] = {
      {attributes, "too-many-attributes"},
      {declarations, "too-many-attributes"},
      {" a='" + std::string(20000, 'x') + "'" + attributes, "too-many-attributes"},
      {" a='" + std::string(70000, 'x') + "'" + attributes, "too-large"},
  };
  for (const auto& [excess, why] : cases) {
    const auto events =
        after_header("<iq" + excess + addresses + "><q xmlns='urn:q'/></iq><presence/>");
    ASSERT_EQ(events.size(), 2U) << why;
    EXPECT_EQ(events[0], "dropped " + why + " <iq type='get' id='7' from='a@b/c' to='gate'/>");
    EXPECT_EQ(events[1], "stanza <presence/>");
  }
  EXPECT_THAT(after_header("<iq a='" + std::string(70000, 'x') + "'" + addresses + "/>"),
              ElementsAre(HasSubstr("dropped too-large <iq")));
}

TEST(XmlGuard, AStanzaWhoseStartTagHasNoEndHasNoBeginning) {
  EXPECT_THAT(after_header("<iq a='" + std::string(600000, 'x') + "'/>"),
              ElementsAre("dropped too-large"));
}

TEST(XmlGuard, AnEndlessStanzaEndsTheStream) {
  XmlLimits limits;
  limits.skipped = 100000;
  EXPECT_THAT(after_header("<iq>" + std::string(100000, 'x'), limits),
              ElementsAre("broken endless-stanza"));
}

TEST(XmlGuard, MarkupInQuotesCommentsAndCdataDoesNotEndAnElement) {
  EXPECT_THAT(
      after_header("<iq a=\"'>\" b='/>\"'><q xmlns='urn:q'><![CDATA[</q></iq>]]]]></q></iq>"),
      ElementsAre("stanza <iq a='&apos;&gt;' b='/&gt;&quot;'><q xmlns='urn:q'>"
                  "&lt;/q&gt;&lt;/iq&gt;]]</q></iq>"));
}

// Each line of the vectors: valid or invalid UTF-8, whether XML has such a character, and the
// octets as \xNN.
TEST(XmlGuard, OnlyXmlCharactersInUtf8Pass) {
  std::ifstream vectors(JIDGATE_VECTORS "/utf8-sequences.txt");
  std::string line;
  int lines = 0;
  while (std::getline(vectors, line)) {
    if (line.empty() || line[0] == '#') continue;
    ++lines;
    std::string octets;
    const std::string escaped = line.substr(line.rfind('\t') + 1);
    for (std::size_t i = 0; i + 3 < escaped.size(); i += 4) {
      octets += static_cast<char>(std::stoi(escaped.substr(i + 2, 2), nullptr, 16));
    }
    const bool good = line.starts_with("valid\tchar");
    for (const std::string& xml : {"<iq>" + octets + "</iq>", "<iq a='" + octets + "'/>"}) {
      const auto events = after_header(xml + "<presence/>");
      ASSERT_EQ(events.size(), 2U) << line;
      EXPECT_EQ(events[0].starts_with("stanza"), good) << line;
      EXPECT_EQ(events[0].starts_with("dropped malformed"), !good) << line;
    }
  }
  EXPECT_GE(lines, 40);
}

TEST(IsWellFormed, KnowsWhatAServerWouldRefuse) {
  EXPECT_TRUE(is_well_formed("<iq id='&lt;'><q xmlns='urn:q'>\xC3\xA4</q></iq>"));
  for (const char* bad :
       {"", "<iq>", "<iq id='\x80'/>", "<iq>\xED\xA0\x80</iq>", "<iq id='a' id='b'/>", "<iq/><iq/>",
        "<a:iq/>", "<iq>\xEF\xBF\xBE</iq>"}) {
    EXPECT_FALSE(is_well_formed(bad)) << bad;
  }
}

}  // namespace
}  // namespace jidgate::component
