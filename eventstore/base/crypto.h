#pragma once

// The few cryptographic primitives that the log needs, over OpenSSL, which only crypto.cc includes.

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace dealog::base {

// 32 bytes.
using Digest = std::array<uint8_t, 32>;

// SHA-256 of `bytes`. Thread safety: yes.
Digest Sha256(std::string_view bytes);

// SHA-256 of the concatenation of `parts`.
Digest Sha256(std::initializer_list<std::string_view> parts);

// HMAC-SHA256 of `bytes` under `key`.
Digest HmacSha256(std::string_view key, std::string_view bytes);

// Compares in time that does not depend on where they differ; false if the sizes differ.
bool ConstantTimeEqual(std::string_view a, std::string_view b);

// Fills `out` with `size` bytes of the operating system's generator.
void RandomBytes(uint8_t* out, size_t size);

// A digest's 32 bytes as text views and strings.
inline std::string_view AsView(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// Ed25519 after RFC 8032: keys, and signatures that are the same every time.
inline constexpr size_t kEd25519KeyBytes = 32;
inline constexpr size_t kEd25519SignatureBytes = 64;
// The public key of a private one; `seed` is the private key's 32 bytes (checked).
std::string Ed25519PublicKey(std::string_view seed);
// The signature of `message`, 64 bytes.
std::string Ed25519Sign(std::string_view seed, std::string_view message);
// False also for a key or a signature of another size.
bool Ed25519Verify(std::string_view public_key, std::string_view message,
                   std::string_view signature);

// CRC32C (Castagnoli) of `bytes`, continuing from `seed`.
uint32_t Crc32c(std::string_view bytes, uint32_t seed = 0);

}  // namespace dealog::base
