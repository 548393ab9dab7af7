// SPDX-License-Identifier: GPL-3.0-or-later
// From the text of one child of the stream to a gloox tag, by way of expat.
#include "component/xml_reader.hpp"

#include <expat.h>

#include <new>
#include <utility>
#include <vector>

namespace jidgate::component {
namespace {

// Stands between namespace and local name in what expat reports. It cannot occur in XML, so it is
// part of neither.
constexpr char separator = '\x01';
constexpr std::string_view content_ns = "jabber:component:accept";
constexpr std::string_view client_ns = "jabber:client";
constexpr std::string_view streams_ns = "http://etherx.jabber.org/streams";
constexpr std::string_view xml_ns = "http://www.w3.org/XML/1998/namespace";
constexpr std::string_view scope_end = "</scope>";

struct Name {
  std::string_view xmlns, local;
};

Name split(const XML_Char* name) {
  const std::string_view text(name);
  const auto at = text.find(separator);
  if (at == text.npos) return {{}, text};
  return {text.substr(0, at), text.substr(at + 1)};
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool plain = static_cast<unsigned char>(c) >= ' ' && c != '&' && c != '<' && c != '\'';
    result += plain ? std::string(1, c) : "&#" + std::to_string(int{c}) + ";";
  }
  return result;
}

auto make_parser() {
  std::unique_ptr<XML_ParserStruct, void (*)(XML_ParserStruct*)> parser(
      XML_ParserCreateNS("UTF-8", separator), &XML_ParserFree);
  if (!parser) throw std::bad_alloc();
  return parser;
}

// One run of the parser and what it builds. expat calls from C, so the callbacks are noexcept: an
// exception (memory is out) ends the program instead of unwinding through C.
class Run {
 public:
  Run(XML_Parser parser, const XmlLimits& limits, unsigned outer)
      : parser_(parser), limits_(limits), outer_(outer) {
    XML_ParserReset(parser, "UTF-8");
    XML_SetUserData(parser, this);
    XML_SetElementHandler(
        parser,
        [](void* run, const XML_Char* name, const XML_Char** attributes) noexcept {
          static_cast<Run*>(run)->start(name, attributes);
        },
        [](void* run, const XML_Char*) noexcept { static_cast<Run*>(run)->end(); });
    XML_SetCharacterDataHandler(parser, [](void* run, const XML_Char* text, int size) noexcept {
      static_cast<Run*>(run)->text_.append(text, static_cast<std::size_t>(size));
    });
    XML_SetStartNamespaceDeclHandler(
        parser, [](void* run, const XML_Char* prefix, const XML_Char* uri) noexcept {
          static_cast<Run*>(run)->declare(prefix ? prefix : "", uri ? uri : "");
        });
    XML_SetCommentHandler(parser, [](void* run, const XML_Char*) noexcept {
      static_cast<Run*>(run)->refuse("malformed");
    });
    XML_SetProcessingInstructionHandler(parser,
                                        [](void* run, const XML_Char*, const XML_Char*) noexcept {
                                          static_cast<Run*>(run)->refuse("malformed");
                                        });
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  bool feed(std::string_view text, bool last = false) {
    return XML_Parse(parser_, text.data(), static_cast<int>(text.size()), last) == XML_STATUS_OK;
  }
  std::unique_ptr<gloox::Tag> take() { return std::move(root_); }
  const gloox::Tag* root() const { return root_.get(); }
  std::string_view why() const { return why_.empty() ? "malformed" : why_; }
  const std::string& default_namespace() const { return default_namespace_; }
  const std::string& declarations() const { return declarations_; }

 private:
  void refuse(std::string_view why) {
    if (why_.empty()) why_ = why;
    XML_StopParser(parser_, XML_FALSE);
  }

  void declare(std::string_view prefix, std::string_view uri) {
    ++declared_;
    if (!open_.empty() || level_ > outer_) return;
    if (prefix.empty()) default_namespace_ = uri;
    declarations_ += prefix.empty() ? std::string(" xmlns") : " xmlns:" + std::string(prefix);
    declarations_ += "='" + escaped(uri) + "'";
  }

  void start(const XML_Char* name, const XML_Char** attributes) {
    const auto declared = std::exchange(declared_, 0);
    if (level_++ < outer_) return;
    flush();
    if (open_.empty() && root_) return refuse("malformed");
    if (open_.size() >= limits_.depth) return refuse("too-deep");
    if (++elements_ > limits_.elements) return refuse("too-many-elements");
    const bool too_many = declared > limits_.attributes || count(attributes) > limits_.attributes;
    // Of a stanza who asks whom is still read, so that it can be answered.
    if (too_many && !open_.empty()) return refuse("too-many-attributes");

    auto [xmlns, local] = split(name);
    // A payload of no namespace could not be told from one of the content namespace, and that of
    // "xml:" cannot be declared, so that the element could not be written again.
    if ((xmlns.empty() && open_.size() < 2) || xmlns == xml_ns) return refuse("malformed");
    const std::string& parent = namespaces_.back();
    if (xmlns == client_ns && parent == content_ns) xmlns = content_ns;
    auto tag = std::make_unique<gloox::Tag>(std::string(local));
    if (xmlns.empty() && !parent.empty()) {
      tag->addAttribute(new gloox::Tag::Attribute("xmlns", ""));  // the tag takes it
    } else if (xmlns != parent) {
      tag->setXmlns(std::string(xmlns));
    }
    add_attributes(*tag, attributes, too_many);
    namespaces_.emplace_back(xmlns);
    gloox::Tag* added = tag.get();
    if (open_.empty()) {
      root_ = std::move(tag);
      if (too_many) return refuse("too-many-attributes");
    } else {
      open_.back()->addChild(tag.release());
    }
    open_.push_back(added);
  }

  static std::size_t count(const XML_Char** attributes) {
    std::size_t count = 0;
    for (; *attributes; attributes += 2) ++count;
    return count;
  }

  static void add_attributes(gloox::Tag& tag, const XML_Char** attributes, bool only_addresses) {
    for (; *attributes; attributes += 2) {
      const auto [xmlns, local] = split(attributes[0]);
      if (!xmlns.empty() && xmlns != xml_ns) continue;
      if (only_addresses && !(xmlns.empty() && is_address(local))) continue;
      const std::string name = (xmlns.empty() ? "" : "xml:") + std::string(local);
      // The tag takes it. addAttribute(name, value) would leave out an empty value.
      tag.addAttribute(new gloox::Tag::Attribute(name, attributes[1]));
    }
  }

  static bool is_address(std::string_view attribute) {
    return attribute == "from" || attribute == "to" || attribute == "id" || attribute == "type";
  }

  void end() {
    // "</a>" of an "<a/>" that was just refused still comes.
    if (!why_.empty() || level_-- <= outer_) return;
    flush();
    open_.pop_back();
    namespaces_.pop_back();
  }

  void flush() {
    if (!text_.empty() && !open_.empty()) open_.back()->addCData(text_);
    text_.clear();
  }

  XML_Parser parser_;
  const XmlLimits& limits_;
  const unsigned outer_;  // levels around the element that are no part of it
  unsigned level_ = 0;
  std::unique_ptr<gloox::Tag> root_;
  std::vector<gloox::Tag*> open_;
  std::vector<std::string> namespaces_{std::string(content_ns)};  // of the parent at the back
  std::size_t elements_ = 0, declared_ = 0;
  std::string text_, default_namespace_, declarations_;
  std::string_view why_;
};

}  // namespace

XmlReader::XmlReader(const XmlLimits& limits) : limits_(limits), parser_(make_parser()) {}

XmlParsed XmlReader::header(std::string_view text) {
  Run run(parser_.get(), limits_, 0);
  if (!run.feed(text) || !run.root()) return {nullptr, run.why()};
  if (run.root()->name() != "stream" || run.root()->xmlns() != streams_ns) {
    return {nullptr, "no-stream"};
  }
  // XEP-0114 section 3: the stream's content is in the 'jabber:component:accept' namespace.
  if (run.default_namespace() != content_ns) return {nullptr, "invalid-namespace"};
  scope_ = "<scope" + run.declarations() + ">";
  return {run.take(), {}};
}

XmlParsed XmlReader::element(std::string_view text) {
  Run run(parser_.get(), limits_, 1);
  const bool good = run.feed(scope_) && run.feed(text) && run.feed(scope_end, true);
  if (!good || !run.root()) return {nullptr, run.why()};
  return {run.take(), {}};
}

std::unique_ptr<gloox::Tag> XmlReader::beginning(std::string_view text) {
  Run run(parser_.get(), limits_, 1);
  // Whether and where it fails does not matter: only complete start tags get into the tree.
  [[maybe_unused]] const bool good = run.feed(scope_) && run.feed(text);
  return run.take();
}

bool is_well_formed(std::string_view document) {
  const auto parser = make_parser();
  return XML_Parse(parser.get(), document.data(), static_cast<int>(document.size()), true) ==
         XML_STATUS_OK;
}

}  // namespace jidgate::component
