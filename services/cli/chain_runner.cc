#include "services/cli/chain_runner.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "dealog/v1/activities.grpc.pb.h"
#include "dealog/v1/catalog.grpc.pb.h"
#include "dealog/v1/contacts.grpc.pb.h"
#include "dealog/v1/deals.grpc.pb.h"
#include "dealog/v1/organizations.grpc.pb.h"
#include "dealog/v1/pipelines.grpc.pb.h"
#include "eventstore/base/error.h"
#include "services/cli/limits.h"

namespace dealog::cli {
namespace {

// A call in flight, whatever its reply.
class Call {
 public:
  virtual ~Call() = default;
  virtual bool replayed() const = 0;
  grpc::ClientContext context;
  grpc::Status status;
};

template <typename Response>
class TypedCall : public Call {
 public:
  bool replayed() const override { return response.commit().replayed(); }
  Response response;
  std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> reader;
};

// A chain on its way; the tag of its call in the completion queue.
struct Flight {
  SampleChain chain;
  size_t step = 0;
  int attempts = 0;
  std::unique_ptr<Call> call;
};

// The services' stubs, and which method takes which request.
class Stubs {
 public:
  Stubs(const Client& client, grpc::CompletionQueue& queue) : client_(client), queue_(queue) {
    activities_ = client.Stub<v1::ActivityService>();
    catalog_ = client.Stub<v1::CatalogService>();
    contacts_ = client.Stub<v1::ContactService>();
    deals_ = client.Stub<v1::DealService>();
    organizations_ = client.Stub<v1::OrganizationService>();
    pipelines_ = client.Stub<v1::PipelineService>();
  }

  // Sends the flight's current step.
  void Send(Flight& flight) {
    const SampleStep& step = flight.chain[flight.step];
    std::visit([&](const auto& request) { Send(request, step.actor, flight); }, step.request);
  }

 private:
  template <typename Stub, typename Request, typename Response>
  void Start(Stub& stub,
             std::unique_ptr<grpc::ClientAsyncResponseReader<Response>> (Stub::*method)(
                 grpc::ClientContext*, const Request&, grpc::CompletionQueue*),
             const Request& request, const std::string& actor, Flight& flight) {
    auto call = std::make_unique<TypedCall<Response>>();
    client_.PrepareAs(call->context, actor);
    call->reader = (stub.*method)(&call->context, request, &queue_);
    call->reader->StartCall();
    call->reader->Finish(&call->response, &call->status, &flight);
    flight.call = std::move(call);
  }

  void Send(const v1::CreatePipelineRequest& request, const std::string& actor, Flight& flight) {
    Start(*pipelines_, &v1::PipelineService::Stub::PrepareAsyncCreatePipeline, request, actor,
          flight);
  }
  void Send(const v1::UpsertMemberRequest& request, const std::string& actor, Flight& flight) {
    Start(*catalog_, &v1::CatalogService::Stub::PrepareAsyncUpsertMember, request, actor, flight);
  }
  void Send(const v1::UpsertProductRequest& request, const std::string& actor, Flight& flight) {
    Start(*catalog_, &v1::CatalogService::Stub::PrepareAsyncUpsertProduct, request, actor, flight);
  }
  void Send(const v1::CreateOrganizationRequest& request, const std::string& actor,
            Flight& flight) {
    Start(*organizations_, &v1::OrganizationService::Stub::PrepareAsyncCreateOrganization, request,
          actor, flight);
  }
  void Send(const v1::CreateContactRequest& request, const std::string& actor, Flight& flight) {
    Start(*contacts_, &v1::ContactService::Stub::PrepareAsyncCreateContact, request, actor, flight);
  }
  void Send(const v1::OpenDealRequest& request, const std::string& actor, Flight& flight) {
    Start(*deals_, &v1::DealService::Stub::PrepareAsyncOpenDeal, request, actor, flight);
  }
  void Send(const v1::UpdateDealRequest& request, const std::string& actor, Flight& flight) {
    Start(*deals_, &v1::DealService::Stub::PrepareAsyncUpdateDeal, request, actor, flight);
  }
  void Send(const v1::MoveDealRequest& request, const std::string& actor, Flight& flight) {
    Start(*deals_, &v1::DealService::Stub::PrepareAsyncMoveDeal, request, actor, flight);
  }
  void Send(const v1::WinDealRequest& request, const std::string& actor, Flight& flight) {
    Start(*deals_, &v1::DealService::Stub::PrepareAsyncWinDeal, request, actor, flight);
  }
  void Send(const v1::LoseDealRequest& request, const std::string& actor, Flight& flight) {
    Start(*deals_, &v1::DealService::Stub::PrepareAsyncLoseDeal, request, actor, flight);
  }
  void Send(const v1::ReopenDealRequest& request, const std::string& actor, Flight& flight) {
    Start(*deals_, &v1::DealService::Stub::PrepareAsyncReopenDeal, request, actor, flight);
  }
  void Send(const v1::UndoDealMoveRequest& request, const std::string& actor, Flight& flight) {
    Start(*deals_, &v1::DealService::Stub::PrepareAsyncUndoDealMove, request, actor, flight);
  }
  void Send(const v1::TagDealRequest& request, const std::string& actor, Flight& flight) {
    Start(*deals_, &v1::DealService::Stub::PrepareAsyncTagDeal, request, actor, flight);
  }
  void Send(const v1::ScheduleActivityRequest& request, const std::string& actor, Flight& flight) {
    Start(*activities_, &v1::ActivityService::Stub::PrepareAsyncScheduleActivity, request, actor,
          flight);
  }
  void Send(const v1::CompleteActivityRequest& request, const std::string& actor, Flight& flight) {
    Start(*activities_, &v1::ActivityService::Stub::PrepareAsyncCompleteActivity, request, actor,
          flight);
  }
  void Send(const v1::WriteNoteRequest& request, const std::string& actor, Flight& flight) {
    Start(*activities_, &v1::ActivityService::Stub::PrepareAsyncWriteNote, request, actor, flight);
  }

  const Client& client_;
  grpc::CompletionQueue& queue_;
  std::unique_ptr<v1::ActivityService::Stub> activities_;
  std::unique_ptr<v1::CatalogService::Stub> catalog_;
  std::unique_ptr<v1::ContactService::Stub> contacts_;
  std::unique_ptr<v1::DealService::Stub> deals_;
  std::unique_ptr<v1::OrganizationService::Stub> organizations_;
  std::unique_ptr<v1::PipelineService::Stub> pipelines_;
};

// Empties and closes the queue before the calls that it refers to go.
class QueueCloser {
 public:
  explicit QueueCloser(grpc::CompletionQueue& queue) : queue_(queue) {}
  ~QueueCloser() {
    queue_.Shutdown();
    void* tag = nullptr;
    bool ok = false;
    while (queue_.Next(&tag, &ok)) {
    }
  }

 private:
  grpc::CompletionQueue& queue_;
};

// Too busy, and says so: worth repeating. A server that is gone is not.
bool IsOverloaded(const absl::Status& status) { return base::ReasonOf(status) == "OVERLOADED"; }

// Takes note of a finished call and decides what comes next: moves on to the next step, repeats the
// call, or returns its error.
absl::Status Land(Flight& flight, ChainReport& report) {
  const grpc::Status& status = flight.call->status;
  if (status.ok()) {
    ++(flight.call->replayed() ? report.repeated : report.written);
  } else if (status.error_code() == grpc::StatusCode::ALREADY_EXISTS) {
    // Made by an earlier run whose request id is forgotten. A deal that is there was told whole.
    ++report.repeated;
    if (std::holds_alternative<v1::OpenDealRequest>(flight.chain[flight.step].request)) {
      flight.step = flight.chain.size();
      return absl::OkStatus();
    }
  } else {
    absl::Status error = FromGrpc(status);
    if (!IsOverloaded(error) || ++flight.attempts >= kSampleAttemptsMax) return error;
    absl::SleepFor(absl::Microseconds(kSampleRetryMicros));
    return absl::OkStatus();  // The same step again, with the same request id.
  }
  flight.attempts = 0;
  ++flight.step;
  return absl::OkStatus();
}

}  // namespace

absl::Status ChainRunner::Run(int64_t count, const std::function<SampleChain(int64_t)>& make,
                              const std::function<void(const ChainReport&)>& progress) {
  std::vector<std::unique_ptr<Flight>> flights;
  grpc::CompletionQueue queue;
  const QueueCloser closer(queue);
  Stubs stubs(client_, queue);
  int64_t next = 0;
  int64_t flying = 0;
  for (; next < count && next < in_flight_; ++next, ++flying) {
    flights.push_back(std::make_unique<Flight>());
    flights.back()->chain = make(next);
    stubs.Send(*flights.back());
  }
  absl::Status failure;
  void* tag = nullptr;
  bool ok = false;
  while (flying > 0 && queue.Next(&tag, &ok)) {
    Flight& flight = *static_cast<Flight*>(tag);
    failure.Update(Land(flight, report_));
    progress(report_);
    if (failure.ok() && flight.step == flight.chain.size()) {
      ++report_.chains_done;
      if (next < count) flight = Flight{.chain = make(next++)};
    }
    if (failure.ok() && flight.step < flight.chain.size()) {
      stubs.Send(flight);
    } else {
      --flying;
    }
  }
  return failure;
}

}  // namespace dealog::cli
