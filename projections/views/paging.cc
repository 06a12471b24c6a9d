#include "projections/views/paging.h"

#include <cstring>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/string_view.h"

namespace dealog::projections {
namespace {

// cursor = number (8 bytes, little-endian) text_size (4 bytes, little-endian) text id
constexpr size_t kFixedBytes = sizeof(int64_t) + sizeof(uint32_t);

}  // namespace

OrderText SplitOrderBy(std::string_view text) {
  const size_t space = text.find(' ');
  if (space == std::string_view::npos) return {.name = text};
  const std::string_view direction = text.substr(space + 1);
  if (direction != "asc" && direction != "desc") return {};
  return {.name = text.substr(0, space), .descending = direction == "desc"};
}

absl::Status OrderByRefused(std::string_view text, const std::string& allowed) {
  return base::InvalidField(
      "order_by", absl::StrCat("expected one of ", allowed, ", alone or with \" desc\", found \"",
                               base::View(text), "\""));
}

std::string EncodeCursor(const OrderKey& key) {
  std::string cursor(kFixedBytes, '\0');
  const auto text_size = static_cast<uint32_t>(key.text.size());
  std::memcpy(cursor.data(), &key.number, sizeof(key.number));
  std::memcpy(cursor.data() + sizeof(key.number), &text_size, sizeof(text_size));
  cursor.append(key.text);
  cursor.append(key.id);
  return cursor;
}

absl::StatusOr<OrderKey> DecodeCursor(std::string_view cursor) {
  OrderKey key;
  uint32_t text_size = 0;
  if (cursor.size() >= kFixedBytes) {
    std::memcpy(&key.number, cursor.data(), sizeof(key.number));
    std::memcpy(&text_size, cursor.data() + sizeof(key.number), sizeof(text_size));
    cursor.remove_prefix(kFixedBytes);
    if (text_size <= cursor.size()) {
      key.text = cursor.substr(0, text_size);
      key.id = cursor.substr(text_size);
      return key;
    }
  }
  return base::Error(absl::StatusCode::kInvalidArgument, "PAGE_TOKEN_INVALID",
                     "expected a page token that a list returned; start from the first page");
}

}  // namespace dealog::projections
