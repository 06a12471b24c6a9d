#include "services/rpc/consume.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "dealog/v1/groups.pb.h"
#include "eventstore/base/error.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/status.h"
#include "services/groups/consumer.h"
#include "services/groups/groups.h"
#include "services/rpc/event_bytes.h"
#include "services/rpc/group_messages.h"
#include "services/rpc/limits.h"
#include "services/rpc/log_sources.h"
#include "services/rpc/payload_json.h"

namespace dealog::rpc {
namespace {

using DeliveryIds = std::vector<groups::DeliveryId>;

absl::Status CheckCredits(int32_t credits, int32_t least, std::string_view field) {
  if (credits >= least && credits <= static_cast<int32_t>(groups::kCreditsMax)) {
    return absl::OkStatus();
  }
  return base::InvalidField(
      field, absl::StrCat("expected ", least, " to ", groups::kCreditsMax, ", found ", credits));
}

absl::StatusOr<DeliveryIds> ParseIds(const google::protobuf::RepeatedPtrField<std::string>& texts,
                                     std::string_view field) {
  if (texts.empty() || texts.size() > groups::kSettledPerMessageMax) {
    return base::InvalidField(field, absl::StrCat("expected 1 to ", groups::kSettledPerMessageMax,
                                                  " delivery ids, found ", texts.size()));
  }
  DeliveryIds ids(static_cast<size_t>(texts.size()));
  for (int i = 0; i < texts.size(); ++i) {
    if (!groups::ParseDeliveryId(texts[i], ids[static_cast<size_t>(i)])) {
      return base::InvalidField(field,
                                "expected delivery ids as they were received, found other text");
    }
  }
  return ids;
}

// Thread safety: Take and Closed on gRPC's threads, Next on the streams'.
class ConsumeDialogue final : public Dialogue {
 public:
  explicit ConsumeDialogue(const Core& core) : core_(core) {}

  void SetWake(std::function<void()> wake) override {
    const std::shared_ptr<groups::Consumer> consumer = Consumer();
    if (consumer != nullptr) consumer->SetWake(wake);
    base::MutexLock lock(mu_);
    wake_ = std::move(wake);
  }

  absl::StatusOr<bool> Take(const Call& call, const google::protobuf::Message& message) override {
    const auto& request = static_cast<const v1::ConsumeRequest&>(message);
    const std::shared_ptr<groups::Consumer> consumer = Consumer();
    if (request.has_start() != (consumer == nullptr)) {
      return base::InvalidField("start",
                                "expected start in the first message of the call and in no other");
    }
    switch (request.message_case()) {
      case v1::ConsumeRequest::kStart:
        RETURN_IF_ERROR(Start(call, request.start()));
        return true;
      case v1::ConsumeRequest::kCredits:
        RETURN_IF_ERROR(CheckCredits(request.credits().events(), 1, "credits.events"));
        consumer->AddCredits(static_cast<uint32_t>(request.credits().events()));
        break;
      case v1::ConsumeRequest::kAck: {
        ASSIGN_OR_RETURN(DeliveryIds ids,
                         ParseIds(request.ack().delivery_ids(), "ack.delivery_ids"));
        consumer->Settle(std::move(ids), {.kind = groups::Settlement::Kind::kAck});
        break;
      }
      case v1::ConsumeRequest::kNack: {
        ASSIGN_OR_RETURN(DeliveryIds ids,
                         ParseIds(request.nack().delivery_ids(), "nack.delivery_ids"));
        ASSIGN_OR_RETURN(groups::Settlement settlement, ToSettlement(request.nack()));
        consumer->Settle(std::move(ids), std::move(settlement));
        break;
      }
      case v1::ConsumeRequest::MESSAGE_NOT_SET:
        return base::InvalidField("message", "expected credits, an ack or a nack, found neither");
    }
    return consumer->HasRoom();
  }

  bool HasRoom() const override {
    const std::shared_ptr<groups::Consumer> consumer = Consumer();
    return consumer == nullptr || consumer->HasRoom();
  }

  void Closed() override {
    if (const std::shared_ptr<groups::Consumer> consumer = Consumer()) consumer->Leave();
    base::MutexLock lock(mu_);
    closed_ = true;
  }

  absl::StatusOr<Item> Next() override {
    if (outbox_.empty() && !end_) RETURN_IF_ERROR(Fetch());
    if (!outbox_.empty()) {
      std::string message = std::move(outbox_.front());
      outbox_.pop_front();
      return Item::Message(std::move(message));
    }
    if (!end_) return Item::Wait();
    RETURN_IF_ERROR(*end_);
    return Item::End();
  }

 private:
  absl::Status Start(const Call& call, const v1::ConsumeStart& start) {
    RETURN_IF_ERROR(RequireTenant(core_, call).status());
    RETURN_IF_ERROR(CheckCredits(start.credits(), 0, "start.credits"));
    if (start.consumer().empty() || start.consumer().size() > groups::kGroupNameBytesMax) {
      return base::InvalidField("start.consumer",
                                absl::StrCat("expected a name of 1 to ", groups::kGroupNameBytesMax,
                                             " bytes, found ", start.consumer().size()));
    }
    std::shared_ptr<groups::Consumer> consumer = core_.groups.Join(
        {call.tenant, start.group()}, start.consumer(), static_cast<uint32_t>(start.credits()));
    std::function<void()> wake;
    {
      base::MutexLock lock(mu_);
      clear_ = start.payload_form() == v1::PAYLOAD_FORM_CLEAR;
      tenant_ = call.tenant;
      consumer_ = consumer;
      wake = wake_;
    }
    consumer->SetWake(wake);
    if (wake) wake();  // There may be news from before the wake was set.
    return absl::OkStatus();
  }

  // Takes the consumer's news and makes messages of them.
  absl::Status Fetch() {
    const std::shared_ptr<groups::Consumer> consumer = Consumer();
    if (consumer == nullptr) {
      base::MutexLock lock(mu_);
      if (!closed_) return absl::OkStatus();
      return base::InvalidField("start",
                                "expected start as the first message, found an empty call");
    }
    groups::ConsumerNews news = consumer->Take(kEventMessageBytes);
    v1::ConsumeResponse message;
    if (news.started) {
      message.mutable_started()->set_checkpoint(static_cast<int64_t>(news.started->value));
      outbox_.push_back(message.SerializeAsString());
    }
    for (const groups::DeliveryId& id : news.stale) {
      v1::SettlementRefused& refused = *message.mutable_refused();
      refused.set_delivery_id(groups::FormatDeliveryId(id));
      refused.set_reason("DELIVERY_STALE");
      refused.set_message(
          "expected a delivery that this call holds, found one that timed out or was settled; the "
          "event was or will be delivered again");
      outbox_.push_back(message.SerializeAsString());
    }
    if (!news.deliveries.empty()) RETURN_IF_ERROR(AddDeliveries(news.deliveries));
    end_ = std::move(news.end);
    return absl::OkStatus();
  }

  absl::Status AddDeliveries(const std::vector<groups::Delivered>& deliveries) {
    if (!bytes_ && clear_) {
      bytes_.emplace(v1::PAYLOAD_FORM_CLEAR, std::make_unique<PayloadJson>(core_.log, tenant_));
    } else if (!bytes_) {
      bytes_.emplace(v1::PAYLOAD_FORM_STORED);
    }
    for (const groups::Delivered& delivery : deliveries) bytes_->Add(delivery.event.view());
    v1::EventBatch batch;
    if (!batch.ParseFromString(bytes_->Take())) {
      return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                         "expected events that parse, found other bytes; run dealog log verify");
    }
    v1::ConsumeResponse message;
    for (size_t i = 0; i < deliveries.size(); ++i) {
      const groups::DeliveryId& id = deliveries[i].id;
      v1::Delivery& delivery = *message.mutable_deliveries()->add_deliveries();
      delivery.set_delivery_id(groups::FormatDeliveryId(id));
      delivery.set_delivery_number(static_cast<int32_t>(id.number));
      delivery.set_position(static_cast<int64_t>(id.position.value));
      const int place = static_cast<int>(i);
      if (clear_) {
        delivery.mutable_event()->Swap(batch.mutable_events(place));
      } else {
        delivery.mutable_stored_event()->Swap(batch.mutable_stored_events(place));
      }
    }
    outbox_.push_back(message.SerializeAsString());
    return absl::OkStatus();
  }

  std::shared_ptr<groups::Consumer> Consumer() const {
    base::MutexLock lock(mu_);
    return consumer_;
  }

  const Core& core_;
  // Set before consumer_, constant from then on.
  bool clear_ = false;
  eventstore::TenantId tenant_;
  // Next's.
  std::deque<std::string> outbox_;
  std::optional<EventBytes> bytes_;  // Made with the first delivery.
  std::optional<absl::Status> end_;
  // Guarded by mu_.
  mutable base::Mutex mu_;
  std::function<void()> wake_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<groups::Consumer> consumer_ ABSL_GUARDED_BY(mu_);
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace

std::unique_ptr<Dialogue> MakeConsumeDialogue(const Core& core) {
  return std::make_unique<ConsumeDialogue>(core);
}

}  // namespace dealog::rpc
