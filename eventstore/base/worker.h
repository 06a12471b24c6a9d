#pragma once

// Threads. Only here, in the sequencer, the executor and the server are any made.

#include <functional>
#include <string>
#include <thread>

namespace dealog::base {

// A named thread that is joined when it goes out of scope. The body must end by itself: its owner
// sets whatever flag it watches first. Thread safety: none.
class Worker {
 public:
  Worker() = default;
  // `name`: at most 15 characters, shown by the operating system's tools.
  Worker(std::string name, std::function<void()> body);
  ~Worker();
  Worker(Worker&&) noexcept = default;
  Worker& operator=(Worker&&) noexcept;

  // Waits for the body to end. Does nothing if it was joined.
  void Join();

 private:
  std::thread thread_;
};

}  // namespace dealog::base
