#pragma once

// The contract of a projection: a pure fold of a tenant's events into a state that queries read.
//
//   class PipelinesView final : public ViewState { ... };
//   const ViewDefinition kPipelinesView{"pipelines", 1,
//                                       [] { return std::make_unique<PipelinesView>(); }};
//
// States are resident: queries read them in place under a shared lock. What makes them survive a
// restart are rows: FlushRows hands out the rows that changed since the last flush, LoadRow takes
// them back. Rows must be a pure function of the events folded (not of when flushes happened), so
// that a rebuild gives the same bytes.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "dealog/events/v1/event.pb.h"
#include "dealog/storage/v1/commit.pb.h"
#include "eventstore/types.h"

namespace dealog::projections {

// One event, parsed once for all views.
struct FoldedEvent {
  const storage::v1::EventHeader& header;
  const events::v1::Event& event;
};

// Takes the rows that a flush hands out.
class RowSink {
 public:
  virtual ~RowSink() = default;
  virtual void Put(std::string_view key, std::string_view value) = 0;
  virtual void Delete(std::string_view key) = 0;
};

// State of one view for one tenant.
// Thread safety: const methods from many threads at once; the others from one thread, alone (the
// runner holds the tenant's lock). A copy is a state of its own: its const methods need no lock,
// whatever happens to the original meanwhile.
class ViewState {
 public:
  virtual ~ViewState() = default;
  // The state as it is now, for reading only: nothing is folded into it, and of rows that wait for
  // a flush it has none. It must be cheap (well under a millisecond, however much the view holds):
  // it is taken under the tenant's lock, so that a long read does not hold that. nullptr if the
  // view can't: it is read in place, under the lock. See Copied.
  virtual std::shared_ptr<const ViewState> Copy() const { return nullptr; }
  // Folds one event; one of a kind that it does not know folds to nothing. An error stops this view
  // of this tenant (and nothing else) until it is rebuilt; the state is not used any more.
  virtual absl::Status Fold(const FoldedEvent& event) = 0;
  // Called once per commit after its events, and after loading: settle what was deferred.
  virtual void CommitDone() {}
  // Hands out the rows changed since the last call, in any order.
  virtual void FlushRows(RowSink& sink) = 0;
  // Takes back one row, after construction, in key order; DATA_LOSS if it does not parse.
  virtual absl::Status LoadRow(std::string_view key, std::string_view value) = 0;
  // Number of rows it would have if all were flushed.
  virtual size_t RowCount() const = 0;
  // About how much memory it holds, bytes; asked after every flush, so it must be cheap.
  virtual size_t ApproximateBytes() const { return sizeof(*this) + RowCount() * kBytesPerRow; }

 protected:
  // What a row of a view that does not measure itself is taken to hold, with its place in a map.
  static constexpr size_t kBytesPerRow = 512;
};

// Gives a view its Copy, by its copy constructor: what that copies should share until it is written
// (base::Cow, RecordMap).
//
//   class CatalogView final : public Copied<CatalogView, StreamView> { ... };
template <typename View, typename Base>
class Copied : public Base {
 public:
  std::shared_ptr<const ViewState> Copy() const final {
    return std::make_shared<const View>(static_cast<const View&>(*this));
  }

 protected:
  using Base::Base;
};

// A view: its name, the version of its fold (another one rebuilds) and how to make a state.
struct ViewDefinition {
  std::string_view name;  // [a-z_]+, a folder-level constant.
  int version = 1;
  std::function<std::unique_ptr<ViewState>()> make_state;
};

}  // namespace dealog::projections
