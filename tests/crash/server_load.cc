#include "tests/crash/server_load.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "dealog/v1/pipelines.grpc.pb.h"
#include "dealog/v1/tenants.grpc.pb.h"
#include "dealog/v1/workflows.grpc.pb.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "google/protobuf/util/message_differencer.h"

namespace dealog::crash {
namespace {

absl::Status Failed(std::string_view what, const grpc::Status& status) {
  return absl::InternalError(
      absl::StrCat(base::View(what), ": ", status.error_code(), " ", status.error_message()));
}

std::string MakeRequestId(std::mt19937& random) {
  return absl::StrFormat("%08x-%04x-4%03x-8%03x-%08x%04x", random(), random() & 0xffff,
                         random() & 0xfff, random() & 0xfff, random(), random() & 0xffff);
}

const std::string& RequestIdOf(const Command& command) {
  return std::visit([](const auto& request) -> const std::string& { return request.request_id(); },
                    command.request);
}

// What a client sends next: its deal is opened, moved between two stages, and won after a while.
Command NextCommand(const std::vector<Command>& before, std::mt19937& random) {
  const std::string request_id = MakeRequestId(random);
  if (!before.empty()) {
    const v1::Deal& deal = before.back().answer->deal();
    if (random() % 8 != 0 && deal.status() == v1::Deal::OPEN) {
      v1::MoveDealRequest move;
      move.set_deal_id(deal.deal_id());
      const auto* last = std::get_if<v1::MoveDealRequest>(&before.back().request);
      move.set_to_stage(last != nullptr && last->to_stage() == "Offer" ? "Lead" : "Offer");
      move.set_request_id(request_id);
      return {move, {}};
    }
    if (deal.status() == v1::Deal::OPEN) {
      v1::WinDealRequest win;
      win.set_deal_id(deal.deal_id());
      win.set_request_id(request_id);
      return {win, {}};
    }
  }
  v1::OpenDealRequest open;
  open.set_title(absl::StrCat("Deal ", random() % 1000));
  open.set_request_id(request_id);
  return {open, {}};
}

// A server that is going or gone: whether the command was done shows later.
bool IsUnanswered(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAVAILABLE ||
         status.error_code() == grpc::StatusCode::CANCELLED ||
         status.error_code() == grpc::StatusCode::UNKNOWN;
}

}  // namespace

void Prepare(grpc::ClientContext& context) {
  context.AddMetadata("dealog-tenant", kTenant);
  context.AddMetadata("dealog-actor", "crash");
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
}

grpc::Status Send(v1::DealService::StubInterface& deals, const Command& command,
                  v1::DealMutationResponse* answer) {
  grpc::ClientContext context;
  Prepare(context);
  if (const auto* open = std::get_if<v1::OpenDealRequest>(&command.request)) {
    return deals.OpenDeal(&context, *open, answer);
  }
  if (const auto* move = std::get_if<v1::MoveDealRequest>(&command.request)) {
    return deals.MoveDeal(&context, *move, answer);
  }
  return deals.WinDeal(&context, std::get<v1::WinDealRequest>(command.request), answer);
}

absl::Status Found(const std::shared_ptr<grpc::Channel>& channel) {
  v1::CreateTenantRequest tenant;
  tenant.set_name(kTenant);
  v1::CreateTenantResponse founded;
  grpc::ClientContext tenant_context;
  Prepare(tenant_context);
  grpc::Status done =
      v1::TenantService::NewStub(channel)->CreateTenant(&tenant_context, tenant, &founded);
  if (!done.ok()) return Failed("CreateTenant", done);

  v1::CreatePipelineRequest pipeline;
  pipeline.set_display_name("Sales");
  const std::pair<const char*, v1::Stage::Kind> stages[] = {{"Lead", v1::Stage::OPEN},
                                                            {"Offer", v1::Stage::OPEN},
                                                            {"Won", v1::Stage::WON},
                                                            {"Lost", v1::Stage::LOST}};
  for (const auto& [label, kind] : stages) {
    v1::Stage* stage = pipeline.add_stages();
    stage->set_label(label);
    stage->set_kind(kind);
  }
  v1::PipelineMutationResponse created;
  grpc::ClientContext pipeline_context;
  Prepare(pipeline_context);
  done =
      v1::PipelineService::NewStub(channel)->CreatePipeline(&pipeline_context, pipeline, &created);
  if (!done.ok()) return Failed("CreatePipeline", done);

  v1::CreateWorkflowDraftRequest draft;
  draft.mutable_definition()->set_display_name("Offer");
  draft.mutable_definition()->mutable_trigger()->set_event_type("DealStageMoved");
  draft.mutable_definition()->mutable_trigger()->set_condition("to_stage = \"Offer\"");
  events::v1::WorkflowAction* const action = draft.mutable_definition()->add_actions();
  action->mutable_create_activity()->set_kind("TASK");
  action->mutable_create_activity()->set_title("Send it");
  draft.mutable_definition()->add_actions()->mutable_tag()->add_add("offered");
  const auto workflows = v1::WorkflowService::NewStub(channel);
  v1::WorkflowMutationResponse drafted;
  grpc::ClientContext draft_context;
  Prepare(draft_context);
  done = workflows->CreateWorkflowDraft(&draft_context, draft, &drafted);
  if (!done.ok()) return Failed("CreateWorkflowDraft", done);
  v1::PublishWorkflowRequest publish;
  publish.set_workflow("Offer");
  grpc::ClientContext publish_context;
  Prepare(publish_context);
  done = workflows->PublishWorkflow(&publish_context, publish, &drafted);
  if (!done.ok()) return Failed("PublishWorkflow", done);
  return absl::OkStatus();
}

ServerLoad::ServerLoad(size_t clients, uint32_t seed) : clients_(clients) {
  for (Client& client : clients_) client.random.seed(seed++);
}

void ServerLoad::Start(const std::string& address) {
  stopping_ = false;
  for (Client& client : clients_) {
    // A connection of its own, so that a death is seen by each at its own time.
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto channel =
        grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
    client.thread = std::thread([this, &client, channel] { Run(client, channel); });
  }
}

void ServerLoad::Run(Client& client, const std::shared_ptr<grpc::Channel>& channel) {
  const auto deals = v1::DealService::NewStub(channel);
  while (!stopping_) {
    client.commands.push_back(NextCommand(client.commands, client.random));
    v1::DealMutationResponse answer;
    const grpc::Status sent = Send(*deals, client.commands.back(), &answer);
    if (!sent.ok()) {
      if (!IsUnanswered(sent)) client.failure = Failed("a command", sent);
      return;
    }
    client.commands.back().answer = std::move(answer);
    ++answered_;
  }
}

absl::Status ServerLoad::Join() {
  absl::Status joined;
  for (Client& client : clients_) {
    client.thread.join();
    joined.Update(client.failure);
  }
  return joined;
}

absl::StatusOr<uint64_t> ServerLoad::RepeatUnanswered(
    const std::shared_ptr<grpc::Channel>& channel) {
  const auto deals = v1::DealService::NewStub(channel);
  uint64_t repeated = 0;
  for (Client& client : clients_) {
    if (client.commands.empty() || client.commands.back().answer) continue;
    v1::DealMutationResponse answer;
    const grpc::Status sent = Send(*deals, client.commands.back(), &answer);
    if (!sent.ok()) return Failed("an unanswered command, repeated", sent);
    client.commands.back().answer = std::move(answer);
    ++repeated;
  }
  return repeated;
}

absl::StatusOr<uint64_t> ServerLoad::RepeatAnswered(const std::shared_ptr<grpc::Channel>& channel,
                                                    size_t per_client) {
  const auto deals = v1::DealService::NewStub(channel);
  uint64_t repeated = 0;
  for (Client& client : clients_) {
    for (size_t i = 0; i < std::min(per_client, client.commands.size()); ++i) {
      const size_t chosen = i < per_client / 2 ? client.commands.size() - 1 - i
                                               : client.random() % client.commands.size();
      const Command& command = client.commands[chosen];
      v1::DealMutationResponse answer;
      const grpc::Status sent = Send(*deals, command, &answer);
      if (!sent.ok()) return Failed("an answered command, repeated", sent);
      v1::DealMutationResponse expected = *command.answer;
      expected.mutable_commit()->set_replayed(true);
      if (!google::protobuf::util::MessageDifferencer::Equals(answer, expected)) {
        return absl::InternalError(absl::StrCat(
            "request ", RequestIdOf(command), " was answered with ", expected.ShortDebugString(),
            " and is now answered with ", answer.ShortDebugString()));
      }
      ++repeated;
    }
  }
  return repeated;
}

std::vector<const Command*> ServerLoad::Commands() const {
  std::vector<const Command*> all;
  for (const Client& client : clients_) {
    for (const Command& command : client.commands) all.push_back(&command);
  }
  return all;
}

}  // namespace dealog::crash
