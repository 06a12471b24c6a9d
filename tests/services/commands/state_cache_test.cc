// Method: states of deals of known size under budgets of a few states; then, through a sequencer
// with hardly any cache, that eviction changes no answer.

#include "services/commands/state_cache.h"

#include "projections/states/stream_types.h"
#include "services/commands/overlay.h"
#include "tests/services/commands/fixture.h"

namespace dealog::commands {
namespace {

std::unique_ptr<domain::AggregateState> Deal(const std::string& id) {
  return domain::MakeState("deal", id);
}

class StateCacheTest : public ::testing::Test {
 protected:
  // What one deal takes.
  static size_t BytesOfOne() {
    StateCache cache(1 << 20);
    return cache.Insert("t", {"deal", "deal_1"}, Deal("deal_1")).bytes;
  }
  static domain::StreamRef Ref(int i) { return {"deal", absl::StrCat("deal_", i)}; }
};

TEST_F(StateCacheTest, FindsWhatWasInserted) {
  StateCache cache(1 << 20);
  EXPECT_EQ(cache.Find("t", Ref(1)), nullptr);
  StateCache::Entry& entry = cache.Insert("t", Ref(1), Deal("deal_1"));
  EXPECT_EQ(cache.Find("t", Ref(1)), &entry);
  EXPECT_EQ(cache.Find("other", Ref(1)), nullptr);
  EXPECT_EQ(cache.Find("t", {"note", "deal_1"}), nullptr);
}

TEST_F(StateCacheTest, EvictsTheLeastRecentlyUsedAndOnlyInTrim) {
  StateCache cache(2 * BytesOfOne());
  for (int i = 1; i <= 3; ++i) cache.Insert("t", Ref(i), Deal(Ref(i).id));
  EXPECT_NE(cache.Find("t", Ref(1)), nullptr);  // Still there; now 2 is the oldest.
  cache.Trim();
  EXPECT_EQ(cache.Find("t", Ref(2)), nullptr);
  EXPECT_NE(cache.Find("t", Ref(1)), nullptr);
  EXPECT_NE(cache.Find("t", Ref(3)), nullptr);
  EXPECT_LE(cache.bytes(), 2 * BytesOfOne());
}

TEST_F(StateCacheTest, CountsWhatAStateGrewBy) {
  StateCache cache(1 << 20);
  StateCache::Entry& entry = cache.Insert("t", Ref(1), Deal("deal_1"));
  const size_t before = cache.bytes();
  for (int i = 0; i < 10; ++i) {
    entry.state->Apply(Tagged("deal_1", absl::StrCat("tag_", i)).event, {.revision = 1u + i});
  }
  cache.Measure(entry);
  EXPECT_GT(cache.bytes(), before);
  cache.Clear();
  EXPECT_EQ(cache.bytes(), 0u);
}

TEST_F(StateCacheTest, HandsOverWarmStatesOnce) {
  StateCache cache(1 << 20);
  cache.Warm("t", Ref(1), Deal("deal_1"));
  EXPECT_TRUE(cache.Has("t", Ref(1)));
  EXPECT_EQ(cache.Find("t", Ref(1)), nullptr);
  EXPECT_NE(cache.TakeWarm("t", Ref(1)), nullptr);
  EXPECT_EQ(cache.TakeWarm("t", Ref(1)), nullptr);
}

TEST_F(StateCacheTest, BoundsWarmStates) {
  StateCache cache(kWarmShare * 3 * BytesOfOne());
  for (int i = 1; i <= 9; ++i) cache.Warm("t", Ref(i), Deal(Ref(i).id));
  int warm = 0;
  for (int i = 1; i <= 9; ++i) warm += cache.Has("t", Ref(i));
  EXPECT_GE(warm, 1);
  EXPECT_LE(warm, 3);
  EXPECT_TRUE(cache.Has("t", Ref(9)));  // The newest stays.
}

class SmallCacheTest : public SequencerFixture {
 protected:
  SmallCacheTest() {
    options_.state_cache_bytes_max = 1;
    Reopen();
    CreateTenant();
  }
};

TEST_F(SmallCacheTest, EvictionEqualsFold) {
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(Run(OpenDeal(absl::StrCat("deal_", i))).ok());
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 5; ++i) {
      const std::string deal = absl::StrCat("deal_", i);
      Shown shown;
      const auto result =
          Submit(Context(), TagDeal(deal, absl::StrCat("tag_", round)), ShowTags(shown))->Wait();
      ASSERT_TRUE(result.ok());
      EXPECT_EQ(shown.tags, TagsInLog(deal));
      EXPECT_EQ(shown.tags.size(), size_t(round + 1));
      EXPECT_EQ(result->subject_revision, uint64_t(round + 2));
    }
  }
  sequencer_->Drain();
  EXPECT_GE(sequencer_->stats().cache_misses, 25u);
}

class PrefetchTest : public SequencerFixture {};

TEST_F(PrefetchTest, AWarmStateIsCaughtUpBeforeItIsUsed) {
  CreateTenant();
  ASSERT_TRUE(Run(OpenDeal("deal_1")).ok());
  Overlay overlay(*log_, kSecret, 1 << 20);
  overlay.Prefetch(kAcme, {"deal", "deal_1"});
  ASSERT_TRUE(Run(TagDeal("deal_1", "hot")).ok());  // The stream goes on.
  ASSERT_TRUE(overlay.Begin(kAcme, false).ok());
  const auto state = overlay.Find({"deal", "deal_1"});
  ASSERT_TRUE(state.ok());
  EXPECT_EQ((*state)->revision, 2u);
}

TEST_F(PrefetchTest, TheSequencerFindsTheStateAsItIs) {
  CreateTenant();
  ASSERT_TRUE(Run(OpenDeal("deal_1")).ok());
  Reopen();
  sequencer_->Prefetch(kAcme, {"deal", "deal_1"});
  Shown shown;
  ASSERT_TRUE(Submit(Context(), TagDeal("deal_1", "hot"), ShowTags(shown))->Wait().ok());
  EXPECT_EQ(shown.revision, 2u);
}

}  // namespace
}  // namespace dealog::commands
