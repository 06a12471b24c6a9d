// Method: the descriptors of this build against tests/golden/wire.txt, which holds what clients and
// data folders of the first published API rely on; then small files, changed in every way that
// breaks a reader and in every way that does not, to see that the comparison tells them apart.
//
// What `buf breaking` checks in its category WIRE, and stricter in types. A release may add to the
// image what it adds to the API (DEALOG_WIRE_IMAGE=<file> writes the present one); nothing ever
// leaves it.

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "dealog/events/v1/event.pb.h"
#include "dealog/storage/v1/backup.pb.h"
#include "dealog/storage/v1/commit.pb.h"
#include "dealog/storage/v1/groups.pb.h"
#include "dealog/v1/activities.pb.h"
#include "dealog/v1/admin.pb.h"
#include "dealog/v1/backup.pb.h"
#include "dealog/v1/board.pb.h"
#include "dealog/v1/catalog.pb.h"
#include "dealog/v1/contacts.pb.h"
#include "dealog/v1/deals.pb.h"
#include "dealog/v1/errors.pb.h"
#include "dealog/v1/groups.pb.h"
#include "dealog/v1/history.pb.h"
#include "dealog/v1/imports.pb.h"
#include "dealog/v1/kpi.pb.h"
#include "dealog/v1/log.pb.h"
#include "dealog/v1/organizations.pb.h"
#include "dealog/v1/pipelines.pb.h"
#include "dealog/v1/tenants.pb.h"
#include "dealog/v1/workflows.pb.h"
#include "tests/proto/wire_image.h"

namespace dealog::wire {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Image Present() {
  return ImageOf({events::v1::Event::descriptor()->file(),
                  storage::v1::EventHeader::descriptor()->file(),
                  storage::v1::BackupPartition::descriptor()->file(),
                  storage::v1::GroupRecord::descriptor()->file(),
                  v1::Activity::descriptor()->file(),
                  v1::Projection::descriptor()->file(),
                  v1::Backup::descriptor()->file(),
                  v1::BoardColumn::descriptor()->file(),
                  v1::Member::descriptor()->file(),
                  v1::Contact::descriptor()->file(),
                  v1::Deal::descriptor()->file(),
                  v1::ErrorReason_descriptor()->file(),
                  v1::ConsumerGroup::descriptor()->file(),
                  v1::HistoryEntry::descriptor()->file(),
                  v1::Import::descriptor()->file(),
                  v1::KpiResult::descriptor()->file(),
                  v1::StoredEvent::descriptor()->file(),
                  v1::Organization::descriptor()->file(),
                  v1::Pipeline::descriptor()->file(),
                  v1::Tenant::descriptor()->file(),
                  v1::Workflow::descriptor()->file()});
}

TEST(Wire, IsWhatItWas) {
  const Image now = Present();
  if (const char* path = std::getenv("DEALOG_WIRE_IMAGE")) std::ofstream(path) << ToText(now);
  std::ifstream file("tests/golden/wire.txt");
  ASSERT_TRUE(file.good());
  std::stringstream text;
  text << file.rdbuf();
  const Image old = FromText(text.str());
  ASSERT_GT(old.messages.size(), 200u) << "the image is not whole";
  EXPECT_THAT(Breaks(old, now), IsEmpty());
}

TEST(Wire, AnImageIsItsText) {
  const Image now = Present();
  EXPECT_EQ(ToText(FromText(ToText(now))), ToText(now));
}

constexpr char kFile[] = R"(
  name: "small.proto" package: "dealog.small" syntax: "proto3"
  message_type {
    name: "Card"
    field { name: "id" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
    field { name: "tags" number: 2 type: TYPE_STRING label: LABEL_REPEATED }
    field { name: "kind" number: 3 type: TYPE_ENUM type_name: ".dealog.small.Kind"
            label: LABEL_OPTIONAL }
    field { name: "own" number: 4 type: TYPE_MESSAGE type_name: ".dealog.small.Money"
            label: LABEL_OPTIONAL oneof_index: 0 }
    field { name: "none" number: 5 type: TYPE_BOOL label: LABEL_OPTIONAL oneof_index: 0 }
    oneof_decl { name: "price" }
  }
  message_type {
    name: "Money"
    field { name: "units" number: 1 type: TYPE_INT64 label: LABEL_OPTIONAL }
  }
  enum_type {
    name: "Kind" value { name: "NONE" number: 0 } value { name: "ONE" number: 1 }
  }
  service {
    name: "Cards"
    method { name: "Get" input_type: ".dealog.small.Card" output_type: ".dealog.small.Card" }
  }
)";

using FileProto = google::protobuf::FileDescriptorProto;

Image Built(const FileProto& proto) {
  google::protobuf::DescriptorPool pool;
  const auto* file = pool.BuildFile(proto);
  EXPECT_NE(file, nullptr);
  return file == nullptr ? Image() : ImageOf({file});
}

// What the change breaks.
std::vector<std::string> Changed(void (*change)(FileProto& file)) {
  FileProto file;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kFile, &file));
  const Image before = Built(file);
  change(file);
  return Breaks(before, Built(file));
}
google::protobuf::FieldDescriptorProto& CardField(FileProto& file, int index) {
  return *file.mutable_message_type(0)->mutable_field(index);
}

TEST(Breaks, NamesFieldsAndWhatIsNewDoNot) {
  EXPECT_THAT(Changed([](FileProto&) {}), IsEmpty());
  EXPECT_THAT(Changed([](FileProto& file) {
                CardField(file, 0).set_name("card_id");
                CardField(file, 0).set_json_name("id");
                file.mutable_message_type(1)->set_name("Amount");
                CardField(file, 3).set_type_name(".dealog.small.Amount");
                file.mutable_enum_type(0)->mutable_value(1)->set_name("FIRST");
              }),
              IsEmpty());
  EXPECT_THAT(Changed([](FileProto& file) {
                auto& added = *file.mutable_message_type(0)->add_field();
                added = CardField(file, 4);
                added.set_name("unknown");
                added.set_number(6);
                auto& value = *file.mutable_enum_type(0)->add_value();
                value.set_name("TWO");
                value.set_number(2);
                auto& method = *file.mutable_service(0)->add_method();
                method = file.service(0).method(0);
                method.set_name("Find");
              }),
              IsEmpty());
}

TEST(Breaks, NumbersTypesLabelsAndOneofsDo) {
  EXPECT_THAT(Changed([](FileProto& file) { CardField(file, 0).set_number(9); }),
              ElementsAre(HasSubstr("Card, field 1 is gone")));
  EXPECT_THAT(Changed([](FileProto& file) {
                CardField(file, 0).set_type(google::protobuf::FieldDescriptorProto::TYPE_BYTES);
              }),
              ElementsAre(HasSubstr("field 1 was string, is bytes")));
  EXPECT_THAT(
      Changed([](FileProto& file) {
        CardField(file, 1).set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
      }),
      ElementsAre(HasSubstr("field 2 was 'repeated', is ''")));
  EXPECT_THAT(Changed([](FileProto& file) { CardField(file, 4).clear_oneof_index(); }),
              ElementsAre(HasSubstr("field 5 is in another oneof")));
  EXPECT_THAT(
      Changed([](FileProto& file) { CardField(file, 3).set_type_name(".dealog.small.Card"); }),
      ::testing::Not(IsEmpty()));
}

TEST(Breaks, WhatIsGoneOrStreamsDoes) {
  EXPECT_THAT(
      Changed([](FileProto& file) { file.mutable_enum_type(0)->mutable_value()->RemoveLast(); }),
      ElementsAre(HasSubstr("lost its value 1")));
  EXPECT_THAT(Changed([](FileProto& file) {
                file.mutable_service(0)->mutable_method(0)->set_server_streaming(true);
              }),
              ElementsAre(HasSubstr("streams differently")));
  EXPECT_THAT(Changed([](FileProto& file) { file.clear_service(); }),
              ElementsAre(HasSubstr("method dealog.small.Cards.Get is gone")));
  EXPECT_THAT(Changed([](FileProto& file) {
                file.mutable_message_type(0)->mutable_field()->DeleteSubrange(3, 1);
                file.mutable_message_type()->RemoveLast();
              }),
              ::testing::Contains(HasSubstr("Card, field 4 is gone")));
}

}  // namespace
}  // namespace dealog::wire
