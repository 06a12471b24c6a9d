#pragma once

// What the views answer to every question there is, as one text: equal texts, equal views.

#include <string>

#include "absl/strings/str_cat.h"
#include "projections/states/describe.h"
#include "projections/views/catalog_view.h"
#include "projections/views/organizations_view.h"
#include "projections/views/pipelines_view.h"
#include "projections/views/queries.h"

namespace dealog::testing {

// Collects answers, a refusal by its text. Thread safety: none.
class AnswerText {
 public:
  template <typename Message>
  void Add(const absl::StatusOr<Message>& answer) {
    absl::StrAppend(&text_, answer.ok() ? answer->ShortDebugString() : answer.status().ToString(),
                    "\n");
  }
  template <typename Message>
  void Add(const absl::StatusOr<projections::Page<Message>>& page) {
    absl::StrAppend(&text_, page.ok() ? page->next : page.status().ToString(), "\n");
    if (!page.ok()) return;
    for (const Message& item : page->items) absl::StrAppend(&text_, item.ShortDebugString(), "\n");
  }
  void Add(std::string_view text) {
    text_.append(text);
    text_.push_back('\n');
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// About everything but deals. `past`: a position that some questions cut by.
inline void AnswersBesidesDeals(const projections::TenantViews& views, uint64_t past,
                                AnswerText& answers) {
  using namespace projections;  // NOLINT: every line is one of its questions.
  const PageRequest all{.size = 10'000};
  const Horizon horizon{.known_position = past};
  answers.Add(GetTenant(views));
  answers.Add(ListPipelines(views, all));
  const auto& pipelines = **views.Get<PipelinesView>(kPipelinesView);
  for (const auto& pipeline : pipelines.All(horizon)) {
    answers.Add(states::ToPipeline(*pipeline).ShortDebugString());
    for (const StageAt& stage : pipeline->stages) answers.Add(pipelines.PipelineOf(stage.id()));
  }
  answers.Add(ListMembers(views, all));
  answers.Add(ListProducts(views, all));
  const auto& catalog = **views.Get<CatalogView>(kCatalogView);
  for (const auto& [id, member] : catalog.members()) {
    const std::string* team = member.team.Latest(horizon);
    answers.Add(team == nullptr ? id : absl::StrCat(id, " ", *team));
  }
  answers.Add(ListOrganizations(views, {.page = all}));
  const auto& organizations = **views.Get<OrganizationsView>(kOrganizationsView);
  for (const std::string& key : organizations.attribute_keys()) {
    for (const auto& [id, organization] : organizations.records()) {
      const AttributeValue* value = organization.Attribute(key, kNever, horizon);
      answers.Add(value == nullptr ? id : absl::StrCat(id, " ", AttributeText(*value)));
    }
  }
  answers.Add(ListContacts(views, {.page = all}));
  answers.Add(ListActivities(views, {.page = all}));
  answers.Add(ListNotes(views, "", "", all));
  if (const auto contacts = ListContacts(views, {.page = all}); contacts.ok()) {
    for (const v1::Contact& contact : contacts->items) {
      answers.Add(ListNotes(views, "", contact.contact_id(), all));
      const auto related = RelatedIds(views, contact.contact_id());
      for (const std::string& id : *related) answers.Add(id);
    }
  }
  answers.Add(ListWorkflows(views, all));
  answers.Add(ListWorkflowInstances(views, "", "", all));
  answers.Add(ListImports(views, all));
}

inline void AnswersAboutDeals(const projections::TenantViews& views, uint64_t past,
                              AnswerText& answers) {
  using namespace projections;  // NOLINT: every line is one of its questions.
  const int64_t now_us = views.recorded_at_us();
  answers.Add(ListDeals(views, {.page = {.size = 10'000}}));
  for (const AsKnown& when : {AsKnown{}, AsKnown{.as_of_us = now_us / 2},
                              AsKnown{.known_position = eventstore::Position{past}}}) {
    for (const auto& pipeline : (*views.Get<PipelinesView>(kPipelinesView))->All({})) {
      v1::GetBoardRequest board;
      board.set_pipeline(pipeline->pipeline_id);
      answers.Add(GetBoard(views, board, when, now_us));
      v1::QueryKpiRequest kpi;
      kpi.set_pipeline(pipeline->pipeline_id);
      kpi.set_kpi(v1::KPI_STAGES);
      kpi.set_group_by("team");
      answers.Add(QueryKpi(views, kpi, when, now_us));
    }
  }
}

}  // namespace dealog::testing
