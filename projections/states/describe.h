#pragma once

// States as resources of the API. Describe fills the resource of a mutation's reply, not its
// commit; `state` must be the subject's. Display names of other aggregates (a deal's stage, owner,
// organization, product) are not in the state: they stay empty, reads fill them from the views.

#include "dealog/v1/activities.pb.h"
#include "dealog/v1/append.pb.h"
#include "dealog/v1/catalog.pb.h"
#include "dealog/v1/contacts.pb.h"
#include "dealog/v1/deals.pb.h"
#include "dealog/v1/imports.pb.h"
#include "dealog/v1/organizations.pb.h"
#include "dealog/v1/pipelines.pb.h"
#include "dealog/v1/tenants.pb.h"
#include "dealog/v1/workflows.pb.h"
#include "projections/states/aggregate.h"

namespace dealog::states {

class ActivityState;
class ContactState;
class DealState;
class ImportState;
class MemberState;
class NoteState;
class OrganizationState;
class PipelineState;
class ProductState;
class TenantState;
class WorkflowInstanceState;
class WorkflowState;

v1::Tenant ToTenant(const TenantState& state);
v1::Pipeline ToPipeline(const PipelineState& state);
v1::Deal ToDeal(const DealState& state);
v1::Contact ToContact(const ContactState& state);
v1::Organization ToOrganization(const OrganizationState& state);
v1::Activity ToActivity(const ActivityState& state);
v1::Note ToNote(const NoteState& state);
v1::Member ToMember(const MemberState& state);
v1::Product ToProduct(const ProductState& state);
v1::Workflow ToWorkflow(const WorkflowState& state);
v1::WorkflowInstance ToWorkflowInstance(const WorkflowInstanceState& state);
v1::Import ToImport(const ImportState& state);

void Describe(const AggregateState& state, v1::CreateTenantResponse& response);
void Describe(const AggregateState& state, v1::PipelineMutationResponse& response);
void Describe(const AggregateState& state, v1::DealMutationResponse& response);
void Describe(const AggregateState& state, v1::ContactMutationResponse& response);
void Describe(const AggregateState& state, v1::OrganizationMutationResponse& response);
void Describe(const AggregateState& state, v1::ActivityMutationResponse& response);
void Describe(const AggregateState& state, v1::WriteNoteResponse& response);
void Describe(const AggregateState& state, v1::UpsertMemberResponse& response);
void Describe(const AggregateState& state, v1::UpsertProductResponse& response);
void Describe(const AggregateState& state, v1::WorkflowMutationResponse& response);
void Describe(const AggregateState& state, v1::RegisterStreamTypeResponse& response);

}  // namespace dealog::states
