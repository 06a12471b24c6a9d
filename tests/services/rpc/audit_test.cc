// Method: over the wire, as an auditor with nothing but the server's public key: checkpoints and
// proofs are checked against the events that the log hands out.

#include "services/rpc/audit.h"

#include "dealog/v1/history.grpc.pb.h"
#include "dealog/v1/log.grpc.pb.h"
#include "eventstore/merkle/checkpoint.h"
#include "eventstore/merkle/history_check.h"
#include "eventstore/merkle/leaf.h"
#include "tests/services/rpc/fixture.h"

namespace dealog::rpc {
namespace {

using History = v1::HistoryService::Stub;
using eventstore::Checkpoint;
using eventstore::Digest;
using eventstore::VerifierKey;

class AuditTest : public RpcTest {
 protected:
  void SetUp() override {
    history_ = v1::HistoryService::NewStub(TestChannel());
    log_ = v1::LogService::NewStub(TestChannel());
    MakeTenant();
    OpenDeal("First");
  }
  v1::GetCheckpointResponse GetCheckpoint(int64_t size = 0) {
    v1::GetCheckpointRequest request;
    request.set_size(size);
    return Must(*history_, &History::GetCheckpoint, request);
  }
  std::vector<VerifierKey> Keys() {
    return {VerifierKey::Parse(GetCheckpoint().verifier_key()).value()};
  }
  int64_t Head() {
    return Must(*log_, &v1::LogService::Stub::GetHead, v1::GetHeadRequest()).position();
  }
  std::vector<v1::StoredEvent> Events() {
    grpc::ClientContext context;
    Prepare(context);
    v1::ReadLogRequest request;
    request.set_payload_form(v1::PAYLOAD_FORM_STORED);
    const auto stream = log_->ReadLog(&context, request);
    std::vector<v1::StoredEvent> events;
    v1::ReadLogResponse message;
    while (stream->Read(&message)) {
      events.insert(events.end(), message.stored_events().begin(), message.stored_events().end());
    }
    return events;
  }
  static eventstore::Proof ToProof(const google::protobuf::RepeatedPtrField<std::string>& hashes) {
    eventstore::Proof proof;
    for (const std::string& hash : hashes) {
      EXPECT_EQ(hash.size(), sizeof(Digest));
      std::copy(hash.begin(), hash.end(), proof.emplace_back().begin());
    }
    return proof;
  }

  std::unique_ptr<v1::HistoryService::Stub> history_;
  std::unique_ptr<v1::LogService::Stub> log_;
};

std::string EntryOf(const v1::StoredEvent& event) {
  return eventstore::LeafEntry(
      event.header(), event.payload(),
      std::vector<std::string_view>(event.sealed().begin(), event.sealed().end()));
}

// What was answered is in the checkpoint that is asked for next.
TEST_F(AuditTest, SignsTheEventsThatTheLogHandsOut) {
  for (int i = 0; i < 3; ++i) {
    OpenDeal("Another");
    const v1::GetCheckpointResponse reply = GetCheckpoint();
    const Checkpoint checkpoint = eventstore::OpenCheckpoint(reply.checkpoint(), Keys()).value();
    EXPECT_EQ(static_cast<int64_t>(checkpoint.size), Head());
    EXPECT_EQ(static_cast<int64_t>(checkpoint.size), reply.size());
    EXPECT_EQ(base::AsView(checkpoint.root), reply.root_hash());
    EXPECT_TRUE(eventstore::IsOriginOfTenant(checkpoint.origin, tenant_));
    EXPECT_TRUE(checkpoint.batch);
    eventstore::HistoryCheck check({checkpoint});
    for (const v1::StoredEvent& event : Events()) {
      EXPECT_EQ(check.Add(event.header(), event.payload(), {}), absl::OkStatus());
    }
    EXPECT_EQ(check.Finish(), absl::OkStatus());
    EXPECT_EQ(check.matched_size(), checkpoint.size);
  }
}

TEST_F(AuditTest, SignsOlderSizes) {
  const v1::GetCheckpointResponse older = GetCheckpoint(1);
  EXPECT_EQ(older.size(), 1);
  const Digest leaf = eventstore::HashLeaf(EntryOf(Events()[0]));
  EXPECT_EQ(older.root_hash(), base::AsView(leaf));
}

TEST_F(AuditTest, ProvesEachEvent) {
  const auto events = Events();
  const auto keys = Keys();
  for (size_t i = 0; i < events.size(); ++i) {
    v1::GetInclusionProofRequest request;
    request.set_position(static_cast<int64_t>(i) + 1);
    const auto reply = Must(*history_, &History::GetInclusionProof, request);
    EXPECT_EQ(reply.entry(), EntryOf(events[i]));
    const Checkpoint checkpoint = eventstore::OpenCheckpoint(reply.checkpoint(), keys).value();
    EXPECT_EQ(eventstore::VerifyInclusion(i, checkpoint.size, eventstore::HashLeaf(reply.entry()),
                                          ToProof(reply.hashes()), checkpoint.root),
              absl::OkStatus());
  }
}

TEST_F(AuditTest, ProvesThatItsHistoryContinuesAKeptOne) {
  const auto keys = Keys();
  const Checkpoint kept = eventstore::OpenCheckpoint(GetCheckpoint().checkpoint(), keys).value();
  OpenDeal("Later");
  v1::GetConsistencyProofRequest request;
  request.set_old_size(static_cast<int64_t>(kept.size));
  const auto reply = Must(*history_, &History::GetConsistencyProof, request);
  const Checkpoint now = eventstore::OpenCheckpoint(reply.checkpoint(), keys).value();
  EXPECT_GT(now.size, kept.size);
  EXPECT_EQ(eventstore::VerifyConsistency(kept.size, now.size, kept.root, now.root,
                                          ToProof(reply.hashes())),
            absl::OkStatus());
}

TEST_F(AuditTest, RefusesSizesAndPositionsOutsideOfTheLog) {
  const int64_t beyond = Head() + 1;
  for (const int64_t bad : {int64_t{-1}, beyond}) {
    v1::GetCheckpointRequest checkpoint;
    checkpoint.set_size(bad);
    v1::GetInclusionProofRequest inclusion;
    inclusion.set_position(bad);
    v1::GetConsistencyProofRequest consistency;
    consistency.set_old_size(bad);
    for (const Failure& failure : {Fails(*history_, &History::GetCheckpoint, checkpoint),
                                   Fails(*history_, &History::GetInclusionProof, inclusion),
                                   Fails(*history_, &History::GetConsistencyProof, consistency)}) {
      EXPECT_EQ(failure.code, grpc::StatusCode::INVALID_ARGUMENT) << failure.message;
      EXPECT_EQ(failure.reason, "FIELD_INVALID");
      EXPECT_EQ(failure.fields.size(), 1u);
    }
  }
  v1::GetInclusionProofRequest nowhere;
  EXPECT_EQ(Fails(*history_, &History::GetInclusionProof, nowhere).reason, "FIELD_INVALID");
}

TEST_F(AuditTest, RefusesATenantThatIsNone) {
  tenant_ = "nobody";
  EXPECT_EQ(Fails(*history_, &History::GetCheckpoint, v1::GetCheckpointRequest()).reason,
            "TENANT_NOT_FOUND");
}

}  // namespace
}  // namespace dealog::rpc
