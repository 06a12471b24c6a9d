#include "services/rpc/export_log.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dealog/v1/log.pb.h"
#include "eventstore/backup/tenant_export.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/rpc/backup.h"
#include "services/rpc/limits.h"
#include "services/rpc/log_sources.h"

namespace dealog::rpc {
namespace {

class ExportSource final : public StreamSource {
 public:
  explicit ExportSource(std::unique_ptr<eventstore::TenantExport> run) : run_(std::move(run)) {}

  void SetWake(std::function<void()>) override {}  // Never waits.

  absl::StatusOr<Item> Next() override {
    if (sent_ == frame_.size()) {
      ASSIGN_OR_RETURN(frame_, run_->Next());
      sent_ = 0;
      if (frame_.empty()) return Item::End();
    }
    const size_t size = std::min(kEventMessageBytes, frame_.size() - sent_);
    v1::ExportLogResponse message;
    message.set_data(frame_.substr(sent_, size));
    message.set_position(static_cast<int64_t>(run_->position().value));
    message.set_end_position(static_cast<int64_t>(run_->end().value));
    sent_ += size;
    return Item::Message(message.SerializeAsString());
  }

 private:
  const std::unique_ptr<eventstore::TenantExport> run_;
  std::string frame_;
  size_t sent_ = 0;
};

absl::StatusOr<std::unique_ptr<StreamSource>> OpenExportLog(const Core& core, const Call& call,
                                                            const v1::ExportLogRequest& request) {
  RETURN_IF_ERROR(RequireTenant(core, call).status());
  if (request.after_position() < 0) {
    return base::InvalidField("after_position",
                              absl::StrCat("expected 0 or more, found ", request.after_position()));
  }
  const size_t digest = request.after_commit_sha256().size();
  if (digest != 0 && digest != sizeof(base::Digest)) {
    return base::InvalidField("after_commit_sha256",
                              absl::StrCat("expected 32 bytes or none, found ", digest));
  }
  ASSIGN_OR_RETURN(auto run,
                   eventstore::TenantExport::Open(
                       core.log, {.tenant = call.tenant,
                                  .after = {static_cast<uint64_t>(request.after_position())},
                                  .after_commit_sha256 = request.after_commit_sha256(),
                                  .unique_key_check = core.unique_key_check,
                                  .checkpoint = SignedCheckpoints(core)}));
  return std::make_unique<ExportSource>(std::move(run));
}

}  // namespace

void AddExportMethod(ServiceBuilder& service) { AddStream(service, OpenExportLog); }

}  // namespace dealog::rpc
