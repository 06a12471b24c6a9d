#pragma once

// Activities and notes, and which of them are about a deal or a contact. Rows: as every StreamView.

#include <set>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "projections/states/activity.h"
#include "projections/states/stream_types.h"
#include "projections/views/state_view.h"

namespace dealog::projections {

inline constexpr std::string_view kActivitiesView = "activities";

// Thread safety: as ViewState.
class ActivitiesView final : public StateView<states::ActivityState, states::NoteState> {
 public:
  // Ids of activities and notes of one deal or contact.
  using Related = std::set<std::string, std::less<>>;

  ActivitiesView() : StateView({states::kActivityStream, states::kNoteStream}) {}

  const StateTable<states::ActivityState>& activities() const {
    return table<states::ActivityState>();
  }
  const StateTable<states::NoteState>& notes() const { return table<states::NoteState>(); }
  // Empty if there is none.
  const Related& RelatedTo(std::string_view resource_id) const;

 private:
  void Folded(const states::ActivityState& activity) override;
  void Folded(const states::NoteState& note) override;
  void Relate(const std::string& id, const std::string& deal_id, const std::string& contact_id);

  absl::flat_hash_map<std::string, Related> related_;  // By deal or contact.
};

ViewDefinition ActivitiesViewDefinition();

}  // namespace dealog::projections
