#pragma once

// Mutations: a request becomes a command, which the sequencer decides; its reply is the subject's
// state and what was committed. One template for all of them:
//
//   AddMutation<v1::MoveDealRequest, v1::DealMutationResponse>(service);      // see service.h

#include <memory>
#include <string_view>

#include "dealog/v1/common.pb.h"
#include "google/protobuf/timestamp.pb.h"
#include "projections/states/stream_types.h"
#include "services/commands/sequencer.h"
#include "services/rpc/unary.h"

namespace dealog::rpc {

// The trailing fields that mutations share, as far as a request has them.
struct CommonFields {
  std::string_view request_id;
  std::string_view etag;
  std::string_view override_reason;
  bool validate_only = false;
  const google::protobuf::Timestamp* occurred_at = nullptr;
};

template <typename Request>
CommonFields CommonFieldsOf(const Request& request) {
  CommonFields fields{.request_id = request.request_id(), .validate_only = request.validate_only()};
  if constexpr (requires { request.etag(); }) fields.etag = request.etag();
  if constexpr (requires { request.override_reason(); }) {
    fields.override_reason = request.override_reason();
  }
  if (request.has_occurred_at()) fields.occurred_at = &request.occurred_at();
  return fields;
}

// FIELD_INVALID unless request_id is empty or a UUID, etag is empty or a revision, and occurred_at
// is unset or between 1970 and 9999; otherwise fills the context.
absl::Status FillContext(const CommonFields& fields, commands::CommandContext& context);
// Who calls which method, for which tenant, until when.
void FillOrigin(const Call& call, commands::CommandContext& context);
// What a command did, as replies tell it.
void FillCommit(commands::CommandResult result, v1::CommitInfo& info);

// The aggregate's own functions, found by their arguments once a service names its requests.
template <typename Request>
absl::StatusOr<domain::Decision> DecideRequest(const Request& request,
                                               const domain::CommandMeta& meta,
                                               domain::StateReader& states) {
  return Decide(request, meta, states);
}
template <typename Response>
void DescribeState(const domain::AggregateState& subject, Response& response) {
  Describe(subject, response);
}

// What does not depend on the types. Lives from the call's arrival to its reply.
class MutationCall : public commands::PendingCommand {
 public:
  // Admits the call and gives it to the sequencer; answers it at once if it is refused.
  static void Start(std::unique_ptr<MutationCall> mutation);

  const commands::CommandContext& context() const final { return context_; }
  size_t ApproximateBytes() const final;
  void Done(absl::StatusOr<commands::CommandResult> result) final;

 protected:
  MutationCall(const Core& core, const Method& method, const UnaryIo& io)
      : call_(core, method, io) {}

  virtual google::protobuf::Message& request() = 0;
  virtual google::protobuf::Message& response() = 0;
  virtual v1::CommitInfo& commit() = 0;
  virtual CommonFields common_fields() const = 0;
  // The stream that the command will need first; an empty id if it is not known.
  virtual domain::StreamRef first_stream() const = 0;
  virtual absl::Status Prepare(commands::CommandContext& context) = 0;

 private:
  absl::Status Admit();

  UnaryCall call_;
  commands::CommandContext context_;
};

// What a method may check or change before its command is submitted; null = nothing.
template <typename Request>
using PrepareFunction = absl::Status (*)(const Core&, const Request&, commands::CommandContext&);

template <typename Request, typename Response>
class Mutation final : public MutationCall {
 public:
  Mutation(const Core& core, const Method& method, const UnaryIo& io,
           PrepareFunction<Request> prepare)
      : MutationCall(core, method, io), core_(core), prepare_(prepare) {}

  absl::StatusOr<domain::Decision> Decide(const domain::CommandMeta& meta,
                                          domain::StateReader& states) override {
    return DecideRequest(request_, meta, states);
  }
  void Describe(const domain::AggregateState& subject) override {
    DescribeState(subject, response_);
  }

 private:
  google::protobuf::Message& request() override { return request_; }
  google::protobuf::Message& response() override { return response_; }
  v1::CommitInfo& commit() override { return *response_.mutable_commit(); }
  CommonFields common_fields() const override { return CommonFieldsOf(request_); }
  domain::StreamRef first_stream() const override {
    if constexpr (requires { request_.deal_id(); }) {
      return {domain::kDealStream, request_.deal_id()};
    } else if constexpr (requires { request_.contact_id(); }) {
      return {domain::kContactStream, request_.contact_id()};
    } else if constexpr (requires { request_.organization_id(); }) {
      return {domain::kOrganizationStream, request_.organization_id()};
    } else {
      return {};
    }
  }
  absl::Status Prepare(commands::CommandContext& context) override {
    return prepare_ == nullptr ? absl::OkStatus() : prepare_(core_, request_, context);
  }

  const Core& core_;
  const PrepareFunction<Request> prepare_;
  Request request_;
  Response response_;
};

}  // namespace dealog::rpc
