#pragma once

// A value that copies share until one of them writes it: copy on write.
//
//   base::Cow<std::vector<int64_t>> column;
//   column.Edit().push_back(1);
//   const base::Cow<std::vector<int64_t>> copy = column;  // Costs a count.
//   column.Edit().push_back(2);                           // Clones first: `copy` keeps one item.

#include <atomic>
#include <concepts>
#include <cstdint>
#include <memory>
#include <utility>

#include "eventstore/base/check.h"

namespace dealog::base {

// Holds a T that other holders may share. Who writes has a T of its own, cloned only if somebody
// else holds it; so what a copy shows never changes by what another holder does.
// Thread safety: as a T of its own, for each holder: const methods (copying from it is one) from
// many threads at once, the others alone. Different holders need nothing between them, whatever
// they share: copies are made, read and dropped by readers while the writer edits his.
// Ownership: the last holder destroys the value, on its thread. References that operator* gave last
// until their holder is edited, assigned or destroyed; what Edit gave, until the holder is copied:
// who edits on after a copy asks again.
// Invariants: holds a value unless it was moved from; one that was may only be assigned to or
// destroyed (checked where it is edited).
template <typename T>
class Cow {
 public:
  Cow() requires std::default_initializable<T> : Cow(std::in_place) {}
  // A value made of the arguments.
  template <typename... Args>
  explicit Cow(std::in_place_t, Args&&... args)
      : shared_(new Shared(std::forward<Args>(args)...)) {}

  Cow(const Cow& other) noexcept : shared_(other.shared_) {
    // Relaxed: who copies holds it already, or is handed it by who does.
    if (shared_ != nullptr) shared_->holders.fetch_add(1, std::memory_order_relaxed);
  }
  Cow(Cow&& other) noexcept : shared_(std::exchange(other.shared_, nullptr)) {}
  Cow& operator=(Cow other) noexcept {
    std::swap(shared_, other.shared_);
    return *this;
  }
  ~Cow() { Drop(); }

  const T& operator*() const { return shared_->value; }
  const T* operator->() const { return &shared_->value; }

  // The value, to be written.
  T& Edit() {
    DEALOG_CHECK(shared_ != nullptr) << "edits what was moved away";
    // Acquire: it pairs with the drop of the holder that was the last but this one, so that all it
    // read is read before what is written now. (shared_ptr::use_count would not do: it is relaxed.)
    if (shared_->holders.load(std::memory_order_acquire) != 1) {
      *this = Cow(std::in_place, std::as_const(shared_->value));
    }
    return shared_->value;
  }

  // Both hold the very same value: neither was written since one was copied from the other.
  bool SharesWith(const Cow& other) const { return shared_ == other.shared_; }

 private:
  struct Shared {
    template <typename... Args>
    explicit Shared(Args&&... args) : value(std::forward<Args>(args)...) {}

    std::atomic<uint32_t> holders = 1;
    T value;
  };

  void Drop() {
    if (shared_ == nullptr) return;
    if (shared_->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) delete shared_;
  }

  Shared* shared_;  // nullptr: moved from.
};

}  // namespace dealog::base
