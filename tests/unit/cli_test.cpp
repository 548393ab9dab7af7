// SPDX-License-Identifier: GPL-3.0-or-later
// The command line: commands, exit statuses, help, and what explain says.
#include "component/program/cli.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "component/program/keys.hpp"
#include "tests/support/configuration.hpp"

namespace jidgate::program {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class CliTest : public testing::Test {
 protected:
  int run(std::vector<std::string> arguments) {
    out_.str("");
    err_.str("");
    Surroundings surroundings{out_, err_, environment_,
                              [this](Settings settings, const ConfigurationSource& source) {
                                served_ = std::move(settings);
                                served_source_ = source;
                                return 17;
                              }};
    return run_command_line(arguments, surroundings);
  }
  int run_with(const std::string& text, std::vector<std::string> arguments) {
    arguments.push_back("--config");
    arguments.push_back(files_.source(text).file);
    return run(std::move(arguments));
  }
  std::string out() const { return out_.str(); }
  std::string err() const { return err_.str(); }

  const test::Configuration files_;
  std::map<std::string, std::string> environment_;
  std::ostringstream out_, err_;
  Settings served_;
  ConfigurationSource served_source_;
};

TEST_F(CliTest, WithoutACommandOrWithAnUnknownOneTheUsageIsTold) {
  EXPECT_EQ(run({}), 2);
  EXPECT_THAT(err(), HasSubstr("Usage: jidgate COMMAND"));
  EXPECT_EQ(run({"frobnicate"}), 2);
  EXPECT_THAT(err(), HasSubstr("no such command: frobnicate"));
  EXPECT_EQ(run({"--help"}), 0);
  EXPECT_THAT(out(), AllOf(HasSubstr("serve"), HasSubstr("migrate")));
}

TEST_F(CliTest, TheVersionIsPrintedWithoutAConfiguration) {
  EXPECT_EQ(run({"version"}), 0);
  EXPECT_THAT(out(), testing::StartsWith("jidgate "));
  EXPECT_EQ(run({"--version"}), 0);
}

TEST_F(CliTest, EveryCommandHasHelpWithItsOptions) {
  for (const char* command : {"serve", "check", "migrate", "explain", "version"}) {
    EXPECT_EQ(run({command, "--help"}), 0) << command;
    EXPECT_THAT(out(), HasSubstr(std::string("Usage: jidgate ") + command)) << command;
  }
  for (const char* command : {"list", "show", "add", "disable", "revoke", "new"}) {
    EXPECT_EQ(run({"cert", command, "--help"}), 0) << command;
    EXPECT_THAT(out(), HasSubstr(std::string("Usage: jidgate cert ") + command)) << command;
  }
  EXPECT_THAT(out(), HasSubstr("--pkcs12"));
  EXPECT_EQ(run({"cert", "frobnicate"}), 2);
  EXPECT_THAT(err(), HasSubstr("no such command: cert frobnicate"));
  ASSERT_EQ(run({"serve", "--help"}), 0);
  for (const Key& key : keys()) {
    const std::string name(key.name);
    if (may_be_flag(key)) {
      EXPECT_THAT(out(), HasSubstr("--" + std::string(key.section) + "." + name));
    } else {
      EXPECT_THAT(out(), HasSubstr("[" + std::string(key.section) + "] " + name));
    }
  }
}

TEST_F(CliTest, ServeGetsTheSettingsAndReturnsItsStatus) {
  environment_["JIDGATE_CONFIRM_TIMEOUT"] = "9s";
  EXPECT_EQ(run_with(files_.xmpp(), {"serve", "--http.listen", "127.0.0.1:0"}), 17);
  EXPECT_EQ(served_.confirm.timeout, Seconds(9));
  EXPECT_EQ(served_.http.listen.at(0).port, 0);
  // A reload reads the same sources again.
  const auto again = served_source_.load();
  ASSERT_TRUE(std::holds_alternative<Settings>(again));
  EXPECT_EQ(std::get<Settings>(again).confirm.timeout, Seconds(9));
}

TEST_F(CliTest, FaultsOfTheConfigurationAreStatusTwo) {
  EXPECT_EQ(run_with("[xmpp]\n", {"check"}), 2);
  EXPECT_THAT(err(), AllOf(HasSubstr(":xmpp.domain: "), HasSubstr(":xmpp.host: ")));
  EXPECT_THAT(out(), IsEmpty());
}

TEST_F(CliTest, UnknownAbbreviatedAndSecretFlagsAreStatusTwo) {
  for (const char* flag : {"--frobnicate", "--conf=x", "--database.url=postgresql://a:b@c/d",
                           "--site.files.root=/", "stray"}) {
    EXPECT_EQ(run_with(files_.xmpp(), {"check", flag}), 2) << flag;
    EXPECT_THAT(err(), HasSubstr("jidgate check --help")) << flag;
  }
}

TEST_F(CliTest, CheckSaysThatAllIsWell) {
  EXPECT_EQ(run_with(files_.xmpp(), {"check"}), 0);
  EXPECT_EQ(out(), "configuration: ok\n");
}

TEST_F(CliTest, CheckConnectTellsWhatDoesNotAnswer) {
  // Nobody listens on port 1 of the loopback interface.
  EXPECT_EQ(run_with(files_.xmpp() + "server = 127.0.0.1:1\n"
                                     "[http]\nadmin-listen =\n"
                                     "[database]\nurl = postgresql://x@127.0.0.1:1/x\n",
                     {"check", "--connect"}),
            1);
  EXPECT_THAT(out(), AllOf(HasSubstr("configuration: ok"), HasSubstr("xmpp: link.failed"),
                           HasSubstr("database: "), Not(HasSubstr("database: ok"))));
}

TEST_F(CliTest, MigrateNeedsADatabase) {
  EXPECT_EQ(run_with(files_.xmpp() + "[database]\nurl =\n", {"migrate"}), 2);
  EXPECT_EQ(
      run_with(files_.xmpp() + "[database]\nurl = postgresql://x@127.0.0.1:1/x\n", {"migrate"}), 1);
}

class ExplainTest : public CliTest {
 protected:
  int explain(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "explain");
    return run_with(files_.xmpp() +
                        "[site.files]\nhost = files.verona.test\ngrant = 0\n"
                        "[rule.files.1]\npath = /public/\nmode = bypass\nmethod = GET\n"
                        "[rule.files.2]\npath = /romeo-only/\nallow = romeo@verona.test\n"
                        "timeout = 10s\n"
                        "[policy.members]\nallow = group:staff\nmode = challenge\n"
                        "[group.staff]\nmember = juliet@verona.test\n",
                    std::move(arguments));
  }
};

TEST_F(ExplainTest, TheDecidingRuleIsNamedWithItsModeTimesAndList) {
  EXPECT_EQ(
      explain({"--url", "https://files.verona.test/romeo-only/x", "--jid", "juliet@verona.test"}),
      0);
  EXPECT_THAT(out(), AllOf(HasSubstr("site:    files\n"), HasSubstr("rule:    files.2\n"),
                           HasSubstr("mode:    block\n"), HasSubstr("timeout: 10s (its own)\n"),
                           HasSubstr("grant:   0s\n"), HasSubstr("allow:   romeo@verona.test\n"),
                           HasSubstr("juliet@verona.test is refused without a question")));
  EXPECT_EQ(explain({"--url", "https://files.verona.test/romeo-only/x", "--jid",
                     "romeo@verona.test/orchard"}),
            0);
  EXPECT_THAT(out(), HasSubstr("romeo@verona.test/orchard may be asked"));
}

TEST_F(ExplainTest, TheMethodCounts) {
  EXPECT_EQ(explain({"--url", "https://files.verona.test/public/x"}), 0);
  EXPECT_THAT(out(), HasSubstr("mode:    bypass"));
  EXPECT_EQ(explain({"--url", "https://files.verona.test/public/x", "--method", "POST"}), 0);
  EXPECT_THAT(out(), HasSubstr("mode:    block"));
}

TEST_F(ExplainTest, AnAmbiguousPathIsToldAndNeverBypassed) {
  EXPECT_EQ(explain({"--url", "https://files.verona.test/public/..%2fprivate"}), 0);
  EXPECT_THAT(out(), AllOf(HasSubstr("ambiguous"), Not(HasSubstr("mode:    bypass"))));
}

TEST_F(ExplainTest, APolicyNarrowsTheRule) {
  EXPECT_EQ(explain({"--url", "https://files.verona.test/x", "--policy", "members"}), 0);
  EXPECT_THAT(out(), AllOf(HasSubstr("mode:    challenge"), HasSubstr("allow:   group:staff")));
}

TEST_F(ExplainTest, AHostThatNobodyServesIsNoFault) {
  EXPECT_EQ(explain({"--url", "https://elsewhere.test/"}), 0);
  EXPECT_THAT(out(), HasSubstr("none serves elsewhere.test"));
}

TEST_F(ExplainTest, WrongArgumentsAreStatusTwo) {
  EXPECT_EQ(explain({}), 2);
  EXPECT_EQ(explain({"--url", "files.verona.test"}), 2);
  EXPECT_EQ(explain({"--url", "https://files.verona.test/", "--from", "here"}), 2);
  EXPECT_EQ(explain({"--url", "https://files.verona.test/", "--jid", "@"}), 2);
  EXPECT_EQ(explain({"--url", "https://files.verona.test/", "--policy", "x"}), 2);
}

}  // namespace
}  // namespace jidgate::program
