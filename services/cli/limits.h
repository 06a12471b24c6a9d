#pragma once

// Named maximums of the command line.

#include <cstddef>
#include <cstdint>

namespace dealog::cli {

// Deadline of a unary call where --timeout is not given.
inline constexpr double kCallTimeoutSeconds = 30;
// What --timeout may be.
inline constexpr double kTimeoutSecondsMin = 0.001;
inline constexpr double kTimeoutSecondsMax = 1e7;
// Largest reply that is accepted: a page of a list, or a batch of a log's stream.
inline constexpr int kReplyBytesMax = 64 << 20;
// Bytes of one ImportChunk; the server refuses more than 256 KiB.
inline constexpr size_t kImportChunkBytes = 128 << 10;
// Calls in flight of `dealog sample`.
inline constexpr int kSampleInFlightDefault = 256;
inline constexpr int kSampleInFlightMax = 4096;
// Pause between two looks at a running import.
inline constexpr int64_t kImportPollMicros = 50'000;
// A call of the sample that the server is too busy for is repeated, at most so often, after a
// pause.
inline constexpr int kSampleAttemptsMax = 500;
inline constexpr int64_t kSampleRetryMicros = 10'000;
// Largest mapping or workflow file.
inline constexpr size_t kDefinitionBytesMax = 1 << 20;
// Largest payload of `log append`; what the server takes is 1 KiB less.
inline constexpr size_t kPayloadBytesMax = 1 << 20;
// Events that `group consume` has in hand, and of one of its acks.
inline constexpr int kConsumeCreditsDefault = 100;
inline constexpr int kAcksPerMessage = 1000;
// Events that `log read` shows unless --limit says otherwise.
inline constexpr int64_t kLogReadDefault = 100;
// Events of a resource that one page of `deal history` asks for.
inline constexpr int kHistoryPage = 1000;

}  // namespace dealog::cli
