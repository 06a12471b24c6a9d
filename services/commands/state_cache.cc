#include "services/commands/state_cache.h"

#include <utility>

#include "eventstore/base/check.h"
#include "services/commands/limits.h"

namespace dealog::commands {
namespace {

// What an entry holds besides the state, about: the entry, its list node and slot in the set.
constexpr size_t kEntryOverheadBytes = 192;

size_t BytesOf(const StateCache::Entry& entry) {
  return kEntryOverheadBytes + entry.tenant.size() + entry.stream.type.size() +
         entry.stream.id.size() + entry.state->ApproximateBytes();
}

std::unique_ptr<StateCache::Entry> MakeEntry(std::string_view tenant,
                                             const domain::StreamRef& stream,
                                             std::unique_ptr<domain::AggregateState> state) {
  auto entry = std::make_unique<StateCache::Entry>();
  entry->tenant = tenant;
  entry->stream = stream;
  entry->state = std::move(state);
  entry->bytes = BytesOf(*entry);
  return entry;
}

}  // namespace

StateCache::StateCache(size_t bytes_max) : bytes_max_(bytes_max) {}

StateCache::Entry* StateCache::Find(std::string_view tenant, const domain::StreamRef& stream) {
  const auto found = entries_.find(StateKeyView{tenant, stream.type, stream.id});
  if (found == entries_.end()) return nullptr;
  Entry* entry = found->get();
  recency_.splice(recency_.begin(), recency_, entry->recency);
  return entry;
}

StateCache::Entry& StateCache::Insert(std::string_view tenant, const domain::StreamRef& stream,
                                      std::unique_ptr<domain::AggregateState> state) {
  std::unique_ptr<Entry> owned = MakeEntry(tenant, stream, std::move(state));
  Entry& entry = *owned;
  bytes_ += entry.bytes;
  recency_.push_front(&entry);
  entry.recency = recency_.begin();
  base::MutexLock lock(mu_);
  const bool inserted = entries_.insert(std::move(owned)).second;
  DEALOG_CHECK(inserted) << stream.type << "/" << stream.id << " is in the cache already";
  return entry;
}

void StateCache::Measure(Entry& entry) {
  bytes_ -= entry.bytes;
  entry.bytes = BytesOf(entry);
  bytes_ += entry.bytes;
}

void StateCache::Trim() {
  if (bytes_ <= bytes_max_) return;
  base::MutexLock lock(mu_);
  while (bytes_ > bytes_max_ && !recency_.empty()) {
    Entry* oldest = recency_.back();
    recency_.pop_back();
    bytes_ -= oldest->bytes;
    entries_.erase(entries_.find(oldest->key()));
  }
}

void StateCache::Clear() {
  base::MutexLock lock(mu_);
  recency_.clear();
  entries_.clear();
  warm_.clear();
  bytes_ = warm_bytes_ = 0;
}

bool StateCache::Has(std::string_view tenant, const domain::StreamRef& stream) const {
  const StateKeyView key{tenant, stream.type, stream.id};
  base::MutexLock lock(mu_);
  return entries_.contains(key) || warm_.contains(key);
}

void StateCache::Warm(std::string_view tenant, const domain::StreamRef& stream,
                      std::unique_ptr<domain::AggregateState> state) {
  std::unique_ptr<Entry> entry = MakeEntry(tenant, stream, std::move(state));
  const size_t bytes = entry->bytes;
  base::MutexLock lock(mu_);
  if (warm_bytes_ + bytes > bytes_max_ / kWarmShare) {
    // Nobody picked these up; they are older than what comes now.
    warm_.clear();
    warm_bytes_ = 0;
    if (bytes > bytes_max_ / kWarmShare) return;
  }
  if (entries_.contains(entry->key())) return;
  if (warm_.insert(std::move(entry)).second) warm_bytes_ += bytes;
}

std::unique_ptr<domain::AggregateState> StateCache::TakeWarm(std::string_view tenant,
                                                             const domain::StreamRef& stream) {
  base::MutexLock lock(mu_);
  const auto found = warm_.find(StateKeyView{tenant, stream.type, stream.id});
  if (found == warm_.end()) return nullptr;
  std::unique_ptr<domain::AggregateState> state = std::move((*found)->state);
  warm_bytes_ -= (*found)->bytes;
  warm_.erase(found);
  return state;
}

}  // namespace dealog::commands
