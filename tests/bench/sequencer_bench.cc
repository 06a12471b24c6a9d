// MoveDeal without gRPC: rate and CPU per command of the sequencer over the RocksDB log. One
// process, so that a profiler sees nothing else.
//   bench_sequencer FOLDER [COMMANDS [IN_FLIGHT]]
#include <sys/resource.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "dealog/v1/deals.pb.h"
#include "dealog/v1/pipelines.pb.h"
#include "dealog/v1/tenants.pb.h"
#include "eventstore/base/check.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/mutex.h"
#include "eventstore/base/secret.h"
#include "eventstore/rocksdb/rocksdb_log.h"
#include "projections/states/describe.h"
#include "services/commands/submit.h"
#include "services/domain/deal.h"
#include "services/domain/pipeline.h"
#include "services/domain/tenant.h"

namespace dealog::bench {
namespace {

constexpr char kTenant[] = "bench";
constexpr size_t kDeals = 1024;

int64_t CpuMicros() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto micros = [](const timeval& time) { return time.tv_sec * 1'000'000 + time.tv_usec; };
  return micros(usage.ru_utime) + micros(usage.ru_stime);
}

commands::CommandContext Context() {
  commands::CommandContext context;
  context.tenant = {kTenant};
  context.origin.principal = "user:bench";
  context.method = "/dealog.v1.DealService/MoveDeal";
  return context;
}

// A tenant with deals to move to and fro between two OPEN stages.
class Bench {
 public:
  explicit Bench(commands::Sequencers& sequencers) : sequencers_(sequencers) {
    v1::CreateTenantRequest tenant;
    tenant.set_name(kTenant);
    Execute(tenant);
    v1::CreatePipelineRequest pipeline;
    pipeline.set_display_name("Bench");
    constexpr std::array<v1::Stage::Kind, 4> kKinds = {v1::Stage::OPEN, v1::Stage::OPEN,
                                                       v1::Stage::WON, v1::Stage::LOST};
    for (size_t i = 0; i < kKinds.size(); ++i) {
      v1::Stage* stage = pipeline.add_stages();
      stage->set_label(std::string(1, static_cast<char>('A' + i)));
      stage->set_kind(kKinds[i]);
    }
    Execute(pipeline);
    for (size_t i = 0; i < kDeals; ++i) {
      v1::OpenDealRequest deal;
      deal.set_deal_id(domain::CommandMeta{.id_seed = base::MakeUuid7(1)}.NewId("deal"));
      deal.set_pipeline("Bench");
      deal.set_title("Deal");
      Execute(deal);
      moves_[i].set_deal_id(deal.deal_id());
      moves_[i].set_to_stage("A");
    }
  }

  // Keeps `in_flight` commands going until `count` are done.
  void Run(size_t count, size_t in_flight) {
    left_ = count;
    running_ = in_flight;
    for (size_t slot = 0; slot < in_flight; ++slot) Move(slot, in_flight);
    base::MutexLock lock(mu_);
    while (running_ > 0) ended_.Wait(mu_);
  }

 private:
  template <typename Request>
  void Execute(const Request& request) {
    commands::CommandContext context = Context();
    context.creates_tenant = true;
    const auto result = commands::Execute(
        sequencers_, context, [&](const domain::CommandMeta& meta, domain::StateReader& states) {
          return domain::Decide(request, meta, states);
        });
    DEALOG_CHECK_OK(result);
  }

  void Move(size_t deal, size_t step) {
    if (left_.fetch_sub(1) <= 0) {
      base::MutexLock lock(mu_);
      --running_;
      ended_.NotifyAll();
      return;
    }
    v1::MoveDealRequest& request = moves_[deal];
    request.set_to_stage(request.to_stage() == "A" ? "B" : "A");
    sequencers_.Submit(std::make_unique<commands::LambdaCommand>(
        Context(),
        [&request](const domain::CommandMeta& meta, domain::StateReader& states) {
          return domain::Decide(request, meta, states);
        },
        [](const domain::AggregateState& subject) {
          v1::DealMutationResponse response;
          domain::Describe(subject, response);
        },
        [this, deal, step](absl::StatusOr<commands::CommandResult> result) {
          DEALOG_CHECK_OK(result);
          Move((deal + step) % kDeals, step);
        }));
  }

  commands::Sequencers& sequencers_;
  std::array<v1::MoveDealRequest, kDeals> moves_;
  std::atomic<int64_t> left_ = 0;
  base::Mutex mu_;
  base::CondVar ended_;
  size_t running_ ABSL_GUARDED_BY(mu_) = 0;
};

int Main(const std::string& folder, size_t count, size_t in_flight) {
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  auto log = eventstore::OpenRocksDbLog({.path = folder + "/log"});
  DEALOG_CHECK_OK(log);
  const base::Secret secret(std::string(base::Secret::kBytes, 'k'));
  commands::Sequencers sequencers(**log, base::SystemClock(), {.unique_key_secret = secret});
  Bench bench(sequencers);
  const uint64_t batches = sequencers.stats().batches;
  const int64_t cpu = CpuMicros();
  const int64_t begin = base::MonotonicMicros();
  bench.Run(count, in_flight);
  const auto elapsed = static_cast<double>(base::MonotonicMicros() - begin);
  const auto commands = static_cast<double>(count);
  std::printf("%zu in flight: %.0f commands/s, %.1f commands per batch, CPU %.1f us per command\n",
              in_flight, commands * 1e6 / elapsed,
              commands / static_cast<double>(sequencers.stats().batches - batches),
              static_cast<double>(CpuMicros() - cpu) / commands);
  sequencers.Drain();
  return 0;
}

}  // namespace
}  // namespace dealog::bench

int main(int argc, char** argv) {
  if (argc < 2 || argc > 4) {
    std::fprintf(stderr, "usage: bench_sequencer FOLDER [COMMANDS [IN_FLIGHT]]\n");
    return 2;
  }
  const size_t count = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 200'000;
  const size_t in_flight = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 64;
  return dealog::bench::Main(argv[1], count, in_flight);
}
