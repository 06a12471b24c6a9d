// Method: through the running server, back-dated changes of everything of which a reply and a read
// once differed: what the mutation answered is what the read that follows shows, and what the next
// command goes by.

#include "dealog/v1/catalog.grpc.pb.h"
#include "dealog/v1/organizations.grpc.pb.h"
#include "google/protobuf/util/message_differencer.h"
#include "google/protobuf/util/time_util.h"
#include "tests/services/rpc/fixture.h"

namespace dealog::rpc {
namespace {

using google::protobuf::util::MessageDifferencer;
using google::protobuf::util::TimeUtil;
using ::testing::ElementsAre;

class OneTruthRpc : public RpcTest {
 protected:
  OneTruthRpc()
      : organizations_(v1::OrganizationService::NewStub(TestChannel())),
        catalog_(v1::CatalogService::NewStub(TestChannel())) {
    MakeTenant();
  }

  // Days before today, so that nothing lies in the future.
  template <typename Request>
  static void DaysAgo(int days, Request& request) {
    *request.mutable_occurred_at() =
        TimeUtil::GetCurrentTime() - TimeUtil::SecondsToDuration(days * 86'400);
  }
  v1::Member UpsertMember(const std::string& id, const std::string& name, int days_ago) {
    v1::UpsertMemberRequest request;
    request.set_member_id(id);
    request.set_display_name(name);
    DaysAgo(days_ago, request);
    return Must(*catalog_, &v1::CatalogService::Stub::UpsertMember, request).member();
  }
  std::vector<std::string> MemberNames() {
    std::vector<std::string> names;
    const auto page =
        Must(*catalog_, &v1::CatalogService::Stub::ListMembers, v1::ListMembersRequest());
    for (const v1::Member& member : page.members()) names.push_back(member.display_name());
    return names;
  }
  v1::Contact CreateContact(const std::string& name, int days_ago) {
    v1::CreateContactRequest request;
    request.set_display_name(name);
    DaysAgo(days_ago, request);
    return Must(*contacts_, &v1::ContactService::Stub::CreateContact, request).contact();
  }

  std::unique_ptr<v1::OrganizationService::Stub> organizations_;
  std::unique_ptr<v1::CatalogService::Stub> catalog_;
};

TEST_F(OneTruthRpc, AContactsBackDatedNameAndEmail) {
  const std::string id = CreateContact("January name", 300).contact_id();
  v1::UpdateContactRequest update;
  update.set_contact_id(id);
  update.set_display_name("June name");
  update.set_email("june@example.org");
  update.mutable_update_mask()->add_paths("display_name");
  update.mutable_update_mask()->add_paths("email");
  DaysAgo(100, update);
  Must(*contacts_, &v1::ContactService::Stub::UpdateContact, update);
  update.set_display_name("March name");
  update.set_email("march@example.org");
  DaysAgo(200, update);
  const v1::Contact reply =
      Must(*contacts_, &v1::ContactService::Stub::UpdateContact, update).contact();
  // What a name is follows business time; an address holds a key from the commit on.
  EXPECT_EQ(reply.display_name(), "June name");
  EXPECT_EQ(reply.email(), "march@example.org");
  v1::GetContactRequest get;
  get.set_contact_id(id);
  const v1::Contact shown = Must(*contacts_, &v1::ContactService::Stub::GetContact, get).contact();
  EXPECT_TRUE(MessageDifferencer::Equals(shown, reply)) << shown.ShortDebugString();
}

TEST_F(OneTruthRpc, AnOrganizationsBackDatedDomain) {
  v1::CreateOrganizationRequest create;
  create.set_display_name("Acme");
  create.set_domain("january.example");
  DaysAgo(300, create);
  const std::string id =
      Must(*organizations_, &v1::OrganizationService::Stub::CreateOrganization, create)
          .organization()
          .organization_id();
  v1::UpdateOrganizationRequest update;
  update.set_organization_id(id);
  update.mutable_update_mask()->add_paths("domain");
  update.set_domain("june.example");
  DaysAgo(100, update);
  Must(*organizations_, &v1::OrganizationService::Stub::UpdateOrganization, update);
  update.set_domain("march.example");
  DaysAgo(200, update);
  const v1::Organization reply =
      Must(*organizations_, &v1::OrganizationService::Stub::UpdateOrganization, update)
          .organization();
  EXPECT_EQ(reply.domain(), "march.example");
  v1::GetOrganizationRequest get;
  get.set_organization_id(id);
  const v1::Organization shown =
      Must(*organizations_, &v1::OrganizationService::Stub::GetOrganization, get).organization();
  EXPECT_TRUE(MessageDifferencer::Equals(shown, reply)) << shown.ShortDebugString();
}

TEST_F(OneTruthRpc, TheNameThatTheListShowsIsTheOneThatOwns) {
  const std::string id = UpsertMember("", "Zoe January", 300).member_id();
  UpsertMember(id, "Zoe June", 100);
  EXPECT_EQ(UpsertMember(id, "Zoe March", 200).display_name(), "Zoe March");
  EXPECT_THAT(MemberNames(), ElementsAre("Zoe March"));
  v1::OpenDealRequest open;
  open.set_title("Hers");
  open.set_owner(MemberNames().front());
  const v1::Deal deal = Must(*deals_, &v1::DealService::Stub::OpenDeal, open).deal();
  EXPECT_EQ(deal.owner_id(), id);
  v1::GetDealRequest get;
  get.set_deal_id(deal.deal_id());
  EXPECT_EQ(Must(*deals_, &v1::DealService::Stub::GetDeal, get).deal().owner(), "Zoe March");
}

TEST_F(OneTruthRpc, ADealsContactsAreInTheOrderLinked) {
  const std::string first = CreateContact("First", 9).contact_id();
  const std::string second = CreateContact("Second", 9).contact_id();
  const std::string deal_id = OpenDeal("Linked").deal_id();
  v1::Deal reply;
  for (const std::string& contact : {second, first}) {
    v1::LinkDealContactRequest link;
    link.set_deal_id(deal_id);
    link.mutable_link()->set_contact_id(contact);
    reply = Must(*deals_, &v1::DealService::Stub::LinkDealContact, link).deal();
  }
  const auto ids = [](const v1::Deal& deal) {
    std::vector<std::string> found;
    for (const auto& link : deal.contacts()) found.push_back(link.contact_id());
    return found;
  };
  EXPECT_THAT(ids(reply), ElementsAre(second, first));
  v1::GetDealRequest get;
  get.set_deal_id(deal_id);
  EXPECT_THAT(ids(Must(*deals_, &v1::DealService::Stub::GetDeal, get).deal()),
              ElementsAre(second, first));
}

}  // namespace
}  // namespace dealog::rpc
