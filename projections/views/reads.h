#pragma once

// Names of the views, and which of them each kind of question reads. Who asks names them, so that
// it waits for no other; Get of a view that was not named is an error.
//
//   runner.Read(tenant, {.views = AsNames(kDealReads)}, deadline);    // then queries.h

#include <array>
#include <span>
#include <string_view>
#include <vector>

namespace dealog::projections {

inline constexpr std::string_view kTenantView = "tenant";
inline constexpr std::string_view kPipelinesView = "pipelines";
inline constexpr std::string_view kCatalogView = "catalog";
inline constexpr std::string_view kOrganizationsView = "organizations";
inline constexpr std::string_view kDealsView = "deals";
inline constexpr std::string_view kContactsView = "contacts";
inline constexpr std::string_view kActivitiesView = "activities";
inline constexpr std::string_view kWorkflowsView = "workflows";
inline constexpr std::string_view kImportsView = "imports";

// The views of one kind of question; constant, so that it outlives who refers to it.
using ViewNames = std::span<const std::string_view>;

// Instants are of the tenant's time zone: whatever takes one reads its view.
inline constexpr std::array kTenantReads = {kTenantView};
inline constexpr std::array kPipelineReads = {kPipelinesView, kTenantView};
// Deals, their fields' history, boards, KPIs.
inline constexpr std::array kDealReads = {kDealsView, kPipelinesView, kCatalogView,
                                          kOrganizationsView, kTenantView};
inline constexpr std::array kStageReads = {kDealsView};  // DealsInStage.
inline constexpr std::array kCatalogReads = {kCatalogView};
// Lists are filtered by the names of what the records refer to.
inline constexpr std::array kOrganizationReads = {kOrganizationsView, kCatalogView, kTenantView};
inline constexpr std::array kContactReads = {kContactsView, kOrganizationsView, kCatalogView,
                                             kTenantView};
inline constexpr std::array kActivityReads = {kActivitiesView, kOrganizationsView, kCatalogView,
                                              kTenantView};
inline constexpr std::array kWorkflowReads = {kWorkflowsView};
inline constexpr std::array kImportReads = {kImportsView};
// A resource's events: those of what belongs to it, and the names of what they refer to.
inline constexpr std::array kHistoryReads = {kActivitiesView, kPipelinesView, kCatalogView,
                                             kWorkflowsView};

inline std::vector<std::string_view> AsNames(ViewNames views) {
  return {views.begin(), views.end()};
}

}  // namespace dealog::projections
