// Method: a billing service's types and events by the command line alone, through a kill -9; then
// wherever events of the CRM itself go: groups, proofs, backups, workflows.

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "absl/time/clock.h"
#include "dealog/v1/deals.pb.h"
#include "dealog/v1/groups.pb.h"
#include "dealog/v1/log.pb.h"
#include "tests/e2e/installation.h"
#include "tests/support/billing_types.h"

namespace dealog::e2e {
namespace {

using testing::HasSubstr;

class Appending : public BackedUpInstallation {
 protected:
  void SetUp() override {
    BackedUpInstallation::SetUp();
    CreateTenant();
    std::ofstream(safe_ + "/billing.binpb", std::ios::binary) << BillingDescriptorSet();
    const Outcome registered =
        Dealog({"log", "stream-type", "register", "invoice", "--owner", "billing", "--descriptors",
                safe_ + "/billing.binpb", "--event", "InvoiceSent=billing.v1.InvoiceSent",
                "--event", "InvoicePaid=billing.v1.InvoicePaid"});
    ASSERT_EQ(registered.exit_code, 0) << registered.err;
  }
  Outcome Append(std::vector<std::string> more) {
    std::vector<std::string> arguments = {"log", "append", "invoice/1", "--type", "InvoiceSent"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Dealog(arguments);
  }
};

TEST_F(Appending, ShowsItsTypes) {
  const Outcome list = Dealog({"log", "stream-type", "list"});
  EXPECT_NE(list.out.find("invoice"), std::string::npos) << list.out;
  EXPECT_NE(list.out.find("billing"), std::string::npos) << list.out;
  const Outcome show = Dealog({"log", "stream-type", "show", "invoice"});
  EXPECT_NE(show.out.find("billing.v1.InvoiceSent"), std::string::npos) << show.out;
  EXPECT_EQ(Dealog({"log", "stream-type", "show", "parcel"}).exit_code, 15);
}

TEST_F(Appending, WritesJsonThatReadersSee) {
  const Outcome appended = Append({"--json", R"({"number":"A-1"})", "--expected-revision", "0",
                                   "--if", "stream_type/invoice=1"});
  ASSERT_EQ(appended.exit_code, 0) << appended.err;
  EXPECT_NE(appended.out.find("invoice/1"), std::string::npos) << appended.out;
  EXPECT_EQ(Append({"--json", R"({"number":"A-1"})", "--expected-revision", "0"}).exit_code, 20);
  EXPECT_EQ(Append({"--json", R"({"colour":"red"})"}).exit_code, 13);
  EXPECT_EQ(Append({"--text", "\xff"}).exit_code, 13);
  const Outcome read = Dealog({"log", "read", "--stream-type", "invoice"});
  EXPECT_NE(read.out.find(R"({"number":"A-1"})"), std::string::npos) << read.out;
  const Outcome history = Dealog({"history", "events", "invoice/1"});
  EXPECT_NE(history.out.find("InvoiceSent"), std::string::npos) << history.out;
}

TEST_F(Appending, IsThereAfterAKill) {
  const std::string file = safe_ + "/payload";
  std::ofstream(file, std::ios::binary) << InvoiceSentBytes("A-2");
  const std::string id = "7f9c24e8-3b12-4c1d-9f6a-0d1e2f3a4b5c";
  ASSERT_EQ(Append({"--data", file, "--request-id", id}).exit_code, 0);
  KillServer();
  StartServer();
  const Outcome again = Append({"--data", file, "--request-id", id});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_NE(again.err.find("done before"), std::string::npos) << again.err;
  const Outcome stream = Dealog({"log", "stream", "invoice/1"});
  EXPECT_NE(stream.out.find("A-2"), std::string::npos) << stream.out;
}

TEST_F(Appending, TheCrmsOwnStreamsAreRefused) {
  Must({"pipeline", "create", "Sales", "--template", "sales-en"});
  const auto deal =
      DealogJson<v1::DealMutationResponse>({"deal", "open", "A", "--pipeline", "Sales"}).deal();
  const Outcome refused =
      Dealog({"log", "append", "deal/" + deal.deal_id(), "--type", "DealWon", "--text", ""});
  EXPECT_EQ(refused.exit_code, 13);
  EXPECT_THAT(refused.err, HasSubstr("STREAM_TYPE_RESERVED"));
  EXPECT_THAT(refused.err, HasSubstr("change through its commands only"));
}

TEST_F(Appending, AGroupHandlesThem) {
  Must({"group", "create", "books", "--stream-type", "invoice", "--after", "0"});
  Must({"pipeline", "create", "Sales", "--template", "sales-en"});
  Append({"--json", R"({"number":"A-1"})"});
  const std::string delivered = Must({"group", "consume", "books", "--limit", "1"});
  EXPECT_THAT(delivered, HasSubstr("InvoiceSent"));
  EXPECT_THAT(delivered, HasSubstr("A-1"));
}

TEST_F(Appending, AProofHoldsAndABackupBringsThemBack) {
  Append({"--json", R"({"number":"A-1"})"});
  const std::string position =
      std::to_string(DealogJson<v1::GetHeadResponse>({"log", "head"}).position());
  Must({"audit", "key", "--out", safe_ + "/key"});
  Must({"audit", "checkpoint", "--key", safe_ + "/key", "--out", safe_ + "/kept"});
  Must({"audit", "prove", position, "--out", safe_ + "/proof"});
  const std::vector<std::string> verify = {
      "audit",         "verify",  "--key",          safe_ + "/key", "--checkpoint",
      safe_ + "/kept", "--proof", safe_ + "/proof", "--server",     kNobody};
  Must(verify);
  Must({"backup", "create", "nightly"});
  const std::vector<std::string> read = {"log",     "read",     "--stream-type",
                                         "invoice", "--output", "json"};
  const std::string before = Must(read);
  KillServer();
  std::filesystem::copy(folder_ + "/keys", safe_ + "/keys");
  std::filesystem::remove_all(folder_);
  Must({"backup", "restore", safe_ + "/backups/nightly", folder_, "--keys", safe_ + "/keys",
        "--server", kNobody});
  Must({"log", "verify", folder_});
  ASSERT_TRUE(StartServer());
  EXPECT_EQ(Must(read), before);
  // The type came back with them.
  Append({"--json", R"({"number":"A-2"})", "--expected-revision", "1"});
  EXPECT_THAT(Must(read), HasSubstr("A-2"));
}

TEST_F(Appending, OneThatNamesADealTriggersAWorkflow) {
  Must({"pipeline", "create", "Sales", "--template", "sales-en"});
  const std::string deal =
      DealogJson<v1::DealMutationResponse>({"deal", "open", "A", "--pipeline", "Sales"})
          .deal()
          .deal_id();
  std::ofstream(safe_ + "/paid.yaml") << "display_name: Paid\n"
                                         "trigger: {event_type: InvoicePaid}\n"
                                         "actions: [{tag: {add: [paid]}}]\n";
  Must({"workflow", "apply", safe_ + "/paid.yaml"});
  Must({"log", "append", "invoice/1", "--type", "InvoicePaid", "--json",
        R"({"deal_id":")" + deal + R"("})"});
  std::string events;
  for (int i = 0; i < 100 && events.find("DealTagged") == std::string::npos; ++i) {
    absl::SleepFor(absl::Milliseconds(50));
    events = Must({"log", "stream", "deal/" + deal});
  }
  EXPECT_THAT(events, HasSubstr("DealTagged"));
}

}  // namespace
}  // namespace dealog::e2e
