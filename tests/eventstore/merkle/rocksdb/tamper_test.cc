// The audit's promise: whoever keeps a checkpoint finds every change of the history before it.
// Method: a log is written, a checkpoint of it is kept, the log's database is forged while it is
// closed (forge.h) so that `log verify` finds the folder whole; then the auditor looks at the
// folder, at the events that a server hands out, and at what a server signs and proves now.

#include <gmock/gmock.h>

#include <algorithm>

#include "eventstore/merkle/history_check.h"
#include "eventstore/merkle/log_tree_check.h"
#include "eventstore/rocksdb/verify.h"
#include "tests/eventstore/merkle/rocksdb/audited_log.h"
#include "tests/eventstore/merkle/rocksdb/forge.h"

namespace dealog::eventstore {
namespace {

const TenantId kAcme{"acme"};

// Eight commits of acme, 16 events; one of another tenant between them, one without events.
std::vector<NewCommit> History() {
  std::vector<NewCommit> commits;
  for (int i = 0; i < 8; ++i) {
    const std::string number = std::to_string(i);
    commits.push_back(MakeCommit("acme",
                                 {MakeEvent("deal/" + number, "DealOpened", "payload " + number),
                                  MakeEvent("deal/0", "DealMoved", "moved " + number)},
                                 1'000 * (i + 1)));
    commits.back().request = MakeRequest("r" + number);
  }
  commits.insert(commits.begin() + 3, MakeCommit("other", {MakeEvent("deal/1")}, 3'500));
  NewCommit eventless = MakeCommit("acme", {}, 5'500);
  eventless.request = MakeRequest("nothing");
  commits.insert(commits.begin() + 6, eventless);
  return commits;
}

using Forgery = std::function<void(std::vector<NewCommit>& history)>;
struct NamedForgery {
  const char* name;
  Forgery forge;
};

void PrintTo(const NamedForgery& forgery, std::ostream* out) { *out << forgery.name; }

class ForgedHistory : public testing::TestWithParam<NamedForgery> {
 protected:
  void SetUp() override {
    std::vector<NewCommit> history = History();
    WriteHistory(folder_.log_path(), history);
    {
      const AuditedLog open = folder_.Open();
      kept_ = {open.MustSign(kAcme, 5), open.MustSign(kAcme)};
    }
    ASSERT_EQ(kept_[1].size, 16u);
    ASSERT_EQ(folder_.Verify(kept_), absl::OkStatus()) << "before the forgery";
    GetParam().forge(history);
    ForgeHistory(folder_.log_path(), history);
  }

  const AuditFolder folder_;
  std::vector<Checkpoint> kept_;
};

absl::Status CheckEvents(const EventLog& log, std::vector<Checkpoint> kept) {
  HistoryCheck check(std::move(kept));
  const ReadPage page = log.ReadTenant(kAcme, {}).value();
  for (const PageEvent& event : page.events) RETURN_IF_ERROR(check.Add(event.view()));
  return check.Finish();
}

TEST_P(ForgedHistory, IsWholeByEverythingElse) {
  const auto report = VerifyRocksDbLog(folder_.log_path(), {});
  ASSERT_TRUE(report.ok()) << report.status();
  EXPECT_THAT(report->problems, testing::IsEmpty());
}

TEST_P(ForgedHistory, IsFoundInTheFolder) {
  EXPECT_EQ(folder_.Verify(kept_).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(folder_.Verify({kept_[1]}).code(), absl::StatusCode::kDataLoss);
}

TEST_P(ForgedHistory, IsFoundInTheEventsThatTheServerHandsOut) {
  const AuditedLog open = folder_.Open();
  const absl::Status status = CheckEvents(*open.log, kept_);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
}

// The server's own trees and its memory of what it signed are gone: it signs the forged history.
TEST_P(ForgedHistory, IsFoundByTheConsistencyProof) {
  folder_.DeleteTrees();
  AuditedLog open = folder_.Open();
  while (open.log->Head(kAcme)->position.value < 20) {
    ASSERT_TRUE(AppendOne(*open.log, MakeCommit("acme", {MakeEvent("deal/9")})).ok());
  }
  open.CatchUp();
  const Checkpoint now = open.MustSign(kAcme);
  const auto proof = open.trees->ProveConsistency(kAcme, kept_[1].size, 0);
  ASSERT_TRUE(proof.ok()) << proof.status();
  EXPECT_FALSE(
      VerifyConsistency(kept_[1].size, now.size, kept_[1].root, now.root, proof->hashes).ok());
}

TEST_P(ForgedHistory, IsNotSignedByAServerThatKeptItsTrees) {
  const AuditedLog open = folder_.Open();
  const auto note = open.trees->Sign(kAcme, 0);
  EXPECT_EQ(note.status().code(), absl::StatusCode::kDataLoss) << note.status();
}

TEST_P(ForgedHistory, IsFoundByTheServersOwnTrees) {
  const auto store = OpenAuditStoreReadOnly(folder_.audit_path()).value();
  LogTreeCheck check(*store);
  ASSERT_TRUE(ScanRocksDbLog(folder_.log_path(), [&](const ScannedBatch& batch) {
                for (const CommitPtr& commit : batch.commits) check.Add(*commit);
                return absl::OkStatus();
              }).ok());
  const std::vector<std::string> problems = check.Finish();
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_THAT(problems[0], testing::HasSubstr("tenant acme"));
}

const NamedForgery kForgeries[] = {
    {"ByteOfAPayloadChanged", [](auto& history) { history[1].events[0].payload[0] ^= 1; }},
    {"CommitRemoved", [](auto& history) { history.erase(history.begin() + 1); }},
    {"FirstCommitRemoved", [](auto& history) { history.erase(history.begin()); }},
    {"NewestCommitRemoved", [](auto& history) { history.pop_back(); }},
    {"CommitsReordered",
     [](auto& history) {
       std::swap(history[1], history[2]);
       std::swap(history[1].recorded_at_us, history[2].recorded_at_us);
     }},
    {"EventsReordered",
     [](auto& history) { std::swap(history[1].events[0], history[1].events[1]); }},
    {"CommitInserted", [](auto& history) { history.insert(history.begin(), history[0]); }},
    {"ActorChanged", [](auto& history) { history[1].origin.principal = "user:eve"; }},
    {"TimeChanged", [](auto& history) { history[1].recorded_at_us += 1; }},
    {"PartMovedOutOfThePayload",
     [](auto& history) {
       NewEvent& event = history[1].events[0];
       event.sealed = {event.payload.substr(4)};
       event.payload.resize(4);
     }},
};
INSTANTIATE_TEST_SUITE_P(All, ForgedHistory, testing::ValuesIn(kForgeries),
                         [](const auto& info) { return std::string(info.param.name); });

// What no event shows and only the chain of batches covers: found in the folder.
TEST(ForgedCommitHeader, IsFoundInTheFolder) {
  const NamedForgery forgeries[] = {
      {"fingerprint changed", [](auto& history) { history[1].request.fingerprint[0] ^= 1; }},
      {"request removed", [](auto& history) { history[1].request = {}; }},
      {"commit without events removed", [](auto& history) { history.erase(history.begin() + 6); }}};
  for (const NamedForgery& forgery : forgeries) {
    std::vector<NewCommit> history = History();
    const AuditFolder folder;
    WriteHistory(folder.log_path(), history);
    const Checkpoint kept = folder.Open().MustSign(kAcme);
    forgery.forge(history);
    ForgeHistory(folder.log_path(), history);
    EXPECT_TRUE(VerifyRocksDbLog(folder.log_path(), {})->ok()) << forgery.name;
    EXPECT_EQ(folder.Verify({kept}).code(), absl::StatusCode::kDataLoss) << forgery.name;
  }
}

// Each byte of an old commit, one after the other.
TEST(ForgedByte, IsFoundWhereverItIs) {
  const AuditFolder folder;
  WriteHistory(folder.log_path(), History());
  const Checkpoint kept = folder.Open().MustSign(kAcme);
  EditLog(folder.log_path(), [&](const LogDatabase& database) {
    const auto verify = [&] {
      LogAudit audit({kept});
      RETURN_IF_ERROR(ScanLog(database, [&](const ScannedBatch& batch) {
        return audit.Add(batch.header, batch.commits);
      }));
      return audit.Finish();
    };
    size_t bytes = 1;
    for (size_t i = 0; i < bytes; ++i) {
      const auto flip = [&](std::string& commit) {
        bytes = commit.size();
        commit[i] ^= 4;
      };
      ForgeCommitBytes(database, "acme", 1, flip);
      const absl::Status found = verify();
      EXPECT_EQ(found.code(), absl::StatusCode::kDataLoss) << "byte " << i << ": " << found;
      ForgeCommitBytes(database, "acme", 1, flip);
    }
    EXPECT_GT(bytes, 300u);
    EXPECT_EQ(verify(), absl::OkStatus()) << "every byte was put back";
  });
}

// Another tenant's commits may be whatever they are to those who keep acme's events only; the chain
// of the folder tells of them, too.
TEST(ForgedTenant, IsItsOwnAuditorsBusiness) {
  std::vector<NewCommit> history = History();
  const AuditFolder folder;
  WriteHistory(folder.log_path(), history);
  Checkpoint acme;
  Checkpoint other;
  {
    const AuditedLog open = folder.Open();
    acme = open.MustSign(kAcme);
    other = open.MustSign({"other"});
  }
  history[3].events[0].payload = "forged";
  ForgeHistory(folder.log_path(), history);
  EXPECT_FALSE(folder.Verify({other}).ok());
  EXPECT_FALSE(folder.Verify({acme}).ok()) << "by the batch's digest";
  acme.batch.reset();
  EXPECT_TRUE(folder.Verify({acme}).ok()) << "acme's events are as they were";
}

TEST(LogTreeCheck, FindsNothingInAWholeLog) {
  const AuditFolder folder(2);
  {
    const AuditedLog open = folder.Open();
    for (const NewCommit& commit : History()) ASSERT_TRUE(AppendOne(*open.log, commit).ok());
    open.CatchUp();
    open.MustSign(kAcme, 5);
    open.follower->Stop();
    // The tree is behind the log, which is no fault.
    ASSERT_TRUE(AppendOne(*open.log, MakeCommit("acme", {MakeEvent("deal/9")})).ok());
  }
  const auto store = OpenAuditStoreReadOnly(folder.audit_path()).value();
  LogTreeCheck check(*store);
  ASSERT_TRUE(ScanRocksDbLog(folder.log_path(), [&](const ScannedBatch& batch) {
                for (const CommitPtr& commit : batch.commits) check.Add(*commit);
                return absl::OkStatus();
              }).ok());
  EXPECT_THAT(check.Finish(), testing::IsEmpty());
}

}  // namespace
}  // namespace dealog::eventstore
