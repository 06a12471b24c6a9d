#include "projections/runtime/lane.h"

#include <utility>

namespace dealog::projections {

void Lanes::Add(eventstore::BatchNumber number, std::string digest, std::vector<ViewIndex> views) {
  auto lane = std::make_unique<Lane>();
  lane->number = number;
  lane->digest = std::move(digest);
  lane->views = std::move(views);
  lanes_.push_back(std::move(lane));
}

bool Lanes::Merge() {
  bool merged = false;
  for (size_t i = 0; i < lanes_.size(); ++i) {
    for (size_t j = lanes_.size() - 1; j > i; --j) {
      if (lanes_[j]->number != lanes_[i]->number) continue;
      std::vector<ViewIndex>& views = lanes_[i]->views;
      views.insert(views.end(), lanes_[j]->views.begin(), lanes_[j]->views.end());
      std::sort(views.begin(), views.end());
      lanes_.erase(lanes_.begin() + static_cast<std::ptrdiff_t>(j));
      merged = true;
    }
  }
  return merged;
}

void Lanes::Remove(ViewIndex view) {
  for (const auto& lane : lanes_) lane->Remove(view);
}

void Lanes::Prune() {
  if (lanes_.empty()) return;
  const auto foremost =
      std::max_element(lanes_.begin(), lanes_.end(),
                       [](const auto& a, const auto& b) { return a->number < b->number; });
  const Lane* keep = foremost->get();
  std::erase_if(lanes_,
                [&](const auto& lane) { return lane->views.empty() && lane.get() != keep; });
}

}  // namespace dealog::projections
