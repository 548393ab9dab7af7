// SPDX-License-Identifier: GPL-3.0-or-later
// The table of malformed heads, by the section whose rule each of them breaks.
#include "malformed_heads.hpp"

#include <cstdio>
#include <string_view>
#include <utility>

using namespace std::string_literals;

namespace jidgate::http {
namespace {

using Table = std::vector<MalformedHead>;

std::string printable(char c) {
  char text[8];
  std::snprintf(text, sizeof text, "x%02x", static_cast<unsigned>(static_cast<unsigned char>(c)));
  return text;
}

// A request line, and the rest of a head that is right.
std::string line(const std::string& request_line) {
  return request_line + "\r\nHost: a.test\r\n\r\n";
}

// A head that is right but for one more field line.
std::string with(const std::string& field) {
  return "GET / HTTP/1.1\r\nHost: a.test\r\n" + field + "\r\n\r\n";
}

std::string host(const std::string& value) {
  return "GET / HTTP/1.1\r\nHost: " + value + "\r\n\r\n";
}

std::string posted(const std::string& fields) {
  return "POST / HTTP/1.1\r\nHost: a.test\r\n" + fields + "\r\n\r\n";
}

// RFC 9110 section 5.6.2: delimiters, which no token holds.
constexpr std::string_view delimiters = "\"(),/:;<=>?@[\\]{}";

// RFC 9112 section 2.2 and what other protocols begin with.
void add_beginnings(Table& table) {
  table.insert(table.end(),
               {{"three empty lines", "\r\n\r\n\r\n" + line("GET / HTTP/1.1"), 400},
                {"bare LF first", "\n" + line("GET / HTTP/1.1"), 400},
                {"bare CR first", "\r" + line("GET / HTTP/1.1"), 400},
                {"LF CR first", "\n\r" + line("GET / HTTP/1.1"), 400},
                {"CR CR LF first", "\r\r\n" + line("GET / HTTP/1.1"), 400},
                {"space first", " " + line("GET / HTTP/1.1"), 400},
                {"tab first", "\t" + line("GET / HTTP/1.1"), 400},
                {"NUL first", "\0"s + line("GET / HTTP/1.1"), 400},
                {"byte order mark first", "\xef\xbb\xbf" + line("GET / HTTP/1.1"), 400},
                {"empty line, then space", "\r\n " + line("GET / HTTP/1.1"), 400},
                {"TLS ClientHello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, 400},
                {"SSH", "SSH-2.0-OpenSSH_9.2\r\n", 400},
                {"SMTP", "EHLO a.test\r\n", 400},
                {"PROXY protocol 1", "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n", 400},
                {"PROXY protocol 2", "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"s, 400},
                {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400},
                {"a response", "HTTP/1.1 200 OK\r\n\r\n", 400},
                {"XMPP", "<?xml version='1.0'?>\n<stream:stream>\n", 400},
                {"JSON", "{\"jsonrpc\":\"2.0\"}\n", 400}});
}

// RFC 9112 section 3.1.
void add_methods(Table& table) {
  for (const char c : delimiters) {
    table.push_back({"method with " + printable(c), line("GE"s + c + "T / HTTP/1.1"), 400});
  }
  for (const char c : {'\0', '\x01', '\x08', '\x0b', '\x1b', '\x1f', '\x7f', '\x80', '\xff'}) {
    table.push_back({"method with " + printable(c), line("GE"s + c + "T / HTTP/1.1"), 400});
  }
  table.insert(table.end(),
               {{"no method", line(" / HTTP/1.1"), 400},
                {"method, tab", line("GET\t/ HTTP/1.1"), 400},
                {"method, two spaces", line("GET  / HTTP/1.1"), 400},
                {"method, space, tab", line("GET \t/ HTTP/1.1"), 400},
                {"method alone", line("GET"), 400},
                {"method and a space", line("GET "), 400},
                {"method over 64 octets", line(std::string(65, 'M') + " / HTTP/1.1"), 501},
                {"method without end", std::string(2048, 'M'), 501}});
}

// RFC 9112 section 3.2.
void add_targets(Table& table) {
  for (const char c : {'\0', '\x01', '\t', '\x0b', '\x0c', '\x1f', '\x7f'}) {
    table.push_back({"target with " + printable(c), line("GET /a"s + c + "b HTTP/1.1"), 400});
  }
  // RFC 3986 appendix A has none of these anywhere.
  for (const char c : {'"', '<', '>', '#', '\x80', '\xe9', '\xff'}) {
    table.push_back({"target with " + printable(c), line("GET /a"s + c + "b HTTP/1.1"), 400});
  }
  for (const char* target : {"index.html",
                             "?query",
                             "*",
                             "a.test",
                             "a.test:80",
                             "a.test:80/",
                             "http:",
                             "http:/",
                             "http://",
                             "http:///",
                             "http:///path",
                             "http:a.test/",
                             "http//a.test/",
                             "://a.test/",
                             "http://user@a.test/",
                             "http://user:word@a.test/",
                             "http://@a.test/",
                             "http://:80/",
                             "http://a.test:x/",
                             "http://a.test:99999/",
                             "http://a b/",
                             "http://[::1/",
                             "ftp://a.test/",
                             "javascript:alert(1)",
                             "mailto:a@a.test",
                             "file:///etc/passwd",
                             "xmpp:a@a.test",
                             "/%",
                             "/%4",
                             "/%zz",
                             "/%4g",
                             "/a%",
                             "/%u0041",
                             "/#fragment",
                             "http://a.test/#fragment",
                             "./",
                             "../",
                             "\\",
                             "%2f",
                             "**",
                             "*/"}) {
    table.push_back({"target "s + target, line("GET "s + target + " HTTP/1.1"), 400});
  }
  for (const char* target : {"a.test", "a.test:", "/", "http://a.test:443/", "*", ":443",
                             "a.test:443/", "user@a.test:443", "a.test:x", "a.test:65536"}) {
    table.push_back({"CONNECT "s + target, line("CONNECT "s + target + " HTTP/1.1"), 400});
  }
  table.insert(
      table.end(),
      {{"CONNECT that is well-formed", line("CONNECT a.test:443 HTTP/1.1"), 501},
       {"no target", line("GET  HTTP/1.1"), 400},
       {"two targets", line("GET /a /b HTTP/1.1"), 400},
       {"target of 8001 octets", line("GET /" + std::string(8000, 'a') + " HTTP/1.1"), 414},
       {"target without end", "GET /" + std::string(9000, 'a'), 414},
       {"query over the limit", line("GET /?" + std::string(9000, 'a') + " HTTP/1.1"), 414}});
}

// RFC 9112 section 2.3: HTTP-version is case-sensitive, and two digits.
void add_versions(Table& table) {
  for (const char* version : {"",           " ",
                              "HTTP",       "HTTP/",
                              "HTTP/1",     "HTTP/1.",
                              "HTTP/.1",    "HTTP/1,1",
                              "HTTP/01.1",  "HTTP/1.01",
                              "HTTP/1.10",  "HTTP/11.1",
                              "HTTP/-1.1",  "HTTP/+1.1",
                              "HTTP/1.-1",  "HTTP/1.1.1",
                              "HTTP 1.1",   "HTTP//1.1",
                              "HTTP/ 1.1",  "HTTP/1 .1",
                              "HTTPS/1.1",  "HTP/1.1",
                              "ICY/1.0",    "SIP/2.0",
                              "RTSP/1.0",   "http/1.1",
                              "Http/1.1",   "HTTP/1.x",
                              "HTTP/x.1",   "HTTP/1.1x",
                              "HTTP/1.1 x", "HTTP/1.1 ",
                              "HTTP/1.1\t", " HTTP/1.1",
                              "\tHTTP/1.1", "HTTP/1.1;q=1",
                              "1.1",        "HTTP/\xd9\xa1.1"}) {
    table.push_back({"version '"s + version + "'", line("GET / "s + version), 400});
  }
  for (const char* version :
       {"HTTP/0.0", "HTTP/0.9", "HTTP/1.2", "HTTP/1.9", "HTTP/2.0", "HTTP/3.0", "HTTP/9.9"}) {
    table.push_back({"version "s + version, line("GET / "s + version), 505});
  }
  table.push_back({"HTTP/0.9, a simple request", "GET /\r\n", 400});
}

// RFC 9112 section 2.2: "A recipient of such a bare CR MUST consider that element to be invalid
// or replace each bare CR with SP": here it is invalid.
void add_line_ends(Table& table) {
  table.insert(
      table.end(),
      {{"request line ends with LF", "GET / HTTP/1.1\nHost: a.test\r\n\r\n", 400},
       {"request line ends with CR", "GET / HTTP/1.1\rHost: a.test\r\n\r\n", 400},
       {"request line ends with CR CR LF", "GET / HTTP/1.1\r\r\nHost: a.test\r\n\r\n", 400},
       {"request line ends with LF CR", "GET / HTTP/1.1\n\rHost: a.test\r\n\r\n", 400},
       {"all lines end with LF", "GET / HTTP/1.1\nHost: a.test\n\n", 400},
       {"all lines end with CR", "GET / HTTP/1.1\rHost: a.test\r\r", 400},
       {"a field ends with LF", "GET / HTTP/1.1\r\nHost: a.test\nX: y\r\n\r\n", 400},
       {"a field ends with CR", "GET / HTTP/1.1\r\nHost: a.test\rX: y\r\n\r\n", 400},
       {"a field ends with CR CR LF", "GET / HTTP/1.1\r\nHost: a.test\r\r\n\r\n", 400},
       {"the head ends with LF LF", "GET / HTTP/1.1\r\nHost: a.test\n\n", 400},
       {"the head ends with CR LF LF", "GET / HTTP/1.1\r\nHost: a.test\r\n\n", 400},
       {"the head ends with LF CR LF", "GET / HTTP/1.1\r\nHost: a.test\n\r\n", 400},
       {"the head ends with CR LF CR", "GET / HTTP/1.1\r\nHost: a.test\r\n\rX: y\r\n\r\n", 400},
       {"NUL before the line's end", "GET / HTTP/1.1\0\r\nHost: a.test\r\n\r\n"s, 400}});
}

// RFC 9112 section 5.1, RFC 9110 section 5.1.
void add_field_names(Table& table) {
  for (const char c : delimiters) {
    if (c == ':') continue;  // ends the name
    table.push_back({"field name with " + printable(c), with("X"s + c + "Y: z"), 400});
  }
  for (const char c : {'\0', '\x01', '\x0b', '\x0c', '\x1f', '\x7f', '\x80', '\xc3', '\xff'}) {
    table.push_back({"field name with " + printable(c), with("X"s + c + "Y: z"), 400});
  }
  table.insert(
      table.end(),
      {{"no field name", with(": z"), 400},
       {"colon alone", with(":"), 400},
       {"no colon", with("X"), 400},
       {"no colon but a value", with("X z"), 400},
       {"space before the colon", with("X : z"), 400},
       {"tab before the colon", with("X\t: z"), 400},
       {"space in the name", with("X Y: z"), 400},
       {"space before the name", with(" X: z"), 400},
       {"tab before the name", with("\tX: z"), 400},
       {"space before the first name", "GET / HTTP/1.1\r\n Host: a.test\r\n\r\n", 400},
       {"obs-fold with a space", with("X: y\r\n z"), 400},
       {"obs-fold with a tab", with("X: y\r\n\tz"), 400},
       {"obs-fold of Host", "GET / HTTP/1.1\r\nHost:\r\n a.test\r\n\r\n", 400},
       {"line of spaces", with("X: y\r\n  "), 400},
       {"line of a tab", with("X: y\r\n\t"), 400},
       {"a second request line", with("GET / HTTP/1.1"), 400},
       {"space before the colon of Host", "GET / HTTP/1.1\r\nHost : a.test\r\n\r\n", 400}});
}

// RFC 9110 section 5.5: values hold visible octets, spaces and tabs.
void add_field_values(Table& table) {
  for (int octet = 0; octet < 0x20; ++octet) {
    const char c = static_cast<char>(octet);
    if (c == '\t') continue;
    table.push_back({"field value with " + printable(c), with("X: y"s + c + "z"), 400});
  }
  table.insert(table.end(), {{"field value with x7f", with("X: y\x7fz"), 400},
                             {"field value that begins with NUL", with("X: \0y"s), 400},
                             {"field value that ends with NUL", with("X: y\0"s), 400},
                             {"field value that is NUL", with("X:\0"s), 400}});
}

// RFC 9112 section 3.2, RFC 9110 sections 4.2.1 and 7.2.
void add_hosts(Table& table) {
  table.insert(
      table.end(),
      {{"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
       {"no Host among others", "GET / HTTP/1.1\r\nX: y\r\nAccept: */*\r\n\r\n", 400},
       {"no Host with absolute-form", "GET http://a.test/ HTTP/1.1\r\n\r\n", 400},
       {"no Host with asterisk-form", "OPTIONS * HTTP/1.1\r\n\r\n", 400},
       {"two Hosts", with("Host: b.test"), 400},
       {"two Hosts that are equal", with("Host: a.test"), 400},
       {"two Hosts, one in capitals", with("HOST: a.test"), 400},
       {"two Hosts with absolute-form",
        "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n", 400},
       {"two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a.test\r\nHost: b.test\r\n\r\n", 400},
       {"Host with a bad value in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a b\r\n\r\n", 400}});
  for (const char* value : {"",
                            "a b",
                            "a, b",
                            "a.test/",
                            "a.test/path",
                            "/",
                            "http://a.test",
                            "user@a.test",
                            "@",
                            "a.test?",
                            "a.test?q",
                            "a.test#",
                            "a\\b",
                            "\"a.test\"",
                            "<a.test>",
                            "a^b",
                            "a`b",
                            "{a}",
                            "a|b",
                            "a\x7fz",
                            "a\x80",
                            "\xc3\xa4.test",
                            "[::1",
                            "::1",
                            "[]",
                            "[:]",
                            "[::1]x",
                            "[::1]:x",
                            "[::g]",
                            "[a b]",
                            "[::1%25eth0]",
                            "[",
                            "]",
                            "a]",
                            "a:x",
                            "a:-1",
                            "a:+1",
                            "a:65536",
                            "a:99999999999999999999",
                            "a:80:80",
                            ":80",
                            ":",
                            "a: 80",
                            "a :80",
                            "a:8\t0",
                            "a%",
                            "a%2",
                            "a%zz",
                            "a%2",
                            "a.test\xa0"}) {
    table.push_back({"Host '"s + value + "'", host(value), 400});
  }
}

// RFC 9112 section 6.2, RFC 9110 section 8.6.
void add_lengths(Table& table) {
  for (const char* value : {"",
                            "+5",
                            "-5",
                            "-0",
                            "-1",
                            "0x5",
                            "5x",
                            "x5",
                            "5 5",
                            "5\t5",
                            "5, 5",
                            "5,6",
                            "5,",
                            ",5",
                            "5.0",
                            "1e3",
                            "5;",
                            ";5",
                            "\"5\"",
                            "'5'",
                            "five",
                            "0 0",
                            "\xd9\xa5",
                            "5\xa0",
                            "1_000",
                            "1 000",
                            "0000000000000000005",
                            "1000000000000000000",
                            "9223372036854775808",
                            "18446744073709551616",
                            "18446744073709551621",
                            "99999999999999999999999999999999999999999999999999",
                            "nan",
                            "inf",
                            "%35"}) {
    table.push_back(
        {"Content-Length '"s + value + "'", posted("Content-Length: "s + value) + "hello", 400});
  }
  table.insert(
      table.end(),
      {{"two Content-Lengths that differ",
        posted("Content-Length: 5\r\nContent-Length: 6") + "hello", 400},
       {"two Content-Lengths that are equal",
        posted("Content-Length: 5\r\nContent-Length: 5") + "hello", 400},
       {"two Content-Lengths of a GET", with("Content-Length: 0\r\ncontent-length: 0"), 400},
       {"space before the colon of Content-Length", posted("Content-Length : 5") + "hello", 400},
       {"space before Content-Length", posted("X: y\r\n Content-Length: 5") + "hello", 400},
       {"bare CR before Content-Length", posted("X: y\rContent-Length: 5") + "hello", 400},
       {"bare LF before Content-Length", posted("X: y\nContent-Length: 5") + "hello", 400},
       {"Content-Length over the limit", posted("Content-Length: 65537") + "hello", 413},
       {"Content-Length of 18 digits", posted("Content-Length: 999999999999999999"), 413}});
}

// RFC 9112 sections 6.1 and 6.3.
void add_transfer_codings(Table& table) {
  const auto coded = [](const std::string& value, const std::string& more = {}) {
    return posted("Transfer-Encoding:" + value + more) + "5\r\nhello\r\n0\r\n\r\n";
  };
  for (const char* value :
       {" gzip", " deflate", " compress", " identity", " nonsense", " xchunked", " chunkedx",
        " x-chunked", " chunked-x", " 'chunked'", " gzip, chunked", " identity, chunked",
        " gzip,chunked", " chunked;q=1", " chunked;", " trailers"}) {
    table.push_back({"Transfer-Encoding'"s + value + "'", coded(value), 501});
  }
  for (const char* value :
       {"", " ", " ,", " , ,", " \"chunked\"", " chunked, chunked", " chunked, gzip",
        " chunked, identity", " chunked,nonsense", " [chunked]", " chunked/1", " (chunked)"}) {
    table.push_back({"Transfer-Encoding'"s + value + "'", coded(value), 400});
  }
  table.insert(
      table.end(),
      {{"chunked after a vertical tab",
        coded(" \x0b"
              "chunked"),
        400},
       {"chunked before NUL", coded(" chunked\0"s), 400},
       {"chunked and Content-Length", coded(" chunked", "\r\nContent-Length: 5"), 400},
       {"chunked and Content-Length 0", coded(" chunked", "\r\nContent-Length: 0"), 400},
       {"Content-Length and chunked",
        posted("Content-Length: 5\r\nTransfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n", 400},
       {"chunked in capitals and Content-Length", coded(" CHUNKED", "\r\nContent-Length: 5"), 400},
       {"two Transfer-Encodings", coded(" chunked", "\r\nTransfer-Encoding: chunked"), 400},
       {"two Transfer-Encodings, the second unknown",
        coded(" chunked", "\r\nTransfer-Encoding: identity"), 400},
       {"chunked in HTTP/1.0",
        "POST / HTTP/1.0\r\nHost: a.test\r\nTransfer-Encoding: "
        "chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        400},
       {"gzip in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a.test\r\nTransfer-Encoding: gzip\r\n\r\n",
        400},
       {"chunked of a GET, and Content-Length",
        with("Transfer-Encoding: chunked\r\nContent-Length: 0"), 400},
       {"space before the colon of Transfer-Encoding",
        posted("Transfer-Encoding : chunked") + "0\r\n\r\n", 400},
       {"tab before the colon of Transfer-Encoding",
        posted("Transfer-Encoding\t: chunked") + "0\r\n\r\n", 400},
       {"vertical tab before the colon of Transfer-Encoding",
        posted("Transfer-Encoding\x0b: chunked") + "0\r\n\r\n", 400},
       {"space before Transfer-Encoding",
        posted("X: y\r\n Transfer-Encoding: chunked") + "0\r\n\r\n", 400},
       {"bare CR before Transfer-Encoding",
        posted("X: y\rTransfer-Encoding: chunked") + "0\r\n\r\n", 400},
       {"bare LF before Transfer-Encoding",
        posted("X: y\nTransfer-Encoding: chunked") + "0\r\n\r\n", 400},
       {"bare LF before chunked", posted("Transfer-Encoding:\nchunked") + "0\r\n\r\n", 400},
       {"obs-fold before chunked", posted("Transfer-Encoding:\r\n chunked") + "0\r\n\r\n", 400}});
}

// RFC 9110 sections 7.6.1 and 10.1.1.
void add_others(Table& table) {
  for (const char* value :
       {"", "200-ok", "100", "100-continue, x", "100-continue;q=1", "continue"}) {
    table.push_back({"Expect '"s + value + "'", with("Expect: "s + value), 417});
  }
  for (const char* value : {"close;x", "\"close\"", "close keep-alive", "close/1", "close, (x)"}) {
    table.push_back({"Connection '"s + value + "'", with("Connection: "s + value), 400});
  }
}

// RFC 6585 section 5; RFC 9110 section 5.4: "A server that receives a request header field line,
// field value, or set of fields larger than it wishes to process MUST respond with an appropriate
// 4xx".
void add_sizes(Table& table) {
  std::string many = "GET / HTTP/1.1\r\nHost: a.test\r\n";
  for (int number = 0; number < 100; ++number) many += "X: y\r\n";
  table.push_back({"101 fields", many + "\r\n", 431});
  table.push_back({"101 fields without end", std::move(many), 431});
  const std::string large(17000, 'v');
  table.insert(table.end(), {{"a large value", with("X: " + large), 431},
                             {"a large value without end", "GET / HTTP/1.1\r\nX: " + large, 431},
                             {"a large name", with(large + ": y"), 431},
                             {"a value of spaces", with("X:" + std::string(17000, ' ')), 431}});
  std::string fields;
  for (int number = 0; number < 90; ++number) fields += "X: " + std::string(200, 'v') + "\r\n";
  table.push_back({"many values of middle size", with(fields + "X: y"), 431});
  const std::string start = "GET / HTTP/1.1\r\nHost: a.test\r\nX: ";
  table.push_back(
      {"one octet too many", start + std::string(16384 - start.size() - 3, 'v') + "\r\n\r\n", 431});
}

}  // namespace

std::vector<MalformedHead> malformed_heads() {
  Table table;
  add_beginnings(table);
  add_methods(table);
  add_targets(table);
  add_versions(table);
  add_line_ends(table);
  add_field_names(table);
  add_field_values(table);
  add_hosts(table);
  add_lengths(table);
  add_transfer_codings(table);
  add_others(table);
  add_sizes(table);
  return table;
}

}  // namespace jidgate::http
