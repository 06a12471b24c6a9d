#pragma once

// Reads: wait until the tenant's views are as fresh as asked (without holding a thread), then call
// a plain function of the views and answer with what it returns.
//
//   absl::StatusOr<v1::GetContactResponse> GetContact(const ReadCall& call,
//                                                     const projections::TenantViews& views,
//                                                     const v1::GetContactRequest& request);
//   AddQuery(service, GetContact, projections::kContactReads);                // see service.h

#include <atomic>
#include <memory>
#include <type_traits>

#include "absl/status/statusor.h"
#include "dealog/v1/common.pb.h"
#include "services/rpc/read_call.h"
#include "services/rpc/unary.h"

namespace dealog::rpc {

// Where a read is answered; see executors.h.
enum class Weight {
  kLight,   // On gRPC's thread if the views are fresh already: looks up one thing in memory.
  kMedium,  // Among the reads: passes many things, reads the disk or waits for another thread.
  kHeavy,   // Among the computations: passes all of a tenant's deals or events.
};

// What does not depend on the types. Lives from the call's arrival to its reply.
class QueryCall {
 public:
  virtual ~QueryCall() = default;
  // Admits the call, waits for its views and answers it.
  static void Start(std::unique_ptr<QueryCall> query);

 protected:
  QueryCall(const Core& core, const Method& method, const UnaryIo& io) : call_(core, method, io) {}

  virtual google::protobuf::Message& request() = 0;
  virtual google::protobuf::Message& response() = 0;
  // Fills the response.
  virtual absl::Status Answer(const ReadCall& call) = 0;
  // The views that it waits for; none for methods that read no views.
  virtual projections::ViewNames reads() const = 0;
  virtual const v1::Consistency* consistency() const = 0;
  virtual Weight weight() const = 0;

 private:
  enum class Phase { kStarting, kFresh, kWaiting };
  void Await(projections::Freshness freshness);
  static void Dispatch(std::unique_ptr<QueryCall> query);
  static void Enqueue(std::unique_ptr<QueryCall> query);
  void Finish();

  UnaryCall call_;
  // Written by the runner before it leaves kStarting behind.
  absl::Status waited_;
  std::atomic<Phase> phase_{Phase::kStarting};
};

// A read's function: of the views, or of what it fetches through ReadCall itself.
template <typename Request, typename Response>
using ViewFunction = absl::StatusOr<Response> (*)(const ReadCall&, const projections::TenantViews&,
                                                  const Request&);
template <typename Request, typename Response>
using ReadFunction = absl::StatusOr<Response> (*)(const ReadCall&, const Request&);

template <typename Request, typename Response, typename Function>
class Query final : public QueryCall {
 public:
  static constexpr bool kOfViews = std::is_same_v<Function, ViewFunction<Request, Response>>;

  Query(const Core& core, const Method& method, const UnaryIo& io, Function function,
        projections::ViewNames reads, Weight weight)
      : QueryCall(core, method, io), function_(function), reads_(reads), weight_(weight) {}

 private:
  google::protobuf::Message& request() override { return request_; }
  google::protobuf::Message& response() override { return response_; }
  projections::ViewNames reads() const override { return reads_; }
  const v1::Consistency* consistency() const override {
    if constexpr (requires { request_.consistency(); }) {
      return request_.has_consistency() ? &request_.consistency() : nullptr;
    } else {
      return nullptr;
    }
  }
  Weight weight() const override {
    if constexpr (requires { request_.known_at(); }) {  // Folds the log anew: see projections.
      if (request_.has_known_at()) return Weight::kHeavy;
    }
    return weight_;
  }
  absl::Status Answer(const ReadCall& call) override {
    absl::StatusOr<Response> answer = absl::UnknownError("");
    if constexpr (kOfViews) {
      ReadCall known = call;
      if (absl::Status status = ResolveKnown(request_, known); !status.ok()) return status;
      auto views = known.Views();
      if (!views.ok()) return views.status();
      answer = function_(known, **views, request_);
    } else {
      answer = function_(call, request_);
    }
    if (answer.ok()) response_ = *std::move(answer);
    return answer.status();
  }

  const Function function_;
  const projections::ViewNames reads_;
  const Weight weight_;
  Request request_;
  Response response_;
};

}  // namespace dealog::rpc
