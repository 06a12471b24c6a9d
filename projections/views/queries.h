#pragma once

// The public contract of the views: every question that the API asks of them. Each is a pure
// function of the views at one position; `now_us` is the request's instant (µs since 1970 UTC).
//
// Names: wherever a request names a pipeline, stage, owner or product, id and display name both do.
// Instants: a bare date is 00:00 in the tenant's zone. as_of takes events with occurred_at strictly
// before it; known_at those recorded at or before it (time) or up to it (position). The caller has
// resolved known_at times to a position: see KnownAt.
// Views: reads.h says which of them each kind of question reads.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dealog/v1/activities.pb.h"
#include "dealog/v1/board.pb.h"
#include "dealog/v1/catalog.pb.h"
#include "dealog/v1/contacts.pb.h"
#include "dealog/v1/deals.pb.h"
#include "dealog/v1/history.pb.h"
#include "dealog/v1/imports.pb.h"
#include "dealog/v1/kpi.pb.h"
#include "dealog/v1/organizations.pb.h"
#include "dealog/v1/pipelines.pb.h"
#include "dealog/v1/tenants.pb.h"
#include "dealog/v1/workflows.pb.h"
#include "projections/tenant_views.h"
#include "projections/views/reads.h"

namespace dealog::projections {

// Where a page starts and how long it may be. `after` is an opaque cursor that a query returned.
struct PageRequest {
  size_t size = 50;
  std::string after;
};
template <typename T>
struct Page {
  std::vector<T> items;
  std::string next;  // Cursor of the next page; empty = this was the last.
};

// Filter and order of a list.
struct ListQuery {
  std::string filter;
  std::string order_by;
  PageRequest page;
};

// The tenant's zone. INVALID_ARGUMENT never: a stored zone is known.
absl::StatusOr<absl::TimeZone> TenantTimeZone(const TenantViews& views);
absl::StatusOr<v1::Tenant> GetTenant(const TenantViews& views);

// What a request's as_of and known_at mean, resolved by the caller.
struct AsKnown {
  std::optional<int64_t> as_of_us;                     // Unset = now.
  std::optional<eventstore::Position> known_position;  // Unset = everything.
};
// Resolves an Instant other than a position to µs; INVALID_ARGUMENT names `field`.
absl::StatusOr<int64_t> ResolveInstant(const v1::Instant& instant, const TenantViews& views,
                                       std::string_view field);

// ---- Pipelines ----
absl::StatusOr<v1::Pipeline> GetPipeline(const TenantViews& views, std::string_view pipeline,
                                         const AsKnown& when);
absl::StatusOr<Page<v1::Pipeline>> ListPipelines(const TenantViews& views, const PageRequest& page);

// ---- Deals and the board ----
absl::StatusOr<v1::Deal> GetDeal(const TenantViews& views, std::string_view deal_id,
                                 const AsKnown& when, int64_t now_us);
// The values of one of its fields within the horizon; FIELD_INVALID names the fields there are.
absl::StatusOr<v1::GetFieldHistoryResponse> GetFieldHistory(
    const TenantViews& views, const v1::GetFieldHistoryRequest& request, const AsKnown& when,
    int64_t now_us);
absl::StatusOr<Page<v1::Deal>> ListDeals(const TenantViews& views, const ListQuery& query);
absl::StatusOr<v1::GetBoardResponse> GetBoard(const TenantViews& views,
                                              const v1::GetBoardRequest& request,
                                              const AsKnown& when, int64_t now_us);
// Cards of one column; uses request.pipeline, column_by, column and filter.
absl::StatusOr<Page<v1::Deal>> ListColumnCards(const TenantViews& views,
                                               const v1::ListColumnCardsRequest& request,
                                               const AsKnown& when, int64_t now_us,
                                               const PageRequest& page);
// Deals of a pipeline changed after a position, for WatchBoard; at most `limit`, oldest change
// first.
absl::StatusOr<std::vector<v1::Deal>> DealsChangedAfter(const TenantViews& views,
                                                        std::string_view pipeline,
                                                        eventstore::Position after, size_t limit);
// Ids of deals now in a stage, at most `limit`, who entered it first comes first; for the
// retirement job.
absl::StatusOr<std::vector<std::string>> DealsInStage(const TenantViews& views,
                                                      std::string_view stage_id, size_t limit);

// ---- KPIs ----
absl::StatusOr<v1::QueryKpiResponse> QueryKpi(const TenantViews& views,
                                              const v1::QueryKpiRequest& request,
                                              const AsKnown& when, int64_t now_us);

// ---- Contacts, organizations, activities, catalogues, workflows, imports ----
absl::StatusOr<v1::Contact> GetContact(const TenantViews& views, std::string_view contact_id);
absl::StatusOr<Page<v1::Contact>> ListContacts(const TenantViews& views, const ListQuery& query);
absl::StatusOr<v1::Organization> GetOrganization(const TenantViews& views,
                                                 std::string_view organization_id);
absl::StatusOr<Page<v1::Organization>> ListOrganizations(const TenantViews& views,
                                                         const ListQuery& query);
absl::StatusOr<v1::Activity> GetActivity(const TenantViews& views, std::string_view activity_id);
absl::StatusOr<Page<v1::Activity>> ListActivities(const TenantViews& views, const ListQuery& query);
absl::StatusOr<Page<v1::Note>> ListNotes(const TenantViews& views, std::string_view deal_id,
                                         std::string_view contact_id, const PageRequest& page);
// Ids of the activities and notes of a deal or contact, for its history.
absl::StatusOr<std::vector<std::string>> RelatedIds(const TenantViews& views,
                                                    std::string_view resource_id);
absl::StatusOr<Page<v1::Member>> ListMembers(const TenantViews& views, const PageRequest& page);
absl::StatusOr<Page<v1::Product>> ListProducts(const TenantViews& views, const PageRequest& page);
absl::StatusOr<v1::Workflow> GetWorkflow(const TenantViews& views, std::string_view workflow);
absl::StatusOr<Page<v1::Workflow>> ListWorkflows(const TenantViews& views, const PageRequest& page);
absl::StatusOr<Page<v1::WorkflowInstance>> ListWorkflowInstances(const TenantViews& views,
                                                                 std::string_view workflow,
                                                                 std::string_view deal_id,
                                                                 const PageRequest& page);
absl::StatusOr<v1::Import> GetImport(const TenantViews& views, std::string_view import_id);
absl::StatusOr<Page<v1::Import>> ListImports(const TenantViews& views, const PageRequest& page);

}  // namespace dealog::projections
