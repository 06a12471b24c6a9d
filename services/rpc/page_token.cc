#include "services/rpc/page_token.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <memory>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/base/string_view.h"
#include "services/rpc/limits.h"

namespace dealog::rpc {
namespace {

constexpr size_t kSealBytes = 16;

// Length first, so that no two lists of parts give the same bytes.
void AppendPart(std::string_view part, std::string& out) {
  absl::StrAppend(&out, part.size(), ":", base::View(part), ",");
}

std::string QueryBytes(const google::protobuf::Message& query) {
  const std::unique_ptr<google::protobuf::Message> copy(query.New());
  copy->CopyFrom(query);
  for (const char* name : {"page_size", "page_token", "consistency"}) {
    const auto* field = copy->GetDescriptor()->FindFieldByName(name);
    if (field != nullptr) copy->GetReflection()->ClearField(copy.get(), field);
  }
  std::string bytes;
  google::protobuf::io::StringOutputStream stream(&bytes);
  google::protobuf::io::CodedOutputStream coded(&stream);
  coded.SetSerializationDeterministic(true);
  copy->SerializeToCodedStream(&coded);
  coded.Trim();
  return bytes;
}

std::string Seal(const base::Secret& key, const Call& call, std::string_view method_path,
                 const google::protobuf::Message& query, std::string_view cursor) {
  std::string context;
  AppendPart(call.tenant.value, context);
  AppendPart(call.principal, context);
  AppendPart(method_path, context);
  AppendPart(QueryBytes(query), context);
  AppendPart(cursor, context);
  const base::Digest digest = base::HmacSha256(key.bytes(), context);
  return std::string(base::AsView(digest).substr(0, kSealBytes));
}

}  // namespace

std::string SealCursor(const base::Secret& key, const Call& call, std::string_view method_path,
                       const google::protobuf::Message& query, std::string_view cursor) {
  if (cursor.empty()) return "";
  std::string bytes = Seal(key, call, method_path, query, cursor);
  bytes += cursor;
  std::string token;
  absl::WebSafeBase64Escape(bytes, &token);
  return token;
}

absl::StatusOr<std::string> OpenCursor(const base::Secret& key, const Call& call,
                                       std::string_view method_path,
                                       const google::protobuf::Message& query,
                                       std::string_view token) {
  if (token.empty()) return std::string();
  std::string bytes;
  if (token.size() <= kPageTokenBytesMax &&
      absl::WebSafeBase64Unescape(base::View(token), &bytes) && bytes.size() > kSealBytes) {
    const std::string cursor = bytes.substr(kSealBytes);
    const std::string seal = Seal(key, call, method_path, query, cursor);
    if (base::ConstantTimeEqual(seal, std::string_view(bytes).substr(0, kSealBytes))) {
      return cursor;
    }
  }
  return base::Error(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_INVALID",
                     "page_token: expected the next_page_token of the page before, of the same "
                     "tenant, caller, method and query, found another; start from the first page")
      .Field("page_token", "not a token of this query");
}

absl::StatusOr<size_t> CheckPageSize(int32_t page_size) {
  if (page_size < 0) {
    return base::InvalidField("page_size", absl::StrCat("expected 0 (", kPageSizeDefault,
                                                        " rows) or more, found ", page_size));
  }
  return static_cast<size_t>(page_size == 0 ? kPageSizeDefault : std::min(page_size, kPageSizeMax));
}

}  // namespace dealog::rpc
