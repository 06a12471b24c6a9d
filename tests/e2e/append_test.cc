// Method: a billing service's types and events by the command line alone, through a kill -9.

#include <signal.h>

#include <filesystem>
#include <fstream>

#include "dealog/v1/log.pb.h"
#include "tests/e2e/installation.h"
#include "tests/support/billing_types.h"

namespace dealog::e2e {
namespace {

class Appending : public Installation {
 protected:
  void SetUp() override {
    Installation::SetUp();
    CreateTenant();
    descriptors_ = folder_ + ".binpb";
    std::ofstream(descriptors_, std::ios::binary) << BillingDescriptorSet();
    const Outcome registered = Dealog({"log", "stream-type", "register", "invoice", "--owner",
                                       "billing", "--descriptors", descriptors_, "--event",
                                       "InvoiceSent=billing.v1.InvoiceSent"});
    ASSERT_EQ(registered.exit_code, 0) << registered.err;
  }
  void TearDown() override {
    std::filesystem::remove(descriptors_);
    Installation::TearDown();
  }
  Outcome Append(std::vector<std::string> more) {
    std::vector<std::string> arguments = {"log", "append", "invoice/1", "--type", "InvoiceSent"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Dealog(arguments);
  }

  std::string descriptors_;
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
  const Outcome appended =
      Append({"--json", R"({"number":"A-1"})", "--expected-revision", "0", "--if",
              "stream_type/invoice=1"});
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
  const std::string file = folder_ + ".payload";
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
  std::filesystem::remove(file);
}

}  // namespace
}  // namespace dealog::e2e
