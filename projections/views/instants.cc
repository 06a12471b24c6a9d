#include "projections/views/instants.h"

#include "absl/strings/str_format.h"

namespace dealog::projections {
namespace {

constexpr int64_t kMicrosPerSecond = 1'000'000;
// Protobuf's range: 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z.
constexpr int64_t kSecondsMin = -62'135'596'800;
constexpr int64_t kSecondsMax = 253'402'300'799;
constexpr int32_t kNanosMax = 999'999'999;
constexpr int kYearMax = 9999;

const absl::CivilDay kEpoch(1970, 1, 1);

}  // namespace

void SetTimestamp(int64_t micros, google::protobuf::Timestamp& timestamp) {
  int64_t seconds = micros / kMicrosPerSecond;
  int64_t rest = micros % kMicrosPerSecond;
  if (rest < 0) {
    rest += kMicrosPerSecond;
    --seconds;
  }
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>(rest * 1000));
}

std::optional<int64_t> TimestampMicros(const google::protobuf::Timestamp& timestamp) {
  if (timestamp.seconds() < kSecondsMin || timestamp.seconds() > kSecondsMax) return std::nullopt;
  if (timestamp.nanos() < 0 || timestamp.nanos() > kNanosMax) return std::nullopt;
  return timestamp.seconds() * kMicrosPerSecond + timestamp.nanos() / 1000;
}

std::optional<int32_t> DayOfDate(const events::v1::Date& date) {
  if (date.year() < 1 || date.year() > kYearMax || date.month() < 1 || date.month() > 12 ||
      date.day() < 1 || date.day() > 31) {
    return std::nullopt;
  }
  const absl::CivilDay day(date.year(), date.month(), date.day());
  if (day.month() != date.month()) return std::nullopt;  // Normalised: 02-30 became 03-02.
  return static_cast<int32_t>(day - kEpoch);
}

events::v1::Date DateOfDay(int32_t day) {
  const absl::CivilDay civil = kEpoch + day;
  events::v1::Date date;
  date.set_year(static_cast<int32_t>(civil.year()));
  date.set_month(civil.month());
  date.set_day(civil.day());
  return date;
}

std::string DateText(const events::v1::Date& date) {
  return absl::StrFormat("%04d-%02d-%02d", date.year(), date.month(), date.day());
}

int64_t StartOfDay(int32_t day, const absl::TimeZone& zone) {
  return absl::ToUnixMicros(absl::FromCivil(absl::CivilSecond(kEpoch + day), zone));
}

int32_t DayAt(int64_t micros, const absl::TimeZone& zone) {
  return static_cast<int32_t>(absl::ToCivilDay(absl::FromUnixMicros(micros), zone) - kEpoch);
}

}  // namespace dealog::projections
