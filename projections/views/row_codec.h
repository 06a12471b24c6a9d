#pragma once

// Bytes of views' rows: integers as LEB128 varints (signed ones zigzag), texts as length + bytes.
// Rows can always be rebuilt from the log, so this format may change with a view's version.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace dealog::projections {

// Appends values to a row. Thread safety: none. Ownership: `out` must outlive it.
class RowWriter {
 public:
  explicit RowWriter(std::string& out) : out_(out) {}

  void Byte(uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void Unsigned(uint64_t value) {
    std::array<char, 10> bytes;  // 64 bits, 7 per byte.
    size_t count = 0;
    for (; value >= 0x80; value >>= 7) bytes[count++] = static_cast<char>(value | 0x80);
    bytes[count++] = static_cast<char>(value);
    out_.append(bytes.data(), count);
  }
  void Signed(int64_t value) {
    Unsigned((static_cast<uint64_t>(value) << 1) ^ static_cast<uint64_t>(value >> 63));
  }
  void Text(std::string_view value) {
    Unsigned(value.size());
    out_.append(value);
  }

 private:
  std::string& out_;
};

// Takes values back, in the same order. Past the end or malformed, `ok()` turns false for good and
// values are zero. Thread safety: none. Ownership: texts point into the row.
class RowReader {
 public:
  explicit RowReader(std::string_view row) : at_(row.data()), end_(row.data() + row.size()) {}

  bool ok() const { return ok_; }
  bool AtEnd() const { return at_ == end_; }

  uint8_t Byte() {
    if (at_ == end_) return Fail();
    return static_cast<uint8_t>(*at_++);
  }
  uint64_t Unsigned() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<uint8_t>(*at_++);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return Fail();
  }
  int64_t Signed() {
    const uint64_t value = Unsigned();
    return static_cast<int64_t>(value >> 1) ^ -static_cast<int64_t>(value & 1);
  }
  std::string_view Text() {
    const uint64_t size = Unsigned();
    if (size > static_cast<uint64_t>(end_ - at_)) {
      Fail();
      return {};
    }
    const std::string_view text(at_, size);
    at_ += size;
    return text;
  }
  // All that is left; empty if it is not ok.
  std::string_view Rest() {
    const std::string_view rest(at_, static_cast<size_t>(end_ - at_));
    at_ = end_;
    return rest;
  }

 private:
  uint8_t Fail() {
    ok_ = false;
    at_ = end_;
    return 0;
  }

  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace dealog::projections
