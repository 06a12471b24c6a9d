// Method: a small billing service's descriptors; bytes and JSON that fit them, and each way not to.

#include "eventstore/base/message_types.h"

#include <gmock/gmock.h>

#include "tests/support/billing_types.h"

namespace dealog::base {
namespace {

using ::testing::HasSubstr;

constexpr char kSent[] = "billing.v1.InvoiceSent";

std::unique_ptr<const MessageTypes> Billing() {
  auto types = MessageTypes::Build(BillingDescriptorSet());
  EXPECT_TRUE(types.ok()) << types.status();
  return *std::move(types);
}

void ExpectInvalid(const absl::Status& status, const std::string& mention) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr(mention));
}

TEST(MessageTypes, JsonAndBackGivesTheSameBytes) {
  const auto types = Billing();
  const std::string json = R"({"number":"A-1","amount_minor":"1250","lines":[{"text":"x"}]})";
  const auto bytes = types->FromJson(kSent, json);
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_TRUE(types->Check(kSent, *bytes).ok());
  EXPECT_EQ(*types->ToJson(kSent, *bytes), json);
  EXPECT_EQ(*types->FromJson(kSent, R"({"number":"A-1"})"), InvoiceSentBytes("A-1"));
}

TEST(MessageTypes, AnEmptyMessageIsOne) {
  EXPECT_TRUE(Billing()->Check(kSent, "").ok());
  EXPECT_EQ(*Billing()->ToJson(kSent, ""), "{}");
}

TEST(MessageTypes, RefusesBytesThatAreNotTheMessage) {
  const auto types = Billing();
  ExpectInvalid(types->Check(kSent, "\xff\xff"), "2 bytes that do not parse");
  // Text that is no UTF-8, a field that nobody knows, one below that nobody knows.
  ExpectInvalid(types->Check(kSent, InvoiceSentBytes("\xff")), "do not parse");
  ExpectInvalid(types->Check(kSent, "\x28\x01"), "unknown field number 5");
  ExpectInvalid(types->Check(kSent, std::string("\x1a\x02\x28\x01", 4)), "unknown field number 5");
  ExpectInvalid(types->Check("billing.v1.Nothing", ""), "billing.v1.Nothing");
  ExpectInvalid(types->ToJson(kSent, "\xff").status(), "do not parse");
}

TEST(MessageTypes, RefusesRequiredFieldsThatAreNotThere) {
  auto file = BillingFile();
  file.set_syntax("proto2");
  file.mutable_message_type(1)->mutable_field(0)->set_label(
      google::protobuf::FieldDescriptorProto::LABEL_REQUIRED);
  google::protobuf::FileDescriptorSet set;
  *set.add_file() = file;
  const auto types = MessageTypes::Build(set.SerializeAsString());
  ASSERT_TRUE(types.ok()) << types.status();
  ExpectInvalid((*types)->Check(kSent, ""), "number");
  EXPECT_TRUE((*types)->Check(kSent, InvoiceSentBytes("A")).ok());
}

TEST(MessageTypes, RefusesJsonThatIsNotTheMessage) {
  const auto types = Billing();
  ExpectInvalid(types->FromJson(kSent, "{").status(), "as JSON");
  ExpectInvalid(types->FromJson(kSent, R"({"colour":"red"})").status(), "colour");
  ExpectInvalid(types->FromJson("Nothing", "{}").status(), "Nothing");
}

TEST(MessageTypes, RefusesDescriptorsThatDoNotBuild) {
  ExpectInvalid(MessageTypes::Build("").status(), "0 other bytes");
  ExpectInvalid(MessageTypes::Build("\xff").status(), "1 other bytes");
  google::protobuf::FileDescriptorSet set;
  *set.add_file() = BillingFile();
  *set.add_file() = BillingFile();
  set.mutable_file(1)->set_name("other.proto");
  ExpectInvalid(MessageTypes::Build(set.SerializeAsString()).status(), "other.proto");
  set.mutable_file()->RemoveLast();
  set.mutable_file(0)->add_dependency("google/protobuf/timestamp.proto");
  ExpectInvalid(MessageTypes::Build(set.SerializeAsString()).status(), "timestamp.proto");
}

TEST(MessageTypes, ReadsOneText) {
  const auto types = Billing();
  constexpr char kPaid[] = "billing.v1.InvoicePaid";
  EXPECT_TRUE(types->HasText(kPaid, "deal_id"));
  EXPECT_EQ(types->Text(kPaid, "deal_id", InvoicePaidBytes("d1")), "d1");
  EXPECT_EQ(types->Text(kPaid, "deal_id", ""), "");
  EXPECT_EQ(types->Text(kPaid, "deal_id", "\xff"), "");
  EXPECT_FALSE(types->HasText(kPaid, "number"));
  EXPECT_FALSE(types->HasText("billing.v1.Nothing", "deal_id"));
  // Numbers and lists are not one text.
  EXPECT_FALSE(types->HasText(kSent, "amount_minor"));
  EXPECT_FALSE(types->HasText(kSent, "lines"));
  EXPECT_EQ(types->Text(kSent, "lines", ""), "");
}

TEST(MessageTypes, FindsImportsWhateverTheirOrder) {
  google::protobuf::FileDescriptorSet set;
  *set.add_file() = BillingFile();
  set.mutable_file(0)->add_dependency("google/protobuf/descriptor.proto");
  google::protobuf::FileDescriptorProto::descriptor()->file()->CopyTo(set.add_file());
  const auto types = MessageTypes::Build(set.SerializeAsString());
  ASSERT_TRUE(types.ok()) << types.status();
  EXPECT_TRUE((*types)->Has(kSent));
  EXPECT_FALSE((*types)->Has("billing.v1"));
  EXPECT_GT((*types)->ApproximateBytes(), set.ByteSizeLong());
}

}  // namespace
}  // namespace dealog::base
