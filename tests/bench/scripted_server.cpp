// SPDX-License-Identifier: GPL-3.0-or-later
// The stream of one component, read with expat as it comes.
#include "tests/bench/scripted_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

namespace jidgate::bench {
namespace {

// expat puts this between namespace and name.
constexpr char separator = ' ';
constexpr std::string_view first_ping = "are-you-there";
constexpr std::string_view confirm_name = "http://jabber.org/protocol/http-auth confirm";

std::string_view local_name(std::string_view name) {
  return name.substr(name.find(separator) + 1);
}

void append_attribute(std::string& xml, std::string_view name, std::string_view value) {
  xml.append(" ").append(name).append("='");
  for (const char c : value) {
    switch (c) {
      case '&':
        xml += "&amp;";
        break;
      case '<':
        xml += "&lt;";
        break;
      case '\'':
        xml += "&apos;";
        break;
      default:
        xml += c;
    }
  }
  xml += '\'';
}

}  // namespace

ScriptedServer::ScriptedServer(Loop& loop)
    : loop_(loop), parser_(XML_ParserCreateNS(nullptr, separator)) {
  XML_SetUserData(parser_, this);
  XML_SetElementHandler(
      parser_,
      [](void* self, const char* name, const char** attributes) {
        static_cast<ScriptedServer*>(self)->start_element(name, attributes);
      },
      [](void* self, const char*) { static_cast<ScriptedServer*>(self)->end_element(); });
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (listener_ < 0 ||
      ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(listener_, 1) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    fail("the scripted server's port");
  }
  port_ = ntohs(address.sin_port);
  loop_.watch(listener_, *this);
}

ScriptedServer::~ScriptedServer() {
  ::close(connection_);
  ::close(listener_);
  XML_ParserFree(parser_);
}

void ScriptedServer::accept() {
  connection_ = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (connection_ < 0) fail("accept4");
  const int on = 1;
  ::setsockopt(connection_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // One component, once: whoever loses the link during a run has spoilt it.
  ::close(std::exchange(listener_, -1));
  loop_.watch(connection_, *this);
}

void ScriptedServer::readable() {
  if (connection_ < 0) return accept();
  std::array<char, 65536> part;
  const ssize_t count = ::recv(connection_, part.data(), part.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) throw std::runtime_error("the component has closed its stream");
  if (XML_Parse(parser_, part.data(), static_cast<int>(count), 0) != XML_STATUS_OK) {
    throw std::runtime_error("the component sends malformed XML");
  }
  flush();
}

void ScriptedServer::flush() {
  if (output_.empty()) return;
  send_all(connection_, output_.data(), output_.size());
  output_.clear();
}

void ScriptedServer::start_element(std::string_view name, const char** attributes) {
  const auto attribute = [attributes](std::string_view wanted) {
    const char** at = attributes;
    while (*at != nullptr && *at != wanted) at += 2;
    return std::string(*at == nullptr ? "" : at[1]);
  };
  switch (++depth_) {
    case 1:
      domain_ = attribute("to");
      output_ +=
          "<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' "
          "xmlns:stream='http://etherx.jabber.org/streams' id='bench'";
      append_attribute(output_, "from", domain_);
      output_ += '>';
      break;
    case 2: {
      if (local_name(name) == "handshake") {
        // Nobody knows when the component has read this, so it is asked: its answer says so.
        output_ += "<handshake/><iq type='get' from='verona.test' id='";
        output_.append(first_ping).append("'");
        append_attribute(output_, "to", domain_);
        output_ += "><ping xmlns='urn:xmpp:ping'/></iq>";
      }
      if (attribute("id") == first_ping) up_ = true;
      const std::string type = attribute("type");
      is_request_ = local_name(name) == "iq" && (type == "get" || type == "set");
      is_question_ = false;
      stanza_ = {attribute("id"), attribute("from"), attribute("to"), {}};
      break;
    }
    case 3:
      if (is_request_ && name == confirm_name) {
        is_question_ = true;
        stanza_.transaction = attribute("id");
      }
      break;
    default:
      break;
  }
}

void ScriptedServer::end_element() {
  if (--depth_ != 1 || !is_request_) return;
  if (is_question_ && on_question) {
    on_question(std::move(stanza_));
  } else {
    confirm(stanza_);  // a ping: any result will do
  }
}

void ScriptedServer::confirm(const Question& question) {
  output_ += "<iq type='result'";
  append_attribute(output_, "id", question.id);
  append_attribute(output_, "from", question.to);
  append_attribute(output_, "to", question.from);
  output_ += "/>";
}

}  // namespace jidgate::bench
