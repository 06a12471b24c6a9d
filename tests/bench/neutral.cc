#include "tests/bench/neutral.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/series.h"

namespace dealog::bench {
namespace {

constexpr int kClients[] = {1, 2, 4, 8, 16, 32};
constexpr size_t kPayloadBytes = 256;
constexpr int kStreams = 5000;
constexpr int kEventsPerStream = 10;
constexpr int kReadEventsMax = 100;

// Stubs that share no connection.
std::vector<std::unique_ptr<v1::LogService::Stub>> OwnConnections(const Probe& probe, int count) {
  std::vector<std::unique_ptr<v1::LogService::Stub>> stubs;
  for (int i = 0; i < count; ++i) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stubs.push_back(v1::LogService::NewStub(grpc::CreateCustomChannel(
        probe.server().address(), grpc::InsecureChannelCredentials(), arguments)));
  }
  return stubs;
}

Sample Write(Probe& probe, int writers, int64_t duration_us) {
  const auto stubs = OwnConnections(probe, writers);
  const ProbeStreams streams(probe.NewPrefix(), writers);
  return RunClosedLoop(writers, duration_us, &probe.server(), [&](int slot, auto done) {
    struct Call {
      grpc::ClientContext context;
      v1::AppendEventsRequest request;
      v1::AppendEventsResponse response;
    };
    auto call = std::make_shared<Call>();
    Prepare(call->context, kProbeTenant);
    v1::NewEvent& event = *call->request.add_events();
    event.set_stream(streams.Name(slot));
    event.set_type(kProbeType);
    event.set_payload(ProbePayload(kPayloadBytes, slot));
    stubs[static_cast<size_t>(slot)]->async()->AppendEvents(
        &call->context, &call->request, &call->response,
        [call, done = std::move(done)](grpc::Status status) {
          Must(status, "AppendEvents");
          done(true);
        });
  });
}

// Streams for the readers.
ProbeStreams Prepopulate(Probe& probe) {
  ProbeStreams streams(probe.NewPrefix(), kStreams, kPayloadBytes);
  for (int slot = 0; slot < kStreams; slot += 100) {
    v1::AppendEventBatchesRequest request;
    for (int i = slot; i < slot + 100; ++i) {
      streams.Fill(i, kEventsPerStream, *request.add_appends());
    }
    grpc::ClientContext context;
    Prepare(context, kProbeTenant);
    v1::AppendEventBatchesResponse response;
    Must(probe.log().AppendEventBatches(&context, request, &response), "AppendEventBatches");
  }
  return streams;
}

Sample Read(Probe& probe, const ProbeStreams& streams, int readers, int64_t duration_us) {
  const auto stubs = OwnConnections(probe, readers);
  std::vector<int> turns(static_cast<size_t>(readers), 0);
  return RunClosedLoop(readers, duration_us, &probe.server(), [&](int slot, auto done) {
    struct Call {
      grpc::ClientContext context;
      v1::ReadStreamRequest request;
      v1::ReadStreamResponse response;
    };
    auto call = std::make_shared<Call>();
    Prepare(call->context, kProbeTenant);
    const int turn = turns[static_cast<size_t>(slot)]++;
    call->request.set_stream(streams.Name((slot + turn * readers) % kStreams));
    call->request.set_page_size(kReadEventsMax);
    call->request.set_payload_form(v1::PAYLOAD_FORM_STORED);
    stubs[static_cast<size_t>(slot)]->async()->ReadStream(
        &call->context, &call->request, &call->response,
        [call, done = std::move(done)](grpc::Status status) {
          Must(status, "ReadStream");
          done(call->response.stored_events_size() == kEventsPerStream);
        });
  });
}

}  // namespace

void RunNeutral(Probe& probe, int rounds, int64_t duration_us) {
  std::map<int, Series> writers, readers;
  const ProbeStreams streams = Prepopulate(probe);
  for (int round = 0; round < rounds; ++round) {
    for (const int clients : kClients) {
      writers[clients].Add(Write(probe, clients, duration_us));
      readers.try_emplace(clients, Series{.events = kEventsPerStream});
      readers[clients].Add(Read(probe, streams, clients, duration_us));
    }
  }
  for (const int clients : kClients) Print("writers, 256 bytes", clients, writers[clients]);
  for (const int clients : kClients)
    Print("readers, 10 events a stream", clients, readers[clients]);
}

}  // namespace dealog::bench
