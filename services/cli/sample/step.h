#pragma once

// One call of the sample, and the chain of calls that must happen in order.

#include <string>
#include <variant>
#include <vector>

#include "dealog/v1/activities.pb.h"
#include "dealog/v1/catalog.pb.h"
#include "dealog/v1/contacts.pb.h"
#include "dealog/v1/deals.pb.h"
#include "dealog/v1/organizations.pb.h"
#include "dealog/v1/pipelines.pb.h"

namespace dealog::cli {

using SampleRequest =
    std::variant<v1::CreatePipelineRequest, v1::UpsertMemberRequest, v1::UpsertProductRequest,
                 v1::CreateOrganizationRequest, v1::CreateContactRequest, v1::OpenDealRequest,
                 v1::UpdateDealRequest, v1::MoveDealRequest, v1::WinDealRequest,
                 v1::LoseDealRequest, v1::ReopenDealRequest, v1::UndoDealMoveRequest,
                 v1::TagDealRequest, v1::ScheduleActivityRequest, v1::CompleteActivityRequest,
                 v1::WriteNoteRequest>;

struct SampleStep {
  // Sent as `dealog-actor`.
  std::string actor;
  SampleRequest request;
};

// Calls that build on each other; chains of one phase are independent.
using SampleChain = std::vector<SampleStep>;

// Business time of a step, µs since 1970.
int64_t OccurredMicros(const SampleStep& step);
// Its request id.
const std::string& RequestIdOf(const SampleStep& step);

// Collects a chain: stamps each request with its time and an id that is a function of the chain's
// key and the step's number, so that running the sample again does nothing twice.
class ChainBuilder {
 public:
  explicit ChainBuilder(std::string key) : key_(std::move(key)) {}

  template <typename Request>
  void Add(const std::string& actor, int64_t time_us, Request request) {
    Stamp(time_us, *request.mutable_occurred_at(), *request.mutable_request_id());
    chain_.push_back({actor, std::move(request)});
  }
  SampleChain Take() && { return std::move(chain_); }
  const std::string& key() const { return key_; }

 private:
  void Stamp(int64_t time_us, google::protobuf::Timestamp& occurred_at,
             std::string& request_id) const;

  const std::string key_;
  SampleChain chain_;
};

// `time_us` as a protobuf timestamp.
google::protobuf::Timestamp ToTimestamp(int64_t time_us);

}  // namespace dealog::cli
