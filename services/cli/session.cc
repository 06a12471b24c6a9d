#include "services/cli/session.h"

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "dealog/v1/tenants.grpc.pb.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/cli/text/parse.h"

namespace dealog::cli {

absl::StatusOr<google::protobuf::Timestamp> Session::ResolveTime(const std::string& text) {
  ASSIGN_OR_RETURN(const v1::Instant instant, ParseInstant(text));
  if (instant.has_time()) return instant.time();
  v1::GetTenantRequest request;
  request.set_name(globals_.tenant);
  ASSIGN_OR_RETURN(const v1::GetTenantResponse reply,
                   client_.Call(&v1::TenantService::Stub::GetTenant, request));
  const std::string& name = reply.tenant().time_zone();
  absl::TimeZone zone;
  if (!absl::LoadTimeZone(name, &zone)) {
    return base::InvalidField("time", absl::StrCat("the tenant's time zone ", name,
                                                   " is not known on this machine; give a time "
                                                   "with its zone such as 2017-03-01T00:00:00Z"));
  }
  const auto& date = instant.date();
  google::protobuf::Timestamp time;
  time.set_seconds(absl::ToUnixSeconds(
      absl::FromCivil(absl::CivilDay(date.year(), date.month(), date.day()), zone)));
  return time;
}

}  // namespace dealog::cli
