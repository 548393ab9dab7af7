// SPDX-License-Identifier: GPL-3.0-or-later
// Files, the conditions and ranges of RFC 9110, and the ways out of the directory that are none.
#include "http/static_files.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "http/http_date.hpp"
#include "http/mime.hpp"

namespace jidgate::http {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr HttpTime modified{784111777s};  // Sun, 06 Nov 1994 08:49:37 GMT
constexpr std::string_view modified_text = "Sun, 06 Nov 1994 08:49:37 GMT";

class StaticFiles : public testing::Test {
 protected:
  StaticFiles() {
    auto name = (fs::temp_directory_path() / "jidgate-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("no directory for the test");
    base_ = name;
    root_ = base_ / "root";
    fs::create_directory(root_);
    write("root/missive.txt", "0123456789");
    write("secret.txt", "outside");
  }
  ~StaticFiles() override { fs::remove_all(base_); }

  void write(const std::string& path, const std::string& content) {
    fs::create_directories((base_ / path).parent_path());
    std::ofstream(base_ / path) << content;
    const timespec times[2] = {{784111777, 5}, {784111777, 5}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (base_ / path).c_str(), times, 0), 0);
  }
  Reply request(std::string method, std::string target, std::vector<Field> fields = {}) {
    Exchange exchange;
    exchange.head.method = std::move(method);
    exchange.head.target = std::move(target);
    exchange.head.fields = std::move(fields);
    return serve_file(root_, exchange, WallTime(now_.time_since_epoch()));
  }
  Reply get(std::string target, std::vector<Field> fields = {}) {
    return request("GET", std::move(target), std::move(fields));
  }
  std::string etag() { return value(get("/missive.txt"), "ETag"); }

  static std::string value(const Reply& reply, std::string_view name) {
    for (const auto& [field, text] : reply.headers)
      if (field == name) return text;
    return {};
  }
  static std::string content(const Reply& reply) {
    std::string text(reply.file.length(), '\0');
    const auto count = ::pread(reply.file.descriptor(), text.data(), text.size(),
                               static_cast<off_t>(reply.file.offset()));
    text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return text;
  }

  fs::path base_, root_;
  HttpTime now_ = modified + 24h;
};

TEST_F(StaticFiles, AreServedWithTheirTypeAndValidators) {
  const auto reply = get("/missive.txt");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(content(reply), "0123456789");
  EXPECT_EQ(value(reply, "Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(value(reply, "Last-Modified"), modified_text);
  EXPECT_EQ(value(reply, "Cache-Control"), "private, no-cache");
  EXPECT_EQ(value(reply, "X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(value(reply, "Accept-Ranges"), "bytes");
  EXPECT_THAT(value(reply, "ETag"), testing::MatchesRegex("\"[0-9a-f]+\\.[0-9a-f]+-a\""));
}

TEST_F(StaticFiles, HaveAnotherEntityTagOnceTheyChange) {
  const auto before = etag();
  write("root/missive.txt", "01234567890");
  const auto longer = etag();
  EXPECT_NE(longer, before);
  const timespec times[2] = {{784111777, 6}, {784111777, 6}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (root_ / "missive.txt").c_str(), times, 0), 0);
  EXPECT_NE(etag(), longer);
}

TEST_F(StaticFiles, AreTheSameToHeadWithoutARange) {
  const auto reply = request("HEAD", "/missive.txt", {{"Range", "bytes=1-2"}});
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.file.length(), 10u);
}

// RFC 9110 section 15.5.6: "The origin server MUST generate an Allow header field in a 405
// response".
TEST_F(StaticFiles, TakeNoOtherMethod) {
  for (const auto* method : {"POST", "PUT", "DELETE", "PROPFIND", "get"}) {
    const auto reply = request(method, "/missive.txt");
    EXPECT_EQ(reply.status, 405);
    EXPECT_EQ(value(reply, "Allow"), "GET, HEAD, OPTIONS");
    EXPECT_FALSE(reply.file);
  }
}

TEST_F(StaticFiles, SayWhatMayBeAskedOfThem) {
  const auto reply = request("OPTIONS", "/missive.txt");
  EXPECT_EQ(reply.status, 204);
  EXPECT_EQ(value(reply, "Allow"), "GET, HEAD, OPTIONS");
}

TEST_F(StaticFiles, HaveNamesInAnyScript) {
  write("root/letters/où est-il;%2e.html", "ici");
  for (const auto* target :
       {"/letters/o%C3%B9%20est-il;%252e.html", "/%6cetters/o%c3%b9%20est%2Dil%3B%252e.html?x=/..",
        "http://files.verona.test/letters/o%C3%B9%20est-il;%252e.html"})
    EXPECT_EQ(content(get(target)), "ici") << target;
}

TEST_F(StaticFiles, OfADirectoryAreItsIndex) {
  write("root/index.html", "top");
  write("root/letters/index.html", "letters");
  EXPECT_EQ(content(get("/")), "top");
  EXPECT_EQ(value(get("/"), "Content-Type"), "text/html; charset=utf-8");
  EXPECT_EQ(content(get("/letters/")), "letters");
}

TEST_F(StaticFiles, AreNotListed) {
  fs::create_directories(root_ / "empty/index.html");
  EXPECT_EQ(get("/").status, 404);
  EXPECT_EQ(get("/empty/").status, 404);
}

TEST_F(StaticFiles, OfADirectoryAreFoundWithItsSlash) {
  write("root/letters/index.html", "letters");
  auto reply = get("/letters");
  EXPECT_EQ(reply.status, 301);
  EXPECT_EQ(value(reply, "Location"), "/letters/");
  reply = get("/%6Cetters?a=b&c=//d");
  EXPECT_EQ(value(reply, "Location"), "/%6Cetters/?a=b&c=//d");
}

// A Location of "//evil.example/" leads to another host.
TEST_F(StaticFiles, NeverLeadToAnotherHost) {
  fs::create_directories(root_ / "evil.example/x");
  for (const auto* target :
       {"//evil.example", "///evil.example", "/\\evil.example", "/%5cevil.example",
        "/%2fevil.example", "//evil.example/x", "/evil.example//x", "/.//evil.example"}) {
    const auto reply = get(target);
    EXPECT_EQ(reply.status, 404) << target;
    EXPECT_EQ(value(reply, "Location"), "") << target;
  }
}

TEST_F(StaticFiles, AreOnlyThoseOfTheDirectory) {
  write("root/letters/a.txt", "a");
  for (const auto* target : {"/../secret.txt",
                             "/letters/../../secret.txt",
                             "/%2e%2e/secret.txt",
                             "/..%2fsecret.txt",
                             "/letters/%2e%2e/missive.txt",
                             "/./missive.txt",
                             "/letters/./a.txt",
                             "/letters%2fa.txt",
                             "/letters//a.txt",
                             "/letters\\a.txt",
                             "/letters/..\\missive.txt",
                             "/missive.txt%00",
                             "/missive.txt%00.html",
                             "/missive.txt/",
                             "/missive.txt/x",
                             "/nothing",
                             "/%zz",
                             "/%",
                             "/missive.txt%0a",
                             "/%ff",
                             "/%c0%ae%c0%ae/secret.txt",
                             "*",
                             "missive.txt",
                             ""}) {
    const auto reply = get(target);
    EXPECT_EQ(reply.status, 404) << target;
    EXPECT_FALSE(reply.file) << target;
  }
}

TEST_F(StaticFiles, ThatAreHiddenStayHidden) {
  write("root/.htpasswd", "x");
  write("root/.git/config", "x");
  write("root/letters/.draft/a.txt", "x");
  for (const auto* target : {"/.htpasswd", "/%2ehtpasswd", "/.git/config", "/letters/.draft/a.txt",
                             "/letters/.draft", "/.git/"})
    EXPECT_EQ(get(target).status, 404) << target;
}

TEST_F(StaticFiles, MayBeLinkedWithinTheDirectoryButNotOutOfIt) {
  write("root/letters/a.txt", "a");
  fs::create_symlink("letters/a.txt", root_ / "inside");
  fs::create_symlink("../missive.txt", root_ / "letters/up");
  fs::create_symlink("../secret.txt", root_ / "out");
  fs::create_symlink(base_ / "secret.txt", root_ / "absolute");
  fs::create_directory_symlink("..", root_ / "parent");
  fs::create_directory_symlink("/", root_ / "everything");
  fs::create_symlink("loop", root_ / "loop");
  fs::create_symlink("/proc/self/root", root_ / "magic");
  EXPECT_EQ(content(get("/inside")), "a");
  EXPECT_EQ(content(get("/letters/up")), "0123456789");
  for (const auto* target : {"/out", "/absolute", "/parent/secret.txt", "/parent/root/missive.txt",
                             "/everything/etc/hostname", "/parent", "/loop", "/magic/etc/hostname"})
    EXPECT_EQ(get(target).status, 404) << target;
}

TEST_F(StaticFiles, AreRegularFiles) {
  ASSERT_EQ(::mkfifo((root_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(get("/pipe").status, 404);
}

TEST_F(StaticFiles, OfALostDirectoryAreOurFault) {
  fs::remove_all(root_);
  EXPECT_EQ(get("/missive.txt").status, 500);
}

// RFC 9110 section 13.1.2: GET and HEAD answer a match with 304.
TEST_F(StaticFiles, AreNotSentAgainToWhoHasThem) {
  const auto tag = etag();
  for (const auto& list : {tag, "W/" + tag, "\"a\", " + tag, "\"a\" ,W/" + tag + ",\"b\"",
                           std::string("*"), ", ,\"a\",," + tag}) {
    const auto reply = get("/missive.txt", {{"If-None-Match", list}});
    EXPECT_EQ(reply.status, 304) << list;
    EXPECT_EQ(value(reply, "ETag"), tag);
    EXPECT_EQ(value(reply, "Cache-Control"), "private, no-cache");
    EXPECT_FALSE(reply.file);
  }
  EXPECT_EQ(get("/missive.txt", {{"If-None-Match", "\"a\""}, {"if-none-match", tag}}).status, 304);
  for (const auto& list : {std::string("\"a\""), std::string(), tag.substr(1), "\"a\" " + tag,
                           "w/" + tag, "\"a b\", " + tag, std::string("\"")})
    EXPECT_EQ(get("/missive.txt", {{"If-None-Match", list}}).status, 200) << list;
}

TEST_F(StaticFiles, AreNotSentAgainSinceTheirDate) {
  const auto since = [&](std::string date) {
    return get("/missive.txt", {{"If-Modified-Since", std::move(date)}}).status;
  };
  EXPECT_EQ(since(std::string(modified_text)), 304);
  EXPECT_EQ(since("Sunday, 06-Nov-94 08:49:37 GMT"), 304);
  EXPECT_EQ(since("Sun Nov  6 08:49:37 1994"), 304);
  EXPECT_EQ(since(format_http_date(modified - 1s)), 200);
  EXPECT_EQ(since("yesterday"), 200);
  // RFC 9110 section 13.1.3: it counts for nothing beside If-None-Match.
  EXPECT_EQ(get("/missive.txt",
                {{"If-None-Match", "\"a\""}, {"If-Modified-Since", std::string(modified_text)}})
                .status,
            200);
}

TEST_F(StaticFiles, AreRefusedWhenTheyAreNotTheOnesMeant) {
  const auto tag = etag();
  EXPECT_EQ(get("/missive.txt", {{"If-Match", tag}}).status, 200);
  EXPECT_EQ(get("/missive.txt", {{"If-Match", "*"}}).status, 200);
  EXPECT_EQ(get("/missive.txt", {{"If-Match", "\"a\""}}).status, 412);
  EXPECT_EQ(get("/missive.txt", {{"If-Match", "W/" + tag}}).status, 412);
  const auto unmodified = [&](HttpTime date) {
    return get("/missive.txt", {{"If-Unmodified-Since", format_http_date(date)}}).status;
  };
  EXPECT_EQ(unmodified(modified), 200);
  EXPECT_EQ(unmodified(modified - 1s), 412);
  EXPECT_EQ(get("/missive.txt",
                {{"If-Match", tag}, {"If-Unmodified-Since", format_http_date(modified - 1s)}})
                .status,
            200);
}

// RFC 9110 section 14.1.2.
TEST_F(StaticFiles, AreServedInParts) {
  const std::tuple<std::string, std::string, std::string> parts[] = {
      {"bytes=0-0", "0", "bytes 0-0/10"},
      {"bytes=2-4", "234", "bytes 2-4/10"},
      {"bytes=7-", "789", "bytes 7-9/10"},
      {"bytes=-3", "789", "bytes 7-9/10"},
      {"bytes=5-100", "56789", "bytes 5-9/10"},
      {"Bytes=-100", "0123456789", "bytes 0-9/10"},
      {"bytes= 2-4 ", "234", "bytes 2-4/10"},
      {"bytes=9-9", "9", "bytes 9-9/10"},
      {"bytes=5-99999999999999999999999", "56789", "bytes 5-9/10"},
  };
  for (const auto& [range, octets, field] : parts) {
    const auto reply = get("/missive.txt", {{"Range", range}});
    EXPECT_EQ(reply.status, 206) << range;
    EXPECT_EQ(content(reply), octets) << range;
    EXPECT_EQ(value(reply, "Content-Range"), field);
    EXPECT_EQ(value(reply, "ETag"), etag());
  }
}

TEST_F(StaticFiles, HaveNothingBehindTheirEnd) {
  for (const auto* range :
       {"bytes=10-", "bytes=10-11", "bytes=99999999999999999999999-", "bytes=-0"}) {
    const auto reply = get("/missive.txt", {{"Range", range}});
    EXPECT_EQ(reply.status, 416) << range;
    EXPECT_EQ(value(reply, "Content-Range"), "bytes */10");
    EXPECT_FALSE(reply.file);
  }
}

TEST_F(StaticFiles, AreServedWholeWhenTheRangeIsNotUnderstood) {
  for (const auto* range :
       {"bytes=foo", "bytes=", "bytes=-", "bytes=3-2", "lines=1-2", "bytes=1-2,4-5", "bytes=1--2",
        "bytes=+1-2", "bytes", "bytes=1", "bytes=a-2", ""}) {
    const auto reply = get("/missive.txt", {{"Range", range}});
    EXPECT_EQ(reply.status, 200) << range;
    EXPECT_EQ(reply.file.length(), 10u);
  }
  EXPECT_EQ(get("/missive.txt", {{"Range", "bytes=1-2"}, {"Range", "bytes=3-4"}}).status, 200);
}

TEST_F(StaticFiles, ThatAreEmptyHaveNoParts) {
  write("root/empty", "");
  for (const auto* range : {"bytes=0-", "bytes=-1"}) {
    const auto reply = get("/empty", {{"Range", range}});
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.file.length(), 0u);
  }
}

// RFC 9110 section 13.1.5.
TEST_F(StaticFiles, AreServedInPartsOnlyWhileTheyAreTheSame) {
  const auto tag = etag();
  const auto status = [&](std::string validator) {
    return get("/missive.txt", {{"Range", "bytes=1-2"}, {"If-Range", std::move(validator)}}).status;
  };
  EXPECT_EQ(status(tag), 206);
  EXPECT_EQ(status("W/" + tag), 200);
  EXPECT_EQ(status("\"a\""), 200);
  EXPECT_EQ(status(std::string(modified_text)), 206);
  EXPECT_EQ(status(format_http_date(modified + 1s)), 200);
  EXPECT_EQ(status("garbage"), 200);
  now_ = modified;  // may still change within this second
  EXPECT_EQ(status(std::string(modified_text)), 200);
}

TEST_F(StaticFiles, AreNeverFromTheFuture) {
  now_ = modified - 24h;
  EXPECT_EQ(value(get("/missive.txt"), "Last-Modified"), format_http_date(now_));
}

TEST(MediaType, GoesByTheLastExtension) {
  EXPECT_EQ(media_type("letters/a.tar.GZ"), "application/gzip");
  EXPECT_EQ(media_type("index.html"), "text/html; charset=utf-8");
  EXPECT_EQ(media_type("a.zst"), "application/zstd");
  EXPECT_EQ(media_type("a.7z"), "application/x-7z-compressed");
  for (const auto* name : {"README", "a.", "a.unheard-of", "", "html"})
    EXPECT_EQ(media_type(name), "application/octet-stream") << name;
}

// RFC 9110 section 5.6.7.
TEST(HttpDate, IsReadInItsThreeForms) {
  EXPECT_EQ(format_http_date(modified), modified_text);
  EXPECT_EQ(format_http_date(HttpTime{}), "Thu, 01 Jan 1970 00:00:00 GMT");
  const HttpTime now = modified;
  for (const auto* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                           "Sun Nov  6 08:49:37 1994"})
    EXPECT_EQ(parse_http_date(text, now), modified) << text;
  EXPECT_EQ(parse_http_date("Wed Nov 16 08:49:37 1994", now), modified + 240h);
  for (const auto* text : {"", "Sun", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
                           "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
                           "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 nov 1994 08:49:37 GMT",
                           "Sun, 06 Nov 1994 08:49:37 GMT ", "Xxx, 06 Nov 1994 08:49:37 GMT",
                           "Sun, 00 Nov 1994 08:49:37 GMT", "Sun Nov  6 08:49:37 94", "784111777",
                           "Sun, -6 Nov 1994 08:49:37 GMT"})
    EXPECT_EQ(parse_http_date(text, now), std::nullopt) << text;
}

// "a timestamp that appears to be more than 50 years in the future" is one of the past.
TEST(HttpDate, WithATwoDigitYearIsInThisCenturyOrTheLast) {
  const HttpTime now{std::chrono::sys_days(std::chrono::year(2026) / 8 / 1)};
  EXPECT_EQ(parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT", now), modified);
  EXPECT_EQ(parse_http_date("Friday, 06-Nov-26 08:49:37 GMT", now),
            HttpTime{std::chrono::sys_days(std::chrono::year(2026) / 11 / 6)} + 8h + 49min + 37s);
}

}  // namespace
}  // namespace jidgate::http
