#pragma once

// Keys and values of the audit store. Integers big-endian; docs/formats/audit.md.
//
//   tile       'T' tenant, u8 level, u64 index      hashes of 32 bytes, 1 to 256
//   head       'H' tenant                           u64 size, u32 partition, u64 number, digest
//   point      'P' u32 partition                    u64 number, digest
//   signed     'S' tenant                           u64 size, root
//   format     'F'                                  "1"
//   tenant  =  u8 length, name;  digest, root = 32 bytes

#include <optional>
#include <string>
#include <string_view>

#include "eventstore/merkle/audit_store.h"

namespace dealog::eventstore {

inline constexpr char kTileTag = 'T';
inline constexpr char kTreeHeadTag = 'H';
inline constexpr char kAuditPointTag = 'P';
inline constexpr char kSignedTreeTag = 'S';
inline constexpr char kAuditFormatKey[] = "F";
inline constexpr char kAuditFormat[] = "1";

std::string TileKey(const TenantId& tenant, TileId id);
std::string TreeHeadKey(const TenantId& tenant);
std::string AuditPointKey(PartitionId partition);
std::string SignedTreeKey(const TenantId& tenant);

// nullopt if the value is none.
std::string EncodeTreeHead(const TreeHead& head);
std::optional<TreeHead> DecodeTreeHead(std::string_view value);
std::string EncodeAuditPoint(const FollowPoint& point);
std::optional<FollowPoint> DecodeAuditPoint(std::string_view value);
std::string EncodeSignedTree(const SignedTree& tree);
std::optional<SignedTree> DecodeSignedTree(std::string_view value);

}  // namespace dealog::eventstore
