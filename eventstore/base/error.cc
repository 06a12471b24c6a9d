#include "eventstore/base/error.h"

#include <cstdint>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/string_view.h"
#include "google/rpc/error_details.pb.h"

namespace dealog::base {
namespace {

constexpr char kErrorInfo[] = "type.googleapis.com/google.rpc.ErrorInfo";
constexpr char kBadRequest[] = "type.googleapis.com/google.rpc.BadRequest";
constexpr char kPreconditionFailure[] = "type.googleapis.com/google.rpc.PreconditionFailure";
constexpr char kRetryInfo[] = "type.googleapis.com/google.rpc.RetryInfo";
constexpr char kQuotaFailure[] = "type.googleapis.com/google.rpc.QuotaFailure";

// Reads the detail of type T from `status`, lets `change` edit it and writes it back.
template <typename T, typename Change>
void EditDetail(absl::Status& status, const char* type_url, Change change) {
  T detail;
  if (const auto payload = status.GetPayload(type_url)) {
    detail.ParseFromString(std::string(*payload));
  }
  change(detail);
  status.SetPayload(type_url, absl::Cord(detail.SerializeAsString()));
}

}  // namespace

Error::Error(absl::StatusCode code, std::string_view reason, std::string_view message)
    : status_(code, View(message)) {
  EditDetail<google::rpc::ErrorInfo>(status_, kErrorInfo, [&](google::rpc::ErrorInfo& info) {
    info.set_reason(std::string(reason));
    info.set_domain("dealog");
  });
}

Error&& Error::With(std::string_view key, std::string_view value) && {
  EditDetail<google::rpc::ErrorInfo>(status_, kErrorInfo, [&](google::rpc::ErrorInfo& info) {
    (*info.mutable_metadata())[std::string(key)] = std::string(value);
  });
  return std::move(*this);
}

Error&& Error::Field(std::string_view field, std::string_view description) && {
  EditDetail<google::rpc::BadRequest>(status_, kBadRequest, [&](google::rpc::BadRequest& bad) {
    auto* violation = bad.add_field_violations();
    violation->set_field(std::string(field));
    violation->set_description(std::string(description));
  });
  return std::move(*this);
}

Error&& Error::Condition(std::string_view type, std::string_view subject,
                         std::string_view description) && {
  EditDetail<google::rpc::PreconditionFailure>(
      status_, kPreconditionFailure, [&](google::rpc::PreconditionFailure& failure) {
        auto* violation = failure.add_violations();
        violation->set_type(std::string(type));
        violation->set_subject(std::string(subject));
        violation->set_description(std::string(description));
      });
  return std::move(*this);
}

Error&& Error::RetryAfter(absl::Duration delay) && {
  EditDetail<google::rpc::RetryInfo>(status_, kRetryInfo, [&](google::rpc::RetryInfo& info) {
    const int64_t nanos = absl::ToInt64Nanoseconds(delay);
    info.mutable_retry_delay()->set_seconds(nanos / 1'000'000'000);
    info.mutable_retry_delay()->set_nanos(static_cast<int32_t>(nanos % 1'000'000'000));
  });
  return std::move(*this);
}

Error::operator absl::Status() && { return std::move(status_); }

absl::Status InvalidField(std::string_view field, std::string_view description) {
  return Error(absl::StatusCode::kInvalidArgument, "FIELD_INVALID",
               absl::StrCat(View(field), ": ", View(description)))
      .Field(field, description);
}

std::string ReasonOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kErrorInfo);
  google::rpc::ErrorInfo info;
  if (!payload || !info.ParseFromString(std::string(*payload))) return "";
  return info.reason();
}

const std::vector<std::string>& DetailTypeUrls() {
  static const auto& urls = *new std::vector<std::string>{
      kErrorInfo, kBadRequest, kPreconditionFailure, kRetryInfo, kQuotaFailure};
  return urls;
}

}  // namespace dealog::base
