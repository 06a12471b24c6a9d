// Method: over the wire; a deal's life through every method of DealService.

#include "tests/services/rpc/fixture.h"

namespace dealog::rpc {
namespace {

using Deals = v1::DealService::Stub;

class DealsTest : public RpcTest {
 protected:
  void SetUp() override { MakeTenant(); }
};

TEST_F(DealsTest, LiveThroughEveryMethod) {
  const std::string id = OpenDeal("Life").deal_id();
  EXPECT_EQ(Move(id, "Offer").deal().status(), v1::Deal::OPEN);

  v1::UpdateDealRequest update;
  update.set_deal_id(id);
  update.set_title("Long life");
  update.mutable_amount()->set_currency_code("USD");
  update.mutable_amount()->set_units(100);
  update.mutable_update_mask()->add_paths("title");
  update.mutable_update_mask()->add_paths("amount");
  EXPECT_EQ(Must(*deals_, &Deals::UpdateDeal, update).deal().amount().units(), 100);

  v1::TagDealRequest tag;
  tag.set_deal_id(id);
  tag.add_tags("hot");
  EXPECT_THAT(Must(*deals_, &Deals::TagDeal, tag).deal().tags(), testing::ElementsAre("hot"));
  v1::UntagDealRequest untag;
  untag.set_deal_id(id);
  untag.add_tags("hot");
  EXPECT_EQ(Must(*deals_, &Deals::UntagDeal, untag).deal().tags_size(), 0);

  v1::UndoDealMoveRequest undo;
  undo.set_deal_id(id);
  Must(*deals_, &Deals::UndoDealMove, undo);

  v1::LoseDealRequest lose;
  lose.set_deal_id(id);
  lose.set_reason("too dear");
  EXPECT_EQ(Must(*deals_, &Deals::LoseDeal, lose).deal().status(), v1::Deal::LOST);

  v1::ReopenDealRequest reopen;
  reopen.set_deal_id(id);
  reopen.set_mode(events::v1::REOPEN_MODE_RESUME);
  EXPECT_EQ(Must(*deals_, &Deals::ReopenDeal, reopen).deal().status(), v1::Deal::OPEN);

  v1::WinDealRequest win;
  win.set_deal_id(id);
  EXPECT_EQ(Must(*deals_, &Deals::WinDeal, win).deal().status(), v1::Deal::WON);

  v1::MoveDealRequest move;
  move.set_deal_id(id);
  move.set_to_stage("Lost");  // To an OPEN stage it would reopen.
  const Failure closed = Fails(*deals_, &Deals::MoveDeal, move);
  EXPECT_EQ(closed.code, grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(closed.reason, "DEAL_CLOSED");

  v1::GetDealRequest get;
  get.set_deal_id(id);
  const v1::Deal read = Must(*deals_, &Deals::GetDeal, get).deal();
  EXPECT_EQ(read.title(), "Long life");
  EXPECT_EQ(read.stage(), "Won");
}

TEST_F(DealsTest, LinkContacts) {
  v1::CreateContactRequest contact;
  contact.set_display_name("Grace");
  contact.set_email("grace@example.org");
  const std::string contact_id =
      Must(*contacts_, &v1::ContactService::Stub::CreateContact, contact).contact().contact_id();
  const std::string id = OpenDeal("Linked").deal_id();
  v1::LinkDealContactRequest link;
  link.set_deal_id(id);
  link.mutable_link()->set_contact_id(contact_id);
  EXPECT_EQ(Must(*deals_, &Deals::LinkDealContact, link).deal().contacts_size(), 1);
  v1::UnlinkDealContactRequest unlink;
  unlink.set_deal_id(id);
  unlink.set_contact_id(contact_id);
  EXPECT_EQ(Must(*deals_, &Deals::UnlinkDealContact, unlink).deal().contacts_size(), 0);
}

TEST_F(DealsTest, AreListedByFilter) {
  OpenDeal("Alpha");
  const std::string beta = OpenDeal("Beta").deal_id();
  v1::ListDealsRequest request;
  request.set_filter("title:\"bet\"");
  const auto listed = Must(*deals_, &Deals::ListDeals, request);
  ASSERT_EQ(listed.deals_size(), 1);
  EXPECT_EQ(listed.deals(0).deal_id(), beta);
}

}  // namespace
}  // namespace dealog::rpc
