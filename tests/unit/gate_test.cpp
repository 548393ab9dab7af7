// SPDX-License-Identifier: GPL-3.0-or-later
// Requests and answers over real sockets.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>
#include <system_error>

#include "gate_client.hpp"
#include "malformed_heads.hpp"

namespace jidgate::http {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using test::Answer;
using test::Client;
using test::House;
using test::text;

std::string get(const std::string& target, const std::string& fields = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: a.test\r\n" + fields + "\r\n";
}

std::string post(const std::string& target, const std::string& fields, const std::string& body) {
  return "POST " + target + " HTTP/1.1\r\nHost: a.test\r\n" + fields + "\r\n" + body;
}

bool was_decided(const House& house, const std::string& target) {
  for (const std::string& seen : house.events.get().targets) {
    if (seen == target) return true;
  }
  return false;
}

// ---- heads

TEST(Gate, RefusesMalformedHeadsAndEndsTheConnection) {
  House house;
  for (const MalformedHead& malformed : malformed_heads()) {
    SCOPED_TRACE(malformed.name);
    Client client = house.client();
    client.send(malformed.octets);
    const Answer answer = client.receive();
    EXPECT_EQ(answer.status, malformed.status);
    EXPECT_EQ(answer.field("connection"), "close");
    EXPECT_EQ(answer.body, "refused " + std::to_string(malformed.status));
    EXPECT_TRUE(client.is_ended());
  }
  EXPECT_TRUE(house.events.get().targets.empty());
}

TEST(Gate, NeverReadsARequestBehindAMalformedHead) {
  House house;
  for (const MalformedHead& malformed : malformed_heads()) {
    SCOPED_TRACE(malformed.name);
    Client client = house.client();
    client.send(malformed.octets + get("/smuggled"));
    EXPECT_EQ(client.receive().status, malformed.status);
    EXPECT_TRUE(client.is_ended());
  }
  EXPECT_FALSE(was_decided(house, "/smuggled"));
}

TEST(Gate, RefusesMalformedHeadsThatComeInSingleOctets) {
  House house;
  for (const MalformedHead& malformed : malformed_heads()) {
    SCOPED_TRACE(malformed.name);
    Client client = house.client();
    client.drip(malformed.octets);
    EXPECT_EQ(client.receive().status, malformed.status);
    EXPECT_TRUE(client.is_ended());
  }
  EXPECT_TRUE(house.events.get().targets.empty());
}

TEST(Gate, ServesAHeadThatComesInSingleOctets) {
  House house;
  Client client = house.client();
  client.drip(post("/slow", "Content-Length: 5\r\n", "hello"));
  EXPECT_EQ(client.receive().body, "POST /slow hello");
}

TEST(Gate, PassesOnWhatTheClientSent) {
  House house;
  Head seen;
  house.decide = [&](const Exchange& exchange) {
    seen = exchange.head;
    return text("ok");
  };
  Client client = house.client();
  const Answer answer = client.ask(
      "PROPFIND /a%0d%0ab?c?d=%00 HTTP/1.1\r\nB: 1\r\nHost: a.test\r\nA: %0d%0aX\r\nEmpty:\r\n"
      "REMOTE_ADDR: 6.6.6.6\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(seen.method, "PROPFIND");
  EXPECT_EQ(seen.target, "/a%0d%0ab?c?d=%00");
  ASSERT_EQ(seen.fields.size(), 7U);
  EXPECT_EQ(seen.fields[0].name, "B");
  EXPECT_EQ(seen.only("A"), "%0d%0aX");
  EXPECT_EQ(seen.only("Empty"), "");
  EXPECT_EQ(seen.only("REMOTE_ADDR"), "6.6.6.6");
}

TEST(Gate, TellsWhoAsksAndNamesEachRequest) {
  House house;
  std::vector<std::string> ids;
  house.decide = [&](const Exchange& exchange) {
    ids.push_back(exchange.request_id);
    EXPECT_EQ(exchange.peer, Address::parse("127.0.0.1"));
    EXPECT_FALSE(exchange.tls);
    return [](const Exchange& again) { return text(again.request_id)(again); };
  };
  Client client = house.client();
  const std::string first = client.ask(get("/")).body;
  const std::string second = client.ask(get("/")).body;
  EXPECT_EQ(first.size(), 32U);
  EXPECT_NE(first, second);
  EXPECT_EQ(ids, (std::vector<std::string>{first, second}));
}

TEST(Gate, ServesMethodsOfAnyName) {
  House house;
  Client client = house.client();
  for (const std::string method : {"get", "FROB", "M-SEARCH", "TRACE", "DELETE", "PRI"}) {
    EXPECT_EQ(client.ask(method + " /x HTTP/1.1\r\nHost: a\r\n\r\n").body, method + " /x");
  }
  EXPECT_EQ(client.ask("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").body, "OPTIONS *");
  EXPECT_EQ(client.ask("GET http://a.test/x HTTP/1.1\r\nHost: a\r\n\r\n").body,
            "GET http://a.test/x");
}

// ---- the connection

TEST(Gate, KeepsAConnectionForManyRequests) {
  House house;
  Client client = house.client();
  for (int number = 0; number < 50; ++number) {
    const Answer answer = client.ask(get("/" + std::to_string(number)));
    EXPECT_EQ(answer.body, "GET /" + std::to_string(number));
    EXPECT_EQ(answer.field("connection"), "keep-alive");
    EXPECT_EQ(answer.field("keep-alive"), "timeout=15");
  }
}

TEST(Gate, AnswersPipelinedRequestsInOrder) {
  House house;
  Client client = house.client();
  std::string all;
  for (int number = 0; number < 20; ++number) all += get("/" + std::to_string(number));
  client.send(all);
  for (int number = 0; number < 20; ++number) {
    EXPECT_EQ(client.receive().body, "GET /" + std::to_string(number));
  }
}

TEST(Gate, DecidesAPipelinedRequestOnlyAfterTheAnswerBeforeIt) {
  House house;
  Client client = house.client();
  client.send(get("/park") + get("/second"));
  const ParkedId id = house.parked();
  EXPECT_FALSE(was_decided(house, "/second"));
  EXPECT_TRUE(house.gate.complete(id, text("first")));
  EXPECT_EQ(client.receive().body, "first");
  EXPECT_EQ(client.receive().body, "GET /second");
}

TEST(Gate, EndsTheConnectionWhereTheClientAsksForIt) {
  House house;
  for (const std::string fields :
       {"Connection: close\r\n", "Connection: Close\r\n", "Connection: keep-alive, CLOSE\r\n"}) {
    Client client = house.client();
    EXPECT_EQ(client.ask(get("/", fields)).field("connection"), "close");
    EXPECT_TRUE(client.is_ended());
  }
}

TEST(Gate, KeepsAnHttp10ConnectionOnlyWhereItIsAskedTo) {
  House house;
  Client plain = house.client();
  EXPECT_EQ(plain.ask("GET / HTTP/1.0\r\n\r\n").field("connection"), "close");
  EXPECT_TRUE(plain.is_ended());
  Client kept = house.client();
  EXPECT_EQ(kept.ask("GET /1 HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").field("connection"),
            "keep-alive");
  EXPECT_EQ(kept.ask("GET /2 HTTP/1.0\r\n\r\n").body, "GET /2");
}

TEST(Gate, EndsTheConnectionWhereTheReplyAsksForIt) {
  House house;
  house.decide = [](const Exchange&) {
    return [](const Exchange&) {
      Reply reply;
      reply.close = true;
      return reply;
    };
  };
  Client client = house.client();
  EXPECT_EQ(client.ask(get("/")).field("connection"), "close");
  EXPECT_TRUE(client.is_ended());
}

TEST(Gate, AnswersAClientThatHasHalfClosed) {
  House house;
  Client client = house.client();
  client.send(get("/1") + get("/2"));
  client.half_close();
  EXPECT_EQ(client.receive().body, "GET /1");
  EXPECT_EQ(client.receive().body, "GET /2");
  EXPECT_TRUE(client.is_ended());
}

TEST(Gate, AnswersAnIncompleteHeadThatCannotBeCompleted) {
  House house;
  Client client = house.client();
  client.send("GET / HTTP/1.1\r\nHost: a");
  client.half_close();
  EXPECT_EQ(client.receive().status, 400);
  EXPECT_TRUE(client.is_ended());
}

TEST(Gate, EndsQuietlyWhenTheClientDoes) {
  House house;
  Client silent = house.client();
  silent.half_close();
  EXPECT_TRUE(silent.is_ended());
  Client client = house.client();
  client.ask(get("/"));
  client.half_close();
  EXPECT_TRUE(client.is_ended());
}

// ---- bodies

TEST(Gate, ReadsBodies) {
  House house;
  Client client = house.client();
  EXPECT_EQ(client.ask(post("/", "Content-Length: 5\r\n", "hello")).body, "POST / hello");
  EXPECT_EQ(
      client.ask(post("/", "Transfer-Encoding: chunked\r\n", "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n"))
          .body,
      "POST / hello");
  EXPECT_EQ(client.ask(post("/none", "", "")).body, "POST /none");
  EXPECT_EQ(client.ask(post("/zero", "Content-Length: 0\r\n", "")).body, "POST /zero");
}

TEST(Gate, ReadsABodyThatComesLater) {
  House house;
  Client client = house.client();
  client.send(post("/", "Content-Length: 12\r\n", "hello"));
  ASSERT_TRUE(house.events.wait([](const auto& seen) { return seen.targets.size() == 1; }));
  client.send(" world\n");
  EXPECT_EQ(client.receive().body, "POST / hello world\n");
}

// A GET with a body is odd, but framed: none of its octets may become a request.
TEST(Gate, NeverReadsABodyAsARequest) {
  House house;
  const std::string smuggled = get("/smuggled");
  const std::string length = "Content-Length: " + std::to_string(smuggled.size()) + "\r\n";
  for (const std::string method : {"GET", "HEAD", "FROB", "OPTIONS", "DELETE"}) {
    Client client = house.client();
    const std::string head = method + " /1 HTTP/1.1\r\nHost: a\r\n" + length + "\r\n";
    const bool is_head = method == "HEAD";
    client.send(head + smuggled);
    EXPECT_EQ(client.receive(is_head).status, 200);
    client.send(head);  // now in a later packet
    client.send(smuggled + get("/2"));
    EXPECT_EQ(client.receive(is_head).status, 200);
    EXPECT_EQ(client.receive().body, "GET /2");
  }
  EXPECT_FALSE(was_decided(house, "/smuggled"));
}

TEST(Gate, RefusesBodiesOverTheLimit) {
  GateLimits limits;
  limits.body = 10;
  House house(limits);
  for (const std::string& request :
       {post("/long", "Content-Length: 11\r\n", "hello world"),
        post("/chunked", "Transfer-Encoding: chunked\r\n", "b\r\nhello world\r\n0\r\n\r\n"),
        post("/chunked", "Transfer-Encoding: chunked\r\n",
             "a\r\nhello worl\r\n1\r\nd\r\n0\r\n\r\n")}) {
    Client client = house.client();
    client.send(request + get("/smuggled"));
    EXPECT_EQ(client.receive().status, 413);
    EXPECT_TRUE(client.is_ended());
  }
  EXPECT_FALSE(was_decided(house, "/smuggled"));
  EXPECT_FALSE(was_decided(house, "/long"));
}

TEST(Gate, RefusesMalformedChunks) {
  House house;
  for (const std::string body : {"Z\r\nhello\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n",
                                 "-2\r\nhello\r\n", "5\nhello\r\n0\r\n\r\n", "fffffffff\r\n"}) {
    Client client = house.client();
    client.send(post("/", "Transfer-Encoding: chunked\r\n", body) + get("/smuggled"));
    EXPECT_EQ(client.receive().status, 400) << body;
    EXPECT_TRUE(client.is_ended());
  }
  EXPECT_FALSE(was_decided(house, "/smuggled"));
}

TEST(Gate, RefusesABodyThatEndsTooEarly) {
  House house;
  Client client = house.client();
  client.send(post("/", "Content-Length: 12\r\n", "hello"));
  client.half_close();
  EXPECT_EQ(client.receive().status, 400);
}

TEST(Gate, LeavesBodiesAsTheyAre) {
  House house;
  Client client = house.client();
  EXPECT_EQ(
      client.ask(post("/", "Content-Encoding: gzip\r\nContent-Length: 4\r\n", "\x1f\x8b!!")).body,
      "POST / \x1f\x8b!!");
  EXPECT_EQ(
      client
          .ask(post("/", "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 3\r\n",
                    "--x"))
          .body,
      "POST / --x");
}

// ---- Expect: 100-continue

const std::string expecting = "Content-Length: 5\r\nExpect: 100-continue\r\n";

Verdict body_wanted(const Exchange&) {
  return WithBody{[](const Exchange& exchange) { return text("got " + exchange.body)(exchange); }};
}

TEST(Gate, InvitesABodyThatIsWanted) {
  House house;
  house.decide = body_wanted;
  Client client = house.client();
  client.send(post("/", expecting, ""));
  EXPECT_EQ(client.receive_line(), "HTTP/1.1 100 Continue");
  EXPECT_EQ(client.receive_line(), "");
  client.send("hello");
  EXPECT_EQ(client.receive().body, "got hello");
  EXPECT_EQ(client.ask(post("/", "Content-Length: 5\r\n", "again")).body, "got again");
}

TEST(Gate, DoesNotInviteABodyThatIsThereOrEmpty) {
  House house;
  house.decide = body_wanted;
  Client client = house.client();
  EXPECT_EQ(client.ask(post("/", expecting, "hello")).body, "got hello");
  EXPECT_EQ(client.ask(post("/", "Expect: 100-continue\r\n", "")).body, "got ");
}

TEST(Gate, AnswersAtOnceWhereTheBodyIsNotWanted) {
  House house;
  Client client = house.client();
  client.send(post("/", expecting, ""));
  const Answer answer = client.receive();
  EXPECT_EQ(answer.status, 200);
  // RFC 9110 section 10.1.1: the server indicates "whether it intends to close the connection".
  EXPECT_EQ(answer.field("connection"), "close");
  client.send("GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");  // the body, for the client's part
  EXPECT_TRUE(client.is_ended());
  EXPECT_FALSE(was_decided(house, "/smuggled"));
}

TEST(Gate, RefusesATooLongBodyInsteadOfInvitingIt) {
  House house;
  house.decide = body_wanted;
  Client client = house.client();
  client.send(post("/", "Content-Length: 65537\r\nExpect: 100-continue\r\n", ""));
  EXPECT_EQ(client.receive().status, 413);
}

// ---- answers

TEST(Gate, FramesAnswers) {
  House house;
  house.decide = [](const Exchange& exchange) -> Verdict {
    const int status = std::stoi(exchange.head.target.substr(1));
    return [status](const Exchange& again) {
      return text(status == 200 ? "four" : "", status)(again);
    };
  };
  Client client = house.client();
  Answer answer = client.ask(get("/200"));
  EXPECT_EQ(answer.field("content-length"), "4");
  EXPECT_EQ(answer.body, "four");
  client.send("HEAD /200 HTTP/1.1\r\nHost: a\r\n\r\n");
  answer = client.receive(true);
  EXPECT_EQ(answer.field("content-length"), "4");
  answer = client.ask(get("/404"));
  EXPECT_EQ(answer.field("content-length"), "0");
  // RFC 9110 section 8.6: "A server MUST NOT send a Content-Length header field in any response
  // with a status code of 1xx (Informational) or 204 (No Content)."
  answer = client.ask(get("/204"));
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.fields.count("content-length"), 0U);
  answer = client.ask(get("/304"));
  EXPECT_EQ(answer.status, 304);
  EXPECT_EQ(answer.fields.count("content-length"), 0U);
  EXPECT_EQ(client.ask(get("/200")).body, "four");  // everything before was framed right
}

TEST(Gate, LeavesOutABodyThatAnAnswerMayNotHave) {
  House house;
  house.decide = [](const Exchange& exchange) -> Verdict {
    return text("body", std::stoi(exchange.head.target.substr(1)));
  };
  Client client = house.client();
  EXPECT_EQ(client.ask(get("/204")).status, 204);
  EXPECT_EQ(client.ask(get("/304")).status, 304);
  EXPECT_EQ(client.ask(get("/200")).body, "body");
}

// RFC 9110 section 6.6.1: an origin server with a clock "MUST generate a Date header field in all
// 2xx (Successful), 3xx (Redirection), and 4xx (Client Error) responses".
TEST(Gate, SendsExactlyTheFieldsOfTheReplyAndItsOwn) {
  House house;
  house.decide = [](const Exchange&) {
    return [](const Exchange&) {
      Reply reply;
      reply.status = 401;
      reply.header("WWW-Authenticate", "Basic realm=\"xmpp\"");
      reply.header("WWW-Authenticate", "Digest realm=\"xmpp\", algorithm=SHA-256");
      reply.header("WWW-Authenticate", "Digest realm=\"xmpp\", algorithm=MD5");
      reply.header("Content-Length", "1000").header("Transfer-Encoding", "chunked");
      reply.header("Connection", "upgrade").header("date", "yesterday");
      return reply;
    };
  };
  Client client = house.client();
  client.send(
      "HEAD / HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1\r\nAccept-Encoding: gzip, br\r\n\r\n");
  const Answer answer = client.receive(true);
  EXPECT_EQ(answer.status, 401);
  std::vector<std::string> challenges;
  const auto [begin, end] = answer.fields.equal_range("www-authenticate");
  for (auto field = begin; field != end; ++field) challenges.push_back(field->second);
  EXPECT_EQ(challenges, (std::vector<std::string>{"Basic realm=\"xmpp\"",
                                                  "Digest realm=\"xmpp\", algorithm=SHA-256",
                                                  "Digest realm=\"xmpp\", algorithm=MD5"}));
  EXPECT_EQ(answer.fields.count("date"), 1U);
  EXPECT_TRUE(answer.field("date").ends_with(" GMT"));
  EXPECT_EQ(answer.field("content-length"), "0");
  EXPECT_EQ(answer.fields.size(), 7U);  // and Connection, Keep-Alive
}

TEST(Gate, NeitherCompressesNorCutsAnswers) {
  House house;
  house.decide = [](const Exchange&) { return text(std::string(5000, 'x')); };
  Client client = house.client();
  std::string ranges = "Range: bytes=0-0";
  for (int number = 0; number < 2000; ++number) ranges += ",1-";
  const Answer answer = client.ask(get("/", ranges + "\r\nAccept-Encoding: gzip, br\r\n"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, std::string(5000, 'x'));
  EXPECT_EQ(answer.fields.count("content-encoding"), 0U);
  EXPECT_EQ(answer.fields.count("content-range"), 0U);
}

TEST(Gate, SendsNoAnswerThatCouldBeSplit) {
  House house;
  for (const std::string& value : {"a\r\nSet-Cookie: b"s, "a\nb"s, "a\rb"s, "a\0b"s, "a\x01"s}) {
    house.decide = [value](const Exchange&) {
      return [value](const Exchange&) {
        Reply reply;
        reply.header("Location", value);
        return reply;
      };
    };
    Client client = house.client();
    const Answer answer = client.ask(get("/"));
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.fields.count("location"), 0U);
    EXPECT_EQ(answer.fields.count("set-cookie"), 0U);
  }
  EXPECT_EQ(house.log.entries("http.unsendable").size(), 5U);
}

TEST(Gate, AnswersForADoorThatFails) {
  House house;
  house.decide = [](const Exchange& exchange) -> Verdict {
    if (exchange.head.target == "/decide") throw std::runtime_error("secret");
    return [](const Exchange&) -> Reply { throw std::runtime_error("secret"); };
  };
  for (const std::string target : {"/decide", "/respond"}) {
    Client client = house.client();
    client.send(get(target, "Connection: close\r\n"));
    const std::string answer = client.receive_all();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 ")) << answer;
    EXPECT_EQ(answer.find("secret"), std::string::npos);
  }
  EXPECT_EQ(house.client().ask(get("/decide")).status, 500);
}

// ---- files

FileBody file_of(const std::string& content, std::uint64_t offset, std::uint64_t length) {
  const int descriptor = ::memfd_create("body", MFD_CLOEXEC);
  EXPECT_EQ(::write(descriptor, content.data(), content.size()),
            static_cast<ssize_t>(content.size()));
  return {descriptor, offset, length};
}

std::string pattern(std::size_t size) {
  std::string content(size, '\0');
  for (std::size_t at = 0; at < size; ++at) content[at] = static_cast<char>('a' + at * 7 % 23);
  return content;
}

TEST(Gate, StreamsFiles) {
  House house;
  const std::string content = pattern(3'000'000);
  house.decide = [&](const Exchange& exchange) -> Verdict {
    const std::uint64_t length = std::stoul(exchange.head.target.substr(1));
    return [&content, length](const Exchange&) {
      Reply reply;
      reply.file = file_of(content, 5, length);
      return reply;
    };
  };
  Client client = house.client();
  for (const std::size_t length : {0UL, 1UL, 32768UL, 32769UL, 2'999'995UL}) {
    EXPECT_EQ(client.ask(get("/" + std::to_string(length))).body, content.substr(5, length));
  }
  client.send("HEAD /100 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(client.receive(true).field("content-length"), "100");
  EXPECT_EQ(client.ask(get("/3")).body, content.substr(5, 3));
}

TEST(Gate, EndsTheConnectionWhenAFileIsShorterThanPromised) {
  House house;
  house.decide = [](const Exchange&) -> Verdict {
    return [](const Exchange&) {
      Reply reply;
      reply.file = file_of(pattern(100'000), 0, 200'000);
      return reply;
    };
  };
  Client client = house.client();
  client.send(get("/"));
  const std::string received = client.receive_all();
  EXPECT_LT(received.size(), 110'000U);
}

TEST(Gate, AClientThatDoesNotReadKeepsNoWorker) {
  GateLimits limits;
  limits.workers = 1;
  House house(limits);
  const std::string content = pattern(40'000'000);  // more than any socket buffer takes
  house.decide = [&](const Exchange& exchange) -> Verdict {
    if (exchange.head.target == "/small") return text("small");
    if (exchange.head.target == "/body") return text(content);
    return [&content](const Exchange&) {
      Reply reply;
      reply.file = file_of(content, 0, content.size());
      return reply;
    };
  };
  Client file = house.client();
  Client body = house.client();
  file.send(get("/file"));
  body.send(get("/body"));
  EXPECT_EQ(house.client().ask(get("/small")).body, "small");
  EXPECT_EQ(file.receive().body, content);
  EXPECT_EQ(body.receive().body, content);
}

// ---- the rest

TEST(Gate, AnErrorIsReadableThoughTheClientWasStillSending) {
  GateLimits limits;
  limits.body = 10;
  House house(limits);
  Client client = house.client();
  client.send(post("/", "Content-Length: 60000\r\n", std::string(60000, 'x')));
  const Answer answer = client.receive();
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.body, "refused 413");
  EXPECT_TRUE(client.is_ended());
}

TEST(Gate, CountsWhatItDoes) {
  House house;
  Client client = house.client();
  client.ask(get("/"));
  client.ask("FROB / HTTP/1.1\r\nHost: a\r\n\r\n");
  client.ask("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(client.is_ended());
  Client parked = house.client();
  parked.send(get("/park"));
  const ParkedId id = house.parked();
  std::string page = house.metrics.render();
  EXPECT_NE(page.find("jidgate_waiters 1\n"), std::string::npos);
  EXPECT_NE(page.find("jidgate_http_requests_in_flight 1\n"), std::string::npos);
  house.gate.complete(id, text("ok"));
  parked.receive();
  page = house.metrics.render();
  for (const std::string line :
       {"jidgate_http_requests_total{handler=\"test\",method=\"GET\",code=\"200\"} 1\n",
        "jidgate_http_requests_total{handler=\"test\",method=\"other\",code=\"200\"} 1\n",
        "jidgate_http_heads_refused_total{code=\"400\"} 1\n"}) {
    EXPECT_NE(page.find(line), std::string::npos) << line << page;
  }
}

TEST(Gate, SaysWhichAddressItCannotHave) {
  House house;
  Listen where;
  where.host = "127.0.0.1";
  where.port = house.port;
  try {
    house.gate.listen(where, nullptr);
    FAIL() << "two listeners on one port";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string(error.what()).find("127.0.0.1:" + std::to_string(house.port)),
              std::string::npos);
    EXPECT_EQ(error.code(), std::errc::address_in_use);
  }
}

TEST(Gate, TakesABurstOfConnections) {
  House house;
  std::vector<Client> clients;
  for (int number = 0; number < 400; ++number) clients.push_back(house.client());
  for (Client& client : clients) client.send(get("/"));
  for (Client& client : clients) EXPECT_EQ(client.receive().status, 200);
}

}  // namespace
}  // namespace jidgate::http
