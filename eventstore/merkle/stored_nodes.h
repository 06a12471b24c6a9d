#pragma once

// The nodes of a stored tree, as tree.h asks for them. Internal to this folder.

#include <map>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "eventstore/base/status.h"
#include "eventstore/merkle/audit_store.h"
#include "eventstore/merkle/tile.h"
#include "eventstore/merkle/tree.h"

namespace dealog::eventstore {

// Keeps the few tiles that one answer needs. Thread safety: none. Ownership: of neither argument.
class StoredNodes {
 public:
  StoredNodes(const AuditStore& store, const TenantId& tenant) : store_(store), tenant_(tenant) {}

  absl::StatusOr<Digest> operator()(TreeNode node) const {
    return NodeInTiles(node, [this](TileId id) -> absl::StatusOr<std::string> {
      const auto found = tiles_.find(id);
      if (found != tiles_.end()) return found->second;
      ASSIGN_OR_RETURN(std::string bytes, store_.Tile(tenant_, id));
      return tiles_.emplace(id, std::move(bytes)).first->second;
    });
  }

 private:
  const AuditStore& store_;
  const TenantId& tenant_;
  mutable std::map<TileId, std::string> tiles_;
};

}  // namespace dealog::eventstore
