#pragma once

// Activities (tasks, calls, meetings) and notes, of deals and contacts.

#include <cstdint>
#include <string>
#include <string_view>

#include "dealog/events/v1/activity.pb.h"
#include "dealog/v1/activities.pb.h"
#include "projections/states/aggregate.h"

namespace dealog::states {

class ActivityState final : public StateOf<ActivityState> {
 public:
  explicit ActivityState(std::string_view stream_id) : activity_id(stream_id) {}
  size_t ApproximateBytes() const override;

  std::string activity_id;
  events::v1::ActivityKind kind = events::v1::ACTIVITY_KIND_UNSPECIFIED;
  v1::Activity::State state = v1::Activity::STATE_UNSPECIFIED;
  std::string title;
  std::string deal_id;
  std::string contact_id;
  std::string owner_id;
  int64_t due_at_us = 0;      // 0 = no due time.
  std::string outcome;        // What came of it, or why it was cancelled.
  int64_t created_at_us = 0;  // Business time.

 private:
  void Evolve(const events::v1::Event& event, const EventMeta& meta) override;
};

// As the API names it.
v1::Activity::Kind KindOf(const ActivityState& activity);

class NoteState final : public StateOf<NoteState> {
 public:
  explicit NoteState(std::string_view stream_id) : note_id(stream_id) {}
  size_t ApproximateBytes() const override;

  std::string note_id;
  std::string body;
  std::string deal_id;
  std::string contact_id;
  std::string author;         // Principal.
  int64_t created_at_us = 0;  // Business time.

 private:
  void Evolve(const events::v1::Event& event, const EventMeta& meta) override;
};

}  // namespace dealog::states
