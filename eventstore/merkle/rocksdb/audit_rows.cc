#include "eventstore/merkle/rocksdb/audit_rows.h"

#include <cstring>

#include "eventstore/bytes.h"
#include "eventstore/keys.h"

namespace dealog::eventstore {
namespace {

std::string TenantKey(char tag, const TenantId& tenant) {
  return std::string(1, tag) + TenantPrefix(tenant.value);
}

Digest TakeDigest(ByteReader& reader) {
  Digest digest{};
  const std::string_view bytes = reader.Take(digest.size());
  std::memcpy(digest.data(), bytes.data(), bytes.size());
  return digest;
}

}  // namespace

std::string TileKey(const TenantId& tenant, TileId id) {
  std::string key = TenantKey(kTileTag, tenant);
  AppendBig(key, static_cast<uint8_t>(id.level));
  AppendBig(key, id.index);
  return key;
}

std::string TreeHeadKey(const TenantId& tenant) { return TenantKey(kTreeHeadTag, tenant); }
std::string SignedTreeKey(const TenantId& tenant) { return TenantKey(kSignedTreeTag, tenant); }

std::string AuditPointKey(PartitionId partition) {
  std::string key(1, kAuditPointTag);
  AppendBig(key, partition.value);
  return key;
}

std::string EncodeTreeHead(const TreeHead& head) {
  std::string value;
  AppendBig(value, head.size);
  AppendBig(value, head.batch.partition.value);
  AppendBig(value, head.batch.number.value);
  value.append(base::AsView(head.batch.digest));
  return value;
}

std::optional<TreeHead> DecodeTreeHead(std::string_view value) {
  ByteReader reader(value);
  TreeHead head;
  head.size = reader.Big<uint64_t>();
  head.batch.partition.value = reader.Big<uint32_t>();
  head.batch.number.value = reader.Big<uint64_t>();
  head.batch.digest = TakeDigest(reader);
  if (!reader.Done()) return std::nullopt;
  return head;
}

std::string EncodeAuditPoint(const FollowPoint& point) {
  std::string value;
  AppendBig(value, point.number.value);
  return value + point.digest;
}

std::optional<FollowPoint> DecodeAuditPoint(std::string_view value) {
  ByteReader reader(value);
  FollowPoint point;
  point.number.value = reader.Big<uint64_t>();
  point.digest = std::string(reader.Take(sizeof(Digest)));
  if (!reader.Done()) return std::nullopt;
  return point;
}

std::string EncodeSignedTree(const SignedTree& tree) {
  std::string value;
  AppendBig(value, tree.size);
  value.append(base::AsView(tree.root));
  return value;
}

std::optional<SignedTree> DecodeSignedTree(std::string_view value) {
  ByteReader reader(value);
  SignedTree tree;
  tree.size = reader.Big<uint64_t>();
  tree.root = TakeDigest(reader);
  if (!reader.Done()) return std::nullopt;
  return tree;
}

}  // namespace dealog::eventstore
