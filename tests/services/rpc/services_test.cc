// Method: over the wire; the services that have no test of their own file: contacts, organizations,
// catalogue, activities, pipelines, KPIs, workflows, imports, admin. A happy path each, and the
// refusal that is the service's own.

#include "services/rpc/services.h"

#include "dealog/v1/activities.grpc.pb.h"
#include "dealog/v1/admin.grpc.pb.h"
#include "dealog/v1/catalog.grpc.pb.h"
#include "dealog/v1/imports.grpc.pb.h"
#include "dealog/v1/kpi.grpc.pb.h"
#include "dealog/v1/organizations.grpc.pb.h"
#include "dealog/v1/workflows.grpc.pb.h"
#include "services/rpc/limits.h"
#include "tests/services/rpc/fixture.h"

namespace dealog::rpc {
namespace {

class ServicesTest : public RpcTest {
 protected:
  void SetUp() override { MakeTenant(); }
};

TEST_F(ServicesTest, Contacts) {
  using Contacts = v1::ContactService::Stub;
  v1::CreateContactRequest create;
  create.set_display_name("Grace");
  create.set_email("Grace@Example.org");
  const v1::Contact made = Must(*contacts_, &Contacts::CreateContact, create).contact();
  const Failure taken = Fails(*contacts_, &Contacts::CreateContact, create);
  EXPECT_EQ(taken.code, grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(taken.reason, "EMAIL_TAKEN");
  v1::GetContactRequest get;
  get.set_contact_id(made.contact_id());
  EXPECT_EQ(Must(*contacts_, &Contacts::GetContact, get).contact().display_name(), "Grace");
  EXPECT_EQ(Must(*contacts_, &Contacts::ListContacts, v1::ListContactsRequest()).contacts_size(),
            1);
}

TEST_F(ServicesTest, Organizations) {
  using Organizations = v1::OrganizationService::Stub;
  const auto stub = v1::OrganizationService::NewStub(TestChannel());
  v1::CreateOrganizationRequest create;
  create.set_display_name("Acme");
  const auto made = Must(*stub, &Organizations::CreateOrganization, create).organization();
  v1::GetOrganizationRequest get;
  get.set_organization_id(made.organization_id());
  EXPECT_EQ(Must(*stub, &Organizations::GetOrganization, get).organization().display_name(),
            "Acme");
  const auto listed =
      Must(*stub, &Organizations::ListOrganizations, v1::ListOrganizationsRequest());
  EXPECT_EQ(listed.organizations_size(), 1);
}

TEST_F(ServicesTest, Catalog) {
  using Catalog = v1::CatalogService::Stub;
  const auto stub = v1::CatalogService::NewStub(TestChannel());
  v1::UpsertMemberRequest member;
  member.set_display_name("Ada");
  EXPECT_EQ(Must(*stub, &Catalog::UpsertMember, member).member().display_name(), "Ada");
  EXPECT_EQ(Must(*stub, &Catalog::ListMembers, v1::ListMembersRequest()).members_size(), 1);
  v1::UpsertProductRequest product;
  product.set_display_name("GTX Pro");
  EXPECT_EQ(Must(*stub, &Catalog::UpsertProduct, product).product().display_name(), "GTX Pro");
  EXPECT_EQ(Must(*stub, &Catalog::ListProducts, v1::ListProductsRequest()).products_size(), 1);
}

TEST_F(ServicesTest, Activities) {
  using Activities = v1::ActivityService::Stub;
  const auto stub = v1::ActivityService::NewStub(TestChannel());
  v1::ScheduleActivityRequest schedule;
  schedule.set_deal_id(OpenDeal("Busy").deal_id());
  schedule.set_kind(v1::Activity::CALL);
  schedule.set_title("Call back");
  const auto made = Must(*stub, &Activities::ScheduleActivity, schedule).activity();
  v1::CompleteActivityRequest complete;
  complete.set_activity_id(made.activity_id());
  EXPECT_EQ(Must(*stub, &Activities::CompleteActivity, complete).activity().state(),
            v1::Activity::COMPLETED);
  EXPECT_EQ(Fails(*stub, &Activities::CompleteActivity, complete).reason, "ACTIVITY_CLOSED");
  v1::GetActivityRequest get;
  get.set_activity_id(made.activity_id());
  EXPECT_EQ(Must(*stub, &Activities::GetActivity, get).activity().title(), "Call back");
  EXPECT_EQ(Must(*stub, &Activities::ListActivities, v1::ListActivitiesRequest()).activities_size(),
            1);
  v1::WriteNoteRequest note;
  note.set_deal_id(schedule.deal_id());
  note.set_body("line one\nline two");
  Must(*stub, &Activities::WriteNote, note);
  v1::ListNotesRequest notes;
  notes.set_deal_id(schedule.deal_id());
  EXPECT_EQ(Must(*stub, &Activities::ListNotes, notes).notes_size(), 1);
}

TEST_F(ServicesTest, Pipelines) {
  using Pipelines = v1::PipelineService::Stub;
  const auto templates =
      Must(*pipelines_, &Pipelines::ListPipelineTemplates, v1::ListPipelineTemplatesRequest());
  ASSERT_GT(templates.templates_size(), 0);
  v1::CreatePipelineRequest create;
  create.set_display_name("From a template");
  create.set_template_name(templates.templates(0).name());
  EXPECT_GT(Must(*pipelines_, &Pipelines::CreatePipeline, create).pipeline().stages_size(), 2);
  v1::GetPipelineRequest get;
  get.set_pipeline("Sales");
  EXPECT_EQ(Must(*pipelines_, &Pipelines::GetPipeline, get).pipeline().stages_size(), 4);
  EXPECT_EQ(
      Must(*pipelines_, &Pipelines::ListPipelines, v1::ListPipelinesRequest()).pipelines_size(), 2);
}

// Retiring a stage begins with the call and ends with the job, which moves the deals.
TEST_F(ServicesTest, ARetiredStagesDealsMoveToItsReplacement) {
  const std::string deal_id = OpenDeal("Moved by the job").deal_id();
  v1::RetireStageRequest retire;
  retire.set_pipeline("Sales");
  retire.set_stage("Lead");
  retire.set_replacement_stage("Offer");
  Must(*pipelines_, &v1::PipelineService::Stub::RetireStage, retire);
  v1::GetDealRequest get;
  get.set_deal_id(deal_id);
  std::string stage;
  for (int i = 0; i < 500 && stage != "Offer"; ++i) {
    stage = Must(*deals_, &v1::DealService::Stub::GetDeal, get).deal().stage();
    absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_EQ(stage, "Offer");
}

TEST_F(ServicesTest, Kpis) {
  using Kpis = v1::KpiService::Stub;
  const auto stub = v1::KpiService::NewStub(TestChannel());
  v1::WinDealRequest win;
  win.set_deal_id(OpenDeal("Won").deal_id());
  Must(*deals_, &v1::DealService::Stub::WinDeal, win);
  v1::QueryKpiRequest query;
  query.set_kpi(v1::KPI_WIN_RATE);
  query.set_pipeline("Sales");
  const auto answer = Must(*stub, &Kpis::QueryKpi, query);
  ASSERT_GE(answer.results_size(), 1);
  EXPECT_EQ(answer.results(0).numerator(), 1);
  v1::BatchQueryKpisRequest batch;
  *batch.add_queries() = query;
  query.set_kpi(v1::KPI_CONVERSION);
  *batch.add_queries() = query;
  const auto answers = Must(*stub, &Kpis::BatchQueryKpis, batch);
  ASSERT_EQ(answers.answers_size(), 2);
  EXPECT_EQ(answers.answers(0).position(), answers.answers(1).position());
  EXPECT_THAT(Fails(*stub, &Kpis::BatchQueryKpis, v1::BatchQueryKpisRequest()).fields,
              testing::ElementsAre("queries"));
  // An error says which query it is of, whether it names a field or not.
  batch.mutable_queries(1)->mutable_from_time()->mutable_time()->set_seconds(2000);
  batch.mutable_queries(1)->mutable_to()->mutable_time()->set_seconds(1000);
  const Failure period = Fails(*stub, &Kpis::BatchQueryKpis, batch);
  EXPECT_THAT(period.fields, testing::ElementsAre("queries[1].to"));
  EXPECT_EQ(period.metadata.at("within"), "queries[1]");
  EXPECT_EQ(period.message.rfind("queries[1]: to: ", 0), 0u) << period.message;
  batch.mutable_queries(0)->set_pipeline("Nowhere");
  const Failure pipeline = Fails(*stub, &Kpis::BatchQueryKpis, batch);
  EXPECT_EQ(pipeline.reason, "PIPELINE_NOT_FOUND");
  EXPECT_EQ(pipeline.metadata.at("within"), "queries[0]");
  batch.clear_queries();
  for (int i = 0; i <= kBatchQueriesMax; ++i) *batch.add_queries() = query;
  EXPECT_THAT(Fails(*stub, &Kpis::BatchQueryKpis, batch).fields, testing::ElementsAre("queries"));
}

TEST_F(ServicesTest, Workflows) {
  using Workflows = v1::WorkflowService::Stub;
  const auto stub = v1::WorkflowService::NewStub(TestChannel());
  v1::CreateWorkflowDraftRequest draft;
  auto& definition = *draft.mutable_definition();
  definition.set_display_name("Tag offers");
  definition.mutable_trigger()->set_event_type("DealStageMoved");
  definition.add_actions()->mutable_tag()->add_add("moved");
  draft.mutable_definition()->mutable_trigger()->set_condition("title = ");
  EXPECT_EQ(Fails(*stub, &Workflows::CreateWorkflowDraft, draft).reason, "WORKFLOW_INVALID");
  definition.mutable_trigger()->clear_condition();
  Must(*stub, &Workflows::CreateWorkflowDraft, draft);
  v1::PublishWorkflowRequest publish;
  publish.set_workflow("Tag offers");
  EXPECT_EQ(Must(*stub, &Workflows::PublishWorkflow, publish).workflow().state(),
            v1::Workflow::ACTIVE);
  EXPECT_EQ(Must(*stub, &Workflows::ListWorkflows, v1::ListWorkflowsRequest()).workflows_size(), 1);

  const std::string deal_id = OpenDeal("Tagged by a workflow").deal_id();
  Move(deal_id, "Offer");
  v1::ListWorkflowInstancesRequest instances;
  instances.set_deal_id(deal_id);
  int ended = 0;
  for (int i = 0; i < 500 && ended == 0; ++i) {
    const auto listed = Must(*stub, &Workflows::ListWorkflowInstances, instances);
    for (const auto& instance : listed.instances()) {
      ended += instance.state() == "COMPLETED";
    }
    absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_EQ(ended, 1);
  v1::GetDealRequest get;
  get.set_deal_id(deal_id);
  EXPECT_THAT(Must(*deals_, &v1::DealService::Stub::GetDeal, get).deal().tags(),
              testing::ElementsAre("moved"));
}

TEST_F(ServicesTest, Admin) {
  using Admin = v1::AdminService::Stub;
  const auto stub = v1::AdminService::NewStub(TestChannel());
  const auto listed = Must(*stub, &Admin::ListProjections, v1::ListProjectionsRequest());
  ASSERT_GT(listed.projections_size(), 3);
  for (const auto& projection : listed.projections()) {
    EXPECT_NE(projection.state(), v1::Projection::FAILED)
        << projection.name() << ": " << projection.error();
  }
  const v1::Deal deal = OpenDeal("Kept");
  v1::RebuildProjectionRequest rebuild;
  rebuild.set_name("deals");
  EXPECT_EQ(Must(*stub, &Admin::RebuildProjection, rebuild).projections_size(), 1);
  v1::GetDealRequest get;
  get.set_deal_id(deal.deal_id());
  // Until it has caught up, its reads are refused for a retry; then everything is there again.
  v1::GetDealResponse read;
  grpc::Status status;
  for (int i = 0; i < 500; ++i) {
    status = Call(*deals_, &v1::DealService::Stub::GetDeal, get, &read);
    if (status.ok()) break;
    ASSERT_EQ(FailureOf(status).reason, "VIEW_BEHIND");
    absl::SleepFor(absl::Milliseconds(10));
  }
  EXPECT_EQ(read.deal().title(), "Kept") << status.error_message();
  rebuild.set_name("nothing");
  EXPECT_EQ(Fails(*stub, &Admin::RebuildProjection, rebuild).reason, "PROJECTION_NOT_FOUND");
  const auto info = Must(*stub, &Admin::GetServerInfo, v1::GetServerInfoRequest());
  EXPECT_NE(info.version(), "");
  EXPECT_GT(info.tenant_count(), 0);
  EXPECT_GT(info.start_time().seconds(), 0);
}

// How an import goes is tested in services/jobs; here only that the stream's faults are told.
TEST_F(ServicesTest, Imports) {
  using Imports = v1::ImportService::Stub;
  const auto stub = v1::ImportService::NewStub(TestChannel());
  const auto start = [&](const std::vector<v1::StartImportRequest>& messages) {
    grpc::ClientContext context;
    Prepare(context);
    v1::StartImportResponse response;
    const auto stream = stub->StartImport(&context, &response);
    for (const auto& message : messages) {
      if (!stream->Write(message)) break;
    }
    stream->WritesDone();
    return FailureOf(stream->Finish());
  };
  EXPECT_THAT(start({}).fields, testing::ElementsAre("header"));
  v1::StartImportRequest chunk;
  chunk.mutable_chunk()->set_file("a.csv");
  EXPECT_THAT(start({chunk}).fields, testing::ElementsAre("header"));
  v1::StartImportRequest header;
  header.mutable_header()->set_mapping("this is no mapping");
  EXPECT_EQ(start({header}).reason, "IMPORT_INVALID");

  v1::GetImportRequest get;
  get.set_import_id("import_01h455vb4pex5vsknk084sn02q");
  EXPECT_EQ(Fails(*stub, &Imports::GetImport, get).reason, "IMPORT_NOT_FOUND");
  v1::CancelImportRequest cancel;
  cancel.set_import_id(get.import_id());
  EXPECT_EQ(Fails(*stub, &Imports::CancelImport, cancel).reason, "IMPORT_NOT_FOUND");
  EXPECT_EQ(Must(*stub, &Imports::ListImports, v1::ListImportsRequest()).imports_size(), 0);
}

}  // namespace
}  // namespace dealog::rpc
