#pragma once

// What a leaf of a tenant's tree is made of. docs/formats/audit.md, stored nowhere but hashed for
// ever:
//
//   entry = header ‖ SHA-256(body)
//   body  = u32 length, open payload, u32 count, count × (u32 length, sealed part)
//   leaf  = SHA-256(0x00 ‖ entry)
//
// Header and body are the event's bytes as the commit stores them (commit_codec.h), so that proofs
// outlive an erasure: sealed parts stay as they were when their key is gone. The lengths belong to
// the body: else bytes could move between the payload and the sealed parts unnoticed.

#include <span>
#include <string>
#include <string_view>

#include "eventstore/event_log.h"
#include "eventstore/merkle/tree.h"

namespace dealog::eventstore {

std::string LeafEntry(std::string_view header, std::string_view payload,
                      std::span<const std::string_view> sealed);
inline std::string LeafEntry(const EventView& event) {
  return LeafEntry(event.header, event.payload, event.sealed);
}
inline Digest LeafOf(const EventView& event) { return HashLeaf(LeafEntry(event)); }

}  // namespace dealog::eventstore
