#include "eventstore/base/worker.h"

#include <pthread.h>

#include <utility>

namespace dealog::base {

Worker::Worker(std::string name, std::function<void()> body)
    : thread_([name = std::move(name), body = std::move(body)] {
        pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());
        body();
      }) {}

Worker::~Worker() { Join(); }

Worker& Worker::operator=(Worker&& other) noexcept {
  Join();
  thread_ = std::move(other.thread_);
  return *this;
}

void Worker::Join() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace dealog::base
