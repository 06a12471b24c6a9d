#include "tests/support/event_log_commits.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/status.h"

namespace dealog::eventstore {

StreamId MakeStream(std::string_view text) {
  const size_t slash = text.find('/');
  DEALOG_CHECK(slash != std::string_view::npos) << text;
  return {std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

NewEvent MakeEvent(std::string_view stream, std::string_view type, std::string_view payload) {
  return {.stream = MakeStream(stream),
          .type = std::string(type),
          .event_id = std::string(16, 'i'),
          .payload = std::string(payload)};
}

NewCommit MakeCommit(std::string_view tenant, std::vector<NewEvent> events,
                     int64_t recorded_at_us) {
  return {.tenant = {std::string(tenant)},
          .recorded_at_us = recorded_at_us,
          .origin = {.principal = "user:ada"},
          .events = std::move(events)};
}

CommitRequest MakeRequest(std::string_view request_id, std::string_view caller) {
  return {.caller = std::string(caller),
          .request_id = std::string(request_id),
          .method = "/dealog.v1.DealService/MoveDeal",
          .fingerprint = std::string(32, 'f'),
          .expires_at_us = 99};
}

UniqueKey MakeUnique(std::string_view kind, char fill, std::string_view owner) {
  return {std::string(kind), std::string(32, fill), MakeStream(owner)};
}

absl::StatusOr<std::vector<absl::StatusOr<AppendedCommit>>> AppendAll(
    EventLog& log, const std::vector<NewCommit>& commits) {
  const PartitionId partition = log.PartitionOf(commits.at(0).tenant);
  return log.Append(partition, log.BatchHead(partition).number, commits);
}

absl::StatusOr<AppendedCommit> AppendOne(EventLog& log, const NewCommit& commit) {
  ASSIGN_OR_RETURN(auto outcomes, AppendAll(log, {commit}));
  return std::move(outcomes.at(0));
}

storage::v1::EventHeader HeaderOf(const PageEvent& event) {
  storage::v1::EventHeader header;
  DEALOG_CHECK(header.ParseFromString(std::string(event.view().header)));
  return header;
}

std::vector<std::string> Describe(const ReadPage& page) {
  std::vector<std::string> events;
  for (const PageEvent& event : page.events) {
    const storage::v1::EventHeader header = HeaderOf(event);
    DEALOG_CHECK(header.position() == event.position().value) << header.position();
    events.push_back(absl::StrCat(header.position(), ":", header.stream().type(), "/",
                                  header.stream().id(), "@", header.revision(), " ", header.type(),
                                  " ", std::string(event.view().payload)));
  }
  return events;
}

std::vector<std::string> Describe(const absl::StatusOr<ReadPage>& page) {
  DEALOG_CHECK_OK(page);
  return Describe(*page);
}

}  // namespace dealog::eventstore
