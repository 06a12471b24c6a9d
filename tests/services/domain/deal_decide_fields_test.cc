// Method: specs of OpenDeal, UpdateDeal, tags and contacts: what each field does, and each way in
// which it is refused.

#include <gtest/gtest.h>

#include "tests/services/domain/deal_fixture.h"

namespace dealog::domain {
namespace {

TEST(OpenDeal, OpensInTheFirstStageOfTheDefaultPipeline) {
  PipelineSpec spec;
  spec.Seed(77).When<v1::OpenDealRequest>("title: 'Lamps'").Then("deal#77", R"(deal { deal_opened {
      pipeline_id: 'pipeline#1' pipeline_revision: 2 stage_id: 'stage#1' title: 'Lamps' } })");
  const DealState& deal = spec.Of<DealState>("deal#77");
  EXPECT_EQ(deal.opened_at_us, SpecMinute(10));
  EXPECT_EQ(deal.stage.cycle, 1u);
}

TEST(OpenDeal, ResolvesNamesAndSortsTags) {
  PipelineSpec()
      .OccurredAt(3)
      .When<v1::OpenDealRequest>(R"(deal_id: 'deal#1' pipeline: ' sales' stage: 'Talk' owner: 'ADA'
          source: 'fair' amount { currency_code: 'JPY' units: 500 }
          expected_close_date { year: 2024 month: 2 day: 29 } tags: 'z' tags: 'a' tags: 'z'
          organization_id: 'org#1' product: 'product#1'
          contacts { contact_id: 'contact#1' role: 'boss' } external_key: 'K1')")
      .Then("deal#1", R"(deal { deal_opened {
          pipeline_id: 'pipeline#1' pipeline_revision: 2 stage_id: 'stage#2' owner_id: 'member#1'
          source: 'fair' amount { currency_code: 'JPY' amount_minor: 500 }
          expected_close_date { year: 2024 month: 2 day: 29 } tags: 'a' tags: 'z'
          organization_id: 'org#1' product_id: 'product#1'
          contacts { contact_id: 'contact#1' role: 'boss' } external_key: 'K1' } })");
}

TEST(OpenDeal, RefusesReferencesThatDoNotExist) {
  PipelineSpec()
      .When<v1::OpenDealRequest>("pipeline: 'Nope'")
      .ThenRefused("PIPELINE_NOT_FOUND", "Nope")
      .When<v1::OpenDealRequest>("stage: 'Nope'")
      .ThenRefused("STAGE_NOT_FOUND", "Nope")
      .When<v1::OpenDealRequest>("owner: 'Nope'")
      .ThenRefused("MEMBER_NOT_FOUND", "Nope")
      .When<v1::OpenDealRequest>("owner: 'member#9'")
      .ThenRefused("MEMBER_NOT_FOUND", "member#9")
      .When<v1::OpenDealRequest>("product: 'Nope'")
      .ThenRefused("PRODUCT_NOT_FOUND", "Nope")
      .When<v1::OpenDealRequest>("organization_id: 'org#9'")
      .ThenRefused("ORGANIZATION_NOT_FOUND", "org#9")
      .When<v1::OpenDealRequest>("contacts { contact_id: 'contact#9' }")
      .ThenRefused("CONTACT_NOT_FOUND", "contact#9");
}

TEST(OpenDeal, RefusesATenantWithoutADefaultPipeline) {
  Spec().When<v1::OpenDealRequest>("").ThenRefused("PIPELINE_NOT_FOUND", "default");
}

TEST(OpenDeal, RefusesBadIds) {
  DealSpec()
      .When<v1::OpenDealRequest>("deal_id: 'deal#1'")
      .ThenRefused("ID_EXISTS", "deal#1")
      .When<v1::OpenDealRequest>("deal_id: 'mine'")
      .ThenRefused("FIELD_INVALID", "deal_id")
      .When<v1::OpenDealRequest>("deal_id: 'contact#1'")
      .ThenRefused("FIELD_INVALID", "deal_id")
      .Etag("3")
      .When<v1::OpenDealRequest>("deal_id: 'deal#2'")
      .ThenRefused("REVISION_CONFLICT", "found \"0\"");
}

TEST(OpenDeal, RefusesBadText) {
  const std::string long_title(257, 'x');
  PipelineSpec()
      .When<v1::OpenDealRequest>("title: '" + long_title + "'")
      .ThenRefused("FIELD_INVALID", "title")
      .When<v1::OpenDealRequest>("title: 'a\\nb'")
      .ThenRefused("FIELD_INVALID", "title")
      .When<v1::OpenDealRequest>("source: '" + long_title + "'")
      .ThenRefused("FIELD_INVALID", "source")
      .When<v1::OpenDealRequest>("external_key: '" + long_title + "'")
      .ThenRefused("FIELD_INVALID", "external_key")
      .When<v1::OpenDealRequest>("tags: ' '")
      .ThenRefused("FIELD_INVALID", "tags[0]")
      .When<v1::OpenDealRequest>("tags: 'a' tags: '" + std::string(65, 'x') + "'")
      .ThenRefused("FIELD_INVALID", "tags[1]")
      .When<v1::OpenDealRequest>("contacts { contact_id: 'contact#1' role: 'a\\007' }")
      .ThenRefused("FIELD_INVALID", "contacts[0].role");
}

TEST(OpenDeal, CountsCharactersNotBytes) {
  std::string title;
  for (int i = 0; i < 256; ++i) title += "é";
  PipelineSpec spec;
  spec.When<v1::OpenDealRequest>("title: '" + title + "'");
  EXPECT_TRUE(spec.result().ok());
}

TEST(OpenDeal, RefusesInvalidUtf8) {
  PipelineSpec()
      .WhenDecided([](const CommandMeta& meta, StateReader& reader) {
        v1::OpenDealRequest request;
        request.set_title("\xc3\x28");
        return Decide(request, meta, reader);
      })
      .ThenRefused("FIELD_INVALID", "title");
}

TEST(OpenDeal, RefusesTooManyTagsAndContacts) {
  std::string tags;
  std::string contacts;
  for (int i = 0; i < 65; ++i) {
    tags += "tags: 't" + std::to_string(i) + "' ";
    contacts += "contacts { contact_id: 'contact#1' } ";
  }
  PipelineSpec()
      .When<v1::OpenDealRequest>(tags)
      .ThenRefused("FIELD_INVALID", "tags")
      .When<v1::OpenDealRequest>(contacts)
      .ThenRefused("FIELD_INVALID", "contacts")
      .When<v1::OpenDealRequest>(
          "contacts { contact_id: 'contact#1' } contacts { contact_id: 'contact#1' }")
      .ThenRefused("FIELD_INVALID", "contacts[1]")
      .When<v1::OpenDealRequest>("contacts { role: 'boss' }")
      .ThenRefused("FIELD_INVALID", "contacts[0].contact_id");
}

TEST(OpenDeal, RefusesBadMoney) {
  PipelineSpec()
      .When<v1::OpenDealRequest>("amount { currency_code: 'EUR' units: -5 }")
      .ThenRefused("FIELD_INVALID", "amount.units")
      .When<v1::OpenDealRequest>("amount { currency_code: 'ZZZ' units: 5 }")
      .ThenRefused("FIELD_INVALID", "amount.currency_code")
      .When<v1::OpenDealRequest>("amount { units: 5 }")
      .ThenRefused("FIELD_INVALID", "amount.currency_code")
      .When<v1::OpenDealRequest>("amount { currency_code: 'EUR' units: 5 nanos: 1000000 }")
      .ThenRefused("FIELD_INVALID", "amount.nanos")
      .When<v1::OpenDealRequest>("amount { currency_code: 'JPY' units: 5 nanos: 500000000 }")
      .ThenRefused("FIELD_INVALID", "amount.nanos")
      .When<v1::OpenDealRequest>("amount { currency_code: 'EUR' units: 5 nanos: -1 }")
      .ThenRefused("FIELD_INVALID", "amount.nanos")
      .When<v1::OpenDealRequest>("amount { currency_code: 'EUR' nanos: -10000000 }")
      .ThenRefused("FIELD_INVALID", "amount.nanos")
      .When<v1::OpenDealRequest>("amount { currency_code: 'EUR' units: 9223372036854775807 }")
      .ThenRefused("FIELD_INVALID", "amount.units");
}

TEST(OpenDeal, RefusesDatesThatDoNotExist) {
  for (const char* date :
       {"year: 2017 month: 2 day: 30", "year: 2023 month: 2 day: 29", "year: 2024 month: 13 day: 1",
        "year: 0 month: 1 day: 1", "year: 10000 month: 1 day: 1", "year: 2024 month: 1"}) {
    PipelineSpec()
        .When<v1::OpenDealRequest>("expected_close_date { " + std::string(date) + " }")
        .ThenRefused("FIELD_INVALID", "expected_close_date");
  }
}

TEST(OpenDeal, RefusesClosedStagesAlsoWithAnOverride) {
  PipelineSpec()
      .When<v1::OpenDealRequest>("stage: 'Won'")
      .ThenRefused("FIELD_INVALID", "stage")
      .Override("because")
      .When<v1::OpenDealRequest>("stage: 'Lost'")
      .ThenRefused("FIELD_INVALID", "stage");
}

TEST(OpenDeal, HoldsToTheCreationStages) {
  PipelineSpec spec("rules { creation_stages: 'Talk' }");
  spec.When<v1::OpenDealRequest>("stage: 'New'")
      .ThenRefused("TRANSITION_NOT_ALLOWED", "New")
      .When<v1::OpenDealRequest>("deal_id: 'deal#1'")
      .Via(storage::v1::VIA_IMPORT)
      .When<v1::OpenDealRequest>("deal_id: 'deal#2' stage: 'New'");
  EXPECT_EQ(spec.Of<DealState>("deal#1").stage.stage_id, ExpandIds("stage#2"));
  EXPECT_EQ(spec.Of<DealState>("deal#2").stage.stage_id, ExpandIds("stage#1"));
}

TEST(OpenDeal, RefusesARetiringStageAndAnArchivedPipeline) {
  PipelineSpec()
      .Given<v1::RetireStageRequest>("pipeline: 'Sales' stage: 'New' replacement_stage: 'Talk'")
      .When<v1::OpenDealRequest>("stage: 'New'")
      .ThenRefused("STAGE_RETIRED", "stage#2")
      .Given<v1::ArchivePipelineRequest>("pipeline: 'Sales'")
      .When<v1::OpenDealRequest>("pipeline: 'Sales'")
      .ThenRefused("PIPELINE_ARCHIVED", "pipeline#1");
}

TEST(OpenDeal, RefusesTheFuture) {
  PipelineSpec().OccurredAt(11).When<v1::OpenDealRequest>("").ThenRefused("OCCURRED_IN_FUTURE");
}

TEST(UpdateDeal, MakesOneEventPerFact) {
  DealSpec()
      .When<v1::UpdateDealRequest>(R"(deal_id: 'deal#1' title: 'More lamps' source: 'mail'
          owner: 'Bob' amount { currency_code: 'EUR' units: 7 } organization_id: 'org#1'
          product: 'Lamp' expected_close_date { year: 2024 month: 5 day: 1 }
          update_mask { paths: ['title', 'source', 'owner', 'amount', 'organization_id',
                                'product', 'expected_close_date'] })")
      .Then({{"deal#1", R"(deal { deal_details_changed { title: 'More lamps' source: 'mail'
                 organization_id: 'org#1' product_id: 'product#1' } })"},
             {"deal#1", "deal { deal_owner_assigned { owner_id: 'member#2' } }"},
             {"deal#1",
              "deal { deal_amount_changed { amount { currency_code: 'EUR' amount_minor: 700 } } }"},
             {"deal#1", R"(deal { deal_expected_close_changed {
                 expected_close_date { year: 2024 month: 5 day: 1 } } })"}});
}

TEST(UpdateDeal, ClearsMaskedFieldsThatAreEmpty) {
  DealSpec()
      .Given<v1::UpdateDealRequest>(R"(deal_id: 'deal#1' owner: 'Ada' product: 'Lamp'
          amount { currency_code: 'EUR' units: 7 }
          expected_close_date { year: 2024 month: 5 day: 1 }
          update_mask { paths: ['owner', 'product', 'amount', 'expected_close_date'] })")
      .When<v1::UpdateDealRequest>(R"(deal_id: 'deal#1'
          update_mask { paths: ['title', 'owner', 'product', 'amount', 'expected_close_date'] })")
      .Then({{"deal#1", "deal { deal_details_changed { title: '' product_id: '' } }"},
             {"deal#1", "deal { deal_owner_assigned { previous_owner_id: 'member#1' } }"},
             {"deal#1", R"(deal { deal_amount_changed {
                 previous_amount { currency_code: 'EUR' amount_minor: 700 } } })"},
             {"deal#1", R"(deal { deal_expected_close_changed {
                 previous_expected_close_date { year: 2024 month: 5 day: 1 } } })"}});
}

TEST(UpdateDeal, ChangesNothingWhereNothingDiffers) {
  DealSpec()
      .When<v1::UpdateDealRequest>(R"(deal_id: 'deal#1' title: 'Lamps'
          update_mask { paths: ['title', 'owner', 'amount', 'expected_close_date'] })")
      .ThenNothing();
}

TEST(UpdateDeal, IgnoresFieldsOutsideTheMask) {
  DealSpec()
      .When<v1::UpdateDealRequest>(
          "deal_id: 'deal#1' title: 'Other' source: 'mail' update_mask { paths: 'source' }")
      .Then("deal#1", "deal { deal_details_changed { source: 'mail' } }");
}

TEST(UpdateDeal, RefusesAnEmptyOrUnknownMask) {
  DealSpec()
      .When<v1::UpdateDealRequest>("deal_id: 'deal#1' title: 'x'")
      .ThenRefused("FIELD_INVALID", "update_mask")
      .When<v1::UpdateDealRequest>("deal_id: 'deal#1' update_mask { paths: 'stage' }")
      .ThenRefused("FIELD_INVALID", "update_mask")
      .When<v1::UpdateDealRequest>(
          "deal_id: 'deal#1' update_mask { paths: 'title' paths: 'amount.units' }")
      .ThenRefused("FIELD_INVALID", "update_mask");
}

TEST(UpdateDeal, RefusesBadValuesAndReferences) {
  DealSpec()
      .When<v1::UpdateDealRequest>("deal_id: 'deal#1' owner: 'Zoe' update_mask { paths: 'owner' }")
      .ThenRefused("MEMBER_NOT_FOUND", "Zoe")
      .When<v1::UpdateDealRequest>(
          "deal_id: 'deal#1' product: 'Chair' update_mask { paths: 'product' }")
      .ThenRefused("PRODUCT_NOT_FOUND", "Chair")
      .When<v1::UpdateDealRequest>(
          "deal_id: 'deal#1' organization_id: 'x' update_mask { paths: 'organization_id' }")
      .ThenRefused("ORGANIZATION_NOT_FOUND", "x")
      .When<v1::UpdateDealRequest>(
          "deal_id: 'deal#1' amount { currency_code: 'eur' }"
          " update_mask { paths: 'amount' }")
      .ThenRefused("FIELD_INVALID", "amount.currency_code")
      .When<v1::UpdateDealRequest>(
          "deal_id: 'deal#1' expected_close_date { year: 2017 month: 2"
          " day: 30 } update_mask { paths: 'expected_close_date' }")
      .ThenRefused("FIELD_INVALID", "expected_close_date")
      .When<v1::UpdateDealRequest>(
          "deal_id: 'deal#1' title: '\\001' update_mask { paths: 'title' }")
      .ThenRefused("FIELD_INVALID", "title")
      .When<v1::UpdateDealRequest>("deal_id: 'deal#9' update_mask { paths: 'title' }")
      .ThenRefused("DEAL_NOT_FOUND", "deal#9");
}

constexpr char kAmount[] =
    "deal_id: 'deal#1' amount { currency_code: '%s' units: %d } update_mask { paths: 'amount' }";

std::string Amount(const char* currency, int units) {
  char text[200];
  snprintf(text, sizeof(text), kAmount, currency, units);
  return text;
}

TEST(UpdateDeal, KeepsOneCurrencyPerCycle) {
  DealSpec spec;
  spec.Given<v1::UpdateDealRequest>(Amount("EUR", 5))
      .When<v1::UpdateDealRequest>(Amount("USD", 5))
      .ThenRefused("CURRENCY_MISMATCH", "EUR")
      .Given<v1::UpdateDealRequest>("deal_id: 'deal#1' update_mask { paths: 'amount' }")
      .Given<v1::UpdateDealRequest>(Amount("USD", 5))
      .Given<v1::WinDealRequest>("deal_id: 'deal#1'")
      .When<v1::UpdateDealRequest>(Amount("EUR", 5))
      .ThenRefused("CURRENCY_MISMATCH", "USD")
      .Given<v1::ReopenDealRequest>("deal_id: 'deal#1'")  // A new cycle may have another.
      .Given<v1::UpdateDealRequest>(Amount("EUR", 5))
      .When<v1::UpdateDealRequest>(Amount("USD", 5))
      .ThenRefused("CURRENCY_MISMATCH", "cycle 2");
}

TEST(UpdateDeal, TheLatestByBusinessTimeWinsPerField) {
  DealSpec spec;
  spec.Now(30)
      .Given<v1::UpdateDealRequest>(Amount("EUR", 5))
      .OccurredAt(15)
      .Given<v1::UpdateDealRequest>(Amount("EUR", 3));
  EXPECT_EQ(spec.Of<DealState>("deal#1").amount.value->amount_minor(), 500);
  spec.OccurredAt(15).Given<v1::UpdateDealRequest>(
      "deal_id: 'deal#1' title: 'Back-dated' update_mask { paths: 'title' }");
  EXPECT_EQ(spec.Of<DealState>("deal#1").title.value, "Back-dated");
}

TEST(UpdateDeal, RefusesATimeBeforeTheOpening) {
  DealSpec()
      .OccurredAt(9)
      .When<v1::UpdateDealRequest>("deal_id: 'deal#1' title: 'x' update_mask { paths: 'title' }")
      .ThenRefused("OCCURRED_OUT_OF_ORDER", "DealOpened");
}

TEST(TagDeal, AddsOnlyWhatIsNew) {
  DealSpec()
      .Given<v1::TagDealRequest>("deal_id: 'deal#1' tags: 'hot'")
      .When<v1::TagDealRequest>("deal_id: 'deal#1' tags: 'hot' tags: 'b' tags: 'a'")
      .Then("deal#1", "deal { deal_tagged { tags: 'a' tags: 'b' } }")
      .When<v1::TagDealRequest>("deal_id: 'deal#1' tags: 'a'")
      .ThenNothing()
      .When<v1::UntagDealRequest>("deal_id: 'deal#1' tags: 'a' tags: 'zzz'")
      .Then("deal#1", "deal { deal_untagged { tags: 'a' } }")
      .When<v1::UntagDealRequest>("deal_id: 'deal#1' tags: 'a'")
      .ThenNothing();
}

TEST(TagDeal, RefusesNoTagsAndTooMany) {
  DealSpec spec;
  spec.When<v1::TagDealRequest>("deal_id: 'deal#1'")
      .ThenRefused("FIELD_INVALID", "tags")
      .When<v1::UntagDealRequest>("deal_id: 'deal#1'")
      .ThenRefused("FIELD_INVALID", "tags")
      .When<v1::UntagDealRequest>("deal_id: 'deal#1' tags: ''")
      .ThenRefused("FIELD_INVALID", "tags[0]");
  for (int i = 0; i < 64; ++i) {
    spec.Given<v1::TagDealRequest>("deal_id: 'deal#1' tags: 't" + std::to_string(i) + "'");
  }
  spec.When<v1::TagDealRequest>("deal_id: 'deal#1' tags: 'one more'")
      .ThenRefused("LIMIT_EXCEEDED", "kTagsMax");
}

TEST(TagDeal, ABackDatedTagDoesNotUndoALaterRemoval) {
  DealSpec spec;
  spec.Given<v1::TagDealRequest>("deal_id: 'deal#1' tags: 'hot'")
      .Given<v1::UntagDealRequest>("deal_id: 'deal#1' tags: 'hot'")
      .OccurredAt(15)
      .Given<v1::TagDealRequest>("deal_id: 'deal#1' tags: 'hot'");
  EXPECT_FALSE(spec.Of<DealState>("deal#1").tags.Has("hot"));
}

TEST(LinkDealContact, LinksOnceAndChangesTheRole) {
  DealSpec()
      .When<v1::LinkDealContactRequest>(
          "deal_id: 'deal#1' link { contact_id: 'contact#1' role: 'boss' }")
      .Then("deal#1",
            "deal { deal_contact_linked { link { contact_id: 'contact#1' role: 'boss' } } }")
      .When<v1::LinkDealContactRequest>(
          "deal_id: 'deal#1' link { contact_id: 'contact#1' role: 'boss' }")
      .ThenNothing()
      .When<v1::LinkDealContactRequest>("deal_id: 'deal#1' link { contact_id: 'contact#1' }")
      .Then("deal#1", "deal { deal_contact_linked { link { contact_id: 'contact#1' } } }")
      .When<v1::UnlinkDealContactRequest>("deal_id: 'deal#1' contact_id: 'contact#1'")
      .Then("deal#1", "deal { deal_contact_unlinked { contact_id: 'contact#1' } }")
      .When<v1::UnlinkDealContactRequest>("deal_id: 'deal#1' contact_id: 'contact#1'")
      .ThenNothing();
}

TEST(LinkDealContact, RefusesUnknownContactsAndTooMany) {
  DealSpec spec;
  spec.When<v1::LinkDealContactRequest>("deal_id: 'deal#1' link { contact_id: 'contact#9' }")
      .ThenRefused("CONTACT_NOT_FOUND", "contact#9")
      .When<v1::LinkDealContactRequest>("deal_id: 'deal#1'")
      .ThenRefused("FIELD_INVALID", "link.contact_id")
      .When<v1::UnlinkDealContactRequest>("deal_id: 'deal#1'")
      .ThenRefused("FIELD_INVALID", "contact_id");
  for (int i = 100; i < 165; ++i) {
    const std::string id = "contact_id: 'contact#" + std::to_string(i) + "'";
    spec.Given<v1::CreateContactRequest>(id + " display_name: 'C'");
    if (i < 164) spec.Given<v1::LinkDealContactRequest>("deal_id: 'deal#1' link { " + id + " }");
  }
  spec.When<v1::LinkDealContactRequest>("deal_id: 'deal#1' link { contact_id: 'contact#164' }")
      .ThenRefused("LIMIT_EXCEEDED", "kDealContactsMax")
      .When<v1::LinkDealContactRequest>(
          "deal_id: 'deal#1' link { contact_id: 'contact#100' role: 'boss' }");
  EXPECT_TRUE(spec.result().ok()) << "another role is no further contact";
}

}  // namespace
}  // namespace dealog::domain
