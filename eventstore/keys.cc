#include "eventstore/keys.h"

#include "eventstore/base/check.h"
#include "eventstore/bytes.h"

namespace dealog::eventstore {
namespace {

template <typename Length>
void AppendName(std::string& out, std::string_view name) {
  DEALOG_CHECK(name.size() <= static_cast<Length>(-1)) << name.size();
  AppendBig(out, static_cast<Length>(name.size()));
  out.append(name);
}

}  // namespace

std::string_view FamilyName(Family family) {
  constexpr std::string_view kNames[kFamilyCount] = {"commits", "batches",  "streams", "types",
                                                     "times",   "requests", "uniques", "tenants"};
  return kNames[static_cast<size_t>(family)];
}

std::string TenantPrefix(std::string_view tenant) {
  std::string key;
  key.reserve(tenant.size() + 1 + 2 * sizeof(uint64_t));
  AppendName<uint8_t>(key, tenant);
  return key;
}

std::string StreamPrefix(std::string_view tenant, std::string_view type, std::string_view id) {
  std::string key;
  key.reserve(tenant.size() + type.size() + id.size() + 3 + sizeof(uint64_t));
  AppendName<uint8_t>(key, tenant);
  AppendName<uint8_t>(key, type);
  AppendName<uint8_t>(key, id);
  return key;
}

std::string TypePrefix(std::string_view tenant, std::string_view event_type) {
  std::string key = TenantPrefix(tenant);
  AppendName<uint8_t>(key, event_type);
  return key;
}

std::string PartitionPrefix(PartitionId partition) {
  std::string key;
  AppendBig(key, partition.value);
  return key;
}

std::string NumberedKey(std::string_view prefix, uint64_t number) {
  std::string key;
  key.reserve(prefix.size() + sizeof(number));
  key.append(prefix);
  AppendBig(key, number);
  return key;
}

uint64_t NumberIn(std::string_view key, size_t prefix_size) {
  DEALOG_CHECK(key.size() >= prefix_size + sizeof(uint64_t)) << key.size();
  return LoadBig<uint64_t>(key.data() + prefix_size);
}

std::string CommitKey(std::string_view tenant, uint64_t last_position,
                      int64_t eventless_recorded_at_us) {
  std::string key = TenantPrefix(tenant);
  AppendBig(key, last_position);
  if (eventless_recorded_at_us != 0) AppendBig(key, eventless_recorded_at_us);
  return key;
}

std::string CommitKey(const StoredCommit& commit) {
  return CommitKey(commit.tenant(), commit.last_position().value,
                   commit.event_count() == 0 ? commit.recorded_at_us() : 0);
}

std::string RequestKey(std::string_view tenant, std::string_view caller,
                       std::string_view request_id) {
  std::string key = TenantPrefix(tenant);
  AppendName<uint16_t>(key, caller);
  AppendName<uint8_t>(key, request_id);
  return key;
}

std::string UniqueKeyBytes(std::string_view tenant, std::string_view kind, std::string_view hash) {
  std::string key = TenantPrefix(tenant);
  AppendName<uint8_t>(key, kind);
  key.append(hash);
  return key;
}

std::optional<CommitKeyParts> ParseCommitKey(std::string_view key) {
  ByteReader reader(key);
  CommitKeyParts parts;
  parts.tenant = reader.Prefixed<uint8_t>();
  parts.last_position = reader.Big<uint64_t>();
  if (reader.ok() && !reader.rest().empty()) {
    parts.eventless_recorded_at_us = reader.Big<int64_t>();
    if (parts.eventless_recorded_at_us <= 0) return std::nullopt;
  }
  if (!reader.Done() || parts.tenant.empty()) return std::nullopt;
  return parts;
}

}  // namespace dealog::eventstore
