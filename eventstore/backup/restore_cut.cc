#include "eventstore/backup/restore_cut.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"

namespace dealog::eventstore {
namespace {

absl::Status CheckTenant(const RestoreOptions& options,
                         const storage::v1::BackupManifest& manifest) {
  for (const storage::v1::BackupTenant& tenant : manifest.tenants()) {
    if (tenant.name() != options.tenant.value) continue;
    if (options.to_position.value <= tenant.position()) return absl::OkStatus();
    return base::InvalidField(
        "to_position",
        absl::StrCat("expected at most ", tenant.position(), ", where tenant ", tenant.name(),
                     " ends in backup ", manifest.number(), ", found ", options.to_position.value));
  }
  return base::InvalidField(
      "tenant", absl::StrCat("expected a tenant of backup ", manifest.number(), ", found \"",
                             options.tenant.value, "\", which it lacks"));
}

absl::Status CheckBatch(const RestoreOptions::LastBatch& last,
                        const storage::v1::BackupManifest& manifest) {
  if (last.partition.value >= static_cast<uint32_t>(manifest.partitions_size())) {
    return base::InvalidField(
        "to_batch", absl::StrCat("expected a partition below ", manifest.partitions_size(),
                                 ", found ", last.partition.value));
  }
  const uint64_t end = manifest.partitions(static_cast<int>(last.partition.value)).number();
  if (last.number.value <= end) return absl::OkStatus();
  return base::InvalidField(
      "to_batch",
      absl::StrCat("expected at most ", end, ", where partition ", last.partition.value,
                   " ends in backup ", manifest.number(), ", found ", last.number.value));
}

absl::Status CheckTime(int64_t time_us, const storage::v1::BackupManifest& manifest) {
  if (time_us > 0 && time_us <= manifest.started_at_us()) return absl::OkStatus();
  return base::InvalidField(
      "to_time",
      absl::StrCat(
          "expected a time up to ",
          absl::FormatTime(absl::FromUnixMicros(manifest.started_at_us()), absl::UTCTimeZone()),
          ", when backup ", manifest.number(),
          " began (what came later may be missing in it), found ",
          absl::FormatTime(absl::FromUnixMicros(time_us), absl::UTCTimeZone())));
}

}  // namespace

absl::StatusOr<RestoreCut> RestoreCut::Make(const RestoreOptions& options,
                                            const storage::v1::BackupManifest& manifest) {
  const int asked = static_cast<int>(!options.to_batches.empty()) +
                    static_cast<int>(options.to_time_us.has_value()) +
                    static_cast<int>(!options.tenant.value.empty());
  if (asked > 1) {
    return base::InvalidField("to_batch",
                              "expected one of to_batch, to_time and tenant, found several");
  }
  if (options.tenant.value.empty() && options.to_position.value != 0) {
    return base::InvalidField("to_position",
                              "expected a tenant with it: positions are counted per tenant");
  }
  RestoreCut cut;
  cut.plan_.set_archive_id(manifest.archive_id());
  cut.plan_.set_backup_number(manifest.number());
  for (const RestoreOptions::LastBatch& last : options.to_batches) {
    RETURN_IF_ERROR(CheckBatch(last, manifest));
    if (cut.last_.empty()) {
      cut.last_.assign(static_cast<size_t>(manifest.partitions_size()), UINT64_MAX);
    }
    cut.last_[last.partition.value] = last.number.value;
    storage::v1::BackupPartition* partition = cut.plan_.add_partitions();
    partition->set_partition(last.partition.value);
    partition->set_number(last.number.value);
  }
  if (options.to_time_us) {
    RETURN_IF_ERROR(CheckTime(*options.to_time_us, manifest));
    cut.to_time_us_ = *options.to_time_us;
    cut.plan_.set_to_time_us(cut.to_time_us_);
  }
  if (!options.tenant.value.empty()) {
    RETURN_IF_ERROR(CheckTenant(options, manifest));
    cut.plan_.set_tenant(options.tenant.value);
    cut.plan_.set_to_position(options.to_position.value);
  }
  return cut;
}

bool RestoreCut::EndsBefore(const storage::v1::BatchHeader& header) const {
  if (!last_.empty() && header.number() > last_[header.partition()]) return true;
  return to_time_us_ != 0 && header.written_at_us() > to_time_us_;
}

storage::v1::RestorePlan RestoreCut::plan() const { return plan_; }

}  // namespace dealog::eventstore
