// Method: specs of stream types: registered once, repeated without effect, replaced with an etag.

#include "services/domain/stream_type.h"

#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "projections/states/limits.h"
#include "services/domain/limits.h"
#include "tests/support/billing_types.h"
#include "tests/support/domain_spec.h"

namespace dealog::domain {
namespace {

using events::v1::StreamTypeDefinition;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string Registration(const std::string& name, const StreamTypeDefinition& definition) {
  return absl::StrCat("name: '", name, "' definition { ", definition.ShortDebugString(), " }");
}

std::string Billing() { return Registration("invoice", BillingDefinition()); }

// Billing's definition after a change.
template <typename Change>
std::string BillingWith(Change change) {
  StreamTypeDefinition definition = BillingDefinition();
  change(definition);
  return Registration("invoice", definition);
}

TEST(RegisterStreamType, IsRegisteredOnce) {
  Spec spec;
  spec.When<v1::RegisterStreamTypeRequest>(Billing())
      .Then("stream_type/invoice",
            absl::StrCat("stream_type { stream_type_registered { definition { ",
                         BillingDefinition().ShortDebugString(), " } } }"))
      .ThenClaims({"stream_type.slot=0"})
      .When<v1::RegisterStreamTypeRequest>(Billing())
      .ThenNothing()
      .When<v1::RegisterStreamTypeRequest>(Registration("sensor", OpaqueDefinition()))
      .ThenClaims({"stream_type.slot=1"});
  EXPECT_THAT(*StreamTypeNames(spec.reader()), ElementsAre("invoice", "sensor"));
  const auto& state = spec.Of<StreamTypeState>("stream_type/invoice");
  ASSERT_NE(state.FindEventType("InvoicePaid"), nullptr);
  EXPECT_EQ(state.FindEventType("InvoicePaid")->message(), "billing.v1.InvoicePaid");
  EXPECT_EQ(state.FindEventType("InvoiceLost"), nullptr);
  EXPECT_GT(state.ApproximateBytes(), BillingDescriptorSet().size());
  const v1::StreamType shown = ToStreamType(state, /*with_descriptors=*/false);
  EXPECT_EQ(shown.etag(), "1");
  EXPECT_THAT(shown.definition().descriptor_set(), IsEmpty());
  EXPECT_EQ(shown.definition().event_types_size(), 2);
  EXPECT_EQ(ToStreamType(state, true).definition().descriptor_set(), BillingDescriptorSet());
}

TEST(RegisterStreamType, IsReplacedWithItsEtag) {
  const auto described = [](StreamTypeDefinition& definition) {
    definition.set_description("Invoices, again");
    definition.add_event_types()->set_type("InvoiceVoided");
    definition.mutable_event_types(2)->set_message("billing.v1.InvoicePaid");
  };
  Spec spec;
  spec.Given<v1::RegisterStreamTypeRequest>(Billing())
      .When<v1::RegisterStreamTypeRequest>(BillingWith(described))
      .ThenRefused("STREAM_TYPE_EXISTS", "send etag \"1\"")
      .Etag("2")
      .When<v1::RegisterStreamTypeRequest>(BillingWith(described))
      .ThenRefused("REVISION_CONFLICT", "found \"1\"")
      .Etag("1")
      .When<v1::RegisterStreamTypeRequest>(BillingWith(described))
      .ThenClaims({});
  ASSERT_TRUE(spec.result().ok()) << spec.result().status();
  ASSERT_EQ(spec.result()->events.size(), 1u);
  EXPECT_TRUE(spec.result()->events[0].event.stream_type().has_stream_type_updated());
  EXPECT_NE(spec.Of<StreamTypeState>("stream_type/invoice").FindEventType("InvoiceVoided"),
            nullptr);
}

TEST(RegisterStreamType, AReplacementKeepsWhatEventsWereCheckedAgainst) {
  Spec()
      .Given<v1::RegisterStreamTypeRequest>(Billing())
      .Etag("1")
      .When<v1::RegisterStreamTypeRequest>(Registration("invoice", OpaqueDefinition()))
      .ThenRefused("FIELD_INVALID", "definition.payload_type")
      .Etag("1")
      .When<v1::RegisterStreamTypeRequest>(
          BillingWith([](auto& definition) { definition.mutable_event_types()->RemoveLast(); }))
      .ThenRefused("FIELD_INVALID", "definition.event_types")
      .Etag("1")
      .When<v1::RegisterStreamTypeRequest>(BillingWith([](auto& definition) {
        definition.mutable_event_types(0)->set_message("billing.v1.Line");
      }))
      .ThenRefused("FIELD_INVALID", "definition.event_types");
}

TEST(RegisterStreamType, RefusesNames) {
  const auto named = [](const std::string& name) { return Registration(name, OpaqueDefinition()); };
  Spec()
      .When<v1::RegisterStreamTypeRequest>(named(""))
      .ThenRefused("FIELD_INVALID", "name")
      .When<v1::RegisterStreamTypeRequest>(named("Invoice"))
      .ThenRefused("FIELD_INVALID", "name")
      .When<v1::RegisterStreamTypeRequest>(named("1invoice"))
      .ThenRefused("FIELD_INVALID", "name")
      .When<v1::RegisterStreamTypeRequest>(named(std::string(kStreamTypeBytesMax + 1, 'i')))
      .ThenRefused("FIELD_INVALID", "name")
      .When<v1::RegisterStreamTypeRequest>(named("deal"))
      .ThenRefused("STREAM_TYPE_RESERVED", "change through its commands only")
      .When<v1::RegisterStreamTypeRequest>(named("stream_type"))
      .ThenRefused("STREAM_TYPE_RESERVED", "stream_type")
      .When<v1::RegisterStreamTypeRequest>(named("quote"))
      .ThenRefused("STREAM_TYPE_RESERVED", "kept for the CRM");
}

TEST(RegisterStreamType, RefusesDefinitions) {
  const auto refused = [](auto change, const char* field, const char* reason = "FIELD_INVALID") {
    Spec().When<v1::RegisterStreamTypeRequest>(BillingWith(change)).ThenRefused(reason, field);
  };
  refused([](auto& d) { d.set_description(std::string(kDescriptionCharsMax + 1, 'x')); },
          "definition.description");
  refused([](auto& d) { d.set_owner(std::string(kDisplayNameCharsMax + 1, 'x')); },
          "definition.owner");
  refused([](auto& d) { d.clear_payload_type(); }, "definition.payload_type");
  refused([](auto& d) { d.clear_event_types(); }, "definition.event_types");
  refused([](auto& d) { d.mutable_event_types(1)->set_type("invoicePaid"); },
          "definition.event_types[1].type");
  refused([](auto& d) { d.mutable_event_types(1)->set_type("Invoice Paid"); },
          "definition.event_types[1].type");
  refused([](auto& d) { d.mutable_event_types(1)->set_type(std::string(65, 'I')); },
          "definition.event_types[1].type");
  refused([](auto& d) { d.mutable_event_types(1)->set_type("InvoiceSent"); },
          "definition.event_types[1].type");
  refused([](auto& d) { d.mutable_event_types(1)->set_type("DealWon"); },
          "definition.event_types[1].type", "STREAM_TYPE_RESERVED");
  refused([](auto& d) { d.mutable_event_types(1)->set_message("billing.v1.InvoiceLost"); },
          "definition.event_types[1].message");
  refused([](auto& d) { d.clear_descriptor_set(); }, "definition.descriptor_set");
  refused([](auto& d) { d.set_descriptor_set(std::string(kDescriptorSetBytesMax + 1, 'x')); },
          "definition.descriptor_set");
  refused([](auto& d) { d.set_payload_type(events::v1::PAYLOAD_TYPE_OPAQUE); },
          "definition.descriptor_set");
  refused(
      [](auto& d) {
        d.set_payload_type(events::v1::PAYLOAD_TYPE_OPAQUE);
        d.clear_descriptor_set();
      },
      "definition.event_types[0].message");
  refused(
      [](auto& d) {
        for (size_t i = 0; i < kEventTypesMax; ++i) {
          d.add_event_types()->set_type(absl::StrCat("Invoice", i));
        }
      },
      "definition.event_types");
}

TEST(RegisterStreamType, RefusesMoreThanTheTenantMayHave) {
  Spec spec;
  for (size_t i = 0; i < kStreamTypesMax; ++i) {
    spec.Given<v1::RegisterStreamTypeRequest>(
        Registration(absl::StrCat("type", i), OpaqueDefinition()));
  }
  EXPECT_EQ(StreamTypeNames(spec.reader())->size(), kStreamTypesMax);
  spec.When<v1::RegisterStreamTypeRequest>(Billing())
      .ThenRefused("LIMIT_EXCEEDED", "at most 256 stream types")
      .When<v1::RegisterStreamTypeRequest>(Registration("type7", OpaqueDefinition()))
      .ThenNothing();
}

TEST(FindStreamType, SaysWhatIsWrongWithTheName) {
  Spec spec;
  EXPECT_EQ(FindStreamType("f", "invoice", spec.reader()).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(FindStreamType("f", "deal", spec.reader()).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace dealog::domain
