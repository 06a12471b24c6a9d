#pragma once

// Records by id, in the order of ids, of which copies are cheap: a copy shares everything, and who
// edits clones only the way to the record that he edits.
//
//   RecordMap<states::ContactState> contacts;
//   contacts.Edit(id).Apply(event, meta);  // Made from its id if there was none.
//   for (const auto& [id, contact] : contacts) ...

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eventstore/base/check.h"
#include "eventstore/base/cow.h"
#include "projections/views/limits.h"

namespace dealog::projections {

// A tree of three levels: a root of any width over branches over leaves, each at most
// kRecordNodeMax wide. A copy takes as many counts as the root is wide (250 for a million records).
// `Record` is made from its id.
// Thread safety: as base::Cow: const methods from many threads at once; a copy needs nothing from
// the original that is edited meanwhile. Ownership: a record stays where it is until it is edited
// or the map is destroyed.
// Invariants: ids rise along leaves, branches and root (checked where one is added); the id beside
// a node is the first within it; no node is empty.
template <typename Record>
class RecordMap {
  template <typename T>
  struct Slot {
    std::string id;  // Of the first record in it.
    base::Cow<T> held;
  };
  template <typename T>
  using Slots = std::vector<Slot<T>>;
  using Leaf = Slots<Record>;
  using Branch = Slots<Leaf>;
  using Root = Slots<Branch>;

 public:
  struct Item {
    const std::string& id;
    const Record& record;
  };
  // Void after Edit.
  class Iterator;

  bool empty() const { return size_ == 0; }
  size_t size() const { return size_; }

  // nullptr if there is none.
  const Record* Find(std::string_view id) const {
    const Iterator at = LowerBound(id);
    return at != end() && (*at).id == id ? &(*at).record : nullptr;
  }

  // The record, to be written; a new one for an id that there was not. For this write only: once
  // the map is copied, ask again.
  Record& Edit(std::string_view id) {
    if (root_.empty()) {
      root_.push_back({std::string(id), {}});
      root_.front().held.Edit().push_back({std::string(id), {}});
    }
    return EditIn(root_, id);
  }

  Iterator begin() const { return Iterator(root_, 0, 0, 0); }
  Iterator end() const { return Iterator(root_, root_.size(), 0, 0); }
  // The first record whose id is not less.
  Iterator LowerBound(std::string_view id) const {
    if (root_.empty()) return end();
    const size_t branch = PlaceOf(root_, id);
    const Branch& leaves = *root_[branch].held;
    const size_t leaf = PlaceOf(leaves, id);
    return Iterator(root_, branch, leaf, FirstFrom(*leaves[leaf].held, id));
  }

 private:
  template <typename T>
  static size_t FirstFrom(const Slots<T>& slots, std::string_view id) {
    const auto at = std::partition_point(slots.begin(), slots.end(),
                                         [id](const Slot<T>& slot) { return slot.id < id; });
    return static_cast<size_t>(at - slots.begin());
  }
  // Which node holds the id or is to hold it: the last that starts at or before it, else the first.
  template <typename Node>
  static size_t PlaceOf(const Slots<Node>& nodes, std::string_view id) {
    const auto after = std::partition_point(nodes.begin(), nodes.end(),
                                            [id](const Slot<Node>& node) { return node.id <= id; });
    return after == nodes.begin() ? 0 : static_cast<size_t>(after - nodes.begin()) - 1;
  }

  Record& EditIn(Leaf& leaf, std::string_view id) {
    const size_t at = FirstFrom(leaf, id);
    if (at == leaf.size() || leaf[at].id != id) {
      leaf.insert(leaf.begin() + static_cast<ptrdiff_t>(at),
                  {std::string(id), base::Cow<Record>(std::in_place, id)});
      ++size_;
    }
    return leaf[at].held.Edit();
  }
  template <typename Node>
  Record& EditIn(Slots<Node>& nodes, std::string_view id) {
    const size_t at = PlaceOf(nodes, id);
    DEALOG_CHECK(at + 1 == nodes.size() || id < nodes[at + 1].id)
        << "record " << id << " belongs to a later node";
    Node& node = nodes[at].held.Edit();
    Record& record = EditIn(node, id);
    if (id < nodes[at].id) nodes[at].id = id;
    if (node.size() > kRecordNodeMax) Split(nodes, at);
    return record;
  }
  template <typename Node>
  static void Split(Slots<Node>& nodes, size_t at) {
    Node& full = nodes[at].held.Edit();
    // Ids that come in their order leave full nodes behind.
    const size_t kept = at + 1 == nodes.size() ? full.size() - 1 : full.size() / 2;
    const auto middle = full.begin() + static_cast<ptrdiff_t>(kept);
    Slot<Node> right{middle->id, {}};
    right.held.Edit().assign(std::make_move_iterator(middle), std::make_move_iterator(full.end()));
    full.erase(middle, full.end());
    DEALOG_CHECK(!full.empty() && full.back().id < right.id) << "a split at " << right.id;
    nodes.insert(nodes.begin() + static_cast<ptrdiff_t>(at) + 1, std::move(right));
  }

  Root root_;
  size_t size_ = 0;
};

template <typename Record>
class RecordMap<Record>::Iterator {
 public:
  Item operator*() const {
    const Slot<Record>& slot = (*records_)[record_];
    return {slot.id, *slot.held};
  }
  Iterator& operator++() {
    ++record_;
    Settle();
    return *this;
  }
  bool operator==(const Iterator&) const = default;

 private:
  friend class RecordMap;
  Iterator(const Root& root, size_t branch, size_t leaf, size_t record)
      : root_(&root), branch_(branch), leaf_(leaf), record_(record) {
    Enter();
    Settle();
  }
  void Enter() {
    records_ = branch_ == root_->size() ? nullptr : &*(*(*root_)[branch_].held)[leaf_].held;
  }
  // From the end of a leaf to the start of the next.
  void Settle() {
    if (records_ == nullptr || record_ < records_->size()) return;
    record_ = 0;
    if (++leaf_ == (*root_)[branch_].held->size()) {
      leaf_ = 0;
      ++branch_;
    }
    Enter();
  }

  const Root* root_;
  size_t branch_;
  size_t leaf_;
  size_t record_;
  const Leaf* records_;  // nullptr at the end.
};

}  // namespace dealog::projections
