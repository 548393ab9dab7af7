// SPDX-License-Identifier: GPL-3.0-or-later
// Both ends of a confirmation through a real XMPP server, without the web between them.
// `bench_xmpp confirmer PORT USER DOMAIN PASSWORD` logs in, prints "online", and confirms all it is
// asked until it is ended. `bench_xmpp round-trips PORT COMPONENT SECRET JID COUNT` asks as a
// component, and prints how long an answer takes.
#include <expat.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <exception>
#include <iostream>
#include <queue>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "core/crypto.hpp"
#include "core/text.hpp"
#include "tests/bench/figures.hpp"
#include "tests/bench/loop.hpp"

namespace jidgate::bench {
namespace {

struct Stanza {
  std::string name, id, from, type;
};

// A stream that is read as it is needed; what stands inside of a stanza is of no interest here.
class Stream {
 public:
  explicit Stream(unsigned port)
      : descriptor_(connect_to(port)), parser_(XML_ParserCreate(nullptr)) {}
  ~Stream() {
    XML_ParserFree(parser_);
    ::close(descriptor_);
  }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // Gives the id of the server's header.
  std::string open(std::string_view xmlns, std::string_view to) {
    XML_ParserReset(parser_, nullptr);
    XML_SetUserData(parser_, this);
    XML_SetElementHandler(
        parser_,
        [](void* self, const char* name, const char** attributes) {
          static_cast<Stream*>(self)->start_element(name, attributes);
        },
        [](void* self, const char*) { --static_cast<Stream*>(self)->depth_; });
    depth_ = 0;
    stanzas_ = {};
    std::string header("<?xml version='1.0'?><stream:stream version='1.0' xmlns='");
    header.append(xmlns).append("' xmlns:stream='http://etherx.jabber.org/streams' to='");
    send(header.append(to).append("'>"));
    return next("stream:stream").id;
  }
  void send(std::string_view text) { send_all(descriptor_, text.data(), text.size()); }
  Stanza next() {
    while (stanzas_.empty()) receive();
    Stanza stanza = stanzas_.front();
    stanzas_.pop();
    return stanza;
  }
  Stanza next(std::string_view name) {
    Stanza stanza = next();
    if (stanza.name != name) {
      throw std::runtime_error("want " + std::string(name) + ", got " + stanza.name);
    }
    return stanza;
  }

 private:
  void receive() {
    std::array<char, 8192> part;
    const ssize_t count = ::recv(descriptor_, part.data(), part.size(), 0);
    if (count <= 0) throw std::runtime_error("the stream has ended");
    if (XML_Parse(parser_, part.data(), static_cast<int>(count), 0) != XML_STATUS_OK) {
      throw std::runtime_error("malformed XML");
    }
  }
  void start_element(std::string_view name, const char** attributes) {
    if (++depth_ > 2) return;
    Stanza stanza{std::string(name), {}, {}, {}};
    for (; *attributes != nullptr; attributes += 2) {
      const std::string_view key = attributes[0];
      if (key == "id") stanza.id = attributes[1];
      if (key == "from") stanza.from = attributes[1];
      if (key == "type") stanza.type = attributes[1];
    }
    stanzas_.push(std::move(stanza));
  }

  int descriptor_;
  XML_Parser parser_;
  int depth_ = 0;
  std::queue<Stanza> stanzas_;
};

void confirm_everything(unsigned port, const std::string& user, const std::string& domain,
                        const std::string& password) {
  Stream stream(port);
  stream.open("jabber:client", domain);
  stream.next("stream:features");
  std::string plain(1, '\0');
  plain.append(user).append(1, '\0').append(password);
  stream.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>" +
              base64_encode(plain) + "</auth>");
  stream.next("success");
  stream.open("jabber:client", domain);
  stream.next("stream:features");
  stream.send(
      "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>"
      "<resource>bench</resource></bind></iq>");
  if (stream.next("iq").type != "result") throw std::runtime_error("no resource");
  std::cout << "online" << std::endl;
  while (true) {
    const Stanza stanza = stream.next();
    if (stanza.name != "iq" || stanza.type != "get") continue;
    std::string answer("<iq type='result' id='");
    answer.append(stanza.id).append("' to='").append(stanza.from).append("'/>");
    stream.send(answer);
  }
}

void round_trips(unsigned port, const std::string& component, const std::string& secret,
                 const std::string& jid, std::size_t count) {
  Stream stream(port);
  const std::string id = stream.open("jabber:component:accept", component);
  stream.send("<handshake>" + sha1_hex(id + secret) + "</handshake>");
  stream.next("handshake");
  Latencies latencies;
  for (std::size_t number = 0; number < count; ++number) {
    const std::string mark = random_id();
    const Time begin = now();
    std::string question("<iq type='get' to='");
    question.append(jid).append("' from='").append(component).append("' id='").append(mark);
    question.append("'><confirm xmlns='http://jabber.org/protocol/http-auth' id='");
    question.append(mark).append("' method='GET' ");
    question.append("url='https://files.verona.test:9345/missive.html'/></iq>");
    stream.send(question);
    const Stanza answer = stream.next("iq");
    latencies.add(begin, now());
    if (answer.id != mark || answer.type != "result") throw std::runtime_error("no confirmation");
  }
  latencies.tell("xmpp");
}

int run(const std::vector<std::string>& arguments) {
  const auto port = [&] { return static_cast<unsigned>(std::stoul(arguments[1])); };
  if (arguments.size() == 5 && arguments[0] == "confirmer") {
    confirm_everything(port(), arguments[2], arguments[3], arguments[4]);
  } else if (arguments.size() == 6 && arguments[0] == "round-trips") {
    round_trips(port(), arguments[2], arguments[3], arguments[4], std::stoul(arguments[5]));
  } else {
    std::cerr << "bench_xmpp: confirmer PORT USER DOMAIN PASSWORD | "
                 "round-trips PORT COMPONENT SECRET JID COUNT\n";
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace jidgate::bench

int main(int argc, char** argv) {
  try {
    return jidgate::bench::run({argv + 1, argv + argc});
  } catch (const std::exception& fault) {
    std::cerr << "bench_xmpp: " << fault.what() << '\n';
    return 1;
  }
}
