#include "services/rpc/instants.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"

namespace dealog::rpc {
namespace {

constexpr int64_t kSecondsEnd = 253'402'300'800;  // 10000-01-01T00:00:00Z
constexpr int32_t kNanosPerSecond = 1'000'000'000;
constexpr int64_t kMicrosPerSecond = 1'000'000;

}  // namespace

absl::StatusOr<int64_t> ToMicros(const google::protobuf::Timestamp& time, std::string_view field) {
  const bool in_range = time.seconds() >= 0 && time.seconds() < kSecondsEnd && time.nanos() >= 0 &&
                        time.nanos() < kNanosPerSecond;
  const int64_t micros = in_range ? time.seconds() * kMicrosPerSecond + time.nanos() / 1000 : 0;
  if (micros > 0) return micros;
  return base::InvalidField(field,
                            absl::StrCat("expected a time after 1970-01-01T00:00:00Z and before "
                                         "the year 10000, found ",
                                         time.seconds(), " s and ", time.nanos(), " ns"));
}

google::protobuf::Timestamp ToTimestamp(int64_t micros) {
  google::protobuf::Timestamp time;
  int64_t seconds = micros / kMicrosPerSecond;
  int64_t rest = micros % kMicrosPerSecond;
  if (rest < 0) {
    rest += kMicrosPerSecond;
    --seconds;
  }
  time.set_seconds(seconds);
  time.set_nanos(static_cast<int32_t>(rest * 1000));
  return time;
}

}  // namespace dealog::rpc
