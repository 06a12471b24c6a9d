// Method: specs of members and products: an upsert finds by id, else by name, else defines.

#include <gtest/gtest.h>

#include "tests/services/domain/deal_fixture.h"

namespace dealog::domain {
namespace {

TEST(UpsertMember, DefinesThenChangesByName) {
  Spec()
      .Seed(60)
      .When<v1::UpsertMemberRequest>("display_name: 'Ada' team: 'North' region: 'EU'")
      .Then("member#60",
            "member { member_defined { display_name: 'Ada' team: 'North' region: 'EU' } }")
      .ThenClaims({"member.name=ada"})
      .When<v1::UpsertMemberRequest>("display_name: 'ADA' team: ''")
      .Then("member#60", "member { member_changed { display_name: 'ADA' team: '' } }")
      .ThenClaims({})
      .When<v1::UpsertMemberRequest>("display_name: 'ADA' region: 'EU'")
      .ThenNothing();
}

TEST(UpsertMember, RenamesById) {
  PipelineSpec()
      .When<v1::UpsertMemberRequest>("member_id: 'member#1' display_name: 'Ada L.'")
      .Then("member#1", "member { member_changed { display_name: 'Ada L.' } }")
      .ThenClaims({"member.name=ada l."})
      .ThenReleases({"member.name=ada"})
      .When<v1::UpsertMemberRequest>("member_id: 'member#1' display_name: 'bob'")
      .ThenRefused("NAME_TAKEN", "member#2")
      .When<v1::UpsertMemberRequest>("member_id: 'member#3' display_name: 'bob'")
      .ThenRefused("NAME_TAKEN", "member#2");
}

TEST(UpsertMember, RefusesBadFields) {
  const std::string too_long(129, 'x');
  PipelineSpec()
      .When<v1::UpsertMemberRequest>("")
      .ThenRefused("FIELD_INVALID", "display_name")
      .When<v1::UpsertMemberRequest>("display_name: 'A' team: '" + too_long + "'")
      .ThenRefused("FIELD_INVALID", "team")
      .When<v1::UpsertMemberRequest>("display_name: 'A' region: '" + too_long + "'")
      .ThenRefused("FIELD_INVALID", "region")
      .When<v1::UpsertMemberRequest>("member_id: 'ada' display_name: 'A'")
      .ThenRefused("FIELD_INVALID", "member_id")
      .Etag("9")
      .When<v1::UpsertMemberRequest>("display_name: 'Ada' team: 'x'")
      .ThenRefused("REVISION_CONFLICT", "found \"1\"")
      .OccurredAt(0)
      .When<v1::UpsertMemberRequest>("display_name: 'Ada' team: 'x'")
      .ThenRefused("OCCURRED_OUT_OF_ORDER", "member#1");
}

TEST(UpsertProduct, DefinesThenChangesByName) {
  Spec()
      .Seed(60)
      .When<v1::UpsertProductRequest>(
          "display_name: 'Lamp' series: 'L' list_price { currency_code: 'USD' units: 3 }")
      .Then("product#60", R"(product { product_defined { display_name: 'Lamp' series: 'L'
          list_price { currency_code: 'USD' amount_minor: 300 } } })")
      .ThenClaims({"product.name=lamp"})
      .When<v1::UpsertProductRequest>(
          "display_name: 'Lamp' list_price { currency_code: 'EUR' units: 4 } series: ''")
      .Then("product#60", R"(product { product_changed { series: ''
          list_price { currency_code: 'EUR' amount_minor: 400 } } })")
      .When<v1::UpsertProductRequest>(
          "display_name: 'Lamp' list_price { currency_code: 'EUR' units: 4 }")
      .ThenNothing()
      .When<v1::UpsertProductRequest>("product_id: 'product#60' display_name: 'Light'")
      .Then("product#60", "product { product_changed { display_name: 'Light' } }")
      .ThenReleases({"product.name=lamp"});
}

TEST(UpsertProduct, RefusesBadFields) {
  PipelineSpec()
      .When<v1::UpsertProductRequest>("display_name: ' '")
      .ThenRefused("FIELD_INVALID", "display_name")
      .When<v1::UpsertProductRequest>(
          "display_name: 'X' list_price { currency_code: 'EUR' units: -1 }")
      .ThenRefused("FIELD_INVALID", "list_price.units")
      .When<v1::UpsertProductRequest>("display_name: 'X' series: '" + std::string(129, 'x') + "'")
      .ThenRefused("FIELD_INVALID", "series")
      .When<v1::UpsertProductRequest>("product_id: 'product#2' display_name: 'LAMP'")
      .ThenRefused("NAME_TAKEN", "product#1")
      .OccurredAt(99)
      .When<v1::UpsertProductRequest>("display_name: 'X'")
      .ThenRefused("OCCURRED_IN_FUTURE");
}

}  // namespace
}  // namespace dealog::domain
