#pragma once

// A tenant with a pipeline of five stages and one deal, for the specs of deals.

#include "services/domain/activity.h"
#include "services/domain/catalog.h"
#include "services/domain/contact.h"
#include "services/domain/deal.h"
#include "services/domain/organization.h"
#include "services/domain/pipeline.h"
#include "tests/support/domain_spec.h"

namespace dealog::domain {

// pipeline#1 "Sales", revision 2, the default: New stage#1, Talk stage#2, Offer stage#3 (OPEN),
// Won stage#4, Lost stage#5. member#1 "Ada", member#2 "Bob", product#1 "Lamp", org#1, contact#1.
// The next command comes at minute 10.
class PipelineSpec : public Spec {
 public:
  explicit PipelineSpec(std::string_view rules = "rules { allow_skip: true allow_backward: true }",
                        std::string_view third_stage = "") {
    Given<v1::CreatePipelineRequest>("pipeline_id: 'pipeline#1' display_name: 'Sales' " +
                                     std::string(rules) +
                                     " stages { stage_id: 'stage#1' label: 'New' kind: OPEN }"
                                     " stages { stage_id: 'stage#2' label: 'Talk' kind: OPEN }"
                                     " stages { stage_id: 'stage#3' label: 'Offer' kind: OPEN " +
                                     std::string(third_stage) +
                                     "}"
                                     " stages { stage_id: 'stage#4' label: 'Won' kind: WON }"
                                     " stages { stage_id: 'stage#5' label: 'Lost' kind: LOST }");
    Given<v1::UpsertMemberRequest>("member_id: 'member#1' display_name: 'Ada'");
    Given<v1::UpsertMemberRequest>("member_id: 'member#2' display_name: 'Bob'");
    Given<v1::UpsertProductRequest>("product_id: 'product#1' display_name: 'Lamp'");
    Given<v1::CreateOrganizationRequest>("organization_id: 'org#1' display_name: 'Acme'");
    Given<v1::CreateContactRequest>("contact_id: 'contact#1' display_name: 'Eve'");
    Now(10);
  }
};

// The same with deal#1, opened in New at minute 10. The next command comes at minute 20.
class DealSpec : public PipelineSpec {
 public:
  explicit DealSpec(std::string_view rules = "rules { allow_skip: true allow_backward: true }",
                    std::string_view third_stage = "")
      : PipelineSpec(rules, third_stage) {
    Given<v1::OpenDealRequest>("deal_id: 'deal#1' title: 'Lamps'");
    Now(20);
  }
  // Takes the deal on; the next command comes ten minutes after.
  Spec& Moved(std::string_view stage) {
    return Given<v1::MoveDealRequest>("deal_id: 'deal#1' to_stage: '" + std::string(stage) + "'");
  }
};

}  // namespace dealog::domain
