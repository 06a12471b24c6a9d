#pragma once

// Integers and length-prefixed strings in bytes. Every integer that the log stores outside of a
// protobuf message is big-endian of fixed size, so that keys sort by it and every byte string has
// one reading.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace dealog::eventstore {

template <typename Integer>
void AppendBig(std::string& out, Integer value) {
  char bytes[sizeof(Integer)];
  uint64_t rest = static_cast<uint64_t>(value);
  for (size_t i = sizeof(Integer); i-- > 0; rest >>= 8) bytes[i] = static_cast<char>(rest);
  out.append(bytes, sizeof(Integer));
}

// Writes over the four bytes at `out`.
inline void PutBig32(char* out, uint32_t value) {
  out[0] = static_cast<char>(value >> 24);
  out[1] = static_cast<char>(value >> 16);
  out[2] = static_cast<char>(value >> 8);
  out[3] = static_cast<char>(value);
}

template <typename Integer>
Integer LoadBig(const char* bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(Integer); ++i) {
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  }
  return static_cast<Integer>(value);
}

// Reads bytes from the front; never past the end. After the first failure everything fails.
// Thread safety: none.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <typename Integer>
  Integer Big() {
    if (rest_.size() < sizeof(Integer)) return Fail<Integer>();
    const Integer value = LoadBig<Integer>(rest_.data());
    rest_.remove_prefix(sizeof(Integer));
    return value;
  }
  std::string_view Take(size_t size) {
    if (rest_.size() < size) return Fail<std::string_view>();
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  // A length of that type and so many bytes.
  template <typename Length>
  std::string_view Prefixed() {
    const Length size = Big<Length>();
    return Take(size);
  }
  std::string_view rest() const { return rest_; }
  bool ok() const { return !failed_; }
  bool Done() const { return !failed_ && rest_.empty(); }

 private:
  template <typename T>
  T Fail() {
    failed_ = true;
    rest_ = {};
    return T{};
  }
  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace dealog::eventstore
