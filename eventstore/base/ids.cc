#include "eventstore/base/ids.h"

#include <array>
#include <cstring>

#include "eventstore/base/crypto.h"

namespace dealog::base {
namespace {

constexpr char kAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr size_t kTextLength = 26;

Uuid Stamp(int64_t time_us, Uuid bits) {
  const uint64_t ms = static_cast<uint64_t>(time_us < 0 ? 0 : time_us) / 1000;
  for (int i = 0; i < 6; ++i) bits[i] = static_cast<uint8_t>(ms >> (8 * (5 - i)));
  bits[6] = static_cast<uint8_t>(0x70 | (bits[6] & 0x0F));
  bits[8] = static_cast<uint8_t>(0x80 | (bits[8] & 0x3F));
  return bits;
}

// Random bits for one id. Fetched for many at once: the generator asks the operating system for the
// process's id at every call, to notice a fork (which this program never does).
Uuid RandomBits() {
  thread_local std::array<Uuid, 64> fetched;
  thread_local size_t left = 0;
  if (left == 0) {
    RandomBytes(fetched.front().data(), sizeof(fetched));
    left = fetched.size();
  }
  return fetched[--left];
}

}  // namespace

Uuid MakeUuid7(int64_t time_us) { return Stamp(time_us, RandomBits()); }

Uuid DeriveUuid7(int64_t time_us, std::string_view seed) {
  const Digest digest = Sha256(seed);
  Uuid bits;
  std::memcpy(bits.data(), digest.data(), bits.size());
  return Stamp(time_us, bits);
}

std::string FormatId(std::string_view prefix, const Uuid& uuid) {
  // 128 bits, preceded by two zero bits, as 26 groups of 5.
  std::string text(kTextLength, '0');
  for (size_t i = 0; i < kTextLength; ++i) {
    int value = 0;
    for (size_t bit = 0; bit < 5; ++bit) {
      const size_t at = i * 5 + bit;
      const int one = at < 2 ? 0 : (uuid[(at - 2) / 8] >> (7 - (at - 2) % 8)) & 1;
      value = value * 2 + one;
    }
    text[i] = kAlphabet[value];
  }
  std::string id;
  id.reserve(prefix.size() + 1 + kTextLength);
  return id.append(prefix).append("_").append(text);
}

bool IsId(std::string_view prefix, std::string_view id) {
  if (id.size() != prefix.size() + 1 + kTextLength || !id.starts_with(prefix) ||
      id[prefix.size()] != '_') {
    return false;
  }
  const std::string_view text = id.substr(prefix.size() + 1);
  if (text[0] > '7') return false;  // More than 128 bits.
  return text.find_first_not_of(kAlphabet) == std::string_view::npos;
}

std::string_view IdPrefix(std::string_view id) {
  const size_t at = id.rfind('_');
  return at == std::string_view::npos ? std::string_view() : id.substr(0, at);
}

std::string UuidBytes(const Uuid& uuid) {
  return std::string(reinterpret_cast<const char*>(uuid.data()), uuid.size());
}

}  // namespace dealog::base
