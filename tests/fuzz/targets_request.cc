// What a client sends: messages, filters, tokens.

#include <memory>

#include "dealog/v1/deals.pb.h"
#include "dealog/v1/pipelines.pb.h"
#include "dealog/v1/tenants.pb.h"
#include "dealog/v1/workflows.pb.h"
#include "eventstore/base/check.h"
#include "eventstore/base/secret.h"
#include "google/protobuf/text_format.h"
#include "projections/filter/filter.h"
#include "services/commands/sequencer.h"
#include "services/rpc/page_token.h"
#include "services/rpc/validate.h"
#include "tests/fuzz/targets.h"

namespace dealog::fuzz {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::Message;

// Every message of the files that hold the commands: the first byte chooses one.
const std::vector<const Descriptor*>& Messages() {
  static const auto& messages = *new auto([] {
    std::vector<const Descriptor*> all;
    for (const FileDescriptor* file : {v1::OpenDealRequest::descriptor()->file(),
                                       v1::CreatePipelineRequest::descriptor()->file(),
                                       v1::CreateTenantRequest::descriptor()->file(),
                                       v1::CreateWorkflowDraftRequest::descriptor()->file()}) {
      for (int i = 0; i < file->message_type_count(); ++i) all.push_back(file->message_type(i));
    }
    return all;
  }());
  return messages;
}

void RunRequest(std::string_view input) {
  if (input.empty()) return;
  const Descriptor* const type =
      Messages()[static_cast<unsigned char>(input[0]) % Messages().size()];
  const std::unique_ptr<Message> message(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  if (!message->ParseFromArray(input.data() + 1, static_cast<int>(input.size() - 1))) return;
  const absl::Status valid = rpc::ValidateRequest(*message);
  DEALOG_CHECK(valid.ok() || absl::IsInvalidArgument(valid)) << valid;
  // The same bytes, the same fingerprint: replays depend on it.
  DEALOG_CHECK(commands::Fingerprint("/m", *message) == commands::Fingerprint("/m", *message));
}

std::vector<std::string> RequestSeeds() {
  v1::OpenDealRequest request;
  DEALOG_CHECK(google::protobuf::TextFormat::ParseFromString(
      "deal_id: 'deal_1' pipeline: 'Sales' title: 't' tags: 'a' tags: 'b' request_id: 'r' "
      "amount { units: 12 currency_code: 'EUR' } occurred_at { seconds: 1 }",
      &request));
  std::vector<std::string> seeds;
  for (size_t i = 0; i < Messages().size(); ++i) {
    seeds.push_back(std::string(1, static_cast<char>(i)) + request.SerializeAsString());
  }
  return seeds;
}

// A row that has something in every field.
class FullRow final : public filter::Row {
 public:
  filter::Value Get(int id, std::string_view) const override {
    switch (id) {
      case 1:
      case 7:
        return filter::Value::Text("some text");
      case 2:
      case 5:
        return filter::Value::Number(1);
      case 3:
      case 4:
        return filter::Value::Instant(17'000);
      default:
        return filter::Value::List(tags_);
    }
  }

 private:
  std::vector<std::string_view> tags_ = {"a", "b"};
};

void RunFilter(std::string_view input) {
  using filter::FieldType;
  static const filter::Schema& schema = *new filter::Schema{
      {.name = "title", .type = FieldType::kText, .id = 1},
      {.name = "amount", .type = FieldType::kNumber, .id = 2},
      {.name = "close_date", .type = FieldType::kDate, .id = 3},
      {.name = "create_time", .type = FieldType::kTime, .id = 4},
      {.name = "open", .type = FieldType::kBool, .id = 5},
      {.name = "tags", .type = FieldType::kTextList, .id = 6},
      {.name = "attributes.", .type = FieldType::kText, .id = 7, .family = true}};
  const auto compiled = filter::Filter::Compile(input, schema, {});
  if (!compiled.ok()) {
    DEALOG_CHECK(absl::IsInvalidArgument(compiled.status())) << compiled.status();
    return;
  }
  const FullRow row;
  DEALOG_CHECK(compiled->Matches(row) == compiled->Matches(row));
}

std::vector<std::string> FilterSeeds() {
  return {"title = \"x\" AND (amount > 3 OR NOT open = true)",
          "close_date >= \"2017-01-05\" AND tags:\"a\"", "create_time < \"2017-01-05T10:00:00Z\"",
          "attributes.sector != \"retail\" OR title:*", "((((title = \"\"))))"};
}

void RunToken(std::string_view input) {
  const auto token = commands::DecodeToken(input);
  if (!token.ok()) return;
  // A token has more than one spelling (base64's unused bits); all of them say the same.
  const std::string text =
      commands::EncodeToken(token->partition, token->owner_epoch, token->position);
  const auto again = commands::DecodeToken(text);
  DEALOG_CHECK(again.ok() && again->partition.value == token->partition.value &&
               again->owner_epoch == token->owner_epoch && again->position == token->position);
}

std::vector<std::string> TokenSeeds() {
  return {commands::EncodeToken({0}, 1, {1}), commands::EncodeToken({7}, 9, {~uint64_t{0}})};
}

const base::Secret& PageKey() {
  static const auto* const kKey = new base::Secret(std::string(base::Secret::kBytes, 'k'));
  return *kKey;
}

// A page token opens only as what was sealed.
void RunPageToken(std::string_view input) {
  static const rpc::Call& call = *new rpc::Call{.tenant = {"acme"}, .principal = "user:ada"};
  const v1::ListDealsRequest query;
  const auto cursor = rpc::OpenCursor(PageKey(), call, "/m", query, input);
  if (!cursor.ok() || cursor->empty()) return;
  DEALOG_CHECK(*cursor == "cursor") << "a token was forged";
}

std::vector<std::string> PageTokenSeeds() {
  const rpc::Call call{.tenant = {"acme"}, .principal = "user:ada"};
  return {rpc::SealCursor(PageKey(), call, "/m", v1::ListDealsRequest(), "cursor")};
}

}  // namespace

std::vector<Target> RequestTargets() {
  return {{"request", &RunRequest, &RequestSeeds},
          {"filter", &RunFilter, &FilterSeeds},
          {"token", &RunToken, &TokenSeeds},
          {"page_token", &RunPageToken, &PageTokenSeeds}};
}

}  // namespace dealog::fuzz
