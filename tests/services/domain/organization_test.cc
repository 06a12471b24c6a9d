// Method: specs of the commands of organizations; who holds a domain is checked by the claims.

#include <gtest/gtest.h>

#include "tests/services/domain/deal_fixture.h"

namespace dealog::domain {
namespace {

// org#2 holds example.org.
class OrganizationSpec : public PipelineSpec {
 public:
  OrganizationSpec() {
    Given<v1::CreateOrganizationRequest>(
        "organization_id: 'org#2' display_name: 'Example' domain: 'Example.org'");
  }
};

TEST(CreateOrganization, TakesTheNormalisedDomain) {
  PipelineSpec()
      .Seed(60)
      .When<v1::CreateOrganizationRequest>(R"(display_name: 'Bücher' domain: 'BÜCHER.example.'
          owner: 'Ada' tags: 'b' tags: 'a' attributes { key: 'sector' text: 'technolgy' }
          external_key: 'K')")
      .Then("org#60", R"(organization { organization_created { display_name: 'Bücher'
          domain: 'BÜCHER.example.' owner_id: 'member#1' tags: ['a', 'b'] external_key: 'K'
          attributes { key: 'sector' text: 'technolgy' } } })")
      .ThenClaims({"organization.domain=xn--bcher-kva.example"});
}

TEST(CreateOrganization, NeedsNoDomain) {
  PipelineSpec().When<v1::CreateOrganizationRequest>("display_name: 'X'").ThenClaims({});
}

TEST(CreateOrganization, RefusesBadFields) {
  OrganizationSpec()
      .When<v1::CreateOrganizationRequest>("display_name: 'X' domain: 'EXAMPLE.ORG'")
      .ThenRefused("NAME_TAKEN", "key: \"organization_id\" value: \"org#2\"")
      .When<v1::CreateOrganizationRequest>("domain: 'x.org'")
      .ThenRefused("FIELD_INVALID", "display_name")
      .When<v1::CreateOrganizationRequest>("display_name: '" + std::string(257, 'x') + "'")
      .ThenRefused("FIELD_INVALID", "display_name")
      .When<v1::CreateOrganizationRequest>("display_name: 'X' domain: 'http://x.org'")
      .ThenRefused("FIELD_INVALID", "domain")
      .When<v1::CreateOrganizationRequest>("display_name: 'X' domain: 'localhost'")
      .ThenRefused("FIELD_INVALID", "domain")
      .When<v1::CreateOrganizationRequest>("display_name: 'X' owner: 'Zoe'")
      .ThenRefused("MEMBER_NOT_FOUND", "Zoe")
      .When<v1::CreateOrganizationRequest>("organization_id: 'org#2' display_name: 'X'")
      .ThenRefused("ID_EXISTS", "org#2")
      .When<v1::CreateOrganizationRequest>("organization_id: 'organization_1' display_name: 'X'")
      .ThenRefused("FIELD_INVALID", "organization_id")
      .When<v1::CreateOrganizationRequest>("display_name: 'X' attributes { key: '!' number: 1 }")
      .ThenRefused("FIELD_INVALID", "attributes[0].key");
}

TEST(UpsertOrganization, CreatesThenUpdatesByDomain) {
  PipelineSpec()
      .Seed(60)
      .When<v1::UpsertOrganizationRequest>("domain: 'x.org' display_name: 'X'")
      .Then("org#60", "organization { organization_created { display_name: 'X' domain: 'x.org' } }")
      .When<v1::UpsertOrganizationRequest>(
          "domain: 'X.ORG' display_name: 'Y' owner: 'Bob' tags: 'a' attributes { key: 'k' text: "
          "'v' }")
      .Then({{"org#60", R"(organization { organization_details_changed { display_name: 'Y'
                 owner_id: 'member#2' attributes { key: 'k' text: 'v' } } })"},
             {"org#60", "organization { organization_tagged { tags: 'a' } }"}})
      .When<v1::UpsertOrganizationRequest>("domain: 'x.org'")
      .ThenNothing()
      .When<v1::UpsertOrganizationRequest>("domain: 'new.org'")
      .ThenRefused("FIELD_INVALID", "display_name")
      .When<v1::UpsertOrganizationRequest>("display_name: 'Y'")
      .ThenRefused("FIELD_INVALID", "domain")
      .When<v1::UpsertOrganizationRequest>("domain: 'nope' display_name: 'Y'")
      .ThenRefused("FIELD_INVALID", "domain");
}

TEST(UpdateOrganization, MovesTheDomainsKey) {
  OrganizationSpec()
      .When<v1::UpdateOrganizationRequest>(
          "organization_id: 'org#2' domain: 'new.org' update_mask { paths: 'domain' }")
      .Then("org#2", "organization { organization_details_changed { domain: 'new.org' } }")
      .ThenClaims({"organization.domain=new.org"})
      .ThenReleases({"organization.domain=example.org"})
      .When<v1::UpdateOrganizationRequest>(
          "organization_id: 'org#2' update_mask { paths: "
          "['domain', 'owner', 'attributes'] }")
      .Then("org#2", "organization { organization_details_changed { domain: '' } }")
      .ThenReleases({"organization.domain=new.org"})
      .When<v1::UpdateOrganizationRequest>(
          "organization_id: 'org#2' display_name: 'Example' update_mask { paths: 'display_name' }")
      .ThenNothing();
}

TEST(UpdateOrganization, RefusesBadMasksAndValues) {
  OrganizationSpec()
      .When<v1::UpdateOrganizationRequest>("organization_id: 'org#2'")
      .ThenRefused("FIELD_INVALID", "update_mask")
      .When<v1::UpdateOrganizationRequest>("organization_id: 'org#2' update_mask { paths: 'x' }")
      .ThenRefused("FIELD_INVALID", "update_mask")
      .When<v1::UpdateOrganizationRequest>(
          "organization_id: 'org#2' update_mask { paths: 'display_name' }")
      .ThenRefused("FIELD_INVALID", "display_name")
      .When<v1::UpdateOrganizationRequest>("organization_id: 'org#9' update_mask { paths: 'x' }")
      .ThenRefused("ORGANIZATION_NOT_FOUND", "org#9")
      .Etag("2")
      .When<v1::UpdateOrganizationRequest>(
          "organization_id: 'org#2' domain: 'a.org' update_mask { paths: 'domain' }")
      .ThenRefused("REVISION_CONFLICT", "found \"1\"")
      .OccurredAt(0)
      .When<v1::UpdateOrganizationRequest>(
          "organization_id: 'org#2' domain: 'a.org' update_mask { paths: 'domain' }")
      .ThenRefused("OCCURRED_OUT_OF_ORDER", "OrganizationCreated");
}

TEST(TagOrganization, AddsAndRemoves) {
  OrganizationSpec()
      .When<v1::TagOrganizationRequest>("organization_id: 'org#2' tags: ['b', 'a']")
      .Then("org#2", "organization { organization_tagged { tags: ['a', 'b'] } }")
      .When<v1::TagOrganizationRequest>("organization_id: 'org#2' tags: 'a'")
      .ThenNothing()
      .When<v1::UntagOrganizationRequest>("organization_id: 'org#2' tags: 'a'")
      .Then("org#2", "organization { organization_untagged { tags: 'a' } }")
      .When<v1::UntagOrganizationRequest>("organization_id: 'org#2' tags: 'a'")
      .ThenNothing()
      .When<v1::UntagOrganizationRequest>("organization_id: 'org#2'")
      .ThenRefused("FIELD_INVALID", "tags")
      .When<v1::TagOrganizationRequest>("organization_id: 'org#9' tags: 'a'")
      .ThenRefused("ORGANIZATION_NOT_FOUND", "org#9");
}

}  // namespace
}  // namespace dealog::domain
