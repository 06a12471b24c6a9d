#pragma once

// The arithmetic of a Merkle tree after RFC 6962, section 2.1, over SHA-256. Pure functions: who
// holds the hashes is the caller's affair (tile.h), and checking a proof needs nothing but the
// proof.
//
//   ASSIGN_OR_RETURN(const Digest root, RootOf(size, node));
//   ASSIGN_OR_RETURN(const Proof proof, MakeInclusionProof(leaf_index, size, node));
//   RETURN_IF_ERROR(VerifyInclusion(leaf_index, size, HashLeaf(entry), proof, root));
//
// A leaf index counts from 0; the leaf of a tenant's position p is p - 1.

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "eventstore/base/crypto.h"

namespace dealog::eventstore {

using base::Digest;

// SHA-256(0x00 ‖ entry).
Digest HashLeaf(std::string_view entry);
// SHA-256(0x01 ‖ left ‖ right).
Digest HashChildren(const Digest& left, const Digest& right);
// The root of a tree without leaves: SHA-256 of nothing.
Digest EmptyRoot();

// The root of the complete subtree over the leaves [index << level, (index + 1) << level).
struct TreeNode {
  int level = 0;
  uint64_t index = 0;
};
// Returns a node that lies wholly inside the tree that is asked about.
using NodeReader = absl::FunctionRef<absl::StatusOr<Digest>(TreeNode)>;

// From the leaf (or the newest common subtree) up; at most 64 and 65 hashes.
using Proof = std::vector<Digest>;

// An error is one of `node`. The leaf index must be below the size, the old size at most the new
// one (checked).
absl::StatusOr<Digest> RootOf(uint64_t size, NodeReader node);
absl::StatusOr<Proof> MakeInclusionProof(uint64_t leaf_index, uint64_t size, NodeReader node);
absl::StatusOr<Proof> MakeConsistencyProof(uint64_t old_size, uint64_t new_size, NodeReader node);

// That the leaf is in the tree of that size and root. DATA_LOSS / CORRUPT_RECORD if not.
absl::Status VerifyInclusion(uint64_t leaf_index, uint64_t size, const Digest& leaf,
                             std::span<const Digest> proof, const Digest& root);
// That the new tree begins with the whole old tree. DATA_LOSS / CORRUPT_RECORD if not. Every tree
// begins with the empty one: then the proof must be empty.
absl::Status VerifyConsistency(uint64_t old_size, uint64_t new_size, const Digest& old_root,
                               const Digest& new_root, std::span<const Digest> proof);

// Computes the root over leaves that come one by one, in the memory of 64 hashes.
// Thread safety: none.
class TreeFrontier {
 public:
  void Append(const Digest& leaf);
  uint64_t size() const { return size_; }
  Digest Root() const;

 private:
  uint64_t size_ = 0;
  std::vector<Digest> complete_;  // One per bit set in size_, the largest subtree first.
};

}  // namespace dealog::eventstore
