// Method: the golden file has one serialised example of every event type. Stored bytes must decode
// for ever to what they said when they were written, so the file is only ever added to.

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "eventstore/base/ids.h"
#include "projections/states/event_types.h"
#include "projections/states/stream_types.h"
#include "tests/projections/states/example.h"

namespace dealog::states {
namespace {

constexpr char kGolden[] = "tests/golden/events.txt";

// One line of the golden file: type, hexadecimal bytes, text.
struct Example {
  std::string type;
  std::string bytes;
  std::string text;
};

std::vector<Example> ReadGolden() {
  std::vector<Example> examples;
  std::ifstream file(kGolden);
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const size_t first = line.find(' ');
    const size_t second = line.find(' ', first + 1);
    examples.push_back({line.substr(0, first),
                        absl::HexStringToBytes(line.substr(first + 1, second - first - 1)),
                        line.substr(second + 1)});
  }
  return examples;
}

// The innermost message of an event; what other services' events are is bytes.
const google::protobuf::Message& Innermost(const events::v1::Event& event) {
  if (event.has_external()) return event.external();
  const google::protobuf::Message* message = &event;
  for (int depth = 0; depth < 2; ++depth) {
    const auto* field = message->GetReflection()->GetOneofFieldDescriptor(
        *message, message->GetDescriptor()->oneof_decl(0));
    message = &message->GetReflection()->GetMessage(*message, field);
  }
  return *message;
}

TEST(GoldenEvents, DecodeToWhatTheySaid) {
  for (const Example& example : ReadGolden()) {
    events::v1::Event event;
    ASSERT_TRUE(event.ParseFromString(example.bytes)) << example.type;
    EXPECT_EQ(EventTypeName(event), example.type);
    EXPECT_EQ(event.ShortDebugString(), example.text);
    EXPECT_EQ(event.SerializeAsString(), example.bytes) << example.type;
  }
}

// The line to add to the golden file for an event type, every field set.
std::string LineFor(std::string_view type) {
  const auto* aggregates = events::v1::Event::descriptor()->oneof_decl(0);
  for (int i = 0; i < aggregates->field_count(); ++i) {
    if (aggregates->field(i)->message_type()->oneof_decl_count() == 0) continue;  // External.
    const auto* kinds = aggregates->field(i)->message_type()->oneof_decl(0);
    for (int k = 0; k < kinds->field_count(); ++k) {
      if (kinds->field(k)->message_type()->name() != type) continue;
      events::v1::Event event;
      auto* aggregate = event.GetReflection()->MutableMessage(&event, aggregates->field(i));
      FillExample(*aggregate->GetReflection()->MutableMessage(aggregate, kinds->field(k)));
      return absl::StrCat(kinds->field(k)->message_type()->name(), " ",
                          absl::BytesToHexString(event.SerializeAsString()), " ",
                          event.ShortDebugString());
    }
  }
  return "";
}

TEST(GoldenEvents, EveryTypeHasOne) {
  std::set<std::string> types;
  for (const Example& example : ReadGolden()) types.insert(example.type);
  for (const std::string& name : AllEventTypeNames()) {
    EXPECT_TRUE(types.contains(name)) << "add to " << kGolden << " (docs/howto/add_an_event.md):\n"
                                      << LineFor(name);
  }
}

// The suggested lines are what the tests above would accept.
TEST(GoldenEvents, SuggestedLinesDecodeToWhatTheySay) {
  for (const std::string& name : AllEventTypeNames()) {
    const std::vector<std::string> parts = absl::StrSplit(LineFor(name), absl::MaxSplits(' ', 2));
    ASSERT_EQ(parts.size(), 3u) << name;
    events::v1::Event event;
    ASSERT_TRUE(event.ParseFromString(absl::HexStringToBytes(parts[1]))) << name;
    EXPECT_EQ(EventTypeName(event), parts[0]);
    EXPECT_EQ(event.ShortDebugString(), parts[2]);
  }
}

TEST(GoldenEvents, EveryFieldIsInOne) {
  std::set<std::string> seen;
  std::set<const google::protobuf::Descriptor*> types;
  for (const Example& example : ReadGolden()) {
    events::v1::Event event;
    event.ParseFromString(example.bytes);
    const google::protobuf::Message& message = Innermost(event);
    types.insert(message.GetDescriptor());
    std::vector<const google::protobuf::FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const auto* field : fields) seen.insert(field->full_name());
  }
  for (const auto* type : types) {
    for (int i = 0; i < type->field_count(); ++i) {
      EXPECT_TRUE(seen.contains(type->field(i)->full_name()))
          << type->field(i)->full_name() << ": add an example that has it to " << kGolden << ":\n"
          << LineFor(type->name());
    }
  }
}

TEST(EventTypes, AreSortedAndComplete) {
  const auto& names = AllEventTypeNames();
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_TRUE(std::binary_search(names.begin(), names.end(), "DealStageMoved"));
  EXPECT_TRUE(std::binary_search(names.begin(), names.end(), "StepFailed"));
  EXPECT_FALSE(std::binary_search(names.begin(), names.end(), "DealEvent"));
}

TEST(EventTypes, AnEventOfAnotherServiceSaysItsOwn) {
  events::v1::Event event;
  event.mutable_external();
  EXPECT_EQ(EventTypeName(event), "");
  event.mutable_external()->set_type("InvoiceSent");
  EXPECT_EQ(EventTypeName(event), "InvoiceSent");
  EXPECT_FALSE(
      std::binary_search(AllEventTypeNames().begin(), AllEventTypeNames().end(), "ExternalEvent"));
}

TEST(EventTypes, AnEmptyEventHasNone) {
  EXPECT_EQ(EventTypeName(events::v1::Event()), "");
  events::v1::Event event;
  event.mutable_deal();
  EXPECT_EQ(EventTypeName(event), "");
}

std::string IdOf(std::string_view prefix) { return base::FormatId(prefix, base::MakeUuid7(1)); }

TEST(StreamTypes, FollowFromIds) {
  EXPECT_EQ(StreamTypeOfId(IdOf("deal")), "deal");
  EXPECT_EQ(StreamTypeOfId(IdOf("org")), "organization");
  EXPECT_EQ(StreamTypeOfId(IdOf("wfi")), "workflow_instance");
  EXPECT_EQ(StreamTypeOfId(IdOf("stage")), "");
  EXPECT_EQ(StreamTypeOfId("acme"), "");
  EXPECT_EQ(StreamTypeOfId(""), "");
}

TEST(StreamTypes, WhatIsNotTheCrmsHasOnlyARevision) {
  EXPECT_TRUE(IsOwnStreamType("deal"));
  EXPECT_TRUE(IsOwnStreamType("stream_type"));
  EXPECT_FALSE(IsOwnStreamType("stage"));
  EXPECT_FALSE(MakeState("deal", "x")->HasOnlyRevision());
  EXPECT_TRUE(MakeState("invoice", "x")->HasOnlyRevision());
}

}  // namespace
}  // namespace dealog::states
