#pragma once

// Events on the wire, made of the bytes that are stored: nothing is parsed or serialised again.
//
//   ReadLogResponse, EventBatch, ReadStreamResponse = { event }
//   event  = field 2, StoredEvent { 1 header, 2 payload, 3 sealed … }      PAYLOAD_FORM_STORED
//          | field 1, RecordedEvent { 1 header, 2 event, 3 payload_json }  PAYLOAD_FORM_CLEAR
//
// RecordedEvent's fields are messages where StoredEvent's are bytes, which is the same on the wire.
// No payload is sealed yet: once some are, the clear form must open them here.

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "dealog/v1/log.pb.h"
#include "eventstore/event_log.h"
#include "services/rpc/payload_json.h"

namespace dealog::rpc {

// Thread safety: none.
class EventBytes {
 public:
  // `form`: PAYLOAD_FORM_STORED or PAYLOAD_FORM_CLEAR. `json` makes the latter's payload_json;
  // null: there is none.
  explicit EventBytes(v1::PayloadForm form, std::unique_ptr<PayloadJson> json = nullptr)
      : form_(form), json_(std::move(json)) {}

  void Add(const eventstore::EventView& event);
  // True once a message should not grow further.
  bool full() const;
  size_t count() const { return count_; }
  // The message so far; empties this.
  std::string Take();

  // The message so far as ReadLogResponse with its position (field 3).
  std::string TakeReadLog(eventstore::Position position);
  // The message so far as SubscribeResponse.events.
  std::string TakeSubscribe();

 private:
  v1::PayloadForm form_;
  std::unique_ptr<PayloadJson> json_;
  std::string bytes_;
  size_t count_ = 0;
};

}  // namespace dealog::rpc
