#pragma once

// Activities and notes, and which of them are about a deal or a contact. Rows: as every StreamView.

#include <string>
#include <string_view>
#include <vector>

#include "projections/states/activity.h"
#include "projections/states/stream_types.h"
#include "projections/views/reads.h"
#include "projections/views/state_view.h"

namespace dealog::projections {

// Thread safety: as ViewState.
class ActivitiesView final
    : public Copied<ActivitiesView, StateView<states::ActivityState, states::NoteState>> {
 public:
  ActivitiesView() : Copied({states::kActivityStream, states::kNoteStream}) {}

  const RecordMap<states::ActivityState>& activities() const {
    return table<states::ActivityState>();
  }
  const RecordMap<states::NoteState>& notes() const { return table<states::NoteState>(); }
  // Ids of activities and notes of one deal or contact, in their order.
  std::vector<std::string> RelatedTo(std::string_view resource_id) const;

 private:
  void Folded(const states::ActivityState& activity) override;
  void Folded(const states::NoteState& note) override;
  void Relate(const std::string& id, const std::string& deal_id, const std::string& contact_id);

  // Its key says all there is to say: the resource, then the activity or note.
  struct Relation {
    explicit Relation(std::string_view /*key*/) {}
  };
  RecordMap<Relation> related_;
};

ViewDefinition ActivitiesViewDefinition();

}  // namespace dealog::projections
