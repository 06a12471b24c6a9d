#pragma once

// What a read's function may use, and how requests say which state of the views they want.

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "dealog/v1/common.pb.h"
#include "projections/runtime/runner.h"
#include "projections/views/queries.h"
#include "services/rpc/core.h"
#include "services/rpc/page_token.h"

namespace dealog::rpc {

// What a read's function may use. Lives as long as the function runs.
struct ReadCall {
  const Core& core;
  const Call& call;
  int64_t now_us = 0;

  // The tenant's views as they are now (fresh, if the read waited), locked: keep it short.
  absl::StatusOr<projections::TenantRead> Views() const;
  // Checks page_size and page_token of a list's request.
  absl::StatusOr<projections::PageRequest> OpenPage(int32_t page_size, std::string_view token,
                                                    const google::protobuf::Message& query) const;
  std::string SealPage(const google::protobuf::Message& query, std::string_view cursor) const;
};

// as_of and known_at of a request. FIELD_INVALID names the field: a position as as_of, a known_at
// in the future or beyond the log's head.
absl::StatusOr<projections::AsKnown> ResolveAsKnown(const ReadCall& call,
                                                    const projections::TenantViews& views,
                                                    const v1::Instant* as_of,
                                                    const v1::Instant* known_at);
template <typename Request>
absl::StatusOr<projections::AsKnown> ResolveAsKnown(const ReadCall& call,
                                                    const projections::TenantViews& views,
                                                    const Request& request) {
  return ResolveAsKnown(call, views, request.has_as_of() ? &request.as_of() : nullptr,
                        request.has_known_at() ? &request.known_at() : nullptr);
}

// How fresh `consistency` asks the views of the call's tenant to be; null = as fresh as the head.
// FIELD_INVALID for a token of another partition or one that this log has never given out.
absl::StatusOr<projections::Freshness> ResolveFreshness(const Core& core, const Call& call,
                                                        const v1::Consistency* consistency);

// Until when a read waits for its views.
absl::Time ReadDeadline(const Core& core, const Call& call);

// One page of a list: fetches with the request's page, adds the items to `items(response)`.
template <typename Response, typename Request, typename Fetch, typename Items>
absl::StatusOr<Response> AnswerPage(const ReadCall& call, const Request& request, Fetch fetch,
                                    Items items) {
  auto page = call.OpenPage(request.page_size(), request.page_token(), request);
  if (!page.ok()) return page.status();
  auto found = fetch(*page);
  if (!found.ok()) return found.status();
  Response response;
  for (auto& item : found->items) *items(response)->Add() = std::move(item);
  response.set_next_page_token(call.SealPage(request, found->next));
  return response;
}

}  // namespace dealog::rpc
