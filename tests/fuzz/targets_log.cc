// Commits, batch headers and keys of the log.

#include "eventstore/base/check.h"
#include "eventstore/batch_codec.h"
#include "eventstore/commit_codec.h"
#include "eventstore/event_log.h"
#include "eventstore/keys.h"
#include "tests/fuzz/targets.h"
#include "tests/support/event_log_commits.h"

namespace dealog::fuzz {
namespace {

using namespace eventstore;  // NOLINT: a file of fuzz targets of that namespace.

NewCommit SomeCommit(size_t events) {
  NewCommit commit = MakeCommit("acme", {}, 7);
  for (size_t i = 0; i < events; ++i) {
    commit.events.push_back(MakeEvent(i % 2 == 0 ? "deal/1" : "contact/2", "DealMoved", "payload"));
  }
  if (events > 1) commit.events[1].sealed = {"sealed", ""};
  commit.request = MakeRequest("request-1");
  return commit;
}

std::string SomeBytes(size_t events) {
  const NewCommit commit = SomeCommit(events);
  CommitPlacement placement{.first = Position{9}, .recorded_at_us = 7};
  for (size_t i = 0; i < events; ++i) placement.revisions.push_back(Revision{1 + i / 2});
  if (events > 0)
    placement.streams.push_back({&commit.events[0].stream, Revision{(events + 1) / 2}});
  if (events > 1) placement.streams.push_back({&commit.events[1].stream, Revision{events / 2}});
  placement.subject_revision = Revision{1};
  return CommitEncoder().Encode(commit, placement);
}

void RunCommit(std::string_view input) {
  const auto parsed = StoredCommit::Parse(std::string(input));
  const auto verified = StoredCommit::ParseVerified(std::string(input));
  // Trusted bytes are checked less, never more.
  DEALOG_CHECK(!parsed.ok() || verified.ok());
  if (!parsed.ok()) return;
  const StoredCommit& commit = **parsed;
  DEALOG_CHECK(commit.bytes() == input);
  DEALOG_CHECK(commit.header().tenant() == commit.tenant());
  size_t bytes = 0;
  for (size_t i = 0; i < commit.event_count(); ++i) {
    const EventView& event = commit.event(i);
    bytes += event.header.size() + event.payload.size();
    for (const std::string_view part : event.sealed) bytes += part.size();
  }
  DEALOG_CHECK(bytes <= input.size());
}

void RunBatch(std::string_view input) {
  const PartitionId partition{0};
  const auto header = ParseBatchHeader(partition, BatchNumber{1}, input);
  if (!header.ok()) return;
  DEALOG_CHECK(header->number() == 1);
  DEALOG_CHECK(BatchDigestOf(*header) == header->digest());
}

void RunKeys(std::string_view input) {
  const auto parts = ParseCommitKey(input);
  if (!parts.has_value()) return;
  DEALOG_CHECK(CommitKey(parts->tenant, parts->last_position, parts->eventless_recorded_at_us) ==
               input);
}

std::vector<std::string> CommitSeeds() { return {SomeBytes(0), SomeBytes(1), SomeBytes(5)}; }

std::vector<std::string> BatchSeeds() {
  storage::v1::BatchHeader header;
  header.set_format(kBatchFormat);
  header.set_number(1);
  header.set_owner_epoch(1);
  header.set_previous_digest(std::string(kDigestBytes, '\0'));
  header.set_written_at_us(7);
  header.set_digest(BatchDigestOf(header));
  return {header.SerializeAsString()};
}

std::vector<std::string> KeySeeds() {
  return {CommitKey("acme", 1, 0), CommitKey("acme", 1, 99), CommitKey("", ~uint64_t{0}, 0)};
}

}  // namespace

std::vector<Target> LogTargets() {
  return {{"commit", &RunCommit, &CommitSeeds},
          {"batch", &RunBatch, &BatchSeeds},
          {"keys", &RunKeys, &KeySeeds}};
}

}  // namespace dealog::fuzz
