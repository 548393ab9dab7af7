// SPDX-License-Identifier: GPL-3.0-or-later
// Compares XML as trees, for dialogue tests.
#include "tests/support/xml_match.hpp"

#include <expat.h>

#include <map>
#include <memory>
#include <stdexcept>
#include <vector>

namespace jidgate::test {
namespace {

struct Node {
  std::string name;  // "namespace local"
  std::map<std::string, std::string> attributes;
  std::vector<Node> children;
  std::string text;  // of its own; only white space beside children is nothing

  std::string local() const { return name.substr(name.rfind(' ') + 1); }
};

struct Reader {
  Node root;
  std::vector<Node*> open{&root};
};

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == text.npos;
}

Node parse(std::string_view xml) {
  const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser(
      XML_ParserCreateNS("UTF-8", ' '), &XML_ParserFree);
  Reader reader;
  XML_SetUserData(parser.get(), &reader);
  XML_SetElementHandler(
      parser.get(),
      [](void* data, const XML_Char* name, const XML_Char** attributes) {
        auto& open = static_cast<Reader*>(data)->open;
        Node& node = open.back()->children.emplace_back();
        node.name = name;
        for (; *attributes; attributes += 2) node.attributes[attributes[0]] = attributes[1];
        open.push_back(&node);
      },
      [](void* data, const XML_Char*) {
        auto& open = static_cast<Reader*>(data)->open;
        Node& node = *open.back();
        if (!node.children.empty() && is_blank(node.text)) node.text.clear();
        open.pop_back();
      });
  XML_SetCharacterDataHandler(parser.get(), [](void* data, const XML_Char* text, int size) {
    static_cast<Reader*>(data)->open.back()->text.append(text, static_cast<std::size_t>(size));
  });
  const std::string document =
      "<stream:stream xmlns='jabber:component:accept' "
      "xmlns:stream='http://etherx.jabber.org/streams'>" +
      std::string(xml) + "</stream:stream>";
  if (XML_Parse(parser.get(), document.data(), static_cast<int>(document.size()), 1) !=
      XML_STATUS_OK) {
    throw std::invalid_argument(std::string(XML_ErrorString(XML_GetErrorCode(parser.get()))) +
                                " in: " + std::string(xml));
  }
  auto& stanzas = reader.root.children.at(0).children;
  if (stanzas.size() != 1) throw std::invalid_argument("not one element: " + std::string(xml));
  return std::move(stanzas.front());
}

bool fits(const std::string& got, const std::string& want) {
  return got == want || (want == "{any}" && !got.empty());
}

// The first difference, or nothing.
std::string difference(const Node& got, const Node& want, const std::string& place) {
  const auto is_not = [](const std::string& where, const std::string& is,
                         const std::string& wanted) {
    return where + ": is '" + is + "', want '" + wanted + "'";
  };
  const std::string here = place + '/' + want.local();
  if (got.name != want.name) return is_not(here, got.name, want.name);
  for (const auto& [name, value] : want.attributes) {
    const auto found = got.attributes.find(name);
    if (found == got.attributes.end()) return here + "/@" + name + ": is missing";
    if (!fits(found->second, value)) return is_not(here + "/@" + name, found->second, value);
  }
  for (const auto& [name, value] : got.attributes) {
    if (!want.attributes.contains(name))
      return here + "/@" + name + ": is '" + value + "', unwanted";
  }
  if (!fits(got.text, want.text)) return is_not(here + "/text()", got.text, want.text);
  if (got.children.size() != want.children.size()) {
    return is_not(here + "/count(*)", std::to_string(got.children.size()),
                  std::to_string(want.children.size()));
  }
  for (std::size_t i = 0; i < want.children.size(); ++i) {
    if (auto found = difference(got.children[i], want.children[i], here); !found.empty()) {
      return found;
    }
  }
  return {};
}

}  // namespace

testing::AssertionResult matches(std::string_view got, std::string_view want) {
  const std::string found = difference(parse(got), parse(want), "");
  if (found.empty()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << found << "\n  got:  " << got << "\n  want: " << want;
}

std::string attribute(std::string_view xml, std::string_view name) {
  const Node node = parse(xml);
  const auto found = node.attributes.find(std::string(name));
  return found == node.attributes.end() ? std::string() : found->second;
}

}  // namespace jidgate::test
