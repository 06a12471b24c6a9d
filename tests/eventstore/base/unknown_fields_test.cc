// Method: events of this build, and the same with fields that no build has put at each depth; the
// paths found must be exactly those, and known paths must be told from unknown ones.

#include "eventstore/base/unknown_fields.h"

#include <gmock/gmock.h>

#include "dealog/events/v1/event.pb.h"

namespace dealog::base {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const UnknownFields& Finder() {
  static const auto* const finder = new UnknownFields(*events::v1::Event::descriptor());
  return *finder;
}

// A serialised field of text.
std::string Field(uint32_t number, const std::string& value) {
  std::string bytes;
  for (uint32_t tag = number << 3 | 2; tag != 0; tag >>= 7) {
    bytes += static_cast<char>((tag & 0x7f) | (tag >= 0x80 ? 0x80 : 0));
  }
  return bytes + static_cast<char>(value.size()) + value;
}

TEST(UnknownFields, KnownEventsHaveNone) {
  events::v1::Event event;
  event.mutable_note()->mutable_note_written()->set_body("hello");
  EXPECT_THAT(Finder().Find(event.SerializeAsString()), IsEmpty());
  EXPECT_THAT(Finder().Find(""), IsEmpty());
}

TEST(UnknownFields, AreFoundAtEveryDepth) {
  events::v1::Event event;
  event.mutable_note()->mutable_note_written()->set_body("hello");
  const std::string inner = event.note().note_written().SerializeAsString();
  EXPECT_THAT(Finder().Find(Field(4000, "aggregate")), ElementsAre("4000"));
  EXPECT_THAT(Finder().Find(Field(6, Field(4001, "kind"))), ElementsAre("6.4001"));
  EXPECT_THAT(Finder().Find(Field(6, Field(1, inner + Field(4002, "field")))),
              ElementsAre("6.1.4002"));
  EXPECT_THAT(Finder().Find(Field(6, Field(1, inner) + Field(4001, "") + Field(4001, ""))),
              ElementsAre("6.4001", "6.4001"));
}

TEST(UnknownFields, BrokenBytesEndTheSearch) {
  const std::string whole = Field(6, Field(4001, "kind"));
  for (size_t size = 0; size < whole.size(); ++size) Finder().Find(whole.substr(0, size));
  EXPECT_THAT(Finder().Find("\xff\xff\xff"), IsEmpty());
}

TEST(UnknownFields, KnowsWhatTheDescriptorsHave) {
  EXPECT_TRUE(Finder().Knows("6"));
  EXPECT_TRUE(Finder().Knows("6.1"));
  EXPECT_TRUE(Finder().Knows("6.1.1"));
  EXPECT_FALSE(Finder().Knows("4000"));
  EXPECT_FALSE(Finder().Knows("6.4001"));
  EXPECT_FALSE(Finder().Knows("6.1.1.1"));
  EXPECT_FALSE(Finder().Knows(""));
  EXPECT_FALSE(Finder().Knows("6.x"));
}

}  // namespace
}  // namespace dealog::base
