// Method: known answers of the Certificate Transparency reference tree (8 leaves; the roots and
// proofs that its implementations share) and of RFC 9162, section 2.1.5; then every proof of small
// trees, whole and spoiled, against the definition of section 2.1 written down once more.

#include "eventstore/merkle/tree.h"

#include <gmock/gmock.h>

#include <cstring>
#include <functional>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/string_view.h"

namespace dealog::eventstore {
namespace {

Digest FromHex(std::string_view hex) {
  const std::string bytes = absl::HexStringToBytes(base::View(hex));
  Digest digest;
  EXPECT_EQ(bytes.size(), digest.size());
  std::memcpy(digest.data(), bytes.data(), digest.size());
  return digest;
}

const char* const kLeaves[] = {"",
                               "00",
                               "10",
                               "2021",
                               "3031",
                               "40414243",
                               "5051525354555657",
                               "606162636465666768696a6b6c6d6e6f"};
// Of the trees of sizes 1 to 8.
const char* const kRoots[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                              "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                              "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                              "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                              "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                              "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                              "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                              "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

struct KnownProof {
  uint64_t from;  // Leaf index, or old size.
  uint64_t size;
  std::vector<const char*> hashes;
};
const KnownProof kInclusionProofs[] = {
    {0, 1, {}},
    {0,
     8,
     {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
    {5,
     8,
     {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
    {2, 3, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
    {1,
     5,
     {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}}};
const KnownProof kConsistencyProofs[] = {
    {1, 1, {}},
    {1,
     8,
     {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
    {6,
     8,
     {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
    {2,
     5,
     {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
    {6,
     7,
     {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}}};

Proof ToProof(const std::vector<const char*>& hashes) {
  Proof proof;
  for (const char* hash : hashes) proof.push_back(FromHex(hash));
  return proof;
}

// MTH of section 2.1, as it is defined.
Digest RootByDefinition(std::span<const Digest> leaves) {
  if (leaves.empty()) return EmptyRoot();
  if (leaves.size() == 1) return leaves[0];
  size_t split = 1;
  while (split * 2 < leaves.size()) split *= 2;
  return HashChildren(RootByDefinition(leaves.subspan(0, split)),
                      RootByDefinition(leaves.subspan(split)));
}

// A tree whose leaves are all in memory.
struct Tree {
  std::vector<Digest> leaves;

  Digest Root(uint64_t size) const { return RootByDefinition(std::span(leaves).subspan(0, size)); }
  absl::StatusOr<Digest> operator()(TreeNode node) const {
    const uint64_t count = uint64_t{1} << node.level;
    EXPECT_LE((node.index + 1) * count, leaves.size()) << "a node outside of the tree";
    return RootByDefinition(std::span(leaves).subspan(node.index * count, count));
  }
};

Tree ReferenceTree() {
  Tree tree;
  for (const char* leaf : kLeaves) tree.leaves.push_back(HashLeaf(absl::HexStringToBytes(leaf)));
  return tree;
}

Tree TreeOf(uint64_t size) {
  Tree tree;
  for (uint64_t i = 0; i < size; ++i) tree.leaves.push_back(HashLeaf(absl::StrCat("d", i)));
  return tree;
}

TEST(ReferenceTree, HasTheKnownRoots) {
  EXPECT_EQ(EmptyRoot(),
            FromHex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
  const Tree tree = ReferenceTree();
  TreeFrontier frontier;
  EXPECT_EQ(frontier.Root(), EmptyRoot());
  EXPECT_EQ(RootOf(0, tree).value(), EmptyRoot());
  for (uint64_t size = 1; size <= 8; ++size) {
    frontier.Append(tree.leaves[size - 1]);
    EXPECT_EQ(frontier.size(), size);
    EXPECT_EQ(frontier.Root(), FromHex(kRoots[size - 1])) << size;
    EXPECT_EQ(RootOf(size, tree).value(), FromHex(kRoots[size - 1])) << size;
  }
}

TEST(ReferenceTree, HasTheKnownInclusionProofs) {
  const Tree tree = ReferenceTree();
  for (const KnownProof& known : kInclusionProofs) {
    EXPECT_EQ(MakeInclusionProof(known.from, known.size, tree).value(), ToProof(known.hashes));
    EXPECT_EQ(VerifyInclusion(known.from, known.size, tree.leaves[known.from],
                              ToProof(known.hashes), FromHex(kRoots[known.size - 1])),
              absl::OkStatus());
  }
}

TEST(ReferenceTree, HasTheKnownConsistencyProofs) {
  const Tree tree = ReferenceTree();
  for (const KnownProof& known : kConsistencyProofs) {
    EXPECT_EQ(MakeConsistencyProof(known.from, known.size, tree).value(), ToProof(known.hashes));
    EXPECT_EQ(VerifyConsistency(known.from, known.size, FromHex(kRoots[known.from - 1]),
                                FromHex(kRoots[known.size - 1]), ToProof(known.hashes)),
              absl::OkStatus());
  }
}

// The tree of seven leaves whose nodes RFC 9162 names by letters, in section 2.1.5.
TEST(Rfc9162, HasTheProofsOfItsExample) {
  const Tree tree = TreeOf(7);
  const auto& leaves = tree.leaves;
  const Digest &a = leaves[0], &b = leaves[1], &c = leaves[2], &d = leaves[3], &e = leaves[4],
               &f = leaves[5], &j = leaves[6];
  const Digest g = HashChildren(a, b);
  const Digest h = HashChildren(c, d);
  const Digest i = HashChildren(e, f);
  const Digest k = HashChildren(g, h);
  const Digest l = HashChildren(i, j);
  EXPECT_EQ(RootOf(7, tree).value(), HashChildren(k, l));
  EXPECT_EQ(MakeInclusionProof(0, 7, tree).value(), (Proof{b, h, l}));
  EXPECT_EQ(MakeInclusionProof(3, 7, tree).value(), (Proof{c, g, l}));
  EXPECT_EQ(MakeInclusionProof(4, 7, tree).value(), (Proof{f, j, k}));
  EXPECT_EQ(MakeInclusionProof(6, 7, tree).value(), (Proof{i, k}));
  EXPECT_EQ(MakeConsistencyProof(3, 7, tree).value(), (Proof{c, d, g, l}));
  EXPECT_EQ(MakeConsistencyProof(4, 7, tree).value(), (Proof{l}));
  EXPECT_EQ(MakeConsistencyProof(6, 7, tree).value(), (Proof{i, j, k}));
}

constexpr uint64_t kSizeMax = 34;

// Every way to spoil a proof's hashes that keeps them hashes.
void ForEachSpoiled(const Proof& proof, const std::function<void(const Proof&)>& spoiled) {
  for (size_t i = 0; i < proof.size(); ++i) {
    Proof flipped = proof;
    flipped[i][i % 32] ^= 8;
    spoiled(flipped);
    Proof shorter = proof;
    shorter.erase(shorter.begin() + static_cast<ptrdiff_t>(i));
    spoiled(shorter);
    Proof longer = proof;
    longer.insert(longer.begin() + static_cast<ptrdiff_t>(i), proof[i]);
    spoiled(longer);
  }
  Proof longer = proof;
  longer.push_back(EmptyRoot());
  spoiled(longer);
}

TEST(EveryTree, ProvesEveryLeafAndNothingElse) {
  const Tree tree = TreeOf(kSizeMax);
  for (uint64_t size = 1; size <= kSizeMax; ++size) {
    const Digest root = tree.Root(size);
    EXPECT_EQ(RootOf(size, tree).value(), root);
    for (uint64_t leaf = 0; leaf < size; ++leaf) {
      const Proof proof = MakeInclusionProof(leaf, size, tree).value();
      const Digest& hash = tree.leaves[leaf];
      EXPECT_EQ(VerifyInclusion(leaf, size, hash, proof, root), absl::OkStatus());
      EXPECT_FALSE(VerifyInclusion(leaf + 1, size, hash, proof, root).ok());
      EXPECT_FALSE(VerifyInclusion(leaf, size, HashLeaf("other"), proof, root).ok());
      EXPECT_FALSE(VerifyInclusion(leaf, size, hash, proof, EmptyRoot()).ok());
      EXPECT_FALSE(VerifyInclusion(leaf, 2 * size, hash, proof, root).ok());
      ForEachSpoiled(proof, [&](const Proof& bad) {
        EXPECT_FALSE(VerifyInclusion(leaf, size, hash, bad, root).ok()) << leaf << "/" << size;
      });
    }
  }
}

TEST(EveryTree, ProvesThatItBeginsWithEveryOlderOneAndNothingElse) {
  const Tree tree = TreeOf(kSizeMax);
  for (uint64_t size = 1; size <= kSizeMax; ++size) {
    const Digest root = tree.Root(size);
    for (uint64_t old = 1; old < size; ++old) {
      const Proof proof = MakeConsistencyProof(old, size, tree).value();
      const Digest old_root = tree.Root(old);
      EXPECT_EQ(VerifyConsistency(old, size, old_root, root, proof), absl::OkStatus());
      EXPECT_FALSE(VerifyConsistency(old, size, root, old_root, proof).ok());
      EXPECT_FALSE(VerifyConsistency(old, size, HashLeaf("other"), root, proof).ok());
      EXPECT_FALSE(VerifyConsistency(old, size, old_root, HashLeaf("other"), proof).ok());
      EXPECT_FALSE(VerifyConsistency(old, size, old_root, root, {}).ok());
      ForEachSpoiled(proof, [&](const Proof& bad) {
        EXPECT_FALSE(VerifyConsistency(old, size, old_root, root, bad).ok()) << old << "/" << size;
      });
    }
  }
}

TEST(Consistency, OfEqualAndEmptyTreesTakesNoProof) {
  const Digest root = HashLeaf("x");
  EXPECT_EQ(VerifyConsistency(3, 3, root, root, {}), absl::OkStatus());
  EXPECT_EQ(VerifyConsistency(0, 3, EmptyRoot(), root, {}), absl::OkStatus());
  EXPECT_EQ(VerifyConsistency(0, 0, EmptyRoot(), EmptyRoot(), {}), absl::OkStatus());
  EXPECT_FALSE(VerifyConsistency(3, 3, root, EmptyRoot(), {}).ok());
  EXPECT_FALSE(VerifyConsistency(0, 3, root, root, {}).ok());
  EXPECT_FALSE(VerifyConsistency(3, 3, root, root, Proof{root}).ok());
  EXPECT_FALSE(VerifyConsistency(0, 3, EmptyRoot(), root, Proof{root}).ok());
  EXPECT_FALSE(VerifyConsistency(4, 3, root, root, {}).ok()) << "back in time";
}

TEST(Inclusion, IsRefusedOutsideOfTheTree) {
  EXPECT_FALSE(VerifyInclusion(0, 0, EmptyRoot(), {}, EmptyRoot()).ok());
  EXPECT_FALSE(VerifyInclusion(1, 1, HashLeaf("x"), {}, HashLeaf("x")).ok());
  EXPECT_EQ(VerifyInclusion(0, 1, HashLeaf("x"), {}, HashLeaf("x")), absl::OkStatus());
}

}  // namespace
}  // namespace dealog::eventstore
