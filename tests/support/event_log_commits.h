#pragma once

// Commits for tests of the log, in a few words.
//
//   NewCommit commit = MakeCommit("acme", {MakeEvent("deal/1", "DealOpened")});
//   AppendedCommit at = AppendOne(log, commit).value();

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/event_log.h"

namespace dealog::eventstore {

// "deal/1" as type and id.
StreamId MakeStream(std::string_view text);

// An event with a fixed id.
NewEvent MakeEvent(std::string_view stream, std::string_view type = "DealOpened",
                   std::string_view payload = "payload");

NewCommit MakeCommit(std::string_view tenant, std::vector<NewEvent> events,
                     int64_t recorded_at_us = 0);

// A request that a commit may carry.
CommitRequest MakeRequest(std::string_view request_id, std::string_view caller = "user:ada");

// A unique key whose hash is 32 times `fill`.
UniqueKey MakeUnique(std::string_view kind, char fill, std::string_view owner);

// Appends to the tenant's partition at its head.
absl::StatusOr<std::vector<absl::StatusOr<AppendedCommit>>> AppendAll(
    EventLog& log, const std::vector<NewCommit>& commits);
// One commit; its outcome.
absl::StatusOr<AppendedCommit> AppendOne(EventLog& log, const NewCommit& commit);

// The parsed header of an event.
storage::v1::EventHeader HeaderOf(const PageEvent& event);
// "position:stream@revision type payload" of every event of a page.
std::vector<std::string> Describe(const ReadPage& page);
std::vector<std::string> Describe(const absl::StatusOr<ReadPage>& page);

}  // namespace dealog::eventstore
