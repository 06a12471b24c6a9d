#pragma once

// 32 bytes that nobody else may know: a key of hashes, of seals or of signatures.

#include <array>
#include <cstddef>
#include <string_view>

namespace dealog::base {

// A whole key, never none and never a part of one: whoever needs one asks for `const Secret&`, so
// that forgetting it does not compile.
// Thread safety: const. Ownership: a data folder's keys are made once, by who opens the folder, and
// outlive all that refer to them; therefore it is neither copied nor moved.
// Invariant: exactly kBytes (checked).
class Secret {
 public:
  static constexpr size_t kBytes = 32;

  explicit Secret(std::string_view bytes);
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  // For the primitives of crypto.h; lives as long as this.
  std::string_view bytes() const { return {bytes_.data(), bytes_.size()}; }

 private:
  std::array<char, kBytes> bytes_;
};

}  // namespace dealog::base
