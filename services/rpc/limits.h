#pragma once

// Every limit of the gRPC surface, by name. Past one: LIMIT_EXCEEDED, OVERLOADED or FIELD_INVALID
// that names it.

#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"

namespace dealog::rpc {

// One request message. Larger ones up to kReceiveBytesMax are refused with LIMIT_EXCEEDED; beyond
// that gRPC itself refuses them, without details, before anything is read.
inline constexpr size_t kRequestBytesMax = 4 << 20;
inline constexpr int kReceiveBytesMax = 16 << 20;
// Metadata of one call, bytes.
inline constexpr int kMetadataBytesMax = 16 << 10;
// Calls in flight of one connection.
inline constexpr int kConcurrentCallsPerConnectionMax = 4096;
// Open server streams (ReadLog, Subscribe, WatchBoard) of the whole server.
inline constexpr size_t kStreamsMax = 1024;
// Nesting of messages in a request.
inline constexpr int kRequestDepthMax = 16;

// How long a read waits for its view: if the client gives no deadline; at most, whatever it gives;
// and what is kept of a deadline so that the reply still arrives in time.
inline constexpr absl::Duration kReadWait = absl::Seconds(5);
inline constexpr absl::Duration kReadWaitMax = absl::Seconds(30);
inline constexpr absl::Duration kReplyMargin = absl::Milliseconds(5);

// How long a checkpoint or a proof waits for the tree to have what the log has.
inline constexpr absl::Duration kAuditWait = absl::Milliseconds(500);

// Lists.
inline constexpr int32_t kPageSizeDefault = 50;
inline constexpr int32_t kPageSizeMax = 1000;
inline constexpr size_t kPageTokenBytesMax = 1024;

// ReadStream.
inline constexpr int32_t kStreamPageDefault = 1000;
inline constexpr int32_t kStreamPageMax = 10'000;
// About how many bytes one message of events has, and at most how many events.
inline constexpr size_t kEventMessageBytes = 1 << 20;
inline constexpr size_t kEventMessageEventsMax = 4096;
// A subscriber whose filter matches nothing is told where it stands after so many events.
inline constexpr uint64_t kCheckpointEvents = 10'000;
// One that is live, at its next event, also after so long.
inline constexpr int64_t kCheckpointMicros = 1'000'000;
inline constexpr size_t kEventFilterItemsMax = 1000;

// Appends of one AppendEventBatches, or of one message of AppendEventStream.
inline constexpr size_t kAppendsPerMessageMax = 1000;
// Events of one AppendEventBatches, so that its reply stays below the 4 MiB that clients accept
// even if each has a stream of its own.
inline constexpr size_t kAppendEventsPerCallMax = 20'000;
// Appends that one AppendEventStream may have unanswered, and their bytes; past either the server
// stops reading. As many as the sequencer always lets in, two batches of it: a client that just
// writes on is held back, never told OVERLOADED for what it alone has sent.
inline constexpr size_t kAppendWindow = 1024;
inline constexpr size_t kAppendWindowBytes = 8 << 20;

// Subscribers whose next event a scrape of metrics reads.
inline constexpr size_t kLagReadsMax = 64;

// Streams that one history merges (a deal's own and those of its activities and notes).
inline constexpr size_t kHistoryStreamsMax = 10'000;
// Queries of one BatchQueryKpis.
inline constexpr int kBatchQueriesMax = 32;
// Changed deals in one message of WatchBoard; past it the whole board is sent again.
inline constexpr size_t kWatchDealsMax = 2000;
// How long changes of a watched board gather before they are told; one that comes alone does not
// wait.
inline constexpr absl::Duration kWatchGather = absl::Milliseconds(50);
// Messages of a watched board that are kept for watchers behind; those further behind are sent the
// whole board.
inline constexpr size_t kWatchChangesMax = 32;

// Work that must not hold up gRPC's threads: see executors.h.
inline constexpr int kStreamThreads = 2;
inline constexpr int kReadThreads = 4;
// Reads that wait, of all tenants; of one tenant that wait or run: one alone can't fill the queue.
inline constexpr size_t kReadsMax = 4096;
inline constexpr size_t kReadsPerTenantMax = kReadsMax / 8;
// Computations that wait, of all tenants; of one tenant that wait or run.
inline constexpr size_t kComputationsMax = 1024;
inline constexpr size_t kComputationsPerTenantMax = 64;
// They run when nobody else wants to.
inline constexpr int kComputationNice = 10;
// When a refused client should try again.
inline constexpr absl::Duration kOverloadedRetry = absl::Milliseconds(100);

// Errors: trailers are limited to 8 KiB by most clients.
inline constexpr size_t kErrorMessageBytesMax = 1024;
inline constexpr size_t kErrorDetailsBytesMax = 3072;

}  // namespace dealog::rpc
