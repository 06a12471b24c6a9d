#include "services/domain/tenant.h"

#include <cctype>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "eventstore/base/currency.h"
#include "eventstore/base/error.h"
#include "projections/states/stream_types.h"
#include "services/domain/checks.h"
#include "services/domain/limits.h"

namespace dealog::domain {
namespace {

constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

// True for names of the IANA data base. The loader also knows files and the machine's own zone,
// which would mean another thing on another machine.
bool IsKnownTimeZone(const std::string& name) {
  const std::string allowed = std::string(kLetters) + "_+-/";
  if (name.empty() || name.front() == '/' || name == "localtime" || name == "posixrules" ||
      name.find_first_not_of(allowed) != std::string::npos) {
    return false;
  }
  absl::TimeZone zone;
  return absl::LoadTimeZone(name, &zone);
}

}  // namespace

absl::Status CheckTenantName(std::string_view name) {
  const bool ok = !name.empty() && name.size() <= kTenantNameBytesMax &&
                  std::isalnum(static_cast<unsigned char>(name.front())) != 0 &&
                  name.find_first_not_of(std::string(kLetters) + "._-") == std::string_view::npos;
  if (ok) return absl::OkStatus();
  return base::InvalidField(
      "name", absl::StrCat("expected 1 to ", kTenantNameBytesMax,
                           " of [A-Za-z0-9._-], starting with a letter or digit, found \"",
                           View(name), "\""));
}

absl::StatusOr<Decision> Decide(const v1::CreateTenantRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  RETURN_IF_ERROR(CheckCommand(meta));
  RETURN_IF_ERROR(CheckTenantName(request.name()));
  const std::string time_zone = request.time_zone().empty() ? "UTC" : request.time_zone();
  if (!IsKnownTimeZone(time_zone)) {
    return base::InvalidField(
        "time_zone",
        absl::StrCat("expected an IANA time zone such as Europe/Paris, found \"", time_zone, "\""));
  }
  const std::string currency = request.currency_code().empty() ? "USD" : request.currency_code();
  if (!base::CurrencyDecimals(currency)) {
    return base::InvalidField(
        "currency_code",
        absl::StrCat("expected an ISO 4217 code such as EUR, found \"", currency, "\""));
  }
  const StreamRef subject{kTenantStream, request.name()};
  ASSIGN_OR_RETURN(const TenantState* state, Load<TenantState>(reader, subject.type, subject.id));
  if (state->revision != 0) {
    return base::Error(absl::StatusCode::kAlreadyExists, "TENANT_EXISTS",
                       absl::StrCat("tenant \"", request.name(), "\" exists; choose another name"))
        .With("name", request.name());
  }
  Decision decision{.subject = subject};
  auto& created = *AddEvent(decision, subject).mutable_tenant()->mutable_tenant_created();
  created.set_time_zone(time_zone);
  created.set_currency_code(currency);
  return decision;
}

}  // namespace dealog::domain
