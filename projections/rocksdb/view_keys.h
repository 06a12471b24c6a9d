#pragma once

// Grammar of the view store (docs/formats/views.md). Integers in keys are big-endian, so that they
// sort; in values little-endian. A name is its size in one byte and its bytes.
//
//   format      "F"                                    -> "1"
//   row         "R" view:name tenant:name key:bytes    -> the view's own bytes
//   checkpoint  "C" view:name partition:u32            -> version:u32 number:u64 digest:bytes
//   applied     "A" view:name tenant:name              -> position:u64 { path:name count:u64 }

#include <optional>
#include <string>
#include <string_view>

#include "eventstore/types.h"
#include "projections/view_store.h"

namespace dealog::projections {

inline constexpr std::string_view kFormatKey = "F";
inline constexpr std::string_view kFormat = "1";
inline constexpr char kRowTag = 'R';
inline constexpr char kCheckpointTag = 'C';
inline constexpr char kAppliedTag = 'A';

// What all keys of a view with that tag begin with.
std::string ViewPrefix(char tag, std::string_view view);
std::string RowPrefix(std::string_view view, const eventstore::TenantId& tenant);
std::string CheckpointKey(std::string_view view, eventstore::PartitionId partition);
// Its view and partition.
std::optional<ViewWrite::Checkpoint> ParseCheckpointKey(std::string_view key);
std::string AppliedKey(std::string_view view, const eventstore::TenantId& tenant);

std::string EncodeCheckpoint(const ViewCheckpoint& checkpoint);
std::optional<ViewCheckpoint> DecodeCheckpoint(std::string_view value);
std::string EncodePoint(const SlotPoint& point);
std::optional<SlotPoint> DecodePoint(std::string_view value);

}  // namespace dealog::projections
