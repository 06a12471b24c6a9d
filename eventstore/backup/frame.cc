#include "eventstore/backup/frame.h"

#include <zstd.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "eventstore/backup/limits.h"
#include "eventstore/base/check.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/bytes.h"

namespace dealog::eventstore {
namespace {

constexpr std::string_view kMagic = "DLGF";
constexpr size_t kChecksumBytes = sizeof(uint32_t);

absl::Status Damaged(const std::string& what) {
  return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                     absl::StrCat("a frame is damaged: ", what));
}

absl::Status Incomplete(size_t expected, size_t found) {
  return absl::OutOfRangeError(
      absl::StrCat("a frame is cut off: expected ", expected, " bytes, found ", found));
}

struct Header {
  FrameKind kind = FrameKind::kManifest;
  size_t stored = 0;
  size_t content = 0;
};

absl::StatusOr<Header> ParseHeader(std::string_view bytes) {
  ByteReader reader(bytes.substr(0, kFrameHeaderBytes));
  if (reader.Take(kMagic.size()) != kMagic) return Damaged("it does not begin with DLGF");
  const uint8_t kind = reader.Big<uint8_t>();
  const uint32_t stored = reader.Big<uint32_t>();
  const uint32_t content = reader.Big<uint32_t>();
  if (reader.Big<uint32_t>() != base::Crc32c(bytes.substr(0, kFrameHeaderBytes - kChecksumBytes))) {
    return Damaged("the checksum of its header does not match");
  }
  if (kind < static_cast<uint8_t>(FrameKind::kManifest) ||
      kind > static_cast<uint8_t>(FrameKind::kPlan)) {
    return base::Error(absl::StatusCode::kFailedPrecondition, "BACKUP_UNUSABLE",
                       absl::StrCat("expected a frame of kind 1 to 7, found kind ", kind,
                                    ": it was written by a newer version; use that one"));
  }
  if (stored > kFrameStoredBytesMax || content > kFrameBytesMax) {
    return Damaged(absl::StrCat("expected at most ", kFrameStoredBytesMax,
                                " bytes (kFrameStoredBytesMax) that unpack to at most ",
                                kFrameBytesMax, " (kFrameBytesMax), found ", stored, " and ",
                                content));
  }
  return Header{static_cast<FrameKind>(kind), stored, content};
}

template <typename Context, size_t (*kFree)(Context*)>
struct FreeContext {
  void operator()(Context* context) const { kFree(context); }
};
using Packer = std::unique_ptr<ZSTD_CCtx, FreeContext<ZSTD_CCtx, ZSTD_freeCCtx>>;
using Unpacker = std::unique_ptr<ZSTD_DCtx, FreeContext<ZSTD_DCtx, ZSTD_freeDCtx>>;

}  // namespace

std::string MakeFrame(FrameKind kind, std::string_view content) {
  DEALOG_CHECK(content.size() <= kFrameBytesMax) << content.size();
  thread_local const Packer packer(ZSTD_createCCtx());
  const size_t head = kFrameHeaderBytes;
  std::string frame(head + ZSTD_compressBound(content.size()), '\0');
  const size_t stored = ZSTD_compressCCtx(packer.get(), frame.data() + head, frame.size() - head,
                                          content.data(), content.size(), kCompressionLevel);
  DEALOG_CHECK(ZSTD_isError(stored) == 0) << ZSTD_getErrorName(stored);
  frame.resize(head + stored);
  std::string header(kMagic);
  AppendBig(header, static_cast<uint8_t>(kind));
  AppendBig(header, static_cast<uint32_t>(stored));
  AppendBig(header, static_cast<uint32_t>(content.size()));
  AppendBig(header, base::Crc32c(header));
  frame.replace(0, head, header);
  AppendBig(frame, base::Crc32c(std::string_view(frame).substr(head)));
  return frame;
}

absl::StatusOr<size_t> FrameBytes(std::string_view header) {
  DEALOG_CHECK(header.size() >= kFrameHeaderBytes) << header.size();
  ASSIGN_OR_RETURN(const Header parsed, ParseHeader(header));
  return kFrameHeaderBytes + parsed.stored + kChecksumBytes;
}

absl::StatusOr<Frame> ParseFrame(std::string_view bytes) {
  if (bytes.size() < kFrameHeaderBytes) return Incomplete(kFrameHeaderBytes, bytes.size());
  ASSIGN_OR_RETURN(const Header header, ParseHeader(bytes));
  const size_t size = kFrameHeaderBytes + header.stored + kChecksumBytes;
  if (bytes.size() < size) return Incomplete(size, bytes.size());
  const std::string_view stored = bytes.substr(kFrameHeaderBytes, header.stored);
  if (LoadBig<uint32_t>(stored.data() + stored.size()) != base::Crc32c(stored)) {
    return Damaged("the checksum of its content does not match");
  }
  // A content that says another size than the header is refused before it is unpacked.
  if (ZSTD_getFrameContentSize(stored.data(), stored.size()) != header.content) {
    return Damaged("it does not unpack to the size that its header names");
  }
  thread_local const Unpacker unpacker(ZSTD_createDCtx());
  Frame frame{.kind = header.kind, .content = std::string(header.content, '\0')};
  const size_t unpacked = ZSTD_decompressDCtx(unpacker.get(), frame.content.data(),
                                              frame.content.size(), stored.data(), stored.size());
  if (ZSTD_isError(unpacked) != 0 || unpacked != header.content) {
    return Damaged("its content does not unpack");
  }
  frame.stored_bytes = size;
  return frame;
}

}  // namespace dealog::eventstore
