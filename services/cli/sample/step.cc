#include "services/cli/sample/step.h"

#include <google/protobuf/util/time_util.h>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/ids.h"

namespace dealog::cli {
namespace {

// The canonical text of a UUID: 8-4-4-4-12 hexadecimal digits.
std::string UuidText(const base::Uuid& uuid) {
  std::string text = absl::BytesToHexString(base::UuidBytes(uuid));
  for (const size_t dash : {20, 16, 12, 8}) text.insert(dash, 1, '-');
  return text;
}

}  // namespace

int64_t OccurredMicros(const SampleStep& step) {
  return std::visit(
      [](const auto& request) {
        return google::protobuf::util::TimeUtil::TimestampToMicroseconds(request.occurred_at());
      },
      step.request);
}

const std::string& RequestIdOf(const SampleStep& step) {
  return std::visit([](const auto& request) -> const std::string& { return request.request_id(); },
                    step.request);
}

void ChainBuilder::Stamp(int64_t time_us, google::protobuf::Timestamp& occurred_at,
                         std::string& request_id) const {
  occurred_at = ToTimestamp(time_us);
  request_id = UuidText(base::DeriveUuid7(time_us, absl::StrCat(key_, "/step/", chain_.size())));
}

google::protobuf::Timestamp ToTimestamp(int64_t time_us) {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(time_us);
}

}  // namespace dealog::cli
