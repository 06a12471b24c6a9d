#pragma once

// Limits and sizes of the log on RocksDB.

#include <cstddef>
#include <cstdint>

namespace dealog::eventstore {

// Memtables: of the commits, and of each index.
inline constexpr size_t kCommitsMemtableBytes = 32 << 20;
inline constexpr size_t kIndexMemtableBytes = 16 << 20;
// The write-ahead log is cut (and memtables written out) beyond this: bounds the time of an open.
inline constexpr size_t kWriteAheadLogBytesMax = 128 << 20;
inline constexpr size_t kBlockCacheBytes = 64 << 20;

// Heads of streams kept in front of the index.
inline constexpr size_t kStreamHeadsCached = 100'000;

// Below this many free bytes nothing is written: room for compactions and for an orderly stop.
inline constexpr uint64_t kFreeBytesMin = uint64_t{256} << 20;
// How often the free bytes are asked for.
inline constexpr int64_t kFreeBytesCheckMicros = 200'000;

// How often it is looked whether writes come faster than they are digested. They are held back so
// many files of level 0 before RocksDB would slow them (each flush adds one), or when of its limits
// of bytes all but one of so many parts are used up.
inline constexpr int64_t kStrainCheckMicros = 50'000;
inline constexpr uint64_t kLevel0Margin = 2;
inline constexpr uint64_t kStrainParts = 8;

// From a synced batch to its witness, besides the time of the write: below a second in all.
inline constexpr int64_t kWitnessIntervalMicros = 800'000;

// Remembered requests are dropped so long after they expired, µs, by compactions that come at least
// so often, seconds.
inline constexpr int64_t kRequestGraceMicros = int64_t{24} * 3600 * 1'000'000;
inline constexpr uint64_t kRequestCompactionSeconds = 24 * 3600;

// Batch headers per partition whose digests and chain are checked when the log is opened.
inline constexpr size_t kBatchesCheckedOnOpen = 1024;

// Commits that one page of a filtered read looks at; the page then ends early and says how far.
inline constexpr size_t kCommitsPerScanMax = 50'000;
// Bytes of commits that one catch-up page of a subscription reads at most.
inline constexpr size_t kCatchUpBytesMax = 8 << 20;
// From one match to the next, step over this many commits before seeking.
inline constexpr int kStepsBeforeSeek = 8;
// A filter of more streams or event types than this is answered without an index.
inline constexpr size_t kPostingsMax = 64;
// Tenants whose commits a catch-up over batches reads in order; more are looked up one by one.
inline constexpr size_t kCatchUpTenantsMax = 32;
// Rows of an append whose memory is kept for the next one; a larger append's is given back.
inline constexpr size_t kAppendRowsKeptBytes = 1 << 20;

}  // namespace dealog::eventstore
