#pragma once

// The bytes of a commit. Stored for ever; docs/formats/log.md explains each.
//
//   commit     = format header events
//   format     = u8, 1
//   header     = u32 length, storage.v1.CommitHeader
//   events     = u32 count, count × u32 end, count × event
//                end: where the event ends, counted from the first event's first byte
//   event      = u32 length, storage.v1.EventHeader
//                u32 length, open payload
//                u32 count, count × (u32 length, sealed part)
//   u8, u32    = big-endian
//
// Every length is explicit, nothing may follow or be left over: a commit has one encoding for its
// parts. StoredCommit::Parse reads any bytes whatsoever without reading past them.

#include <cstdint>
#include <string>
#include <vector>

#include "dealog/storage/v1/commit.pb.h"
#include "eventstore/event_log.h"

namespace dealog::eventstore {

inline constexpr uint8_t kCommitFormat = 1;

// What Append gives a commit: its place in the log.
struct CommitPlacement {
  // A stream that the commit writes, and the revision of its last event there.
  struct Stream {
    const StreamId* stream;
    Revision last;
  };
  Position first;  // Of the first event; the tenant's head for a commit without events.
  int64_t recorded_at_us = 0;
  Revision subject_revision;
  std::vector<Revision> revisions;  // One per event.
  std::vector<Stream> streams;      // Distinct, in the order of their first event.
};

// Encodes commits; keeps its messages between calls, because building them afresh costs more than
// encoding. Thread safety: none.
class CommitEncoder {
 public:
  // The bytes of `commit` at `placement`. The commit must be valid (validate.h).
  std::string Encode(const NewCommit& commit, const CommitPlacement& placement);

 private:
  void FillHeader(const NewCommit& commit, const CommitPlacement& placement);
  void FillOrigin(const NewCommit& commit, const CommitPlacement& placement);
  void AppendEvent(const NewEvent& event, std::string& out);

  storage::v1::CommitHeader header_;
  storage::v1::EventHeader event_header_;
};

}  // namespace dealog::eventstore
