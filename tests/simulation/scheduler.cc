#include "tests/simulation/scheduler.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace dealog::simulation {
namespace {

constexpr size_t kStackBytes = 512 << 10;
constexpr size_t kGuardBytes = 4096;
// What the work between two turns takes, at most.
constexpr int64_t kStepNanosMax = 20'000;
// One lock in so many passes the turn.
constexpr uint32_t kYieldOneIn = 6;

Scheduler* current = nullptr;

}  // namespace

struct Fiber {
  uintptr_t id = 0;
  std::function<void()> body;
  ucontext_t context;
  char* stack = nullptr;
  bool done = false;
  const void* waits_for = nullptr;  // Null: it can run.
  int64_t deadline_ns = Scheduler::kNever;
  bool woken = false;
};

Scheduler::Scheduler(uint64_t seed) : random_(seed) {}

Scheduler::~Scheduler() = default;

Scheduler* Scheduler::Current() { return current; }

void Scheduler::Run(std::function<void()> body) {
  Fiber caller;
  running_ = &caller;
  current = this;
  Spawn(std::move(body));
  caller.waits_for = this;  // Until no fiber is left: see Entry.
  PassTurn();
  current = nullptr;
  running_ = nullptr;
}

uintptr_t Scheduler::Spawn(std::function<void()> body) {
  auto fiber = std::make_unique<Fiber>();
  fiber->id = fibers_.size() + 1;
  fiber->body = std::move(body);
  void* const memory = mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) std::abort();
  fiber->stack = static_cast<char*>(memory);
  mprotect(fiber->stack, kGuardBytes, PROT_NONE);
  getcontext(&fiber->context);
  fiber->context.uc_stack.ss_sp = fiber->stack;
  fiber->context.uc_stack.ss_size = kStackBytes;
  fiber->context.uc_link = nullptr;
  makecontext(&fiber->context, &Scheduler::Entry, 0);
  fibers_.push_back(std::move(fiber));
  return fibers_.size();
}

void Scheduler::Entry() {
  Scheduler& self = *current;
  Fiber& fiber = *self.running_;
  fiber.body();
  fiber.body = nullptr;
  fiber.done = true;
  self.WakeAll(&fiber);
  self.PassTurn();
  std::abort();  // A fiber that is done is never chosen.
}

void Scheduler::Join(uintptr_t fiber) {
  Fiber* const joined = fibers_.at(fiber - 1).get();
  while (!joined->done) Block(joined);
  if (joined->stack != nullptr) munmap(joined->stack, kStackBytes);
  joined->stack = nullptr;
}

void Scheduler::Yield() {
  if (undivided_ == 0 && Chance(kYieldOneIn)) PassTurn();
}

void Scheduler::RunUndivided(const std::function<void()>& body) {
  ++undivided_;
  body();
  --undivided_;
}

bool Scheduler::Block(const void* key, int64_t deadline_ns) {
  Fiber& self = *running_;
  self.waits_for = key;
  self.deadline_ns = deadline_ns;
  self.woken = false;
  PassTurn();
  return self.woken;
}

void Scheduler::Sleep(int64_t micros) { Block(&micros, now_ns_ + micros * 1000); }

void Scheduler::WakeOne(const void* key) {
  std::vector<Fiber*> waiting;
  for (const auto& fiber : fibers_) {
    if (!fiber->done && fiber->waits_for == key) waiting.push_back(fiber.get());
  }
  if (waiting.empty()) return;
  Fiber& chosen = *waiting[random_() % waiting.size()];
  chosen.waits_for = nullptr;
  chosen.woken = true;
}

void Scheduler::WakeAll(const void* key) {
  for (const auto& fiber : fibers_) {
    if (fiber->done || fiber->waits_for != key) continue;
    fiber->waits_for = nullptr;
    fiber->woken = true;
  }
}

void Scheduler::AddToTrace(std::string_view bytes) {
  for (const char byte : bytes) {
    trace_ = (trace_ ^ static_cast<unsigned char>(byte)) * 1099511628211u;
  }
}

// Any fiber that can run, or whose deadline has come; where there is none, time leaps to the next
// deadline. Null: none is left.
Fiber* Scheduler::Choose() {
  while (true) {
    std::vector<Fiber*> ready;
    int64_t next_ns = kNever;
    bool left = false;
    for (const auto& fiber : fibers_) {
      if (fiber->done) continue;
      left = true;
      if (fiber->waits_for == nullptr || fiber->deadline_ns <= now_ns_) {
        ready.push_back(fiber.get());
      } else {
        next_ns = std::min(next_ns, fiber->deadline_ns);
      }
    }
    if (!left) return nullptr;
    if (!ready.empty()) return ready[random_() % ready.size()];
    if (next_ns == kNever) ReportDeadlock();
    now_ns_ = next_ns;
  }
}

void Scheduler::PassTurn() {
  ++steps_;
  now_ns_ += 1 + static_cast<int64_t>(random_() % kStepNanosMax);
  Fiber* const from = running_;
  Fiber* const next = Choose();
  static ucontext_t outside;
  if (next == nullptr) {
    running_ = nullptr;
    setcontext(&outside);
  }
  next->waits_for = nullptr;
  next->deadline_ns = kNever;
  AddToTrace({reinterpret_cast<const char*>(&next->id), sizeof(next->id)});
  if (next == from) return;
  running_ = next;
  // The caller of Run is no fiber of ours: it is resumed when none is left.
  swapcontext(from->id == 0 ? &outside : &from->context, &next->context);
}

void Scheduler::ReportDeadlock() const {
  std::fprintf(stderr, "deadlock after %llu steps, at %lld ns:\n",
               static_cast<unsigned long long>(steps_), static_cast<long long>(now_ns_));
  for (const auto& fiber : fibers_) {
    if (fiber->done) continue;
    std::fprintf(stderr, "  fiber %llu waits for %p\n", static_cast<unsigned long long>(fiber->id),
                 fiber->waits_for);
  }
  std::abort();
}

}  // namespace dealog::simulation
