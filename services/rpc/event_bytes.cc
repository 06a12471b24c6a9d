#include "services/rpc/event_bytes.h"

#include <utility>

#include "eventstore/base/check.h"
#include "services/rpc/limits.h"

namespace dealog::rpc {
namespace {

constexpr uint8_t kLengthDelimited = 2;
constexpr uint8_t kVarint = 0;

constexpr char Tag(int field, uint8_t wire_type) {
  return static_cast<char>(field << 3 | wire_type);
}

void PutVarint(uint64_t value, std::string& out) {
  while (value >= 0x80) {
    out.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<char>(value));
}

size_t VarintBytes(uint64_t value) {
  size_t bytes = 1;
  for (; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}

size_t FieldBytes(std::string_view value) { return 1 + VarintBytes(value.size()) + value.size(); }

void PutField(int field, std::string_view value, std::string& out) {
  out.push_back(Tag(field, kLengthDelimited));
  PutVarint(value.size(), out);
  out.append(value);
}

}  // namespace

void EventBytes::Add(const eventstore::EventView& event) {
  if (bytes_.empty()) bytes_.reserve(kEventMessageBytes / 4);
  const bool stored = form_ == v1::PAYLOAD_FORM_STORED;
  DEALOG_CHECK(stored || event.sealed.empty()) << "a sealed event can't be shown in the clear";
  const std::string json = stored || json_ == nullptr ? "" : json_->Of(event);
  size_t size = FieldBytes(event.header) + FieldBytes(event.payload);
  if (!json.empty()) size += FieldBytes(json);
  for (const std::string_view part : event.sealed) size += FieldBytes(part);
  bytes_.push_back(Tag(stored ? v1::ReadLogResponse::kStoredEventsFieldNumber
                              : v1::ReadLogResponse::kEventsFieldNumber,
                       kLengthDelimited));
  PutVarint(size, bytes_);
  PutField(v1::StoredEvent::kHeaderFieldNumber, event.header, bytes_);
  PutField(v1::StoredEvent::kPayloadFieldNumber, event.payload, bytes_);
  if (!json.empty()) PutField(v1::RecordedEvent::kPayloadJsonFieldNumber, json, bytes_);
  for (const std::string_view part : event.sealed) {
    PutField(v1::StoredEvent::kSealedFieldNumber, part, bytes_);
  }
  ++count_;
}

bool EventBytes::full() const {
  return bytes_.size() >= kEventMessageBytes || count_ >= kEventMessageEventsMax;
}

std::string EventBytes::Take() {
  count_ = 0;
  return std::exchange(bytes_, {});
}

std::string EventBytes::TakeReadLog(eventstore::Position position) {
  std::string message = Take();
  message.push_back(Tag(v1::ReadLogResponse::kPositionFieldNumber, kVarint));
  PutVarint(position.value, message);
  return message;
}

std::string EventBytes::TakeSubscribe() {
  const std::string batch = Take();
  std::string message;
  message.reserve(batch.size() + 8);
  PutField(v1::SubscribeResponse::kEventsFieldNumber, batch, message);
  return message;
}

}  // namespace dealog::rpc
