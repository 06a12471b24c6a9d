#include "eventstore/stage.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/keys.h"
#include "eventstore/validate.h"

namespace dealog::eventstore {
namespace {

// What a failed condition says: expected and found. Empty if it holds.
std::string Unmet(const StreamCondition& condition, Revision head) {
  using Kind = StreamCondition::Kind;
  switch (condition.kind) {
    case Kind::kAny:
      return "";
    case Kind::kExactly:
      if (head == condition.revision) return "";
      return absl::StrCat("expected revision ", condition.revision.value, ", found ", head.value);
    case Kind::kMustNotExist:
      if (head.value == 0) return "";
      return absl::StrCat("expected no such stream, found revision ", head.value);
    case Kind::kMustExist:
      if (head.value != 0) return "";
      return "expected the stream to exist, found none";
  }
  return "";
}

std::string_view KindName(StreamCondition::Kind kind) {
  using Kind = StreamCondition::Kind;
  switch (kind) {
    case Kind::kAny:
      return "ANY";
    case Kind::kExactly:
      return "EXACTLY";
    case Kind::kMustNotExist:
      return "MUST_NOT_EXIST";
    case Kind::kMustExist:
      return "MUST_EXIST";
  }
  return "";
}

absl::Status OwnedByAnother(const UniqueKey& key, const StreamId& owner) {
  return base::Error(
             absl::StatusCode::kAlreadyExists, "NAME_TAKEN",
             absl::StrCat("the ", key.kind, " that ", key.owner.ToString(), " asks for belongs to ",
                          owner.ToString(), "; choose another value"))
      .With("kind", key.kind)
      .With("owner", owner.ToString());
}

}  // namespace

Stager::Stager(const DurableState& state, PartitionId partition)
    : state_(state), partition_(partition) {}

absl::StatusOr<Stager::StreamState*> Stager::StateOf(const TenantId& tenant,
                                                     const StreamId& stream) {
  std::string key = StreamPrefix(tenant.value, stream.type, stream.id);
  if (const auto found = streams_.find(key); found != streams_.end()) return found->second.get();
  ASSIGN_OR_RETURN(const Revision head, state_.StreamHeadOf(tenant.value, stream));
  auto state = std::make_unique<StreamState>(StreamState{.stream = stream, .head = head});
  return streams_.emplace(std::move(key), std::move(state)).first->second.get();
}

absl::StatusOr<TenantHead*> Stager::HeadOf(const TenantId& tenant) {
  if (const auto found = tenants_.find(tenant); found != tenants_.end()) return &found->second;
  ASSIGN_OR_RETURN(const TenantHead head, state_.HeadOf(tenant));
  return &tenants_.emplace(tenant, head).first->second;
}

absl::Status Stager::CheckConditions(const NewCommit& commit) {
  std::vector<std::pair<const StreamCondition*, std::string>> failed;
  bool only_revisions = true;
  for (const StreamCondition& condition : commit.conditions) {
    ASSIGN_OR_RETURN(const StreamState* state, StateOf(commit.tenant, condition.stream));
    std::string unmet = Unmet(condition, state->head);
    if (unmet.empty()) continue;
    only_revisions &= condition.kind == StreamCondition::Kind::kExactly;
    failed.emplace_back(&condition, std::move(unmet));
  }
  if (failed.empty()) return absl::OkStatus();
  std::string message = absl::StrCat(failed[0].first->stream.ToString(), ": ", failed[0].second);
  if (failed.size() > 1) absl::StrAppend(&message, " (and ", failed.size() - 1, " more)");
  absl::StrAppend(&message, "; read again and decide anew");
  base::Error error(absl::StatusCode::kAborted,
                    only_revisions ? "REVISION_CONFLICT" : "CONDITION_FAILED", message);
  for (const auto& [condition, unmet] : failed) {
    std::move(error).Condition(KindName(condition->kind), condition->stream.ToString(), unmet);
  }
  return absl::Status(std::move(error));
}

absl::StatusOr<std::optional<StreamId>> Stager::OwnerOf(const NewCommit& commit,
                                                        const UniqueKey& key,
                                                        const std::string& key_bytes,
                                                        const OwnerMap& changes) const {
  if (const auto found = changes.find(key_bytes); found != changes.end()) return found->second;
  if (const auto found = owners_.find(key_bytes); found != owners_.end()) return found->second;
  return state_.OwnerOf(commit.tenant.value, key);
}

absl::StatusOr<Stager::OwnerMap> Stager::CheckUniques(const NewCommit& commit) {
  OwnerMap changes;
  for (const UniqueKey& key : commit.releases) {
    std::string bytes = UniqueKeyBytes(commit.tenant.value, key.kind, key.hash);
    ASSIGN_OR_RETURN(const auto owner, OwnerOf(commit, key, bytes, changes));
    if (owner && *owner != key.owner) {
      return base::Error(
                 absl::StatusCode::kAborted, "CONDITION_FAILED",
                 absl::StrCat(key.owner.ToString(), " can't free a ", key.kind, " that belongs to ",
                              owner->ToString(), "; read again and decide anew"))
          .Condition(
              "UNIQUE_OWNER", key.owner.ToString(),
              absl::StrCat("expected to own the ", key.kind, ", found owner ", owner->ToString()));
    }
    changes[std::move(bytes)] = std::nullopt;
  }
  for (const UniqueKey& key : commit.claims) {
    std::string bytes = UniqueKeyBytes(commit.tenant.value, key.kind, key.hash);
    ASSIGN_OR_RETURN(const auto owner, OwnerOf(commit, key, bytes, changes));
    if (owner && *owner != key.owner) return OwnedByAnother(key, *owner);
    changes[std::move(bytes)] = key.owner;
  }
  return changes;
}

absl::StatusOr<CommitPlacement> Stager::Place(const NewCommit& commit, const TenantHead& head) {
  CommitPlacement placement;
  placement.first = Position{head.position.value + (commit.events.empty() ? 0 : 1)};
  placement.recorded_at_us = std::max(commit.recorded_at_us, head.recorded_at_us + 1);
  placement.revisions.reserve(commit.events.size());
  touched_.clear();
  for (const NewEvent& event : commit.events) {
    ASSIGN_OR_RETURN(StreamState * state, StateOf(commit.tenant, event.stream));
    if (state->touched_by != commit_number_) {
      state->touched_by = commit_number_;
      state->next = state->head;
      state->slot = placement.streams.size();
      touched_.push_back(state);
      placement.streams.push_back({.stream = &state->stream});
    }
    ++state->next.value;
    placement.streams[state->slot].last = state->next;
    placement.revisions.push_back(state->next);
  }
  if (!commit.subject.type.empty()) {
    ASSIGN_OR_RETURN(const StreamState* state, StateOf(commit.tenant, commit.subject));
    placement.subject_revision = state->touched_by == commit_number_ ? state->next : state->head;
  }
  return placement;
}

absl::StatusOr<CommitPtr> Stager::Encode(const NewCommit& commit,
                                         const CommitPlacement& placement) {
  std::string bytes = encoder_.Encode(commit, placement);
  if (bytes.size() > kCommitBytesMax) {
    return PastLimit("a commit's bytes", "kCommitBytesMax", kCommitBytesMax, bytes.size());
  }
  if (batch_bytes_ + bytes.size() > kBatchBytesMax) {
    return PastLimit("a batch's bytes", "kBatchBytesMax", kBatchBytesMax,
                     batch_bytes_ + bytes.size());
  }
  // The pair of Encode: what we write, we can read. Apply parses the header.
  absl::StatusOr<CommitPtr> stored = StoredCommit::ParseVerified(std::move(bytes));
  DEALOG_CHECK_OK(stored);
  return stored;
}

absl::StatusOr<AppendedCommit> Stager::Stage(const NewCommit& commit) {
  ++commit_number_;
  RETURN_IF_ERROR(ValidateCommit(commit));
  if (const PartitionId home = state_.PartitionOfTenant(commit.tenant); home != partition_) {
    return base::InvalidField("tenant",
                              absl::StrCat("expected a tenant of partition ", partition_.value,
                                           ", found one of partition ", home.value));
  }
  RETURN_IF_ERROR(CheckConditions(commit));
  ASSIGN_OR_RETURN(OwnerMap changes, CheckUniques(commit));
  ASSIGN_OR_RETURN(TenantHead * head, HeadOf(commit.tenant));
  ASSIGN_OR_RETURN(const CommitPlacement placement, Place(commit, *head));
  ASSIGN_OR_RETURN(CommitPtr stored, Encode(commit, placement));

  // Accepted: from here on nothing fails.
  for (auto& [key, owner] : changes) owners_[key] = std::move(owner);
  for (StreamState* state : touched_) {
    state->head = state->next;
    state->written = true;
  }
  *head = {.position = stored->last_position(), .recorded_at_us = placement.recorded_at_us};
  batch_bytes_ += stored->bytes().size();
  const AppendedCommit appended{.first = stored->first_position(),
                                .last = stored->last_position(),
                                .recorded_at_us = placement.recorded_at_us,
                                .subject_revision = placement.subject_revision};
  commits_.push_back(std::move(stored));
  return appended;
}

StagedBatch Stager::Finish(const PartitionHead& head, int64_t written_at_us) && {
  StagedBatch batch;
  batch.header = MakeBatchHeader(partition_, head, written_at_us, commits_);
  batch.commits = std::move(commits_);
  batch.tenants = std::move(tenants_);
  for (auto& [key, state] : streams_) {
    if (state->written) batch.streams.emplace_back(key, state->head);
  }
  return batch;
}

}  // namespace dealog::eventstore
