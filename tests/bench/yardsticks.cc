#include "tests/bench/yardsticks.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "eventstore/base/clock.h"

namespace dealog::bench {
namespace {

constexpr size_t kEchoBytes = 200;
constexpr int kSyncs = 500;

class EchoService final : public Echo::CallbackService {
  grpc::ServerUnaryReactor* Echo(grpc::CallbackServerContext* context, const EchoMessage* request,
                                 EchoMessage* response) override {
    response->set_payload(request->payload());
    auto* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

}  // namespace

int ServeEcho() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  EchoService service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  std::printf("ready 127.0.0.1:%d\n", port);
  std::fflush(stdout);
  int signal = 0;
  sigwait(&signals, &signal);
  server->Shutdown();
  return 0;
}

double FdatasyncMicros(const std::string& folder) {
  const std::string path = folder + "/fdatasync";
  const int file = open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
  const std::string block(4096, 'x');
  Sample sample;
  for (int i = 0; i < kSyncs; ++i) {
    const int64_t begin = base::MonotonicMicros();
    if (write(file, block.data(), block.size()) != 4096 || fdatasync(file) != 0) std::abort();
    sample.latencies_us.push_back(base::MonotonicMicros() - begin);
  }
  close(file);
  unlink(path.c_str());
  return static_cast<double>(sample.Percentile(50));
}

EchoLoad::EchoLoad()
    : server_({std::filesystem::read_symlink("/proc/self/exe").string(), "--echo-server"}),
      stub_(Echo::NewStub(Connect(server_.address()))) {}

Sample EchoLoad::Run(int in_flight, int64_t duration_us) {
  struct EchoCall {
    grpc::ClientContext context;
    EchoMessage request, response;
  };
  return RunClosedLoop(in_flight, duration_us, &server_, [&](int, auto done) {
    auto call = std::make_shared<EchoCall>();
    Prepare(call->context, "bench");
    call->request.set_payload(std::string(kEchoBytes, 'x'));
    stub_->async()->Echo(&call->context, &call->request, &call->response,
                         [call, done = std::move(done)](grpc::Status status) {
                           Must(status, "Echo");
                           done(true);
                         });
  });
}

}  // namespace dealog::bench
