// Method: statuses as the server makes them, turned into the lines that people read; exit codes of
// every canonical code.

#include "services/cli/text/error_text.h"

#include <gtest/gtest.h>

#include "eventstore/base/error.h"
#include "services/cli/text/exit_codes.h"

namespace dealog::cli {
namespace {

TEST(ErrorText, ShowsReasonMessageAndHint) {
  const absl::Status status = base::Error(absl::StatusCode::kNotFound, "TENANT_NOT_FOUND",
                                          "expected a tenant, found 'acme'");
  EXPECT_EQ(ErrorText(status),
            "error: TENANT_NOT_FOUND: expected a tenant, found 'acme'\n"
            "hint: `dealog tenant list` shows the tenants, `dealog tenant create` makes one\n");
}

TEST(ErrorText, ListsFieldsThatTheMessageDoesNotName) {
  const absl::Status status =
      base::Error(absl::StatusCode::kInvalidArgument, "FIELD_INVALID", "2 fields are invalid")
          .Field("title", "expected 1 to 256 characters, found 0")
          .Field("amount.units", "expected >= 0, found -5");
  EXPECT_EQ(ErrorText(status),
            "error: FIELD_INVALID: 2 fields are invalid\n"
            "  title: expected 1 to 256 characters, found 0\n"
            "  amount.units: expected >= 0, found -5\n");
  // One field: the message has it already.
  EXPECT_EQ(ErrorText(base::InvalidField("title", "expected text")),
            "error: FIELD_INVALID: title: expected text\n");
}

TEST(ErrorText, ListsConditions) {
  const absl::Status status =
      base::Error(absl::StatusCode::kFailedPrecondition, "EXIT_CRITERIA_NOT_MET", "not yet")
          .Condition("REQUIRED_FIELD", "amount", "expected an amount");
  EXPECT_EQ(ErrorText(status),
            "error: EXIT_CRITERIA_NOT_MET: not yet\n  amount: expected an amount\n");
}

TEST(ErrorText, ExplainsTransportErrors) {
  const std::string text = ErrorText(absl::UnavailableError("failed to connect"));
  EXPECT_NE(text.find("error: UNAVAILABLE: failed to connect"), std::string::npos) << text;
  EXPECT_NE(text.find("is dealogd running"), std::string::npos) << text;
}

TEST(ErrorText, DoesNotLetMessagesDriveTheTerminal) {
  EXPECT_EQ(ErrorText(absl::InternalError("a\x1b[2J")), "error: INTERNAL: a\uFFFD[2J\n");
}

TEST(ErrorMetadata, ReadsFacts) {
  const absl::Status status =
      base::Error(absl::StatusCode::kFailedPrecondition, "IMPORT_RUNNING", "it runs")
          .With("import_id", "import_1");
  EXPECT_EQ(ErrorMetadata(status, "import_id"), "import_1");
  EXPECT_EQ(ErrorMetadata(status, "other"), "");
}

TEST(ExitCodes, AreFixedPerCode) {
  EXPECT_EQ(ExitCodeOf(absl::OkStatus()), 0);
  EXPECT_EQ(ExitCodeOf(absl::InvalidArgumentError("")), 13);
  EXPECT_EQ(ExitCodeOf(absl::NotFoundError("")), 15);
  EXPECT_EQ(ExitCodeOf(absl::AlreadyExistsError("")), 16);
  EXPECT_EQ(ExitCodeOf(absl::FailedPreconditionError("")), 19);
  EXPECT_EQ(ExitCodeOf(absl::AbortedError("")), 20);
  EXPECT_EQ(ExitCodeOf(absl::UnavailableError("")), 24);
  EXPECT_EQ(ExitCodeOf(absl::UnauthenticatedError("")), 26);
}

TEST(ExitCodes, TableNamesEveryCode) {
  const std::string table = ExitCodeTable();
  for (int code = 1; code <= 16; ++code) {
    const auto name = absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
    EXPECT_NE(table.find(name), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace dealog::cli
