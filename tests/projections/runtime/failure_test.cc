// Method: what goes wrong with one view of one tenant (a fold that fails, bytes that do not parse,
// rows that are damaged, events of a newer release) is made to happen; that slot alone must say so
// or start anew, and everybody else go on as if nothing were.

#include <atomic>
#include <string>

#include "projections/runtime/runner.h"
#include "tests/projections/runtime/runner_fixture.h"

namespace dealog::projections {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A serialised field of bytes.
std::string Field(uint32_t number, const std::string& value) {
  std::string bytes;
  for (uint32_t tag = number << 3 | 2; tag != 0; tag >>= 7) {
    bytes += static_cast<char>((tag & 0x7f) | (tag >= 0x80 ? 0x80 : 0));
  }
  return bytes + static_cast<char>(value.size()) + value;
}

class FailureTest : public RunnerTest {
 protected:
  ~FailureTest() override { Stop(); }  // Before what the runner tells goes.
  // An event whose payload is these bytes.
  void AppendPayload(const std::string& tenant, const std::string& payload) {
    eventstore::NewCommit commit = NotesCommit(tenant, "n", {"a"});
    commit.events[0].payload = payload;
    const PartitionId partition = log_->PartitionOf(commit.tenant);
    auto outcomes = log_->Append(partition, log_->BatchHead(partition).number, {&commit, 1});
    DEALOG_CHECK_OK(outcomes);
    DEALOG_CHECK_OK(outcomes->front());
  }
  // As if the view's row had been damaged, or written by another release, while nobody looked.
  void Plant(const ViewWrite& write) {
    auto store = *OpenViewStore(Views());
    ASSERT_TRUE(store->Write(write).ok());
  }
  absl::Status ReadOf(const std::string& tenant, std::string_view view) {
    const auto read = Read(tenant, {.views = {view}});
    if (!read.ok()) return read.status();
    return (*read)->Get<CountView>(view).status();
  }
  SlotPoint Stored(const std::string& tenant, std::string_view view) {
    return *store_->ReadApplied(view, TenantId{tenant});
  }
  RunnerOptions Options() {
    return {.flush_interval = absl::Milliseconds(5), .log = [this](std::string_view sentence) {
              const base::MutexLock lock(mu_);
              told_ += sentence;
              told_ += "\n";
            }};
  }
  std::string told() {
    const base::MutexLock lock(mu_);
    return told_;
  }

  base::Mutex mu_;
  std::string told_ ABSL_GUARDED_BY(mu_);
};

TEST_F(FailureTest, EventsOfANewerReleaseFoldToNothingAndAreCounted) {
  Start();
  Append("acme", "n", {"a"});
  Count("acme", "n");
  AppendPayload("acme", Field(4000, "an aggregate that no build has"));
  AppendPayload("acme", Field(6, Field(4001, "a kind of note event that no build has")));
  AppendPayload("acme", Field(6, Field(4001, "once more")));
  Append("beta", "n", {"a"});
  Count("beta", "n");
  EXPECT_EQ(StatusOf("sturdy").state, ProjectionStatus::State::kLive);
  Count("acme", "n");
  Stop();
  Start();  // It is kept, also beside rows that were loaded and went on.
  Append("acme", "n", {"b"});
  Count("acme", "n");
  Stop();
  Start();
  EXPECT_EQ(Stored("acme", "sturdy"), (SlotPoint{Position{5}, {{"4000", 1}, {"6.4001", 2}}}));
  EXPECT_EQ(Stored("beta", "sturdy"), (SlotPoint{Position{1}, {}}));
}

TEST_F(FailureTest, ABuildThatKnowsWhatWasSkippedRebuildsThatSlot) {
  Append("acme", "n", {"a", "b"});
  Append("beta", "n", {"a"});
  Start({SturdyDefinition(), FragileDefinition()}, Options());
  Count("acme", "n");
  Count("beta", "n");
  Stop();
  ViewWrite write;  // Field 6.1 is known: as an older build would have left it.
  write.rows = {{"fragile", TenantId{"acme"}, "n", "77", false}};
  write.applied = {{"fragile", TenantId{"acme"}, {Position{2}, {{"6.1", 2}}}}};
  Plant(write);
  Start({SturdyDefinition(), FragileDefinition()}, Options());
  const SlotPoint rebuilt{Position{2}, {}};
  for (int i = 0; i < 2'000 && !(Stored("acme", "fragile") == rebuilt); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));  // At the start, nobody reads.
  }
  EXPECT_EQ(Stored("acme", "fragile"), rebuilt);
  EXPECT_EQ(Count("acme", "n", "fragile"), 2);
  EXPECT_THAT(told(), HasSubstr("the view fragile of tenant acme is rebuilt"));
  EXPECT_THAT(told(), Not(HasSubstr("sturdy")));
  EXPECT_EQ(StatusOf("fragile").events_folded, 2u);
}

// More kinds than are remembered: a build with the same fields knows none of them either.
TEST_F(FailureTest, TooManyUnknownKindsRebuildOnlyForAnotherBuild) {
  Append("acme", "n", {"a"});
  for (uint32_t i = 0; i < kUnknownKindsMax + 5; ++i) AppendPayload("acme", Field(4000 + i, "new"));
  const uint64_t events = kUnknownKindsMax + 6;
  for (int round = 0; round < 3; ++round) {
    Start({SturdyDefinition(), FragileDefinition()}, Options());
    EXPECT_EQ(Count("acme", "n"), static_cast<int>(events));
    EXPECT_EQ(StatusOf("sturdy").events_folded, round == 0 ? events : 0u) << round;
    Stop();
  }
  EXPECT_THAT(told(), Not(HasSubstr("rebuilt")));
  // As another build would have left it.
  SlotPoint point;
  {
    auto store = *OpenViewStore(Views());
    point = *store->ReadApplied("sturdy", TenantId{"acme"});
  }
  EXPECT_EQ(point.unknown.size(), kUnknownKindsMax + 1);
  auto overflow = point.unknown.extract(point.unknown.begin());
  EXPECT_THAT(overflow.key(), ::testing::StartsWith("0."));
  EXPECT_EQ(overflow.mapped(), 5u);
  overflow.key() = "0.0123456789abcdef";
  point.unknown.insert(std::move(overflow));
  ViewWrite write;
  write.applied = {{"sturdy", TenantId{"acme"}, point}};
  Plant(write);
  Start({SturdyDefinition(), FragileDefinition()}, Options());
  EXPECT_EQ(Count("acme", "n"), static_cast<int>(events));
  EXPECT_EQ(StatusOf("sturdy").events_folded, events);
  EXPECT_EQ(StatusOf("fragile").events_folded, 0u);
}

TEST_F(FailureTest, ADamagedRowRebuildsThatViewOfThatTenant) {
  for (int i = 0; i < 20; ++i) Append("acme", "n" + std::to_string(i), {"a"});
  for (int i = 0; i < 5; ++i) Append("beta", "n" + std::to_string(i), {"a"});
  Start({SturdyDefinition(), FragileDefinition()}, Options());
  Count("acme", "n0");
  Count("beta", "n0");
  Stop();
  const auto before = Dump();
  ViewWrite damage;
  damage.rows = {{"fragile", TenantId{"acme"}, "n3", "rubbish", false}};
  Plant(damage);
  Start({SturdyDefinition(), FragileDefinition()}, Options());
  EXPECT_EQ(Count("acme", "n3", "fragile"), 1);
  EXPECT_EQ(Count("beta", "n3", "fragile"), 1);
  EXPECT_EQ(Count("acme", "n3", "sturdy"), 1);
  EXPECT_EQ(StatusOf("sturdy").events_folded, 0u);
  EXPECT_EQ(StatusOf("fragile").events_folded, 20u) << "acme's, and nobody else's";
  EXPECT_THAT(told(), HasSubstr("the view fragile of tenant acme is rebuilt: its stored rows"));
  EXPECT_THAT(told(), Not(HasSubstr("beta")));
  Stop();
  EXPECT_EQ(Dump(), before);
}

TEST_F(FailureTest, RowsNewerThanTheLogAreRebuilt) {
  Append("acme", "n", {"a"});
  Start();
  Count("acme", "n");
  Stop();
  ViewWrite write;
  write.applied = {{"sturdy", TenantId{"acme"}, {Position{7}, {}}}};
  Plant(write);
  Start({SturdyDefinition(), FragileDefinition()}, Options());
  EXPECT_EQ(Count("acme", "n"), 1);
  EXPECT_THAT(told(), HasSubstr("newer than the log"));
}

TEST_F(FailureTest, RebuildOfOneTenantRepairsItAlone) {
  std::atomic<bool> poisonous = true;
  const ViewDefinition moody{"moody", 1,
                             [&] { return std::make_unique<CountView>(poisonous.load()); }};
  Append("beta", "n", {"a", "poison"});
  Append("acme", "n", {"a", "poison"});
  Start({SturdyDefinition(), moody});
  for (const char* tenant : {"acme", "beta"}) {
    EXPECT_EQ(base::ReasonOf(ReadOf(tenant, "moody")), "VIEW_FAILED");
  }
  EXPECT_EQ(StatusOf("moody").failed_tenants, 2u);
  poisonous = false;
  ASSERT_TRUE(runner_->Rebuild("moody", TenantId{"acme"}).ok());
  EXPECT_EQ(Count("acme", "n", "moody"), 2);
  EXPECT_EQ(base::ReasonOf(ReadOf("beta", "moody")), "VIEW_FAILED");
  EXPECT_EQ(StatusOf("moody").failed_tenants, 1u);
  EXPECT_EQ(base::ReasonOf(runner_->Rebuild("moody", TenantId{"nobody"})), "TENANT_NOT_FOUND");
  EXPECT_EQ(base::ReasonOf(runner_->Rebuild("body", TenantId{"acme"})), "PROJECTION_NOT_FOUND");
  ASSERT_TRUE(runner_->Rebuild("", TenantId{"beta"}).ok());
  EXPECT_EQ(Count("beta", "n", "moody"), 2);
  EXPECT_EQ(StatusOf("moody").state, ProjectionStatus::State::kLive);
}

TEST_F(FailureTest, AFailureWhileLoadingIsToldAtOnce) {
  Append("acme", "n", {"a", "poison"});
  Start();
  EXPECT_EQ(base::ReasonOf(ReadOf("acme", "fragile")), "VIEW_FAILED");
  EXPECT_EQ(Count("acme", "n"), 2);
  Append("acme", "n", {"b"});
  EXPECT_EQ(Count("acme", "n"), 3);
  EXPECT_EQ(base::ReasonOf(ReadOf("acme", "fragile")), "VIEW_FAILED");
}

}  // namespace
}  // namespace dealog::projections
