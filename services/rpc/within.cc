#include "services/rpc/within.h"

#include <string>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "services/rpc/status_mapping.h"

namespace dealog::rpc {

absl::Status Within(std::string_view path, const absl::Status& error) {
  if (error.ok()) return error;
  const std::string where(path);
  absl::Status inner(error.code(), absl::StrCat(where, ": ", error.message()));
  bool has_info = false;
  for (const std::string& url : base::DetailTypeUrls()) {
    const auto payload = error.GetPayload(url);
    if (!payload) continue;
    const std::string bytes(*payload);
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest bad;
    absl::Cord changed = *payload;
    if (url.ends_with("ErrorInfo") && info.ParseFromString(bytes)) {
      (*info.mutable_metadata())["within"] = where;
      changed = absl::Cord(info.SerializeAsString());
      has_info = true;
    } else if (url.ends_with("BadRequest") && bad.ParseFromString(bytes)) {
      for (auto& violation : *bad.mutable_field_violations()) {
        violation.set_field(absl::StrCat(where, ".", violation.field()));
      }
      changed = absl::Cord(bad.SerializeAsString());
    }
    inner.SetPayload(url, changed);
  }
  if (has_info) return inner;
  // One that carries no reason gets that of its code now, so that the part can be named beside it.
  return base::Error(inner.code(), DefaultReason(inner.code()), std::string(inner.message()))
      .With("within", where);
}

}  // namespace dealog::rpc
