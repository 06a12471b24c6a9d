#pragma once

// What a read's function may use, and how requests say which state of the views they want.

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "dealog/v1/common.pb.h"
#include "projections/runtime/runner.h"
#include "projections/views/queries.h"
#include "services/rpc/core.h"
#include "services/rpc/page_token.h"
#include "services/rpc/within.h"

namespace dealog::rpc {

// What a read's function may use. Lives as long as the function runs.
struct ReadCall {
  const Core& core;
  const Call& call;
  int64_t now_us = 0;
  projections::ViewNames reads;  // What it waited for, and may read.
  // Where the request's known_at lead, each once: see ResolveKnown.
  struct Known {
    v1::Instant instant;
    eventstore::Position position;
  };
  std::vector<Known> known;

  // The tenant's views as they are now (fresh, if the read waited, and at least up to what `known`
  // names), locked: keep it short, and wait for nobody meanwhile.
  absl::StatusOr<projections::TenantRead> Views() const;
  // Checks page_size and page_token of a list's request.
  absl::StatusOr<projections::PageRequest> OpenPage(int32_t page_size, std::string_view token,
                                                    const google::protobuf::Message& query) const;
  std::string SealPage(const google::protobuf::Message& query, std::string_view cursor) const;
};

// Adds where `known_at` leads, before the views are locked: only the sequencer can say how far an
// instant after the newest commit reaches, and nobody may wait for it while the fold waits for him.
// FIELD_INVALID names the field: an instant in the future, a position beyond the log's head.
absl::Status ResolveKnown(const v1::Instant& known_at, ReadCall& call);
// The same for a request, or for every query of a batch.
template <typename Request>
absl::Status ResolveKnown(const Request& request, ReadCall& call) {
  if constexpr (requires { request.known_at(); }) {
    if (request.has_known_at()) return ResolveKnown(request.known_at(), call);
  } else if constexpr (requires { request.queries(0).known_at(); }) {
    for (int i = 0; i < request.queries_size(); ++i) {
      const absl::Status status = ResolveKnown(request.queries(i), call);
      if (!status.ok()) return Within(absl::StrCat("queries[", i, "]"), status);
    }
  }
  return absl::OkStatus();
}

// as_of and known_at of a request; the latter is among call.known. FIELD_INVALID names the field: a
// position as as_of.
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
