// Method: specs of appends by other services: what is written, and each refusal.

#include "services/domain/external.h"

#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "projections/states/external.h"
#include "services/domain/limits.h"
#include "services/domain/stream_type.h"
#include "tests/services/domain/deal_fixture.h"
#include "tests/support/billing_types.h"

namespace dealog::domain {
namespace {

using ::testing::HasSubstr;

// A tenant with the stream types invoice and sensor, both at revision 1.
Spec& Registered(Spec& spec) {
  return spec
      .Given<v1::RegisterStreamTypeRequest>(absl::StrCat(
          "name: 'invoice' definition { ", BillingDefinition().ShortDebugString(), " }"))
      .Given<v1::RegisterStreamTypeRequest>(absl::StrCat(
          "name: 'sensor' definition { ", OpaqueDefinition().ShortDebugString(), " }"));
}

std::string Sent(const std::string& id, const std::string& number = "A-1") {
  return absl::StrCat("events { stream: 'invoice/", id,
                      "' type: 'InvoiceSent' payload: ", TextBytes(InvoiceSentBytes(number)),
                      " } ");
}
constexpr char kRead[] = "events { stream: 'sensor/s1' type: 'SensorRead' payload: '\\377\\000' } ";

TEST(AppendEvents, WritesEventsOfSeveralStreams) {
  Spec spec;
  Registered(spec)
      .When<v1::AppendEventsRequest>(Sent("1") + kRead + Sent("1", "A-2"))
      .Then({{"invoice/1", "external { type: 'InvoiceSent' payload: '\\n\\003A-1' }"},
             {"sensor/s1", "external { type: 'SensorRead' payload: '\\377\\000' }"},
             {"invoice/1", "external { type: 'InvoiceSent' payload: '\\n\\003A-2' }"}});
  EXPECT_EQ(spec.result()->subject, (StreamRef{"invoice", "1"}));
  EXPECT_EQ(spec.Of<ExternalState>("invoice/1").revision, 2u);
  EXPECT_EQ(spec.Of<ExternalState>("sensor/s1").revision, 1u);
}

TEST(AppendEvents, AnEventKeepsTheRevisionOfTheDefinitionItWasCheckedAgainst) {
  Spec spec;
  Registered(spec).Given<v1::AppendEventsRequest>(kRead);
  EXPECT_EQ(spec.result()->events[0].schema_version, 1u);
  auto definition = OpaqueDefinition();
  definition.set_owner("the others");
  spec.Etag("1")
      .Given<v1::RegisterStreamTypeRequest>(
          absl::StrCat("name: 'sensor' definition { ", definition.ShortDebugString(), " }"))
      .Given<v1::AppendEventsRequest>(kRead);
  EXPECT_EQ(spec.result()->events[0].schema_version, 2u);
}

TEST(AppendEvents, DescribesWhatEachStreamGot) {
  Spec spec;
  Registered(spec).Given<v1::AppendEventsRequest>(Sent("1") + Sent("1"));
  const auto request = FromText<v1::AppendEventsRequest>(kRead + Sent("1") + kRead);
  const auto decision = Decide(request, spec.ran(), spec.reader());
  ASSERT_TRUE(decision.ok()) << decision.status();
  v1::AppendEventsResponse response;
  ASSERT_TRUE(DescribeAppend(*decision, spec.reader(), response).ok());
  EXPECT_EQ(response.ShortDebugString(),
            "streams { stream: \"sensor/s1\" first_revision: 1 last_revision: 2 } "
            "streams { stream: \"invoice/1\" first_revision: 3 last_revision: 3 }");
}

TEST(AppendEvents, TheCrmsOwnStreamsRefuseIt) {
  PipelineSpec spec;
  spec.When<v1::AppendEventsRequest>("events { stream: 'deal/deal#1' type: 'DealWon' payload: '' }")
      .ThenRefused("STREAM_TYPE_RESERVED", "events[0].stream")
      .When<v1::AppendEventsRequest>("events { stream: 'stream_type/x' type: 'X' }")
      .ThenRefused("STREAM_TYPE_RESERVED", "events[0].stream")
      .When<v1::AppendEventsRequest>("events { stream: 'invoice/1' type: 'InvoiceSent' }")
      .ThenRefused("STREAM_TYPE_NOT_FOUND", "\"invoice\"; register it");
}

TEST(AppendEvents, RefusesEventsThatAreNotTheirTypes) {
  Spec spec;
  Registered(spec)
      .When<v1::AppendEventsRequest>(Sent("1") + "events { stream: 'invoice/1' type: 'DealWon' }")
      .ThenRefused("EVENT_INVALID", "events[1].type")
      .When<v1::AppendEventsRequest>("events { stream: 'sensor/1' type: 'InvoiceSent' }")
      .ThenRefused("EVENT_INVALID", "events[0].type")
      .When<v1::AppendEventsRequest>(
          "events { stream: 'invoice/1' type: 'InvoiceSent' payload: '\\377' }")
      .ThenRefused("EVENT_INVALID", "events[0].payload: expected a serialised")
      .When<v1::AppendEventsRequest>(
          "events { stream: 'invoice/1' type: 'InvoiceSent' payload: '(\\001' }")
      .ThenRefused("EVENT_INVALID", "unknown field number 5")
      .When<v1::AppendEventsRequest>(
          absl::StrCat("events { stream: 'sensor/1' type: 'SensorRead' payload: '",
                       std::string(kExternalPayloadBytesMax + 1, 'x'), "' }"))
      .ThenRefused("EVENT_INVALID", "events[0].payload: expected at most 1047552 bytes");
}

TEST(AppendEvents, RefusesStreamsAndSizes) {
  Spec spec;
  Registered(spec).When<v1::AppendEventsRequest>("").ThenRefused("FIELD_INVALID", "events");
  for (const std::string& stream :
       {std::string("invoice"), std::string("invoice/"), std::string("/1"),
        "invoice/" + std::string(kStreamIdBytesMax + 1, 'x'),
        std::string(kStreamTypeBytesMax + 1, 'x') + "/1"}) {
    spec.When<v1::AppendEventsRequest>("events { stream: '" + stream + "' type: 'SensorRead' }")
        .ThenRefused("FIELD_INVALID", "events[0].stream");
  }
  std::string many;
  for (size_t i = 0; i <= kAppendEventsMax; ++i) many += kRead;
  spec.When<v1::AppendEventsRequest>(many).ThenRefused("FIELD_INVALID", "events");
  std::string large;
  for (int i = 0; i < 5; ++i) {
    absl::StrAppend(&large, "events { stream: 'sensor/1' type: 'SensorRead' payload: '",
                    std::string(kAppendBytesMax / 5 + 1, 'x'), "' }");
  }
  spec.When<v1::AppendEventsRequest>(large).ThenRefused("LIMIT_EXCEEDED", "append_bytes");
}

TEST(AppendEvents, EachEventMayHaveItsOwnTime) {
  Spec spec;
  Registered(spec).When<v1::AppendEventsRequest>(
      "events { stream: 'sensor/1' type: 'SensorRead' occurred_at { seconds: 1600000000 } } " +
      std::string(kRead));
  ASSERT_TRUE(spec.result().ok()) << spec.result().status();
  EXPECT_EQ(spec.result()->events[0].occurred_at_us, int64_t{1'600'000'000} * 1'000'000);
  EXPECT_EQ(spec.result()->events[1].occurred_at_us, 0);
  spec.When<v1::AppendEventsRequest>(
          "events { stream: 'sensor/1' type: 'SensorRead' occurred_at { seconds: 9600000000 } }")
      .ThenRefused("OCCURRED_IN_FUTURE", "events[0].occurred_at")
      .When<v1::AppendEventsRequest>(
          "events { stream: 'sensor/1' type: 'SensorRead' occurred_at { nanos: -1 } }")
      .ThenRefused("FIELD_INVALID", "events[0].occurred_at.nanos");
}

TEST(AppendConditions, HoldOfAnyStream) {
  PipelineSpec spec;
  Registered(spec).Given<v1::OpenDealRequest>("deal_id: 'deal#1'");
  const uint64_t deal = spec.Of<DealState>("deal#1").revision;
  spec.When<v1::AppendEventsRequest>(
      absl::StrCat(kRead,
                   "conditions { stream: 'sensor/s1' expected_revision: 0 } "
                   "conditions { stream: 'deal/deal#1' expected_revision: ",
                   deal,
                   " } conditions { stream: 'invoice/9' exists: false } "
                   "conditions { stream: 'tenant/acme' exists: true }"));
  // The spec's tenant has no stream of its own: the last of them fails.
  spec.ThenRefused("CONDITION_FAILED", "tenant/acme: expected the stream to exist, found none");
  spec.When<v1::AppendEventsRequest>(
          absl::StrCat(kRead, "conditions { stream: 'deal/deal#1' exists: true }"))
      .Then("sensor/s1", "external { type: 'SensorRead' payload: '\\377\\000' }");
}

TEST(AppendConditions, EachThatFailsIsReported) {
  Spec spec;
  Registered(spec).Given<v1::AppendEventsRequest>(kRead).When<v1::AppendEventsRequest>(
      absl::StrCat(kRead,
                   "conditions { stream: 'sensor/s1' expected_revision: 2 } "
                   "conditions { stream: 'sensor/s2' expected_revision: 1 } "
                   "conditions { stream: 'sensor/s3' expected_revision: 0 }"));
  spec.ThenRefused("REVISION_CONFLICT", "sensor/s1: expected revision 2, found 1 (and 1 more)");
  google::rpc::PreconditionFailure failure;
  const auto payload =
      spec.result().status().GetPayload("type.googleapis.com/google.rpc.PreconditionFailure");
  ASSERT_TRUE(payload.has_value());
  failure.ParseFromString(std::string(*payload));
  ASSERT_EQ(failure.violations_size(), 2);
  EXPECT_EQ(failure.violations(1).subject(), "sensor/s2");
  EXPECT_THAT(failure.violations(1).description(), HasSubstr("expected revision 1, found 0"));
  spec.When<v1::AppendEventsRequest>(
          absl::StrCat(kRead,
                       "conditions { stream: 'sensor/s1' expected_revision: 2 } "
                       "conditions { stream: 'sensor/s1x' exists: true }"))
      .ThenRefused("CONDITION_FAILED", "(and 1 more)");
}

TEST(AppendConditions, MustBeWellFormed) {
  Spec spec;
  const auto refused = [&](const std::string& conditions, const char* field,
                           const char* reason = "FIELD_INVALID") {
    spec.When<v1::AppendEventsRequest>(kRead + conditions).ThenRefused(reason, field);
  };
  Registered(spec);
  refused("conditions { stream: 'sensor/1' }", "conditions[0]");
  refused("conditions { stream: 'sensor/1' expected_revision: -1 }",
          "conditions[0].expected_revision");
  refused("conditions { stream: 'sensor' exists: true }", "conditions[0].stream");
  refused("conditions { stream: 's/1' exists: true }", "s", "STREAM_TYPE_NOT_FOUND");
  refused(
      "conditions { stream: 'sensor/1' exists: false } "
      "conditions { stream: 'sensor/1' exists: true }",
      "conditions[1].stream");
  std::string many;
  for (size_t i = 0; i <= kAppendConditionsMax; ++i) {
    absl::StrAppend(&many, "conditions { stream: 'sensor/", i, "' exists: false } ");
  }
  refused(many, "conditions");
}

}  // namespace
}  // namespace dealog::domain
