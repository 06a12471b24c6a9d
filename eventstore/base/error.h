#pragma once

// Errors as absl::Status that carry google.rpc details, so that the reason, the field and the
// failed conditions travel from where they are known to the client unchanged.
//
//   return base::Error(absl::StatusCode::kFailedPrecondition, "DEAL_CLOSED",
//                      "deal deal_01… is WON; reopen it before moving it")
//       .With("deal_id", id);
//   return base::InvalidField("amount.units", "expected >= 0, found -5");
//
// `reason` is a value name of dealog.v1.ErrorReason (a test compares).

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace dealog::base {

// Builds a status with details; converts to absl::Status (and to any StatusOr).
// Thread safety: none needed, a value.
class Error {
 public:
  Error(absl::StatusCode code, std::string_view reason, std::string_view message);

  // Adds a fact to ErrorInfo.metadata.
  Error&& With(std::string_view key, std::string_view value) &&;
  // Adds a BadRequest.FieldViolation.
  Error&& Field(std::string_view field, std::string_view description) &&;
  // Adds a PreconditionFailure.Violation.
  Error&& Condition(std::string_view type, std::string_view subject,
                    std::string_view description) &&;
  // Sets RetryInfo.
  Error&& RetryAfter(absl::Duration delay) &&;

  operator absl::Status() &&;  // NOLINT(google-explicit-constructor)
  template <typename T>
  operator absl::StatusOr<T>() && {  // NOLINT(google-explicit-constructor)
    return static_cast<absl::Status>(std::move(*this));
  }

 private:
  absl::Status status_;
};

// INVALID_ARGUMENT / FIELD_INVALID for one field; `description` says what was expected and found.
absl::Status InvalidField(std::string_view field, std::string_view description);

// The reason in `status`; "" if it carries none.
std::string ReasonOf(const absl::Status& status);

// Type URLs of the payloads that an error's status may carry, in the order of
// google.rpc.Status.details.
const std::vector<std::string>& DetailTypeUrls();

}  // namespace dealog::base
