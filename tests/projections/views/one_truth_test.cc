// Method: random commands, back-dated and not, on a few of everything; what they lead to is folded
// into the views, which restart from their rows at random between two commits. After each commit,
// of every stream it touched: what is read = the mutation's reply (labels aside) = a fold of the
// stream from nothing. Now and then a newer release writes what this build does not know. Copies
// of the views, taken now and then, answer later as they did. Every kind of event must have
// occurred.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/substitute.h"
#include "projections/states/event_types.h"
#include "projections/states/stream_type.h"
#include "services/domain/activity.h"
#include "services/domain/catalog.h"
#include "services/domain/contact.h"
#include "services/domain/deal.h"
#include "services/domain/organization.h"
#include "services/domain/pipeline.h"
#include "services/domain/stream_type.h"
#include "services/domain/tenant.h"
#include "services/domain/workflow.h"
#include "tests/projections/views/one_truth_world.h"

namespace dealog::projections {
namespace {

void ChangePipelines(World& world) {
  const std::string pipeline = world.One("pipeline", 2);
  const std::string stage = absl::StrCat("S", 1 + world.Pick(5));
  const std::string other = absl::StrCat("S", 1 + world.Pick(5));
  switch (world.Pick(12)) {
    case 0:
      return world.Try<v1::RenamePipelineRequest>(
          absl::Substitute("pipeline: '$0' display_name: 'P$1'", pipeline, world.Pick(5)));
    case 1:
      return world.Try<v1::AddStageRequest>(
          absl::Substitute("pipeline: '$0' stage { label: '$1' kind: OPEN } index: $2", pipeline,
                           stage, world.Pick(3)));
    case 2:
      return world.Try<v1::RenameStageRequest>(
          absl::Substitute("pipeline: '$0' stage: '$1' label: '$2'", pipeline, stage, other));
    case 3: {
      // Another order of all that are not retired.
      std::vector<std::string> stages;
      for (const auto& each : world.spec().Of<states::PipelineState>(pipeline).stages) {
        if (!each.retired()) stages.push_back(absl::StrCat("stages: '", each.id(), "' "));
      }
      if (stages.empty()) return;
      std::rotate(stages.begin(), stages.begin() + world.Pick(static_cast<uint32_t>(stages.size())),
                  stages.end());
      return world.Try<v1::ReorderStagesRequest>(
          absl::Substitute("pipeline: '$0' $1", pipeline, absl::StrJoin(stages, "")));
    }
    case 4:
    case 5:
      return world.Try<v1::UpdateStageRequest>(absl::Substitute(
          "pipeline: '$0' stage: '$1' values { probability: 0.$2 rot_threshold_seconds: $2 "
          "objective: 'o$2' } update_mask { paths: '$3' }",
          pipeline, stage, 1 + world.Pick(8),
          world.OneIn(2)   ? "probability"
          : world.OneIn(2) ? "rot_threshold_seconds"
                           : "objective"));
    case 6:
      return world.Try<v1::RetireStageRequest>(absl::Substitute(
          "pipeline: '$0' stage: '$1' replacement_stage: '$2'", pipeline, stage, other));
    case 7: {
      const auto& state = world.spec().Of<states::PipelineState>(pipeline);
      for (const states::PipelineStage& each : state.stages) {
        if (each.active() || each.retired()) continue;
        const std::string stage_id = each.id();
        for (int deal = 1; deal <= 3; ++deal) {
          world.TryDecided([&](const domain::CommandMeta& meta, domain::StateReader& reader) {
            return domain::DecideRetirementMove(ExpandIds(absl::StrCat("deal#", deal)), stage_id,
                                                meta, reader);
          });
        }
        return world.TryDecided([&](const domain::CommandMeta& meta, domain::StateReader& reader) {
          return domain::DecideFinishRetirement(ExpandIds(pipeline), stage_id, meta, reader);
        });
      }
      return;
    }
    case 8:
      return world.Try<v1::SetTransitionRulesRequest>(absl::Substitute(
          "pipeline: '$0' rules { allow_skip: true allow_backward: true lost_reasons: 'r$1' }",
          pipeline, world.Pick(3)));
    case 9:
      return world.Try<v1::SetDefaultPipelineRequest>(absl::Substitute("pipeline: '$0'", pipeline));
    case 10:
      if (!world.OneIn(5)) return;
      return world.Try<v1::ArchivePipelineRequest>("pipeline: 'pipeline#2'");
    default:
      return world.Try<v1::CreatePipelineRequest>(absl::Substitute(
          "pipeline_id: '$0' display_name: 'P$1' stages { label: 'S1' kind: OPEN } "
          "stages { label: 'S2' kind: OPEN } stages { label: 'Won' kind: WON } "
          "stages { label: 'Lost' kind: LOST } rules { allow_skip: true allow_backward: true }",
          pipeline, world.Pick(5)));
  }
}

void ChangeDeals(World& world) {
  const std::string deal = absl::Substitute("deal_id: '$0' ", world.One("deal", 3));
  const std::string contact = world.One("contact", 3);
  switch (world.Pick(14)) {
    case 0:
      return world.Try<v1::OpenDealRequest>(absl::Substitute(
          "$0 title: 'T' pipeline: '$1' owner: '$2' tags: 'a' source: 'web' amount { "
          "currency_code: 'EUR' units: 5 } contacts { contact_id: '$3' role: 'buyer' }",
          deal, world.One("pipeline", 2), world.One("member", 3), contact));
    case 1:
    case 2:
      return world.Try<v1::MoveDealRequest>(
          absl::Substitute("$0 to_stage: 'S$1'", deal, 1 + world.Pick(5)));
    case 3:
      return world.Try<v1::WinDealRequest>(deal);
    case 4:
      return world.Try<v1::LoseDealRequest>(deal + "reason: 'r1'");
    case 5:
      return world.Try<v1::ReopenDealRequest>(
          absl::StrCat(deal, "stage: 'S1' mode: REOPEN_MODE_NEW_CYCLE"));
    case 6:
      return world.Try<v1::ReopenDealRequest>(absl::StrCat(deal, "mode: REOPEN_MODE_CORRECTION"));
    case 7:
      return world.Try<v1::UndoDealMoveRequest>(deal);
    case 8:
    case 9: {
      const char* const paths[] = {
          "title",   "owner",          "source", "amount", "expected_close_date",
          "product", "organization_id"};
      return world.Try<v1::UpdateDealRequest>(absl::Substitute(
          "$0 title: 'T$1' owner: '$2' source: 's$1' amount { currency_code: 'EUR' units: $1 } "
          "expected_close_date { year: 2024 month: 1 day: $3 } product: '$4' "
          "organization_id: '$5' update_mask { paths: '$6' }",
          deal, world.Pick(5), world.One("member", 3), 1 + world.Pick(28), world.One("product", 2),
          world.One("org", 2), paths[world.Pick(7)]));
    }
    case 10:
      return world.Try<v1::TagDealRequest>(absl::StrCat(deal, "tags: 't", world.Pick(3), "'"));
    case 11:
      return world.Try<v1::UntagDealRequest>(absl::StrCat(deal, "tags: 't", world.Pick(3), "'"));
    case 12:
      return world.Try<v1::LinkDealContactRequest>(absl::Substitute(
          "$0 link { contact_id: '$1' role: 'r$2' }", deal, contact, world.Pick(3)));
    default:
      return world.Try<v1::UnlinkDealContactRequest>(
          absl::Substitute("$0 contact_id: '$1'", deal, contact));
  }
}

void ChangeContacts(World& world) {
  const std::string contact = absl::Substitute("contact_id: '$0' ", world.One("contact", 3));
  const char* const paths[] = {"display_name", "email",           "phone",
                               "owner",        "organization_id", "attributes"};
  switch (world.Pick(6)) {
    case 0:
      return world.Try<v1::CreateContactRequest>(absl::Substitute(
          "$0 display_name: 'C' email: 'c$1@example.org' tags: 'x' attributes { key: 'k' text: "
          "'v' }",
          contact, world.Pick(9)));
    case 1:
      return world.Try<v1::TagContactRequest>(
          absl::StrCat(contact, "tags: 't", world.Pick(3), "'"));
    case 2:
      return world.Try<v1::UntagContactRequest>(
          absl::StrCat(contact, "tags: 't", world.Pick(3), "'"));
    default:
      return world.Try<v1::UpdateContactRequest>(absl::Substitute(
          "$0 display_name: 'C$1' email: 'c$1@example.org' phone: '$1' owner: '$2' "
          "organization_id: '$3' attributes { key: 'k' $4 } update_mask { paths: '$5' }",
          contact, world.Pick(9), world.One("member", 3), world.One("org", 2),
          world.OneIn(3) ? "" : absl::StrCat("text: 'v", world.Pick(4), "'"),
          paths[world.Pick(6)]));
  }
}

void ChangeOrganizations(World& world) {
  const std::string organization = absl::Substitute("organization_id: '$0' ", world.One("org", 2));
  const char* const paths[] = {"display_name", "domain", "owner", "attributes"};
  switch (world.Pick(6)) {
    case 0:
      return world.Try<v1::CreateOrganizationRequest>(
          absl::Substitute("$0 display_name: 'O' domain: 'o$1.example' attributes { key: 'sector' "
                           "text: 'retail' }",
                           organization, world.Pick(9)));
    case 1:
      return world.Try<v1::TagOrganizationRequest>(
          absl::StrCat(organization, "tags: 't", world.Pick(3), "'"));
    case 2:
      return world.Try<v1::UntagOrganizationRequest>(
          absl::StrCat(organization, "tags: 't", world.Pick(3), "'"));
    default:
      return world.Try<v1::UpdateOrganizationRequest>(absl::Substitute(
          "$0 display_name: 'O$1' domain: 'o$1.example' owner: '$2' attributes { key: 'sector' $3 "
          "} update_mask { paths: '$4' }",
          organization, world.Pick(9), world.One("member", 3),
          world.OneIn(3) ? "" : absl::StrCat("text: 'v", world.Pick(4), "'"),
          paths[world.Pick(4)]));
  }
}

void ChangeCatalog(World& world) {
  if (world.OneIn(3)) {
    return world.Try<v1::UpsertProductRequest>(absl::Substitute(
        "product_id: '$0' display_name: 'Product $1' series: 's$1' list_price { currency_code: "
        "'EUR' units: $2 }",
        world.One("product", 2), world.Pick(9), world.Pick(3)));
  }
  world.Try<v1::UpsertMemberRequest>(absl::Substitute(
      "member_id: '$0' display_name: 'Member $1' team: '$2' region: 'r$1'", world.One("member", 3),
      world.Pick(9), world.OneIn(4) ? "" : absl::StrCat("t", world.Pick(3))));
}

void ChangeActivities(World& world) {
  const std::string activity = absl::Substitute("activity_id: '$0' ", world.One("activity", 9));
  switch (world.Pick(4)) {
    case 0:
      return world.Try<v1::ScheduleActivityRequest>(absl::Substitute(
          "$0 kind: CALL title: 'Call' deal_id: '$1' owner: '$2' due_time { seconds: 5 }", activity,
          world.One("deal", 3), world.One("member", 3)));
    case 1:
      return world.Try<v1::CompleteActivityRequest>(activity + "outcome: 'yes'");
    case 2:
      return world.Try<v1::CancelActivityRequest>(activity + "reason: 'no'");
    default:
      return world.Try<v1::WriteNoteRequest>(
          absl::Substitute("body: 'note' contact_id: '$0'", world.One("contact", 3)));
  }
}

void ChangeProcesses(World& world) {
  switch (world.Pick(5)) {
    case 0:
    case 1:
      return world.Try<v1::CreateWorkflowDraftRequest>(absl::Substitute(
          "workflow_id: '$0' definition { display_name: 'W$1' trigger { event_type: "
          "'DealStageMoved' } actions { tag { add: 'a$2' } } }",
          world.One("workflow", 2), world.Pick(3), world.Pick(2)));
    case 2:
      return world.Try<v1::PublishWorkflowRequest>(
          absl::Substitute("workflow: '$0'", world.One("workflow", 2)));
    case 3:
      return world.Try<v1::StopWorkflowRequest>(
          absl::Substitute("workflow: '$0'", world.One("workflow", 2)));
    default:
      break;
  }
  const uint64_t revision =
      world.spec().Of<states::StreamTypeState>("stream_type/invoice").revision;
  if (revision > 0) world.spec().Etag(absl::StrCat(revision));
  world.Try<v1::RegisterStreamTypeRequest>(absl::Substitute(
      "name: 'invoice' definition { payload_type: PAYLOAD_TYPE_OPAQUE description: 'd$0' "
      "event_types { type: 'InvoiceSent' } }",
      world.Pick(3)));
}

// Runs and imports are decided outside of the domain.
void RunProcesses(World& world, int round) {
  const std::string run = absl::StrCat("wfi#", round);
  world.Happen(run, ExpandIds("workflow_instance { instance_started { workflow_id: 'workflow#1' "
                              "workflow_revision: 1 deal_id: 'deal#1' trigger_position: 7 } }"));
  world.Happen(run, "workflow_instance { step_completed { step_id: '1' no_effect: true } }");
  world.Happen(run, "workflow_instance { step_failed { step_id: '2' reason: 'R' message: 'm' } }");
  world.Happen(run, "workflow_instance { instance_ended { outcome: 'FAILED' } }");
  const std::string import = absl::StrCat("import#", round);
  world.Happen(import, "import { import_started { mapping_name: 'm' row_count: 9 } }");
  world.Happen(import,
               "import { import_progressed { rows_done: 9 rows_rejected: 1 events_written: 3 "
               "rejected { line: 4 } } }");
  world.Happen(import, round % 2 == 0 ? "import { import_failed { message: 'full' } }"
                                      : "import { import_completed { replacements { column: 'c' "
                                        "from: 'a' to: 'b' row_count: 1480 } } }");
}

class OneTruth : public ::testing::TestWithParam<uint32_t> {};

TEST_P(OneTruth, WhatIsReadIsTheReplyIsTheFold) {
  World world(GetParam());
  world.Try<v1::CreateTenantRequest>("name: 'acme' time_zone: 'Europe/Paris' currency_code: 'EUR'");
  for (int step = 0; step < 4000 && !::testing::Test::HasFailure(); ++step) {
    using Change = void (*)(World&);
    constexpr Change kChanges[] = {ChangePipelines,     ChangeDeals,     ChangeDeals,
                                   ChangeContacts,      ChangeDeals,     ChangeCatalog,
                                   ChangeOrganizations, ChangeProcesses, ChangeActivities};
    kChanges[world.Pick(std::size(kChanges))](world);
    if (step % 500 == 499) RunProcesses(world, 1 + step / 500);
    if (step % 100 == 99) world.BeOvertaken();
  }
  for (const std::string& kind : states::AllEventTypeNames()) {
    EXPECT_TRUE(world.kinds().contains(kind)) << "never occurred: " << kind;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, OneTruth, ::testing::Range(1u, 5u));

}  // namespace
}  // namespace dealog::projections
