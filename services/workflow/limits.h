#pragma once

// Every limit of services/workflow, by name.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace dealog::workflow {

// Automated steps behind an event, at most: an event that deep triggers nothing any more.
inline constexpr uint32_t kCausationDepthMax = 16;
// Age of a trigger where the definition does not say, seconds between occurred and recorded.
inline constexpr int64_t kMaxTriggerAgeSecondsDefault = 86'400;
// Instances that advance side by side, sharing writes.
inline constexpr size_t kInstancesAtOnceMax = 256;
// What is kept of a refusal's message; it may cut a character in two only where it is not ASCII.
inline constexpr size_t kFailureMessageBytesMax = 1024;
// One page of the log, bytes.
inline constexpr size_t kPollBytesMax = 1 << 20;
// While events come one after another, how long the reactor lets them gather before it looks again.
inline constexpr std::chrono::milliseconds kPace{2};
// Batches after which the checkpoint is saved, also while there are more to read.
inline constexpr uint64_t kBatchesPerCheckpoint = 1024;
// Waits between attempts while the sequencer takes no commands.
inline constexpr std::chrono::milliseconds kRetryDelayMin{50};
inline constexpr std::chrono::milliseconds kRetryDelayMax{5000};

}  // namespace dealog::workflow
