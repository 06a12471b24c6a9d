#include "services/cli/text/error_text.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "services/cli/text/text_width.h"

namespace dealog::cli {
namespace {

// What to do next, by reason. Reasons whose message always says it are not listed.
constexpr std::pair<const char*, const char*> kHints[] = {
    {"TENANT_REQUIRED", "name the tenant with --tenant NAME or DEALOG_TENANT"},
    {"TENANT_NOT_FOUND",
     "`dealog tenant list` shows the tenants, `dealog tenant create` makes one"},
    {"PIPELINE_NOT_FOUND", "`dealog pipeline list` shows the pipelines"},
    {"STAGE_NOT_FOUND", "`dealog pipeline show` lists the stages of a pipeline"},
    {"DEAL_NOT_FOUND", "`dealog deal list` shows the deals"},
    {"DEAL_CLOSED", "`dealog deal reopen` opens it again"},
    {"REVISION_CONFLICT", "read it again, then repeat with the new etag"},
    {"REQUEST_ID_REUSED", "a request id belongs to one request: leave --request-id out"},
    {"FILTER_INVALID", "docs/howto/filters.md lists the fields and operators"},
    {"MEMBER_NOT_FOUND", "`dealog member list` shows the members"},
    {"PRODUCT_NOT_FOUND", "`dealog product list` shows the products"},
    {"VIEW_FAILED",
     "`dealog projection list` shows the error, `dealog projection rebuild` repairs"},
    {"OUTCOME_UNKNOWN", "repeat it with the same --request-id: it is done at most once"},
    {"USAGE", "`dealog --help` lists the commands, each has --help with an example"},
};

template <typename T>
T DetailOf(const absl::Status& status) {
  T detail;
  const std::string url = absl::StrCat("type.googleapis.com/", detail.GetDescriptor()->full_name());
  if (const auto payload = status.GetPayload(url)) detail.ParseFromString(std::string(*payload));
  return detail;
}

std::string HintFor(const absl::Status& status, const std::string& reason) {
  for (const auto& [name, hint] : kHints) {
    if (reason == name) return hint;
  }
  if (!reason.empty()) return "";
  // Without a reason it is the transport that speaks.
  if (status.code() == absl::StatusCode::kUnavailable) {
    return "is dealogd running there? --server HOST:PORT or DEALOG_SERVER names another";
  }
  if (status.code() == absl::StatusCode::kDeadlineExceeded) return "--timeout SECONDS waits longer";
  return "";
}

}  // namespace

std::string ErrorText(const absl::Status& status) {
  const std::string reason = base::ReasonOf(status);
  const std::string message(status.message());
  std::string text =
      absl::StrCat("error: ", reason.empty() ? absl::StatusCodeToString(status.code()) : reason,
                   ": ", Printable(message), "\n");
  const auto bad_request = DetailOf<google::rpc::BadRequest>(status);
  for (const auto& violation : bad_request.field_violations()) {
    if (absl::StrContains(message, violation.description()) &&
        absl::StrContains(message, violation.field())) {
      continue;
    }
    absl::StrAppend(&text, "  ", Printable(violation.field()), ": ",
                    Printable(violation.description()), "\n");
  }
  const auto preconditions = DetailOf<google::rpc::PreconditionFailure>(status);
  for (const auto& violation : preconditions.violations()) {
    if (absl::StrContains(message, violation.description())) continue;
    absl::StrAppend(&text, "  ", Printable(violation.subject()), ": ",
                    Printable(violation.description()), "\n");
  }
  const std::string hint = HintFor(status, reason);
  if (!hint.empty()) absl::StrAppend(&text, "hint: ", hint, "\n");
  return text;
}

std::string ErrorMetadata(const absl::Status& status, const std::string& key) {
  const auto info = DetailOf<google::rpc::ErrorInfo>(status);
  const auto found = info.metadata().find(key);
  return found == info.metadata().end() ? "" : found->second;
}

}  // namespace dealog::cli
