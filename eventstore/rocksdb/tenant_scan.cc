#include "eventstore/rocksdb/tenant_scan.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "eventstore/apply.h"
#include "eventstore/base/status.h"
#include "eventstore/bytes.h"
#include "eventstore/event_filter.h"
#include "eventstore/log_errors.h"
#include "eventstore/rocksdb/limits.h"
#include "eventstore/validate.h"

namespace dealog::eventstore {
namespace {

// The commits that one index prefix proposes, by last position. Thread safety: none.
class Posting {
 public:
  Posting(const LogDatabase& database, Family family, std::string prefix)
      : by_revision_(family == Family::kStreams), rows_(database, family, std::move(prefix)) {}

  bool Valid() const { return rows_.Valid(); }
  absl::Status status() const { return rows_.status(); }
  uint64_t position() const {
    return by_revision_ ? ByteReader(rows_.value()).Big<uint64_t>() : rows_.number();
  }
  void Step(bool forward) { forward ? rows_.Next() : rows_.Prev(); }

  // To the first commit at or after `position`, or (backward) the last at or before it.
  void Seek(uint64_t position, bool forward) {
    if (!by_revision_) return forward ? rows_.Seek(position) : rows_.SeekBack(position);
    // Rows go by revision; positions rise with it. Halve the revisions until the place is found.
    rows_.SeekToLast();
    if (!rows_.Valid()) return;
    uint64_t low = 1;
    uint64_t high = rows_.number() + 1;
    while (low < high) {
      const uint64_t middle = low + (high - low) / 2;
      rows_.Seek(middle);
      if (!rows_.Valid() || this->position() >= position) {
        high = middle;
      } else {
        low = rows_.number() + 1;
      }
    }
    rows_.Seek(low);
    if (forward) return;
    if (!rows_.Valid()) return rows_.SeekToLast();
    if (this->position() > position) rows_.Prev();
  }

 private:
  const bool by_revision_;
  PrefixRows rows_;
};

// What an index proposes, of several prefixes together: last positions of commits in order.
class Proposals {
 public:
  Proposals(const LogDatabase& database, const TenantId& tenant, const EventFilter& filter) {
    const auto fits = [](size_t count) { return count > 0 && count <= kPostingsMax; };
    if (fits(filter.streams.size())) {
      for (const StreamId& stream : filter.streams) {
        if (!IsStorable(stream)) continue;
        Add(database, Family::kStreams, StreamPrefix(tenant.value, stream.type, stream.id));
      }
    } else if (fits(filter.event_types.size())) {
      for (const std::string& type : filter.event_types) {
        if (type.size() > kEventTypeBytesMax) continue;
        Add(database, Family::kTypes, TypePrefix(tenant.value, type));
      }
    }
  }
  // False: no index helps, look at all commits.
  bool any() const { return !postings_.empty(); }

  void Seek(uint64_t position, bool forward) {
    for (const auto& posting : postings_) posting->Seek(position, forward);
  }
  // The next proposal, and past it; nullopt at the end.
  absl::StatusOr<std::optional<uint64_t>> Take(bool forward) {
    std::optional<uint64_t> next;
    for (const auto& posting : postings_) {
      if (!posting->Valid()) {
        RETURN_IF_ERROR(posting->status());
        continue;
      }
      const uint64_t position = posting->position();
      if (!next || (forward ? position < *next : position > *next)) next = position;
    }
    if (!next) return next;
    for (const auto& posting : postings_) {
      if (posting->Valid() && posting->position() == *next) posting->Step(forward);
    }
    return next;
  }

 private:
  void Add(const LogDatabase& database, Family family, std::string prefix) {
    postings_.push_back(std::make_unique<Posting>(database, family, std::move(prefix)));
  }
  std::vector<std::unique_ptr<Posting>> postings_;
};

// One read. Thread safety: none.
class Scan {
 public:
  Scan(const LogDatabase& database, const TenantId& tenant, const TenantReadOptions& options,
       Position head)
      : tenant_(tenant),
        forward_(options.direction == Direction::kForward),
        limit_(PageLimit(options.limit)),
        head_(head.value),
        matcher_(options.filter),
        commits_(database, Family::kCommits, TenantPrefix(tenant.value)),
        proposals_(database, tenant, options.filter) {
    const uint64_t after = options.after.value;
    if (forward_) {
      start_ = after + 1;
    } else {
      start_ = after == 0 ? head_ : std::min(after - 1, head_);
    }
  }

  absl::StatusOr<ReadPage> Run() {
    if (start_ == 0 || start_ > head_) return AtEnd();
    commits_.Seek(start_);  // The commit that holds `start_`; within the head there is one.
    if (!commits_.Valid()) {
      RETURN_IF_ERROR(commits_.status());
      return CorruptCommit(CommitKey(tenant_.value, start_, 0), "it is missing");
    }
    if (proposals_.any()) proposals_.Seek(forward_ ? start_ : commits_.number(), forward_);
    size_t looked_at = 0;
    while (true) {
      ASSIGN_OR_RETURN(const bool found, ToNextCommit(looked_at == 0));
      if (!found) return AtEnd();
      ASSIGN_OR_RETURN(const CommitPtr commit, ReadCommitRow(commits_.key(), commits_.value()));
      ASSIGN_OR_RETURN(const bool full, Take(commit));
      if (full) return std::move(page_);
      if (++looked_at >= kCommitsPerScanMax) {
        StopAt(forward_ ? commit->last_position() : commit->first_position());
        return std::move(page_);
      }
    }
  }

 private:
  // Puts `commits_` on the next commit to look at; false at the end.
  absl::StatusOr<bool> ToNextCommit(bool first) {
    if (!proposals_.any()) {
      if (!first) Step();
      while (commits_.Valid() && commits_.eventless()) Step();
      if (!commits_.Valid()) RETURN_IF_ERROR(commits_.status());
      return commits_.Valid() && commits_.number() <= HeadBound();
    }
    ASSIGN_OR_RETURN(const std::optional<uint64_t> next, proposals_.Take(forward_));
    if (!next || *next > HeadBound()) return false;
    // Neighbours are stepped to, which costs a tenth of a seek.
    for (int i = 0; i < kStepsBeforeSeek && commits_.Valid() && Before(*next); ++i) Step();
    if (!commits_.Valid() || commits_.number() != *next || commits_.eventless()) {
      commits_.Seek(*next);
    }
    if (commits_.Valid() && commits_.number() == *next && !commits_.eventless()) return true;
    RETURN_IF_ERROR(commits_.status());
    return CorruptCommit(CommitKey(tenant_.value, *next, 0), "an index names it, it is missing");
  }

  // Backward the walk starts within the head and can't pass it.
  uint64_t HeadBound() const { return forward_ ? head_ : UINT64_MAX; }
  bool Before(uint64_t position) const {
    return forward_ ? commits_.number() < position : commits_.number() > position;
  }
  void Step() { forward_ ? commits_.Next() : commits_.Prev(); }

  // Adds the commit's matching events; true once the page is full.
  absl::StatusOr<bool> Take(const CommitPtr& commit) {
    if (!matcher_.MayMatch(*commit)) return false;
    const uint32_t count = static_cast<uint32_t>(commit->event_count());
    for (uint32_t i = 0; i < count; ++i) {
      const PageEvent event{commit, forward_ ? i : count - 1 - i};
      const uint64_t position = event.position().value;
      if (forward_ ? position < start_ : position > start_) continue;
      ASSIGN_OR_RETURN(const bool matches, matcher_.Matches(event));
      if (!matches) continue;
      bytes_ += EventBytes(event.view());
      page_.events.push_back(event);
      if (page_.events.size() < limit_ && bytes_ < kPageBytesMax) continue;
      StopAt(event.position());
      return true;
    }
    return false;
  }

  void StopAt(Position position) {
    page_.read_to = position;
    page_.end = position.value == (forward_ ? head_ : 1);
  }
  ReadPage AtEnd() {
    page_.end = true;
    page_.read_to = Position{forward_ ? head_ : std::min<uint64_t>(1, head_)};
    return std::move(page_);
  }

  const TenantId& tenant_;
  const bool forward_;
  const size_t limit_;
  const uint64_t head_;
  uint64_t start_ = 0;  // The first position to look at.
  EventMatcher matcher_;
  PrefixRows commits_;
  Proposals proposals_;
  ReadPage page_;
  size_t bytes_ = 0;
};

}  // namespace

absl::StatusOr<ReadPage> ScanTenant(const LogDatabase& database, const TenantId& tenant,
                                    const TenantReadOptions& options, Position head) {
  return Scan(database, tenant, options, head).Run();
}

}  // namespace dealog::eventstore
