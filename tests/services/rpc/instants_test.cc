// Method: boundary values of what a Timestamp may say, and the way there and back.

#include "services/rpc/instants.h"

#include <gmock/gmock.h>

#include "eventstore/base/error.h"

namespace dealog::rpc {
namespace {

google::protobuf::Timestamp Time(int64_t seconds, int32_t nanos) {
  google::protobuf::Timestamp time;
  time.set_seconds(seconds);
  time.set_nanos(nanos);
  return time;
}

TEST(ToMicros, CutsToWholeMicros) {
  EXPECT_EQ(*ToMicros(Time(1, 999), "t"), 1'000'000);
  EXPECT_EQ(*ToMicros(Time(1, 1999), "t"), 1'000'001);
  EXPECT_EQ(*ToMicros(Time(0, 1000), "t"), 1);
  EXPECT_EQ(*ToMicros(Time(253'402'300'799, 999'999'999), "t"), 253'402'300'799'999'999);
}

TEST(ToMicros, RefusesWhatNoTimestampMayBe) {
  for (const auto& time :
       {Time(0, 0), Time(0, 999), Time(-1, 0), Time(1, -1), Time(1, 1'000'000'000),
        Time(253'402'300'800, 0), Time(INT64_MAX, 0), Time(INT64_MIN, 0)}) {
    const absl::Status refused = ToMicros(time, "occurred_at").status();
    EXPECT_EQ(base::ReasonOf(refused), "FIELD_INVALID") << time.ShortDebugString();
  }
}

TEST(ToTimestamp, IsTheWayBack) {
  for (const int64_t micros : {int64_t{1}, int64_t{1'000'001}, int64_t{1'488'326'400'123'456}}) {
    EXPECT_EQ(*ToMicros(ToTimestamp(micros), "t"), micros);
  }
  // Business times before 1970 can be stored by an import; they are shown as they are.
  EXPECT_EQ(ToTimestamp(-1).seconds(), -1);
  EXPECT_EQ(ToTimestamp(-1).nanos(), 999'999'000);
}

}  // namespace
}  // namespace dealog::rpc
