#pragma once

// Activities and notes. Rows: "a" + activity id -> dealog.v1.Activity, "n" + note id ->
// dealog.v1.Note.

#include <set>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "dealog/v1/activities.pb.h"
#include "projections/projection.h"
#include "projections/views/message_table.h"

namespace dealog::projections {

inline constexpr std::string_view kActivitiesView = "activities";

// Thread safety: as ViewState.
class ActivitiesView final : public ViewState {
 public:
  // Ids of activities and notes of one deal or contact.
  using Related = std::set<std::string, std::less<>>;

  absl::Status Fold(const FoldedEvent& event) override;
  void FlushRows(RowSink& sink) override;
  absl::Status LoadRow(std::string_view key, std::string_view value) override;
  size_t RowCount() const override { return activities_.size() + notes_.size(); }

  const MessageTable<v1::Activity>& activities() const { return activities_; }
  const MessageTable<v1::Note>& notes() const { return notes_; }
  // Empty if there is none.
  const Related& RelatedTo(std::string_view resource_id) const;

 private:
  void FoldActivity(const FoldedEvent& event);
  void FoldNote(const FoldedEvent& event);
  void Relate(const std::string& id, const std::string& deal_id, const std::string& contact_id);

  MessageTable<v1::Activity> activities_{"a"};
  MessageTable<v1::Note> notes_{"n"};
  absl::flat_hash_map<std::string, Related> related_;  // By deal or contact.
};

ViewDefinition ActivitiesViewDefinition();

}  // namespace dealog::projections
