#include "services/commands/overlay.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/commands/limits.h"
#include "services/commands/state_loader.h"

namespace dealog::commands {
namespace {

using eventstore::StreamCondition;

// Parts joined so that no two different lists give the same text.
std::string JoinKey(std::string_view a, std::string_view b, std::string_view c) {
  std::string key;
  key.reserve(a.size() + b.size() + c.size() + 2 * sizeof(size_t));
  for (const std::string_view part : {a, b}) {
    const size_t size = part.size();
    key.append(reinterpret_cast<const char*>(&size), sizeof(size)).append(part);
  }
  return key.append(c);
}

std::string RequestKey(const CommandContext& context) {
  return JoinKey(context.tenant.value, context.origin.principal, context.request_id);
}

}  // namespace

Overlay::Overlay(const eventstore::EventLog& log, const base::Secret& unique_key_secret,
                 size_t cache_bytes_max)
    : log_(log), secret_(unique_key_secret), cache_(cache_bytes_max) {}

absl::Status Overlay::Begin(const eventstore::TenantId& tenant, bool may_create) {
  tenant_ = &tenant;
  ++command_number_;
  reads_.clear();
  auto found = heads_.find(tenant.value);
  if (found == heads_.end()) {
    ASSIGN_OR_RETURN(const eventstore::TenantHead head, log_.Head(tenant));
    found = heads_.emplace(tenant.value, head).first;
  }
  head_ = &found->second;
  if (head_->position.value == 0 && !may_create) {
    return base::Error(absl::StatusCode::kNotFound, "TENANT_NOT_FOUND",
                       absl::StrCat("no tenant \"", tenant.value,
                                    "\"; create it with `dealog tenant create`"))
        .With("tenant", tenant.value);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<domain::AggregateState>> Overlay::Fold(
    const domain::StreamRef& stream) {
  // Nothing of this stream is staged (the cache would hold it), so the log has its whole truth.
  std::unique_ptr<domain::AggregateState> warm = cache_.TakeWarm(tenant_->value, stream);
  if (warm == nullptr) return FoldStream(log_, *tenant_, stream);
  ASSIGN_OR_RETURN(const eventstore::Revision newest,
                   log_.StreamHead(*tenant_, {stream.type, stream.id}));
  RETURN_IF_ERROR(CatchUp(log_, *tenant_, stream, newest, *warm));
  return warm;
}

absl::StatusOr<StateCache::Entry*> Overlay::Load(const domain::StreamRef& stream) {
  StateCache::Entry* entry = cache_.Find(tenant_->value, stream);
  if (entry != nullptr) {
    ++hits_;
  } else {
    ++misses_;
    ASSIGN_OR_RETURN(std::unique_ptr<domain::AggregateState> state, Fold(stream));
    entry = &cache_.Insert(tenant_->value, stream, std::move(state));
  }
  if (entry->read_by != command_number_) {
    entry->read_by = command_number_;
    entry->read_revision = entry->state->revision;
    reads_.push_back(entry);
  }
  return entry;
}

absl::StatusOr<const domain::AggregateState*> Overlay::Find(const domain::StreamRef& stream) {
  ASSIGN_OR_RETURN(const StateCache::Entry* entry, Load(stream));
  return entry->state.get();
}

absl::StatusOr<std::optional<std::string>> Overlay::FindUnique(std::string_view kind,
                                                               std::string_view value) {
  const std::string hash = UniqueHash(secret_, kind, value);
  if (!unique_owners_.empty()) {
    const auto staged = unique_owners_.find(JoinKey(tenant_->value, kind, hash));
    if (staged != unique_owners_.end()) return staged->second;
  }
  ASSIGN_OR_RETURN(const std::optional<eventstore::StreamId> owner,
                   log_.FindUnique(*tenant_, kind, hash));
  if (!owner.has_value()) return std::nullopt;
  return owner->id;
}

std::vector<StreamCondition> Overlay::Conditions() const {
  std::vector<StreamCondition> conditions;
  conditions.reserve(reads_.size());
  for (const StateCache::Entry* entry : reads_) {
    conditions.push_back({.stream = {entry->stream.type, entry->stream.id},
                          .kind = entry->read_revision == 0 ? StreamCondition::Kind::kMustNotExist
                                                            : StreamCondition::Kind::kExactly,
                          .revision = eventstore::Revision{entry->read_revision}});
  }
  return conditions;
}

void Overlay::StageKeys(const std::vector<eventstore::UniqueKey>& releases,
                        const std::vector<eventstore::UniqueKey>& claims) {
  for (const auto& key : releases) {
    unique_owners_[JoinKey(tenant_->value, key.kind, key.hash)] = std::nullopt;
  }
  for (const auto& key : claims) {
    unique_owners_[JoinKey(tenant_->value, key.kind, key.hash)] = key.owner.id;
  }
}

void Overlay::StageRequest(const CommandContext& context) {
  if (!context.request_id.empty()) requests_.insert(RequestKey(context));
}

bool Overlay::IsRequestStaged(const CommandContext& context) const {
  return !requests_.empty() && requests_.contains(RequestKey(context));
}

void Overlay::Published() {
  unique_owners_.clear();
  requests_.clear();
  cache_.Trim();
  if (heads_.size() > kTenantHeadsMax) heads_.clear();
}

void Overlay::Drop() {
  unique_owners_.clear();
  requests_.clear();
  reads_.clear();
  cache_.Clear();
  heads_.clear();
}

void Overlay::Prefetch(const eventstore::TenantId& tenant, const domain::StreamRef& stream) {
  if (cache_.Has(tenant.value, stream)) return;
  // Best effort: where it fails, the sequencer folds and meets the same error.
  absl::StatusOr<std::unique_ptr<domain::AggregateState>> state = FoldStream(log_, tenant, stream);
  if (state.ok()) cache_.Warm(tenant.value, stream, *std::move(state));
}

}  // namespace dealog::commands
