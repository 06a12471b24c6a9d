#pragma once

// Page tokens: a cursor that a query returned, sealed so that it continues only the same query of
// the same caller.
//
//   token = web-safe base64 of: HMAC-SHA256(key, context), first 16 bytes ‖ cursor
//   context = length-prefixed: tenant, principal, method path, query bytes, cursor
//
// Query bytes are the request's deterministic serialisation without page_size, page_token and
// consistency, so the page size may change from page to page.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "eventstore/base/secret.h"
#include "google/protobuf/message.h"
#include "services/rpc/core.h"

namespace dealog::rpc {

// Seals `cursor`; "" for an empty one (there is no next page).
std::string SealCursor(const base::Secret& key, const Call& call, std::string_view method_path,
                       const google::protobuf::Message& query, std::string_view cursor);

// The cursor in `token`; "" for an empty one. INVALID_ARGUMENT / PAGE_TOKEN_INVALID if it is
// damaged, or of another tenant, principal, method or query.
absl::StatusOr<std::string> OpenCursor(const base::Secret& key, const Call& call,
                                       std::string_view method_path,
                                       const google::protobuf::Message& query,
                                       std::string_view token);

// page_size as the API has it: 0 = kPageSizeDefault, more than kPageSizeMax is cut, negative is
// refused with FIELD_INVALID.
absl::StatusOr<size_t> CheckPageSize(int32_t page_size);

}  // namespace dealog::rpc
