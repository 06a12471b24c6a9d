#include "eventstore/backup/checkpoint_check.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/batch_codec.h"

namespace dealog::eventstore {
namespace {

absl::Status Damaged(const std::string& what) {
  return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD", what);
}

absl::Status OfTenant(const std::string& name, const absl::Status& status) {
  if (status.ok()) return status;
  return Damaged(absl::StrCat("tenant ", name, ": ", status.message()));
}

// The key that must have signed the tenant's checkpoint.
absl::StatusOr<VerifierKey> KeyOf(const storage::v1::BackupTenant& tenant,
                                  const std::optional<VerifierKey>& trusted, bool newest) {
  ASSIGN_OR_RETURN(VerifierKey named, VerifierKey::Parse(tenant.verifier_key()));
  if (!trusted) return named;
  VerifierKey own(OriginOf(trusted->public_key(), TenantId{tenant.name()}), trusted->public_key());
  if (own.name() == named.name()) return own;
  if (!newest) return named;
  return Damaged(
      absl::StrCat("expected a checkpoint signed by the key that was given, found one of ",
                   named.name(), "; give the key of the log that was backed up, or none"));
}

absl::StatusOr<Checkpoint> OpenSigned(const storage::v1::BackupTenant& tenant,
                                      const std::optional<VerifierKey>& trusted, bool newest) {
  ASSIGN_OR_RETURN(const VerifierKey key, KeyOf(tenant, trusted, newest));
  ASSIGN_OR_RETURN(Checkpoint checkpoint, OpenCheckpoint(tenant.checkpoint(), {&key, 1}));
  if (checkpoint.size > tenant.position()) {
    return Damaged(absl::StrCat("the checkpoint is of size ", checkpoint.size,
                                ", but the backup ends at position ", tenant.position()));
  }
  return checkpoint;
}

}  // namespace

absl::StatusOr<CheckpointCheck> CheckpointCheck::Make(const std::vector<ArchivedBackup>& chain,
                                                      const std::optional<VerifierKey>& trusted) {
  CheckpointCheck result;
  std::map<std::string, std::vector<Checkpoint>> kept;
  bool trusted_met = !trusted.has_value();
  const storage::v1::BackupManifest& last = chain.back().manifest;
  for (const ArchivedBackup& backup : chain) {
    for (const storage::v1::BackupTenant& tenant : backup.manifest.tenants()) {
      std::vector<Checkpoint>& of_tenant = kept[tenant.name()];
      if (tenant.checkpoint().empty()) continue;
      const bool newest = &backup == &chain.back();
      const absl::StatusOr<Checkpoint> checkpoint = OpenSigned(tenant, trusted, newest);
      if (!checkpoint.ok()) {
        return OfTenant(absl::StrCat(tenant.name(), ", backup ", backup.manifest.number()),
                        checkpoint.status());
      }
      trusted_met |= newest;
      const bool known =
          std::any_of(of_tenant.begin(), of_tenant.end(), [&](const Checkpoint& other) {
            return other.size == checkpoint->size && other.root == checkpoint->root;
          });
      if (known) continue;  // Taken over from the base.
      of_tenant.push_back(*checkpoint);
      if (checkpoint->batch) {
        result.batches_[{checkpoint->batch->partition.value, checkpoint->batch->number.value}]
            .emplace_back(base::AsView(checkpoint->batch->digest));
      }
    }
  }
  if (!trusted_met) {
    return base::InvalidField("key",
                              absl::StrCat("expected signed checkpoints in backup ", last.number(),
                                           " to compare with the key, found none"));
  }
  for (const storage::v1::BackupTenant& tenant : last.tenants()) {
    std::vector<uint64_t> sizes;
    for (const Checkpoint& checkpoint : kept[tenant.name()]) sizes.push_back(checkpoint.size);
    std::sort(sizes.rbegin(), sizes.rend());
    result.events_unsigned_ += tenant.position() - (sizes.empty() ? 0 : sizes.front());
    HistoryCheck check(std::move(kept[tenant.name()]));
    RETURN_IF_ERROR(OfTenant(tenant.name(), check.CheckKept()));
    result.tenants_.emplace(tenant.name(),
                            Tenant{std::move(check), tenant.position(), std::move(sizes)});
  }
  return result;
}

absl::Status CheckpointCheck::Add(const BatchRecord& batch) {
  const auto named = batches_.find({batch.header.partition(), batch.header.number()});
  if (named != batches_.end()) {
    for (const std::string& digest : named->second) {
      if (digest == batch.header.digest()) continue;
      return CorruptBatch(PartitionId{batch.header.partition()}, BatchNumber{batch.header.number()},
                          "a signed checkpoint names another digest");
    }
  }
  for (const CommitPtr& commit : batch.commits) {
    const auto found = tenants_.find(commit->tenant());
    if (found == tenants_.end()) {
      return Damaged(absl::StrCat("tenant ", std::string(commit->tenant()),
                                  " has commits but is not in the manifest"));
    }
    Tenant& tenant = found->second;
    for (size_t i = 0; i < commit->event_count(); ++i) {
      RETURN_IF_ERROR(OfTenant(found->first, tenant.check.Add(commit->event(i))));
      for (; !tenant.sizes.empty() && tenant.sizes.back() <= tenant.check.size();
           tenant.sizes.pop_back()) {
        ++matched_;
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckpointCheck::Finish() const {
  for (const auto& [name, tenant] : tenants_) {
    RETURN_IF_ERROR(OfTenant(name, tenant.check.Finish()));
    if (tenant.check.size() != tenant.position) {
      return OfTenant(name, Damaged(absl::StrCat("expected ", tenant.position, " events, found ",
                                                 tenant.check.size())));
    }
  }
  return absl::OkStatus();
}

}  // namespace dealog::eventstore
