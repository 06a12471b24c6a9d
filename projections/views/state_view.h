#pragma once

// A view of aggregates: their own states, folded by their own Evolve, to be described by their own
// description. The state that decides is the state that is shown.
//
//   class ContactsView final : public Copied<ContactsView, StateView<states::ContactState>> {
//    public:
//     ContactsView() : Copied({states::kContactStream}) {}
//   };
//   const states::ContactState* contact = view->table<states::ContactState>().Find(id);

#include <array>
#include <string_view>
#include <tuple>
#include <utility>

#include "eventstore/base/status.h"
#include "projections/views/record_map.h"
#include "projections/views/stream_view.h"

namespace dealog::projections {

// Is told after each event which state it led to: for indexes beside the states. The state may be
// elsewhere after the next event: keep its id.
template <typename State>
class FoldedListener {
 public:
  virtual void Folded(const State& /*state*/) {}

 protected:
  ~FoldedListener() = default;
};

// One state per stream of the types, which are given in the order of `States`.
// Thread safety: as ViewState.
template <typename... States>
class StateView : public StreamView, protected FoldedListener<States>... {
 public:
  template <typename State>
  const RecordMap<State>& table() const {
    return std::get<RecordMap<State>>(tables_);
  }

 protected:
  explicit StateView(const std::array<std::string_view, sizeof...(States)>& types)
      : StreamView({types.begin(), types.end()}), types_(types) {}

 private:
  absl::Status Apply(const StreamEvent& event) final {
    return ApplyTo(event, std::index_sequence_for<States...>());
  }
  template <size_t... kPlaces>
  absl::Status ApplyTo(const StreamEvent& event, std::index_sequence<kPlaces...>) {
    absl::Status status;
    (status.Update(ApplyTo(types_[kPlaces], event, std::get<kPlaces>(tables_))), ...);
    return status;
  }
  template <typename State>
  absl::Status ApplyTo(std::string_view type, const StreamEvent& event, RecordMap<State>& table) {
    if (type != event.type) return absl::OkStatus();
    State& state = table.Edit(event.id);
    RETURN_IF_ERROR(CheckOrder(event, state.revision));
    state.Apply(event.event, event.meta);
    FoldedListener<State>& listener = *this;
    listener.Folded(state);
    return absl::OkStatus();
  }

  const std::array<std::string_view, sizeof...(States)> types_;
  std::tuple<RecordMap<States>...> tables_;
};

}  // namespace dealog::projections
