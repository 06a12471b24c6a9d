// Method: specs of the commands of contacts; who holds an e-mail address is checked by the claims.

#include <gtest/gtest.h>

#include "tests/services/domain/deal_fixture.h"

namespace dealog::domain {
namespace {

// contact#2 holds ada@example.org.
class ContactSpec : public PipelineSpec {
 public:
  ContactSpec() {
    Given<v1::CreateContactRequest>(
        "contact_id: 'contact#2' display_name: 'Ada' email: 'Ada@Example.org'");
  }
};

TEST(CreateContact, TakesTheNormalisedAddress) {
  PipelineSpec()
      .When<v1::CreateContactRequest>(R"(contact_id: 'contact#2' display_name: 'Ada'
          email: ' Ada@EXAMPLE.org' phone: '+33 1' owner: 'Bob' organization_id: 'org#1'
          tags: ['b', 'a'] external_key: 'K'
          attributes { key: 'size' number: 3 } attributes { key: 'role' text: 'boss' })")
      .Then("contact#2", R"(contact { contact_created { display_name: 'Ada'
          email: ' Ada@EXAMPLE.org' phone: '+33 1' owner_id: 'member#2' organization_id: 'org#1'
          tags: ['a', 'b'] external_key: 'K'
          attributes { key: 'role' text: 'boss' } attributes { key: 'size' number: 3 } } })")
      .ThenClaims({"contact.email=ada@example.org"});
}

TEST(CreateContact, RefusesAnAddressThatIsTakenNamingTheHolder) {
  ContactSpec()
      .When<v1::CreateContactRequest>("display_name: 'Other' email: 'ADA@example.org'")
      .ThenRefused("EMAIL_TAKEN", "key: \"contact_id\" value: \"contact#2\"");
}

TEST(CreateContact, RefusesWhatIsNoAddress) {
  for (const char* email :
       {"ada", "@example.org", "ada@", "ada@localhost", "a b@example.org", "ada@exa mple.org",
        "ada@@example.org", "ada@-.org", ".a@b.org", "a..b@c.org", "<a@b.org>"}) {
    Spec()
        .When<v1::CreateContactRequest>("email: '" + std::string(email) + "'")
        .ThenRefused("FIELD_INVALID", "email");
  }
}

TEST(CreateContact, RefusesBadFields) {
  const std::string too_long(257, 'x');
  Spec()
      .When<v1::CreateContactRequest>("")
      .ThenRefused("FIELD_INVALID", "display_name")
      .When<v1::CreateContactRequest>("display_name: '  '")
      .ThenRefused("FIELD_INVALID", "display_name")
      .When<v1::CreateContactRequest>("display_name: '" + too_long + "'")
      .ThenRefused("FIELD_INVALID", "display_name")
      .When<v1::CreateContactRequest>("display_name: 'A' phone: '" + too_long + "'")
      .ThenRefused("FIELD_INVALID", "phone")
      .When<v1::CreateContactRequest>("display_name: 'A' external_key: '" + too_long + "'")
      .ThenRefused("FIELD_INVALID", "external_key")
      .When<v1::CreateContactRequest>("display_name: 'A' email: 'a\\000@b.org'")
      .ThenRefused("FIELD_INVALID", "email")
      .When<v1::CreateContactRequest>("display_name: 'A' owner: 'Zoe'")
      .ThenRefused("MEMBER_NOT_FOUND", "Zoe")
      .When<v1::CreateContactRequest>("display_name: 'A' organization_id: 'org#9'")
      .ThenRefused("ORGANIZATION_NOT_FOUND", "org#9")
      .When<v1::CreateContactRequest>("display_name: 'A' tags: ''")
      .ThenRefused("FIELD_INVALID", "tags[0]")
      .When<v1::CreateContactRequest>("contact_id: 'x' display_name: 'A'")
      .ThenRefused("FIELD_INVALID", "contact_id");
}

TEST(CreateContact, RefusesBadAttributes) {
  const auto with = [](const std::string& attributes) { return "display_name: 'A' " + attributes; };
  std::string many;
  for (int i = 0; i < 65; ++i) many += "attributes { key: 'k" + std::to_string(i) + "' number: 1 }";
  Spec()
      .When<v1::CreateContactRequest>(with("attributes { key: 'Size' number: 1 }"))
      .ThenRefused("FIELD_INVALID", "attributes[0].key")
      .When<v1::CreateContactRequest>(with("attributes { number: 1 }"))
      .ThenRefused("FIELD_INVALID", "attributes[0].key")
      .When<v1::CreateContactRequest>(with("attributes { key: 'a' number: inf }"))
      .ThenRefused("FIELD_INVALID", "attributes[0].number")
      .When<v1::CreateContactRequest>(with("attributes { key: 'a' }"))
      .ThenRefused("FIELD_INVALID", "attributes[0]")
      .When<v1::CreateContactRequest>(
          with("attributes { key: 'a' text: '" + std::string(1025, 'x') + "' }"))
      .ThenRefused("FIELD_INVALID", "attributes[0].text")
      .When<v1::CreateContactRequest>(
          with("attributes { key: 'a' number: 1 } attributes { key: 'a' number: 2 }"))
      .ThenRefused("FIELD_INVALID", "attributes")
      .When<v1::CreateContactRequest>(with(many))
      .ThenRefused("FIELD_INVALID", "attributes");
}

TEST(UpsertContact, CreatesThenUpdatesByAddress) {
  PipelineSpec()
      .Seed(60)
      .When<v1::UpsertContactRequest>("email: 'ada@example.org' display_name: 'Ada'")
      .Then("contact#60", R"(contact { contact_created {
          display_name: 'Ada' email: 'ada@example.org' } })")
      .ThenClaims({"contact.email=ada@example.org"})
      .When<v1::UpsertContactRequest>(R"(email: 'ADA@example.org' phone: '1' owner: 'Ada'
          tags: 'vip' attributes { key: 'a' number: 1 } contact_id: 'contact#61')")
      .Then({{"contact#60", R"(contact { contact_details_changed {
                 phone: '1' attributes { key: 'a' number: 1 } } })"},
             {"contact#60", "contact { contact_owner_assigned { owner_id: 'member#1' } }"},
             {"contact#60", "contact { contact_tagged { tags: 'vip' } }"}})
      .ThenClaims({})
      .When<v1::UpsertContactRequest>("email: 'ada@example.org' tags: 'vip'")
      .ThenNothing()
      .When<v1::UpsertContactRequest>("display_name: 'Ada'")
      .ThenRefused("FIELD_INVALID", "email")
      .When<v1::UpsertContactRequest>("email: 'ada'")
      .ThenRefused("FIELD_INVALID", "email")
      .Etag("1")
      .When<v1::UpsertContactRequest>("email: 'ada@example.org' phone: '2'")
      .ThenRefused("REVISION_CONFLICT", "found \"4\"");
}

TEST(UpdateContact, MovesTheAddresssKey) {
  ContactSpec()
      .When<v1::UpdateContactRequest>(
          "contact_id: 'contact#2' email: 'ada@new.org' update_mask { paths: 'email' }")
      .Then("contact#2", "contact { contact_details_changed { email: 'ada@new.org' } }")
      .ThenClaims({"contact.email=ada@new.org"})
      .ThenReleases({"contact.email=ada@example.org"})
      .When<v1::UpdateContactRequest>(
          "contact_id: 'contact#2' email: 'ADA@new.org' update_mask { paths: 'email' }")
      .Then("contact#2", "contact { contact_details_changed { email: 'ADA@new.org' } }")
      .ThenClaims({})
      .When<v1::CreateContactRequest>("contact_id: 'contact#3' email: 'ada@example.org'")
      .ThenClaims({"contact.email=ada@example.org"})
      .When<v1::UpdateContactRequest>(
          "contact_id: 'contact#2' email: 'ada@example.org' update_mask { paths: 'email' }")
      .ThenRefused("EMAIL_TAKEN", "contact#3")
      .When<v1::UpdateContactRequest>("contact_id: 'contact#2' update_mask { paths: 'email' }")
      .Then("contact#2", "contact { contact_details_changed { email: '' } }")
      .ThenReleases({"contact.email=ada@new.org"});
}

TEST(UpdateContact, ChangesWhatTheMaskNames) {
  ContactSpec()
      .When<v1::UpdateContactRequest>(R"(contact_id: 'contact#2' display_name: 'Ada L.'
          phone: '1' owner: 'Bob' organization_id: 'org#1' attributes { key: 'a' text: 'x' }
          update_mask { paths: ['display_name', 'phone', 'owner', 'organization_id',
                                'attributes'] })")
      .Then({{"contact#2", R"(contact { contact_details_changed { display_name: 'Ada L.' phone: '1'
                 organization_id: 'org#1' attributes { key: 'a' text: 'x' } } })"},
             {"contact#2", "contact { contact_owner_assigned { owner_id: 'member#2' } }"}})
      .When<v1::UpdateContactRequest>(R"(contact_id: 'contact#2' attributes { key: 'a' }
          attributes { key: 'unknown' } update_mask { paths: 'attributes' })")
      .Then("contact#2", "contact { contact_details_changed { attributes { key: 'a' } } }")
      .When<v1::UpdateContactRequest>(
          "contact_id: 'contact#2' display_name: 'Ada L.' update_mask { paths: 'display_name' }")
      .ThenNothing();
}

TEST(UpdateContact, RefusesBadMasksAndValues) {
  ContactSpec()
      .When<v1::UpdateContactRequest>("contact_id: 'contact#2'")
      .ThenRefused("FIELD_INVALID", "update_mask")
      .When<v1::UpdateContactRequest>("contact_id: 'contact#2' update_mask { paths: 'tags' }")
      .ThenRefused("FIELD_INVALID", "update_mask")
      .When<v1::UpdateContactRequest>("contact_id: 'contact#9' update_mask { paths: 'email' }")
      .ThenRefused("CONTACT_NOT_FOUND", "contact#9")
      .When<v1::UpdateContactRequest>(
          "contact_id: 'contact#2' update_mask { paths: ['display_name', 'email'] }")
      .ThenRefused("FIELD_INVALID", "display_name")
      .When<v1::UpdateContactRequest>(
          "contact_id: 'contact#2' email: 'x' update_mask { paths: 'email' }")
      .ThenRefused("FIELD_INVALID", "email")
      .When<v1::UpdateContactRequest>(
          "contact_id: 'contact#2' owner: 'Zoe' update_mask { paths: 'owner' }")
      .ThenRefused("MEMBER_NOT_FOUND", "Zoe")
      .OccurredAt(0)
      .When<v1::UpdateContactRequest>(
          "contact_id: 'contact#2' phone: '1' update_mask { paths: 'phone' }")
      .ThenRefused("OCCURRED_OUT_OF_ORDER", "ContactCreated");
}

TEST(UpdateContact, RefusesMoreAttributesThanTheLimit) {
  ContactSpec spec;
  for (int i = 0; i < 64; ++i) {
    spec.Given<v1::UpdateContactRequest>("contact_id: 'contact#2' attributes { key: 'k" +
                                         std::to_string(i) +
                                         "' number: 1 } update_mask { paths: 'attributes' }");
  }
  spec.When<v1::UpdateContactRequest>(
          "contact_id: 'contact#2' attributes { key: 'more' number: 1 }"
          " update_mask { paths: 'attributes' }")
      .ThenRefused("LIMIT_EXCEEDED", "kAttributesMax")
      .When<v1::UpdateContactRequest>(
          "contact_id: 'contact#2' attributes { key: 'more' number: 1 }"
          " attributes { key: 'k1' } update_mask { paths: "
          "'attributes' }");
  EXPECT_TRUE(spec.result().ok()) << spec.result().status();
}

TEST(TagContact, AddsAndRemoves) {
  ContactSpec()
      .When<v1::TagContactRequest>("contact_id: 'contact#2' tags: ['b', 'a']")
      .Then("contact#2", "contact { contact_tagged { tags: ['a', 'b'] } }")
      .When<v1::TagContactRequest>("contact_id: 'contact#2' tags: 'a'")
      .ThenNothing()
      .When<v1::UntagContactRequest>("contact_id: 'contact#2' tags: ['a', 'z']")
      .Then("contact#2", "contact { contact_untagged { tags: 'a' } }")
      .When<v1::UntagContactRequest>("contact_id: 'contact#2' tags: 'a'")
      .ThenNothing()
      .When<v1::TagContactRequest>("contact_id: 'contact#2'")
      .ThenRefused("FIELD_INVALID", "tags")
      .When<v1::UntagContactRequest>("contact_id: 'contact#9' tags: 'a'")
      .ThenRefused("CONTACT_NOT_FOUND", "contact#9");
}

}  // namespace
}  // namespace dealog::domain
