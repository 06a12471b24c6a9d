// Method: checkpoints and proofs of a small log, checked as an auditor does; and what is not
// signed.

#include "eventstore/merkle/audit_trees.h"

#include <gmock/gmock.h>

#include <atomic>
#include <vector>

#include "eventstore/base/error.h"
#include "eventstore/base/worker.h"
#include "tests/eventstore/merkle/rocksdb/audited_log.h"

namespace dealog::eventstore {
namespace {

const TenantId kAcme{"acme"};

void AppendEvents(EventLog& log, int count, const std::string& payload = "payload") {
  for (int i = 0; i < count; ++i) {
    ASSERT_TRUE(
        AppendOne(log, MakeCommit("acme", {MakeEvent("deal/1", "DealOpened", payload)})).ok());
  }
}

class AuditTreesTest : public testing::Test {
 protected:
  void Append(int count, const std::string& payload = "payload") {
    AppendEvents(*open_.log, count, payload);
    open_.CatchUp();
  }
  const AuditFolder folder_;
  AuditedLog open_ = folder_.Open();
};

TEST_F(AuditTreesTest, ProvesEveryEventInEveryTree) {
  Append(12);
  const std::vector<VerifierKey> keys = {open_.trees->Key(kAcme)};
  for (uint64_t size = 1; size <= 12; ++size) {
    for (uint64_t position = 1; position <= size; ++position) {
      const auto proof = open_.trees->ProveInclusion(kAcme, {position}, size);
      ASSERT_TRUE(proof.ok()) << proof.status();
      const Checkpoint checkpoint = OpenCheckpoint(proof->checkpoint, keys).value();
      EXPECT_EQ(checkpoint.size, size);
      EXPECT_EQ(VerifyInclusion(position - 1, size, HashLeaf(proof->entry), proof->hashes,
                                checkpoint.root),
                absl::OkStatus());
    }
  }
}

TEST_F(AuditTreesTest, ProvesThatEveryTreeContinuesEveryOlderOne) {
  Append(12);
  for (uint64_t size = 1; size <= 12; ++size) {
    for (uint64_t old = 1; old <= size; ++old) {
      const auto proof = open_.trees->ProveConsistency(kAcme, old, size);
      ASSERT_TRUE(proof.ok()) << proof.status();
      EXPECT_EQ(VerifyConsistency(old, size, open_.MustSign(kAcme, old).root,
                                  open_.MustSign(kAcme, size).root, proof->hashes),
                absl::OkStatus());
    }
  }
}

TEST_F(AuditTreesTest, SignsTheSameTextEveryTime) {
  Append(3);
  EXPECT_EQ(open_.trees->Sign(kAcme, 3).value(), open_.trees->Sign(kAcme, 0).value());
}

// Callers who ask while the tree grows: each gets a checkpoint, whoever is first.
TEST_F(AuditTreesTest, SignsForManyWhileItGrows) {
  std::atomic<bool> done = false;
  std::atomic<int> signed_notes = 0;
  std::vector<base::Worker> callers;
  for (int i = 0; i < 3; ++i) {
    callers.emplace_back("caller", [&] {
      while (!done) {
        const auto note = open_.trees->Sign(kAcme, 0);
        EXPECT_TRUE(note.ok()) << note.status();
        ++signed_notes;
      }
    });
  }
  for (int i = 0; i < 200; ++i) Append(1);
  done = true;
  callers.clear();
  EXPECT_GT(signed_notes, 0);
  EXPECT_EQ(open_.MustSign(kAcme).size, 200u);
}

TEST_F(AuditTreesTest, SignsAnEmptyTree) {
  const Checkpoint checkpoint = open_.MustSign(kAcme);
  EXPECT_EQ(checkpoint.size, 0u);
  EXPECT_EQ(checkpoint.root, EmptyRoot());
}

TEST_F(AuditTreesTest, RefusesWhatIsBeyondTheLog) {
  Append(3);
  for (const absl::Status& status :
       {open_.trees->Sign(kAcme, 4).status(), open_.trees->ProveInclusion(kAcme, {4}, 0).status(),
        open_.trees->ProveInclusion(kAcme, {0}, 0).status(),
        open_.trees->ProveInclusion(kAcme, {3}, 2).status(),
        open_.trees->ProveConsistency(kAcme, 4, 0).status(),
        open_.trees->ProveConsistency(kAcme, 3, 2).status(),
        open_.trees->ProveConsistency(kAcme, 1, 4).status()}) {
    EXPECT_EQ(base::ReasonOf(status), "FIELD_INVALID") << status;
  }
}

TEST_F(AuditTreesTest, SaysThatTheTreeIsBehind) {
  Append(3);
  open_.follower->Stop();
  AppendEvents(*open_.log, 1);
  for (const absl::Status& status :
       {open_.trees->Sign(kAcme, 4).status(), open_.trees->ProveInclusion(kAcme, {4}, 0).status(),
        open_.trees->ProveConsistency(kAcme, 4, 0).status()}) {
    EXPECT_EQ(base::ReasonOf(status), "VIEW_BEHIND") << status;
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  }
  EXPECT_EQ(open_.MustSign(kAcme).size, 3u) << "what there is";
}

// The size of what was signed outlives trees that are made anew; a shorter log is noticed.
TEST_F(AuditTreesTest, SignsNothingThatContradictsWhatWasSigned) {
  Append(5);
  open_.MustSign(kAcme);
  open_.Close();
  std::filesystem::remove_all(folder_.log_path());
  open_ = folder_.Open();
  Append(4, "another");
  const absl::Status shorter = open_.trees->Sign(kAcme, 0).status();
  EXPECT_EQ(shorter.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(shorter.message()), testing::HasSubstr("ends at 4"));
  Append(4);
  const absl::Status rewritten = open_.trees->Sign(kAcme, 0).status();
  EXPECT_EQ(rewritten.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(rewritten.message()), testing::HasSubstr("the first 5 events"));
  EXPECT_FALSE(open_.trees->ProveInclusion(kAcme, {1}, 0).ok());
  EXPECT_FALSE(open_.trees->ProveConsistency(kAcme, 1, 0).ok());
}

}  // namespace
}  // namespace dealog::eventstore
