// Method: filters of a request, good and bad.

#include "services/rpc/event_filter.h"

#include <gmock/gmock.h>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "services/rpc/limits.h"

namespace dealog::rpc {
namespace {

using testing::ElementsAre;

TEST(ParseStream, WantsTypeAndId) {
  EXPECT_EQ(ParseStream("deal/deal_1", "stream")->id, "deal_1");
  EXPECT_EQ(ParseStream("deal/a/b", "stream")->id, "a/b");
  for (const std::string& bad :
       {std::string(""), std::string("deal"), std::string("/x"), std::string("deal/"),
        absl::StrCat(std::string(33, 't'), "/x"), absl::StrCat("deal/", std::string(129, 'i'))}) {
    EXPECT_EQ(base::ReasonOf(ParseStream(bad, "stream").status()), "FIELD_INVALID") << bad;
  }
}

TEST(ParseEventFilter, RefusesWhatCanNeverMatch) {
  v1::EventFilter type;
  type.add_event_types("DealWun");
  EXPECT_EQ(base::ReasonOf(ParseEventFilter(type).status()), "FIELD_INVALID");
  v1::EventFilter stream_type;
  stream_type.add_stream_types("deals");
  EXPECT_EQ(base::ReasonOf(ParseEventFilter(stream_type).status()), "FIELD_INVALID");
  v1::EventFilter stream;
  stream.add_streams("deal_1");
  EXPECT_EQ(base::ReasonOf(ParseEventFilter(stream).status()), "FIELD_INVALID");
  v1::EventFilter many;
  for (size_t i = 0; i <= kEventFilterItemsMax; ++i) many.add_event_types("DealWon");
  EXPECT_EQ(base::ReasonOf(ParseEventFilter(many).status()), "FIELD_INVALID");
}

TEST(ParseEventFilter, KnowsWhatIsRegistered) {
  v1::EventFilter filter;
  filter.add_stream_types("invoice");
  filter.add_event_types("InvoiceSent");
  EXPECT_FALSE(ParseEventFilter(filter).ok());
  EXPECT_FALSE(ParseEventFilter(filter, {.stream_types = {"invoice"}, .event_types = {}}).ok());
  EXPECT_TRUE(
      ParseEventFilter(filter, {.stream_types = {"invoice"}, .event_types = {"InvoiceSent"}}).ok());
}

TEST(ParseEventFilter, KeepsEveryList) {
  v1::EventFilter request;
  EXPECT_TRUE(ParseEventFilter(request)->MatchesAll());
  request.add_event_types("DealWon");
  request.add_event_types("DealLost");
  request.add_stream_types("deal");
  request.add_streams("deal/d1");
  const eventstore::EventFilter filter = *ParseEventFilter(request);
  EXPECT_THAT(filter.event_types, ElementsAre("DealWon", "DealLost"));
  EXPECT_THAT(filter.stream_types, ElementsAre("deal"));
  EXPECT_THAT(filter.streams, ElementsAre(eventstore::StreamId{"deal", "d1"}));
}

}  // namespace
}  // namespace dealog::rpc
