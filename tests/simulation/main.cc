// simulation [--seeds N] [--seed S] [--plant MISTAKE]
// Runs N seeds from S on (without --seeds: that one, and says more). Each in a process of its own,
// forked from the same state, so that a seed does the same in any company. Exits 1 if an invariant
// broke, naming the seeds.

#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include "tests/simulation/workload.h"
#include "tests/simulation/world.h"

namespace dealog::simulation {
namespace {

const std::map<std::string, Plant> kPlants = {{"forgotten-write", Plant::kForgottenWrite},
                                              {"lost-row", Plant::kLostRow},
                                              {"stale-rows", Plant::kStaleRows},
                                              {"eager-checkpoint", Plant::kEagerCheckpoint}};

// So many seeds can't pass without an eviction.
constexpr uint64_t kSeedsPressedMin = 20;

// False if it died; its report otherwise.
bool RunApart(const WorldOptions& options, WorldReport& report) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  const pid_t child = fork();
  if (child == 0) {
    report = RunWorld(options);
    const bool told = write(ends[1], &report, sizeof(report)) == sizeof(report);
    _exit(told ? 0 : 1);
  }
  close(ends[1]);
  const bool told = read(ends[0], &report, sizeof(report)) == sizeof(report);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return told && status == 0;
}

// What a process does once, at its first command, is done before the first fork.
void WarmUp() {
  Workload workload(0);
  for (const eventstore::TenantId& tenant : Workload::Tenants()) workload.Setup(tenant);
  for (int i = 0; i < 100; ++i) workload.Next();
}

int Run(uint64_t first, uint64_t count, Plant plant) {
  WarmUp();
  WorldReport sum;
  uint64_t broken = 0;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    WorldReport report;
    if (!RunApart({.seed = seed, .plant = plant}, report)) {
      std::snprintf(report.problem, sizeof(report.problem), "the program ended; see above");
    }
    sum.steps += report.steps;
    sum.commands += report.commands;
    sum.acknowledged += report.acknowledged;
    sum.events += report.events;
    sum.crashes += report.crashes;
    sum.faults += report.faults;
    sum.evictions += report.evictions;
    if (count == 1) std::printf("trace: %016llx\n", static_cast<unsigned long long>(report.trace));
    if (report.problem[0] == '\0') continue;
    ++broken;
    std::printf("BROKEN seed %llu: %s\n", static_cast<unsigned long long>(seed), report.problem);
  }
  const auto print = [](const char* name, uint64_t value) {
    std::printf("%s %llu", name, static_cast<unsigned long long>(value));
  };
  print("seeds:", count);
  print(" (from", first);
  print("), steps:", sum.steps);
  print(", commands answered:", sum.commands);
  print(", accepted:", sum.acknowledged);
  print(", events:", sum.events);
  print(", crashes:", sum.crashes);
  print(", faults:", sum.faults);
  print(", evictions:", sum.evictions);
  print(", broken:", broken);
  std::printf("\n");
  // Views under pressure are a part of what is simulated: without evictions they were not.
  const bool pressed = count < kSeedsPressedMin || sum.evictions > 0;
  if (!pressed) std::printf("no tenant's views were ever evicted: the budget is too large\n");
  return broken == 0 && pressed ? 0 : 1;
}

int Main(int argc, char** argv) {
  uint64_t seeds = 0;
  uint64_t first = 1;
  Plant plant = Plant::kNone;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string name = argv[i];
    if (name == "--seeds") {
      seeds = std::strtoull(argv[i + 1], nullptr, 10);
    } else if (name == "--seed") {
      first = std::strtoull(argv[i + 1], nullptr, 10);
    } else if (name == "--plant" && kPlants.contains(argv[i + 1])) {
      plant = kPlants.at(argv[i + 1]);
    } else {
      std::fprintf(stderr, "unknown: %s %s\n", argv[i], argv[i + 1]);
      return 2;
    }
  }
  return Run(first, seeds == 0 ? 1 : seeds, plant);
}

}  // namespace
}  // namespace dealog::simulation

int main(int argc, char** argv) {
  // The order in which hash tables are read depends on where memory lies: always the same here.
  const int persona = personality(0xffffffff);
  if (persona != -1 && (persona & ADDR_NO_RANDOMIZE) == 0 &&
      personality(static_cast<unsigned long>(persona) | ADDR_NO_RANDOMIZE) != -1) {
    execv("/proc/self/exe", argv);
  }
  return dealog::simulation::Main(argc, argv);
}
