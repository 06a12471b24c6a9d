// Fingerprints of requests and commit tokens.
//
// Token: web-safe base64 of 25 bytes, all integers big-endian:
//   format 1 (1 byte) | partition (4) | owner epoch (8) | position (8) | CRC32C of what precedes
//   (4)
// The checksum tells a mistyped or truncated token from one of another epoch.

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <memory>
#include <string>

#include "absl/strings/escaping.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/base/string_view.h"
#include "services/commands/sequencer.h"

namespace dealog::commands {
namespace {

constexpr char kTokenFormat = 1;
constexpr size_t kTokenBytes = 25;

void PutBigEndian(uint64_t value, int bytes, std::string& out) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift));
  }
}

uint64_t TakeBigEndian(std::string_view& in, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<uint8_t>(in[i]);
  in.remove_prefix(bytes);
  return value;
}

std::string SerializeDeterministic(const google::protobuf::Message& message) {
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  message.SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

}  // namespace

std::string Fingerprint(std::string_view method, const google::protobuf::Message& request) {
  const std::unique_ptr<google::protobuf::Message> copy(request.New());
  copy->CopyFrom(request);
  if (const auto* field = copy->GetDescriptor()->FindFieldByName("request_id"); field != nullptr) {
    copy->GetReflection()->ClearField(copy.get(), field);
  }
  const std::string bytes = SerializeDeterministic(*copy);
  // The zero byte ends the method: no method name holds one.
  return std::string(base::AsView(base::Sha256({method, std::string_view("\0", 1), bytes})));
}

std::string EncodeToken(eventstore::PartitionId partition, uint64_t owner_epoch,
                        eventstore::Position position) {
  std::string bytes;
  bytes.reserve(kTokenBytes);
  bytes.push_back(kTokenFormat);
  PutBigEndian(partition.value, 4, bytes);
  PutBigEndian(owner_epoch, 8, bytes);
  PutBigEndian(position.value, 8, bytes);
  PutBigEndian(base::Crc32c(bytes), 4, bytes);
  std::string text;
  absl::WebSafeBase64Escape(bytes, &text);
  return text;
}

absl::StatusOr<Token> DecodeToken(std::string_view text) {
  std::string bytes;
  const bool decoded = absl::WebSafeBase64Unescape(base::View(text), &bytes);
  if (!decoded || bytes.size() != kTokenBytes || bytes[0] != kTokenFormat) {
    return base::InvalidField("consistency.at_least",
                              "expected a token as a commit returned it, found something else");
  }
  std::string_view rest = bytes;
  rest.remove_prefix(1);
  Token token;
  token.partition.value = static_cast<uint32_t>(TakeBigEndian(rest, 4));
  token.owner_epoch = TakeBigEndian(rest, 8);
  token.position.value = TakeBigEndian(rest, 8);
  const uint64_t crc = TakeBigEndian(rest, 4);
  if (crc != base::Crc32c(std::string_view(bytes).substr(0, kTokenBytes - 4))) {
    return base::InvalidField("consistency.at_least",
                              "expected a token as a commit returned it, found a damaged one");
  }
  return token;
}

}  // namespace dealog::commands
