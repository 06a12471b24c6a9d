// Method: the limit, the stop and what comes after it.

#include "services/rpc/stream_set.h"

#include <gmock/gmock.h>

#include "eventstore/base/error.h"
#include "services/rpc/limits.h"

namespace dealog::rpc {
namespace {

TEST(StreamSet, StopsEveryOpenStreamOnce) {
  StreamSet streams;
  int first = 0;
  int second = 0;
  const uint64_t id = *streams.Add([&] { ++first; });
  ASSERT_TRUE(streams.Add([&] { ++second; }).ok());
  streams.Remove(id);
  streams.StopAll();
  streams.StopAll();
  EXPECT_EQ(first, 0);
  EXPECT_EQ(second, 1);
  EXPECT_EQ(base::ReasonOf(streams.Add([] {}).status()), "NOT_READY");
}

TEST(StreamSet, RefusesPastTheLimit) {
  StreamSet streams;
  for (size_t i = 0; i < kStreamsMax; ++i) ASSERT_TRUE(streams.Add([] {}).ok());
  EXPECT_EQ(base::ReasonOf(streams.Add([] {}).status()), "LIMIT_EXCEEDED");
  streams.Remove(1);
  EXPECT_TRUE(streams.Add([] {}).ok());
  EXPECT_EQ(streams.size(), kStreamsMax);
}

}  // namespace
}  // namespace dealog::rpc
