#include "eventstore/merkle/tree.h"

#include <bit>
#include <string>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"

namespace dealog::eventstore {
namespace {

using base::AsView;

// Leaves [begin, end) of the tree.
struct Range {
  uint64_t begin = 0;
  uint64_t end = 0;
  uint64_t size() const { return end - begin; }
  bool complete() const { return std::has_single_bit(size()); }
  // RFC 6962 splits at the largest power of two below the size; the left part is complete.
  uint64_t split() const { return begin + std::bit_floor(size() - 1); }
};

absl::StatusOr<Digest> HashOf(Range range, NodeReader node) {
  if (range.complete()) {
    const int level = std::countr_zero(range.size());
    return node({level, range.begin >> level});
  }
  ASSIGN_OR_RETURN(const Digest left, HashOf({range.begin, range.split()}, node));
  ASSIGN_OR_RETURN(const Digest right, HashOf({range.split(), range.end}, node));
  return HashChildren(left, right);
}

absl::Status AppendHash(Range range, NodeReader node, Proof& proof) {
  ASSIGN_OR_RETURN(const Digest hash, HashOf(range, node));
  proof.push_back(hash);
  return absl::OkStatus();
}

// PATH of section 2.1.1.
absl::Status AppendPath(uint64_t leaf_index, Range range, NodeReader node, Proof& proof) {
  if (range.size() == 1) return absl::OkStatus();
  const Range left{range.begin, range.split()};
  const Range right{range.split(), range.end};
  const bool in_left = leaf_index < left.end;
  RETURN_IF_ERROR(AppendPath(leaf_index, in_left ? left : right, node, proof));
  return AppendHash(in_left ? right : left, node, proof);
}

// SUBPROOF of section 2.1.2. `known`: the hash of the range is a root that the verifier has.
absl::Status AppendSubproof(uint64_t old_size, Range range, bool known, NodeReader node,
                            Proof& proof) {
  if (old_size == range.end) return known ? absl::OkStatus() : AppendHash(range, node, proof);
  const Range left{range.begin, range.split()};
  const Range right{range.split(), range.end};
  if (old_size <= left.end) {
    RETURN_IF_ERROR(AppendSubproof(old_size, left, known, node, proof));
    return AppendHash(right, node, proof);
  }
  RETURN_IF_ERROR(AppendSubproof(old_size, right, false, node, proof));
  return AppendHash(left, node, proof);
}

absl::Status Mismatch(std::string_view what) {
  return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD", what);
}

absl::Status Malformed(std::string_view kind, uint64_t at, uint64_t size, size_t found) {
  return Mismatch(absl::StrCat("the ", base::View(kind), " proof from ", at, " to tree size ", size,
                               " can't have ", found, " hashes; ask for it anew"));
}

// Takes the hashes of a proof one by one.
class ProofWalk {
 public:
  explicit ProofWalk(std::span<const Digest> proof) : rest_(proof) {}
  bool done() const { return rest_.empty(); }
  const Digest& Next() {
    const Digest& next = rest_.front();
    rest_ = rest_.subspan(1);
    return next;
  }

 private:
  std::span<const Digest> rest_;
};

}  // namespace

Digest HashLeaf(std::string_view entry) { return base::Sha256({std::string_view("\0", 1), entry}); }

Digest HashChildren(const Digest& left, const Digest& right) {
  return base::Sha256({std::string_view("\1", 1), AsView(left), AsView(right)});
}

Digest EmptyRoot() { return base::Sha256(std::string_view()); }

absl::StatusOr<Digest> RootOf(uint64_t size, NodeReader node) {
  if (size == 0) return EmptyRoot();
  return HashOf({0, size}, node);
}

absl::StatusOr<Proof> MakeInclusionProof(uint64_t leaf_index, uint64_t size, NodeReader node) {
  DEALOG_CHECK(leaf_index < size) << leaf_index << " of " << size;
  Proof proof;
  RETURN_IF_ERROR(AppendPath(leaf_index, {0, size}, node, proof));
  return proof;
}

absl::StatusOr<Proof> MakeConsistencyProof(uint64_t old_size, uint64_t new_size, NodeReader node) {
  DEALOG_CHECK(old_size <= new_size) << old_size << " of " << new_size;
  Proof proof;
  if (old_size == 0 || old_size == new_size) return proof;
  RETURN_IF_ERROR(AppendSubproof(old_size, {0, new_size}, true, node, proof));
  return proof;
}

// RFC 9162, section 2.1.3.2.
absl::Status VerifyInclusion(uint64_t leaf_index, uint64_t size, const Digest& leaf,
                             std::span<const Digest> proof, const Digest& root) {
  if (leaf_index >= size) {
    return Mismatch(
        absl::StrCat("expected a leaf below the tree size ", size, ", found leaf ", leaf_index));
  }
  uint64_t fn = leaf_index;
  uint64_t sn = size - 1;
  Digest hash = leaf;
  for (const Digest& sibling : proof) {
    if (sn == 0) return Malformed("inclusion", leaf_index, size, proof.size());
    if ((fn & 1) != 0 || fn == sn) {
      hash = HashChildren(sibling, hash);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      hash = HashChildren(hash, sibling);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return Malformed("inclusion", leaf_index, size, proof.size());
  if (hash == root) return absl::OkStatus();
  return Mismatch(absl::StrCat("leaf ", leaf_index, " is not in the tree of size ", size,
                               ": its proof leads to another root"));
}

// RFC 9162, section 2.1.4.2.
absl::Status VerifyConsistency(uint64_t old_size, uint64_t new_size, const Digest& old_root,
                               const Digest& new_root, std::span<const Digest> proof) {
  if (old_size > new_size) {
    return Mismatch(
        absl::StrCat("expected a tree of at least size ", old_size, ", found size ", new_size));
  }
  const absl::Status rewritten = Mismatch(absl::StrCat(
      "the tree of size ", new_size, " does not begin with the tree of size ", old_size));
  if (old_size == new_size || old_size == 0) {
    if (!proof.empty()) return Malformed("consistency", old_size, new_size, proof.size());
    const Digest& expected = old_size == 0 ? EmptyRoot() : new_root;
    return old_root == expected ? absl::OkStatus() : rewritten;
  }
  if (proof.empty()) return Malformed("consistency", old_size, new_size, proof.size());
  ProofWalk walk(proof);
  uint64_t fn = old_size - 1;
  uint64_t sn = new_size - 1;
  const int shared = std::countr_one(fn);  // Complete levels that both trees share.
  fn >>= shared;
  sn >>= shared;
  Digest from_old = std::has_single_bit(old_size) ? old_root : walk.Next();
  Digest from_new = from_old;
  while (!walk.done()) {
    const Digest& next = walk.Next();
    if (sn == 0) return Malformed("consistency", old_size, new_size, proof.size());
    if ((fn & 1) != 0 || fn == sn) {
      from_old = HashChildren(next, from_old);
      from_new = HashChildren(next, from_new);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      from_new = HashChildren(from_new, next);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return Malformed("consistency", old_size, new_size, proof.size());
  return from_old == old_root && from_new == new_root ? absl::OkStatus() : rewritten;
}

void TreeFrontier::Append(const Digest& leaf) {
  Digest hash = leaf;
  // As in a binary counter: every trailing one is a complete subtree that now has its sibling.
  for (int i = std::countr_one(size_); i > 0; --i) {
    hash = HashChildren(complete_.back(), hash);
    complete_.pop_back();
  }
  complete_.push_back(hash);
  ++size_;
}

Digest TreeFrontier::Root() const {
  if (complete_.empty()) return EmptyRoot();
  Digest root = complete_.back();
  for (size_t i = complete_.size() - 1; i-- > 0;) root = HashChildren(complete_[i], root);
  return root;
}

}  // namespace dealog::eventstore
