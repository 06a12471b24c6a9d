// Method: every view of whole streams is given an event whose revision its stream has had already,
// which no log holds; and large events, whose bytes its estimate of memory must know.

#include "projections/views/stream_view.h"

#include <memory>
#include <string>
#include <vector>

#include "eventstore/base/error.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/views/registry.h"

namespace dealog::projections {
namespace {

struct Stream {
  std::string type;
  std::string view;
  events::v1::Event event;
};

// One of each type that a view of whole streams folds.
std::vector<Stream> Streams(const std::string& text) {
  std::vector<Stream> streams;
  const auto add = [&streams](const std::string& type, const std::string& view) {
    return &streams.emplace_back(Stream{type, view, {}}).event;
  };
  streams.reserve(8);
  add("contact", "contacts")->mutable_contact()->mutable_contact_created()->set_display_name(text);
  add("member", "catalog")->mutable_member()->mutable_member_defined()->set_display_name(text);
  add("product", "catalog")->mutable_product()->mutable_product_defined()->set_display_name(text);
  add("organization", "organizations")
      ->mutable_organization()
      ->mutable_organization_created()
      ->set_display_name(text);
  add("note", "activities")->mutable_note()->mutable_note_written()->set_body(text);
  add("pipeline", "pipelines")
      ->mutable_pipeline()
      ->mutable_pipeline_created()
      ->set_display_name(text);
  return streams;
}

std::unique_ptr<ViewState> MakeView(const std::string& name) {
  for (const ViewDefinition& definition : AllViews()) {
    if (definition.name == name) return definition.make_state();
  }
  ADD_FAILURE() << "no view is named " << name;
  return nullptr;
}

absl::Status Fold(const Stream& stream, uint64_t revision, ViewState& view) {
  storage::v1::EventHeader header;
  header.mutable_stream()->set_type(stream.type);
  header.mutable_stream()->set_id(stream.type + "_1");
  header.set_revision(revision);
  header.set_position(revision);
  return view.Fold({header, stream.event});
}

TEST(StreamView, ARevisionThatTheStreamHasHadFailsTheFoldAndNotTheProcess) {
  for (const Stream& stream : Streams("Ada")) {
    const auto view = MakeView(stream.view);
    EXPECT_TRUE(Fold(stream, 1, *view).ok()) << stream.type;
    EXPECT_TRUE(Fold(stream, 2, *view).ok()) << stream.type;
    const absl::Status again = Fold(stream, 2, *view);
    EXPECT_EQ(again.code(), absl::StatusCode::kInternal) << stream.type;
    EXPECT_EQ(base::ReasonOf(again), "CORRUPT_RECORD") << stream.type;
    EXPECT_THAT(std::string(again.message()), testing::HasSubstr(stream.type + "_1"));
  }
}

TEST(StreamView, MemoryIsEstimatedByWhatTheEventsSay) {
  constexpr size_t kText = 100'000;
  for (const Stream& stream : Streams(std::string(kText, 'a'))) {
    const auto view = MakeView(stream.view);
    const size_t empty = view->ApproximateBytes();
    EXPECT_LT(empty, 10'000U) << stream.type;
    ASSERT_TRUE(Fold(stream, 1, *view).ok()) << stream.type;
    EXPECT_GT(view->ApproximateBytes(), empty + kText) << stream.type;
  }
}

}  // namespace
}  // namespace dealog::projections
