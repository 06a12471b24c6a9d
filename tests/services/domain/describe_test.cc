// Method: folds events of each aggregate and compares the resource with its protobuf text.

#include "projections/states/describe.h"

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include "projections/states/import.h"
#include "services/domain/tenant.h"
#include "services/domain/workflow.h"
#include "tests/services/domain/deal_fixture.h"

namespace dealog::domain {
namespace {

template <typename Message>
void ExpectText(const Message& found, std::string_view expected) {
  google::protobuf::util::MessageDifferencer differencer;
  std::string difference;
  differencer.ReportDifferencesToString(&difference);
  EXPECT_TRUE(differencer.Compare(FromText<Message>(expected), found)) << difference;
}

TEST(Describe, ADeal) {
  PipelineSpec spec;
  spec.Given<v1::OpenDealRequest>(R"(deal_id: 'deal#1' title: 'Lamps' owner: 'Ada' source: 'fair'
      tags: ['b', 'a'] organization_id: 'org#1' product: 'Lamp' external_key: 'K'
      amount { currency_code: 'EUR' units: 1 nanos: 500000000 }
      expected_close_date { year: 2024 month: 1 day: 2 }
      contacts { contact_id: 'contact#1' role: 'boss' })");
  spec.Given<v1::LoseDealRequest>("deal_id: 'deal#1' reason: 'late'");
  v1::DealMutationResponse response;
  Describe(spec.Of<DealState>("deal#1"), response);
  ExpectText(response.deal(), R"(deal_id: 'deal#1' etag: '2' title: 'Lamps'
      pipeline_id: 'pipeline#1' stage_id: 'stage#5' status: LOST owner_id: 'member#1'
      source: 'fair' tags: ['a', 'b'] organization_id: 'org#1' product_id: 'product#1'
      amount { currency_code: 'EUR' units: 1 nanos: 500000000 }
      expected_close_date { year: 2024 month: 1 day: 2 }
      contacts { contact_id: 'contact#1' role: 'boss' } cycle: 1 lost_reason: 'late'
      create_time { seconds: 1700000600 } stage_enter_time { seconds: 1700000660 }
      close_time { seconds: 1700000660 } update_time { seconds: 1700000660 }
      last_open_stage_id: 'stage#1' external_key: 'K')");
}

TEST(Describe, APipeline) {
  PipelineSpec spec("rules { creation_stages: 'Talk' lost_reasons: 'x' }",
                    "probability: 0.5 objective: 'o' actions: 'a' required_fields: 'title'");
  spec.Given<v1::RetireStageRequest>("pipeline: 'Sales' stage: 'New' replacement_stage: 'Talk'");
  v1::PipelineMutationResponse response;
  Describe(spec.Of<PipelineState>("pipeline#1"), response);
  ExpectText(response.pipeline(), R"(pipeline_id: 'pipeline#1' etag: '3' display_name: 'Sales'
      stages { stage_id: 'stage#1' label: 'New' kind: OPEN retiring: true }
      stages { stage_id: 'stage#2' label: 'Talk' kind: OPEN }
      stages { stage_id: 'stage#3' label: 'Offer' kind: OPEN probability: 0.5 objective: 'o'
               actions: 'a' required_fields: 'title' }
      stages { stage_id: 'stage#4' label: 'Won' kind: WON probability: 1 }
      stages { stage_id: 'stage#5' label: 'Lost' kind: LOST probability: 0 }
      rules { creation_stages: 'stage#2' lost_reasons: 'x' } is_default: true
      create_time { seconds: 1700000000 })");
}

TEST(Describe, AContactAndAnOrganization) {
  PipelineSpec spec;
  spec.Given<v1::CreateContactRequest>(R"(contact_id: 'contact#2' display_name: 'Ada'
      email: 'a@b.org' phone: '1' owner: 'Ada' organization_id: 'org#1' tags: 't'
      attributes { key: 'k' number: 2 } external_key: 'K')");
  spec.Given<v1::CreateOrganizationRequest>(R"(organization_id: 'org#2' display_name: 'B'
      domain: 'b.org' owner: 'Ada' tags: 't' attributes { key: 'k' text: 'v' } external_key: 'K')");
  v1::ContactMutationResponse contact;
  Describe(spec.Of<ContactState>("contact#2"), contact);
  ExpectText(contact.contact(), R"(contact_id: 'contact#2' etag: '1' display_name: 'Ada'
      email: 'a@b.org' phone: '1' owner_id: 'member#1' organization_id: 'org#1' tags: 't'
      attributes { key: 'k' number: 2 } external_key: 'K'
      create_time { seconds: 1700000600 } update_time { seconds: 1700000600 })");
  v1::OrganizationMutationResponse organization;
  Describe(spec.Of<OrganizationState>("org#2"), organization);
  ExpectText(organization.organization(), R"(organization_id: 'org#2' etag: '1' display_name: 'B'
      domain: 'b.org' owner_id: 'member#1' tags: 't' attributes { key: 'k' text: 'v' }
      external_key: 'K' create_time { seconds: 1700000660 } update_time { seconds: 1700000660 })");
}

TEST(Describe, AnActivityAndANote) {
  DealSpec spec;
  spec.Given<v1::ScheduleActivityRequest>(R"(activity_id: 'activity#1' kind: MEETING title: 'T'
      deal_id: 'deal#1' contact_id: 'contact#1' owner: 'Bob' due_time { seconds: 1800000000 })");
  spec.Given<v1::CompleteActivityRequest>("activity_id: 'activity#1' outcome: 'ok'");
  spec.Given<v1::WriteNoteRequest>("note_id: 'note#1' body: 'B' deal_id: 'deal#1'");
  v1::ActivityMutationResponse activity;
  Describe(spec.Of<ActivityState>("activity#1"), activity);
  ExpectText(activity.activity(), R"(activity_id: 'activity#1' etag: '2' kind: MEETING
      state: COMPLETED title: 'T' deal_id: 'deal#1' contact_id: 'contact#1' owner_id: 'member#2'
      due_time { seconds: 1800000000 } outcome: 'ok' create_time { seconds: 1700001200 })");
  v1::WriteNoteResponse note;
  Describe(spec.Of<NoteState>("note#1"), note);
  ExpectText(note.note(), R"(note_id: 'note#1' body: 'B' deal_id: 'deal#1' author: 'user:ada'
      create_time { seconds: 1700001320 })");
}

TEST(Describe, AMemberAndAProduct) {
  Spec spec;
  spec.Given<v1::UpsertMemberRequest>(
      "member_id: 'member#1' display_name: 'Ada' team: 'T' region: 'R'");
  spec.Given<v1::UpsertProductRequest>(
      "product_id: 'product#1' display_name: 'Lamp' series: 'S' list_price { currency_code: 'JPY' "
      "units: 5 }");
  v1::UpsertMemberResponse member;
  Describe(spec.Of<MemberState>("member#1"), member);
  ExpectText(member.member(),
             "member_id: 'member#1' etag: '1' display_name: 'Ada' team: 'T' region: 'R'");
  v1::UpsertProductResponse product;
  Describe(spec.Of<ProductState>("product#1"), product);
  ExpectText(product.product(), R"(product_id: 'product#1' etag: '1' display_name: 'Lamp'
      series: 'S' list_price { currency_code: 'JPY' units: 5 })");
}

TEST(Describe, AWorkflowAndItsInstance) {
  Spec spec;
  const std::string live =
      "display_name: 'W' trigger { event_type: 'DealWon' } actions { add_note { body: 'x' } }";
  spec.Given<v1::CreateWorkflowDraftRequest>("workflow_id: 'workflow#1' definition { " + live +
                                             " }");
  spec.Given<v1::PublishWorkflowRequest>("workflow: 'W'");
  spec.Given<v1::CreateWorkflowDraftRequest>("definition { display_name: 'W' }");
  v1::WorkflowMutationResponse response;
  Describe(spec.Of<WorkflowState>("workflow#1"), response);
  ExpectText(response.workflow(),
             "workflow_id: 'workflow#1' etag: '3' display_name: 'W' state: ACTIVE "
             "published_revision: 1 definition { " +
                 live + " } draft { display_name: 'W' }");
  spec.GivenEvent("wfi#1", R"(workflow_instance { instance_started { workflow_id: 'workflow#1'
      workflow_revision: 1 deal_id: 'deal#1' trigger_position: 9 } })");
  spec.GivenEvent("wfi#1",
                  "workflow_instance { step_failed { step_id: '1' reason: 'R' message: 'M' } }");
  ExpectText(ToWorkflowInstance(spec.Of<WorkflowInstanceState>("wfi#1")),
             R"(instance_id: 'wfi#1' workflow_id: 'workflow#1' workflow_revision: 1
      deal_id: 'deal#1' trigger_position: 9 state: 'RUNNING'
      steps { step_id: '1' outcome: 'FAILED' reason: 'R' message: 'M'
              recorded_at { seconds: 1700000240 } } start_time { seconds: 1700000180 })");
}

TEST(Describe, ATenantAndAnImport) {
  Spec spec;
  spec.Given<v1::CreateTenantRequest>("name: 'acme' time_zone: 'Europe/Paris'");
  v1::CreateTenantResponse tenant;
  Describe(spec.Of<TenantState>("tenant/acme"), tenant);
  ExpectText(tenant.tenant(), R"(name: 'acme' time_zone: 'Europe/Paris' currency_code: 'USD'
      create_time { seconds: 1700000000 })");
  spec.GivenEvent("import#1", "import { import_started { mapping_name: 'm' row_count: 2 } }");
  spec.GivenEvent("import#1", R"(import { import_progressed { rows_done: 2 rows_imported: 1
      rows_rejected: 1 rejected { line: 3 reason: 'R' } } })");
  ExpectText(ToImport(spec.Of<ImportState>("import#1")), R"(import_id: 'import#1' state: RUNNING
      mapping_name: 'm' row_count: 2 rows_done: 2 rows_imported: 1 rows_rejected: 1
      rejected { line: 3 reason: 'R' } start_time { seconds: 1700000060 })");
}

}  // namespace
}  // namespace dealog::domain
