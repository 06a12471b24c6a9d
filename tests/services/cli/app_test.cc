// Method: the whole command line as a user runs it, in process and without a server: what is
// refused before anything is sent, help, exit codes; a port where nobody listens.

#include "services/cli/app.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

namespace dealog::cli {
namespace {

// Nobody listens on this port of the loopback interface: it is reserved (tcpmux).
constexpr char kDeadServer[] = "127.0.0.1:1";

struct Outcome {
  int exit_code = 0;
  std::string out;
  std::string err;
};

Outcome RunWith(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  const int exit_code = Run(arguments, {out, err});
  return {exit_code, out.str(), err.str()};
}

TEST(App, HelpHasAnExampleForEveryCommand) {
  const std::vector<std::vector<std::string>> commands = {{"tenant", "create"},
                                                          {"pipeline", "create"},
                                                          {"stage", "retire"},
                                                          {"deal", "move"},
                                                          {"contact", "list"},
                                                          {"board"},
                                                          {"kpi", "conversion"},
                                                          {"log", "tail"},
                                                          {"log", "append"},
                                                          {"log", "stream-type", "register"},
                                                          {"audit", "verify"},
                                                          {"import"},
                                                          {"sample"},
                                                          {"workflow", "apply"},
                                                          {"projection", "list"}};
  for (std::vector<std::string> command : commands) {
    command.emplace_back("--help");
    const Outcome outcome = RunWith(command);
    EXPECT_EQ(outcome.exit_code, 0) << command[0];
    EXPECT_NE(outcome.out.find("Example:\n  dealog "), std::string::npos) << outcome.out;
  }
}

TEST(App, HelpNamesTheFieldsOfTheRecords) {
  const auto names = [](std::vector<std::string> command, const std::string& field) {
    command.emplace_back("--help");
    return RunWith(command).out.find(field) != std::string::npos;
  };
  EXPECT_TRUE(names({"deal", "list"}, "last_open_stage"));
  EXPECT_TRUE(names({"contact", "list"}, "attributes.<name>"));
  EXPECT_TRUE(names({"kpi", "conversion"}, "organization.<name>"));
  EXPECT_TRUE(names({"stage", "update"}, "expected_close_date"));
}

TEST(App, RefusesUnknownCommandsAndOptions) {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{},
                                                    {"bord"},
                                                    {"deal"},
                                                    {"deal", "fly"},
                                                    {"board", "--colour"},
                                                    {"deal", "show"},
                                                    {"tenant", "create", "a", "b"}}) {
    const Outcome outcome = RunWith(arguments);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_EQ(outcome.err.substr(0, 14), "error: USAGE: ") << outcome.err;
    EXPECT_EQ(outcome.out, "");
  }
}

TEST(App, NamesTheUnknownCommand) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"bord"}, {"deal", "bord"}, {"kpi", "bord", "--pipeline", "x"}}) {
    const Outcome outcome = RunWith(arguments);
    EXPECT_NE(outcome.err.find("unknown command or argument: bord"), std::string::npos)
        << outcome.err;
  }
}

TEST(App, RefusesValuesWithTheServersReason) {
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"board", "--as-of", "2017-02-30"},
        {"board", "--column-by", "owner"},
        {"kpi", "cycle", "--outcome", "maybe"},
        {"kpi", "conversion", "--from", "@12"},
        {"deal", "open", "x", "--amount", "12"},
        {"deal", "list", "--page-size", "many"},
        {"pipeline", "create", "x", "--stage", "Lead"},
        {"log", "tail", "--from", "0"},
        {"log", "append", "invoice/1", "--type", "InvoiceSent", "--if", "deal/1"},
        {"log", "append", "invoice/1", "--type", "InvoiceSent", "--if", "deal/1=x"},
        {"board", "--output", "xml"},
        {"board", "--timeout", "-1"},
        {"board", "--watch", "--as-of", "2017-01-01"}}) {
    const Outcome outcome = RunWith(arguments);
    EXPECT_EQ(outcome.exit_code, 13) << arguments[0] << " " << outcome.err;
    EXPECT_EQ(outcome.err.substr(0, 22), "error: FIELD_INVALID: ") << outcome.err;
  }
}

TEST(App, NamesTheOptionThatIsRefused) {
  const Outcome outcome = RunWith({"board", "--as-of", "2017-02-30"});
  EXPECT_NE(outcome.err.find("--as-of"), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("2017-02-30"), std::string::npos) << outcome.err;
}

TEST(App, SaysWhenNobodyListens) {
  // The global options come after the command on purpose.
  const Outcome outcome = RunWith({"board", "--pipeline", "Sales", "--server", kDeadServer,
                                   "--tenant", "acme", "--timeout", "5"});
  EXPECT_EQ(outcome.exit_code, 24) << outcome.err;
  EXPECT_NE(outcome.err.find("error: UNAVAILABLE: "), std::string::npos) << outcome.err;
  EXPECT_NE(outcome.err.find("hint: is dealogd running"), std::string::npos) << outcome.err;
}

TEST(App, TakesGlobalOptionsFromTheEnvironment) {
  setenv("DEALOG_SERVER", kDeadServer, 1);
  const Outcome outcome = RunWith({"tenant", "list", "--timeout", "5"});
  unsetenv("DEALOG_SERVER");
  EXPECT_EQ(outcome.exit_code, 24) << outcome.err;
}

TEST(App, SaysWhichFileCannotBeRead) {
  const Outcome workflow = RunWith({"workflow", "apply", "/nowhere/x.yaml"});
  EXPECT_EQ(workflow.exit_code, 1);
  EXPECT_NE(workflow.err.find("/nowhere/x.yaml"), std::string::npos) << workflow.err;
  const Outcome import = RunWith({"import", "--mapping", "/nowhere/x.toml", "/nowhere"});
  EXPECT_EQ(import.exit_code, 1) << import.err;
  EXPECT_EQ(RunWith({"import", "/nowhere"}).exit_code, 13);
  const Outcome append =
      RunWith({"log", "append", "a/1", "--type", "A", "--data", "/nowhere/x.bin"});
  EXPECT_EQ(append.exit_code, 1) << append.err;
  EXPECT_NE(append.err.find("/nowhere/x.bin"), std::string::npos) << append.err;
}

TEST(App, VerifyRefusesAFolderWithoutALog) {
  const Outcome outcome = RunWith({"log", "verify", "/nowhere"});
  EXPECT_GT(outcome.exit_code, 0);
  EXPECT_NE(outcome.err.find("error: "), std::string::npos);
}

TEST(App, AuditRefusesItsOptionsBeforeItCalls) {
  const Outcome neither = RunWith({"audit", "prove"});
  EXPECT_EQ(neither.exit_code, 13) << neither.err;
  EXPECT_EQ(RunWith({"audit", "prove", "1", "--since", "2"}).exit_code, 13);
  EXPECT_EQ(RunWith({"audit", "verify"}).exit_code, 2) << "without a key";
  EXPECT_EQ(RunWith({"audit", "verify", "--key", "/nowhere/key"}).exit_code, 1);
  const std::vector<std::string> offline = {
      "audit",    "verify",
      "--key",    "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
      "--events", "/nowhere/events"};
  const Outcome without = RunWith(offline);
  EXPECT_EQ(without.exit_code, 13) << without.err;
  EXPECT_NE(without.err.find("--checkpoint"), std::string::npos) << without.err;
  std::vector<std::string> quick = offline;
  quick.emplace_back("--quick");
  EXPECT_EQ(RunWith(quick).exit_code, 13);
}

TEST(App, PrintsExitCodesAndVersion) {
  EXPECT_NE(RunWith({"help", "exit-codes"}).out.find("INVALID_ARGUMENT"), std::string::npos);
  const Outcome version = RunWith({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_EQ(version.out, "dealog 0.1.0\n");
}

TEST(App, CompletionKnowsCommandsAndOptions) {
  for (const char* shell : {"bash", "zsh"}) {
    const Outcome outcome = RunWith({"completion", shell});
    EXPECT_EQ(outcome.exit_code, 0);
    EXPECT_NE(outcome.out.find("'deal move') words="), std::string::npos);
    EXPECT_NE(outcome.out.find("--column-by"), std::string::npos);
    EXPECT_NE(outcome.out.find("--tenant"), std::string::npos);
  }
}

TEST(App, SampleRefusesItsOptionsBeforeItCalls) {
  const Outcome outcome = RunWith({"sample", "--deals", "99", "--seed", "1"});
  EXPECT_EQ(outcome.exit_code, 13) << outcome.err;
  EXPECT_NE(outcome.err.find("--deals"), std::string::npos);
}

}  // namespace
}  // namespace dealog::cli
