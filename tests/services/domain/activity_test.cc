// Method: specs of the commands of activities and notes.

#include <gtest/gtest.h>

#include "tests/services/domain/deal_fixture.h"

namespace dealog::domain {
namespace {

constexpr char kCall[] = "activity_id: 'activity#1' kind: CALL title: 'Ring' deal_id: 'deal#1'";

TEST(ScheduleActivity, PlansIt) {
  DealSpec()
      .Seed(60)
      .When<v1::ScheduleActivityRequest>(
          "kind: CALL title: 'Ring' deal_id: 'deal#1' contact_id: 'contact#1' owner: 'Ada' "
          "due_time { seconds: 1800000000 nanos: 5000 }")
      .Then("activity#60", R"(activity { activity_scheduled { kind: ACTIVITY_KIND_CALL
          title: 'Ring' deal_id: 'deal#1' contact_id: 'contact#1' owner_id: 'member#1'
          due_at_us: 1800000000000005 } })");
}

TEST(ScheduleActivity, RefusesBadFields) {
  DealSpec()
      .When<v1::ScheduleActivityRequest>("title: 'Ring' deal_id: 'deal#1'")
      .ThenRefused("FIELD_INVALID", "kind")
      .When<v1::ScheduleActivityRequest>("kind: TASK deal_id: 'deal#1'")
      .ThenRefused("FIELD_INVALID", "title")
      .When<v1::ScheduleActivityRequest>("kind: TASK title: 'T'")
      .ThenRefused("FIELD_INVALID", "deal_id")
      .When<v1::ScheduleActivityRequest>("kind: TASK title: 'T' deal_id: 'deal#9'")
      .ThenRefused("DEAL_NOT_FOUND", "deal#9")
      .When<v1::ScheduleActivityRequest>("kind: TASK title: 'T' contact_id: 'contact#9'")
      .ThenRefused("CONTACT_NOT_FOUND", "contact#9")
      .When<v1::ScheduleActivityRequest>("kind: TASK title: 'T' deal_id: 'deal#1' owner: 'Zoe'")
      .ThenRefused("MEMBER_NOT_FOUND", "Zoe")
      .When<v1::ScheduleActivityRequest>(
          "kind: TASK title: 'T' deal_id: 'deal#1' due_time { nanos: -1 }")
      .ThenRefused("FIELD_INVALID", "due_time.nanos")
      .When<v1::ScheduleActivityRequest>(
          "kind: TASK title: 'T' deal_id: 'deal#1' due_time { seconds: 253402300800 }")
      .ThenRefused("FIELD_INVALID", "due_time.seconds")
      .When<v1::ScheduleActivityRequest>("activity_id: 'x' kind: TASK title: 'T' deal_id: 'deal#1'")
      .ThenRefused("FIELD_INVALID", "activity_id")
      .Given<v1::ScheduleActivityRequest>(kCall)
      .When<v1::ScheduleActivityRequest>(kCall)
      .ThenRefused("ID_EXISTS", "activity#1");
}

TEST(CompleteActivity, HappensOnce) {
  DealSpec()
      .Given<v1::ScheduleActivityRequest>(kCall)
      .When<v1::CompleteActivityRequest>("activity_id: 'activity#1' outcome: 'Said\\nyes'")
      .Then("activity#1", "activity { activity_completed { outcome: 'Said\\nyes' } }")
      .When<v1::CompleteActivityRequest>("activity_id: 'activity#1'")
      .ThenRefused("ACTIVITY_CLOSED", "completed")
      .When<v1::CancelActivityRequest>("activity_id: 'activity#1'")
      .ThenRefused("ACTIVITY_CLOSED", "completed");
}

TEST(CancelActivity, HappensOnce) {
  DealSpec()
      .Given<v1::ScheduleActivityRequest>(kCall)
      .When<v1::CancelActivityRequest>("activity_id: 'activity#1' reason: 'gone'")
      .Then("activity#1", "activity { activity_cancelled { reason: 'gone' } }")
      .When<v1::CompleteActivityRequest>("activity_id: 'activity#1'")
      .ThenRefused("ACTIVITY_CLOSED", "cancelled");
}

TEST(CompleteActivity, RefusesBadFields) {
  const std::string too_long(1025, 'x');
  DealSpec()
      .Given<v1::ScheduleActivityRequest>(kCall)
      .When<v1::CompleteActivityRequest>("activity_id: 'activity#9'")
      .ThenRefused("ACTIVITY_NOT_FOUND", "activity#9")
      .When<v1::CancelActivityRequest>("")
      .ThenRefused("FIELD_INVALID", "activity_id")
      .When<v1::CompleteActivityRequest>("activity_id: 'activity#1' outcome: '" + too_long + "'")
      .ThenRefused("FIELD_INVALID", "outcome")
      .When<v1::CancelActivityRequest>("activity_id: 'activity#1' reason: '" + too_long + "'")
      .ThenRefused("FIELD_INVALID", "reason")
      .OccurredAt(1)
      .When<v1::CancelActivityRequest>("activity_id: 'activity#1'")
      .ThenRefused("OCCURRED_OUT_OF_ORDER", "ActivityScheduled");
}

TEST(WriteNote, KeepsLinesAndTheAuthor) {
  DealSpec spec;
  spec.When<v1::WriteNoteRequest>("note_id: 'note#1' body: 'One\\n\\ttwo' deal_id: 'deal#1'")
      .Then("note#1", "note { note_written { body: 'One\\n\\ttwo' deal_id: 'deal#1' } }");
  EXPECT_EQ(spec.Of<NoteState>("note#1").author, "user:ada");
}

TEST(WriteNote, RefusesBadFields) {
  DealSpec()
      .When<v1::WriteNoteRequest>("deal_id: 'deal#1'")
      .ThenRefused("FIELD_INVALID", "body")
      .When<v1::WriteNoteRequest>("body: '" + std::string(65537, 'x') + "' deal_id: 'deal#1'")
      .ThenRefused("FIELD_INVALID", "body")
      .When<v1::WriteNoteRequest>("body: 'a\\rb' deal_id: 'deal#1'")
      .ThenRefused("FIELD_INVALID", "body")
      .When<v1::WriteNoteRequest>("body: 'a'")
      .ThenRefused("FIELD_INVALID", "deal_id")
      .When<v1::WriteNoteRequest>("body: 'a' contact_id: 'contact#9'")
      .ThenRefused("CONTACT_NOT_FOUND", "contact#9")
      .When<v1::WriteNoteRequest>("note_id: 'deal#1' body: 'a' deal_id: 'deal#1'")
      .ThenRefused("FIELD_INVALID", "note_id");
}

}  // namespace
}  // namespace dealog::domain
