#include "projections/views/deals_candidates.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "eventstore/base/check.h"
#include "projections/views/deals_terms.h"

namespace dealog::projections {
namespace {

using filter::Node;

Candidates OfTerm(const DealsSnapshot& snapshot, const DictionaryTerm& term) {
  const DealPostings& postings = snapshot.indexes()->postings();
  std::vector<const DealSet*> sets;
  if (term.only) {
    const Symbol value = snapshot.symbols().Find(*term.only);
    const DealSet* const deals = value != kNoSymbol ? postings.Find(term.field, value) : nullptr;
    if (deals != nullptr && term.holds(value)) sets.push_back(deals);
  } else {
    postings.ForEach(term.field, [&](uint32_t value, const DealSet& deals) {
      if (term.holds(value)) sets.push_back(&deals);
    });
  }
  return {.deals = DealSet::Union(sets), .exact = true};
}

// Those of the children that are bounded.
// NOLINTNEXTLINE(misc-no-recursion): the parser bounded the depth.
std::vector<Candidates> OfChildren(const DealsSnapshot& snapshot, const Node& node) {
  std::vector<Candidates> bounded;
  for (const Node& child : node.children) {
    if (auto candidates = BoundOf(snapshot, child)) bounded.push_back(std::move(*candidates));
  }
  return bounded;
}

bool AllExact(const std::vector<Candidates>& each) {
  return std::all_of(each.begin(), each.end(), [](const Candidates& one) { return one.exact; });
}

}  // namespace

// NOLINTNEXTLINE(misc-no-recursion): the parser bounded the depth.
std::optional<Candidates> BoundOf(const DealsSnapshot& snapshot, const Node& node) {
  DEALOG_CHECK(snapshot.indexes() != nullptr) << "only of what is known now";
  switch (node.kind) {
    case Node::Kind::kTrue:
    case Node::Kind::kNot:  // What does not match is not posted.
      return std::nullopt;
    case Node::Kind::kAnd: {
      std::vector<Candidates> each = OfChildren(snapshot, node);
      if (each.empty()) return std::nullopt;
      const auto fewest = std::min_element(
          each.begin(), each.end(),
          [](const Candidates& a, const Candidates& b) { return a.deals.size() < b.deals.size(); });
      std::swap(each.front(), *fewest);
      Candidates all{.deals = std::move(each.front().deals),
                     .exact = each.size() == node.children.size() && AllExact(each)};
      for (size_t i = 1; i < each.size(); ++i) all.deals.IntersectWith(each[i].deals);
      return all;
    }
    case Node::Kind::kOr: {
      const std::vector<Candidates> each = OfChildren(snapshot, node);
      if (each.size() < node.children.size()) return std::nullopt;
      std::vector<const DealSet*> sets;
      for (const Candidates& one : each) sets.push_back(&one.deals);
      return Candidates{.deals = DealSet::Union(sets), .exact = AllExact(each)};
    }
    case Node::Kind::kCompare: {
      const std::optional<DictionaryTerm> term = TermOf(snapshot, node);
      if (!term) return std::nullopt;
      return OfTerm(snapshot, *term);
    }
  }
  return std::nullopt;
}

}  // namespace dealog::projections
