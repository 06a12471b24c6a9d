#pragma once

// Runs a program of many threads on one, in an order that a seed decides, under a virtual clock.
//
//   Scheduler scheduler(seed);
//   scheduler.Run([] { ... threads, locks, condition variables, clocks as ever ... });
//
// posix.cc puts itself before the C library: while a scheduler runs, a new thread is a fiber (a
// stack of its own on the one thread), a lock that is held or a wait passes the turn to another
// fiber, and clocks show virtual time, which leaps when all wait. So the product's own sequencer,
// runner and reactor are simulated as they are, without a seam in them.

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace dealog::simulation {

struct Fiber;

// Thread safety: none; there is one thread. At most one runs at a time.
class Scheduler {
 public:
  explicit Scheduler(uint64_t seed);
  ~Scheduler();
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Runs `body` and every fiber that comes of it to their ends. A deadlock ends the program.
  void Run(std::function<void()> body);
  // The one that runs; null outside of Run.
  static Scheduler* Current();

  // Of the fiber that runs:
  // Passes the turn on, perhaps; where another order could matter.
  void Yield();
  // Waits until the key is woken; false if virtual time reached the deadline first.
  bool Block(const void* key, int64_t deadline_ns = kNever);
  void Sleep(int64_t micros);
  // Runs `body` without passing the turn: what others can't wait for in turn.
  void RunUndivided(const std::function<void()>& body);

  uintptr_t Spawn(std::function<void()> body);
  void Join(uintptr_t fiber);
  void WakeOne(const void* key);
  void WakeAll(const void* key);

  // Virtual time, ns since it began.
  int64_t now_ns() const { return now_ns_; }
  // Random numbers of the seed.
  uint64_t Random() { return random_(); }
  bool Chance(uint32_t one_in) { return random_() % one_in == 0; }
  // Times that the turn was passed.
  uint64_t steps() const { return steps_; }
  // A digest of everything that was decided: equal for equal runs.
  uint64_t trace() const { return trace_; }
  void AddToTrace(std::string_view bytes);

  static constexpr int64_t kNever = INT64_MAX;

 private:
  void PassTurn();
  Fiber* Choose();
  [[noreturn]] void ReportDeadlock() const;
  static void Entry();

  std::mt19937_64 random_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  Fiber* running_ = nullptr;
  int undivided_ = 0;
  int64_t now_ns_ = 0;
  uint64_t steps_ = 0;
  uint64_t trace_ = 14695981039346656037u;
};

}  // namespace dealog::simulation
