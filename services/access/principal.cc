#include "services/access/principal.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"

namespace dealog::access {
namespace {

bool IsPrintable(char c) { return c > ' ' && c < 0x7f; }

}  // namespace

absl::StatusOr<Principal> Authenticate(std::string_view actor) {
  if (actor.empty()) return Principal{"user:anonymous"};
  const bool clean = std::all_of(actor.begin(), actor.end(),
                                 [](char c) { return (IsPrintable(c) || c == ' ') && c != '/'; });
  if (!clean || actor.size() > kActorBytesMax) {
    return base::InvalidField(
        "dealog-actor", absl::StrCat("expected 1 to ", kActorBytesMax,
                                     " printable ASCII characters without '/' in this metadata "
                                     "key, found ",
                                     actor.size(), " bytes"));
  }
  std::string name = "user:";
  name += actor;
  return Principal{std::move(name)};
}

absl::Status Authorize(const Principal& principal, std::string_view permission) {
  if (!permission.empty()) return absl::OkStatus();
  return base::Error(
      absl::StatusCode::kPermissionDenied, "PERMISSION_DENIED",
      absl::StrCat(principal.name, " may not call this method: it declares no permission"));
}

absl::Status CheckTenantName(std::string_view tenant) {
  if (tenant.empty()) {
    return base::Error(absl::StatusCode::kInvalidArgument, "TENANT_REQUIRED",
                       "expected the name of a tenant in the metadata key dealog-tenant, found "
                       "none; send it with the call");
  }
  if (tenant.size() > kTenantBytesMax || !std::all_of(tenant.begin(), tenant.end(), IsPrintable)) {
    return base::InvalidField(
        "dealog-tenant", absl::StrCat("expected the name of a tenant, 1 to ", kTenantBytesMax,
                                      " printable characters, found ", tenant.size(), " bytes"));
  }
  return absl::OkStatus();
}

bool IsLoopback(std::string_view host) {
  if (host == "localhost" || host == "::1" || host == "[::1]") return true;
  const absl::string_view text(host.data(), host.size());
  if (!absl::StartsWith(text, "127.")) return false;
  return std::all_of(host.begin(), host.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0 || c == '.'; });
}

}  // namespace dealog::access
