#pragma once

// UUIDv7 (RFC 9562) and readable ids in TypeID form: prefix + "_" + 26 characters of Crockford
// base32, for example deal_01h455vb4pex5vsknk084sn02q. Ids sort by the time they were made.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace dealog::base {

// 16 bytes, big-endian.
using Uuid = std::array<uint8_t, 16>;

// A UUIDv7 with that time (µs since 1970; its millisecond part is used) and random bits from the
// cryptographic generator. Thread safety: yes.
Uuid MakeUuid7(int64_t time_us);

// A UUIDv7-shaped id that is a pure function of its arguments: the time, and 74 bits of
// SHA-256(seed). Used where the same input must give the same id (imports, workflows).
Uuid DeriveUuid7(int64_t time_us, std::string_view seed);

// `prefix` + "_" + base32 of `uuid`.
std::string FormatId(std::string_view prefix, const Uuid& uuid);

// True if `id` is `prefix` + "_" + 26 base32 characters (a client-chosen id must be).
bool IsId(std::string_view prefix, std::string_view id);

// The prefix of an id ("deal" of "deal_01…"); "" if it has none.
std::string_view IdPrefix(std::string_view id);

// 16 raw bytes as a string.
std::string UuidBytes(const Uuid& uuid);

}  // namespace dealog::base
