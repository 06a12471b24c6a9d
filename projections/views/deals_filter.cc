#include "projections/views/deals_filter.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "eventstore/base/check.h"
#include "eventstore/base/currency.h"
#include "eventstore/base/status.h"
#include "projections/filter/evaluate.h"
#include "projections/states/deal_fields.h"
#include "projections/views/deals_fields.h"
#include "projections/views/deals_terms.h"

namespace dealog::projections {
namespace {

using filter::Node;
using filter::Value;
using states::DealFieldId;

// Of more than one in so many deals columns are read as fast from one end to the other.
constexpr size_t kScannedShare = 4;

const filter::Schema& DealSchema() {
  static const auto* const kSchema = [] {
    auto* const schema = new filter::Schema;
    states::AddToSchema(states::DealFields(), "", /*of_state=*/false, *schema);
    return schema;
  }();
  return *kSchema;
}

// Evaluates a tree over all marked deals at once: over all deals, or over some of them, whose marks
// are at the places of their list.
class Evaluator {
 public:
  explicit Evaluator(const DealsSnapshot& snapshot, const std::vector<DealIndex>* some = nullptr)
      : snapshot_(snapshot), table_(snapshot.table()), as_of_(snapshot.as_of()), some_(some) {}

  // NOLINTNEXTLINE(misc-no-recursion): the parser bounded the depth.
  void Narrow(const Node& node, DealMarks& marks) {
    switch (node.kind) {
      case Node::Kind::kTrue:
        return;
      case Node::Kind::kAnd:
        for (const Node& child : node.children) Narrow(child, marks);
        return;
      case Node::Kind::kOr: {
        DealMarks left = marks;  // Not matched yet.
        for (const Node& child : node.children) {
          DealMarks matched = left;
          Narrow(child, matched);
          TakeOut(matched, left);
        }
        TakeOut(left, marks);
        return;
      }
      case Node::Kind::kNot: {
        DealMarks matched = marks;
        Narrow(node.children.front(), matched);
        TakeOut(matched, marks);
        return;
      }
      case Node::Kind::kCompare:
        if (const std::optional<DictionaryTerm> term = TermOf(snapshot_, node)) {
          return KeepByTerm(*term, marks);
        }
        return Compare(node, marks);
    }
  }

 private:
  static void TakeOut(const DealMarks& out, DealMarks& marks) {
    for (size_t i = 0; i < marks.size(); ++i) marks[i] &= static_cast<uint8_t>(out[i] ^ 1U);
  }

  template <typename Holds>
  void Keep(DealMarks& marks, Holds holds) {
    for (size_t place = 0; place < marks.size(); ++place) {
      if (!marks[place]) continue;
      const DealIndex deal = some_ != nullptr ? (*some_)[place] : static_cast<DealIndex>(place);
      marks[place] = holds(deal) ? 1 : 0;
    }
  }
  // By a column of dense numbers, or of what `number_of` makes one from; `holds` is asked once per
  // number. All deals are looked up, marked or not, so that no jump depends on it.
  template <typename T, typename Holds, typename NumberOf = std::identity>
  void KeepByColumn(const CowColumn<T>& column, DealMarks& marks, const Holds& holds,
                    NumberOf number_of = {}) {
    enum : uint8_t { kFails, kHolds, kNotAsked };
    std::vector<uint8_t> answers(NumberCount(), kNotAsked);
    uint8_t* const answer_of = answers.data();
    const auto keep = [&](uint8_t& mark, const T& value) {
      const uint32_t number = number_of(value);
      uint8_t& answer = answer_of[number];
      if (answer == kNotAsked) answer = holds(number) ? kHolds : kFails;
      mark &= answer;
    };
    if (some_ != nullptr) {
      for (size_t place = 0; place < marks.size(); ++place) {
        keep(marks[place], column[(*some_)[place]]);
      }
      return;
    }
    column.ForEachChunk([&](size_t first, std::span<const T> values) {
      for (size_t i = 0; i < values.size(); ++i) keep(marks[first + i], values[i]);
    });
  }
  template <typename Holds>
  void KeepByField(DealField field, DealMarks& marks, const Holds& holds) {
    if (as_of_ == kNever) return KeepByColumn(table_.SymbolColumn(field), marks, holds);
    std::vector<std::optional<bool>> answers(NumberCount());
    Keep(marks, [&](DealIndex deal) {
      const uint32_t number = table_.Latest(deal, field, as_of_).symbol();
      if (!answers[number]) answers[number] = holds(number);
      return *answers[number];
    });
  }
  void KeepByTerm(const DictionaryTerm& term, DealMarks& marks);
  template <typename ValueOf>
  void KeepByValue(const Node& node, DealMarks& marks, ValueOf value_of) {
    Keep(marks, [&](DealIndex deal) { return filter::Compares(node, value_of(deal)); });
  }
  // By what takes a fold of the deal's tape where as_of may cut something off.
  template <typename Cut, typename Column, typename Folded>
  void KeepByFold(const Node& node, DealMarks& marks, Cut cut, Column column, Folded folded) {
    KeepByValue(node, marks, [&](DealIndex deal) {
      if (as_of_ == kNever || !cut(deal)) return column(deal);
      return folded(snapshot_.FactsOf(deal, facts_));
    });
  }

  // More than any number of a term, and than any code of a tag set.
  size_t NumberCount() const {
    constexpr size_t kStatuses = StatusNumber(Outcome::kLost) + 1;
    return std::max({snapshot_.symbols().size(), table_.tag_set_count(), kStatuses});
  }

  void Compare(const Node& node, DealMarks& marks);
  void CompareAmount(const Node& node, DealMarks& marks);
  void CompareText(const Node& node, DealMarks& marks);

  const DealsSnapshot& snapshot_;
  const FactTable& table_;
  const int64_t as_of_;
  const std::vector<DealIndex>* const some_;  // nullptr: all.
  DealFacts facts_;
};

void Evaluator::KeepByTerm(const DictionaryTerm& term, DealMarks& marks) {
  switch (term.field) {
    case Posted::kOwner:
      return KeepByField(DealField::kOwner, marks, term.holds);
    case Posted::kSource:
      return KeepByField(DealField::kSource, marks, term.holds);
    case Posted::kOrganization:
      return KeepByField(DealField::kOrganization, marks, term.holds);
    case Posted::kProduct:
      return KeepByField(DealField::kProduct, marks, term.holds);
    case Posted::kTags:
      return KeepByField(DealField::kTags, marks, [&](uint32_t code) {
        const std::vector<Symbol>& tags = table_.TagSet({.value = code});
        return std::any_of(tags.begin(), tags.end(), term.holds);
      });
    case Posted::kPipeline:
      return KeepByColumn(table_.pipeline, marks, term.holds);
    case Posted::kStage:
      return KeepByColumn(snapshot_.standing().stage, marks, term.holds);
    case Posted::kLastOpenStage:
      return KeepByColumn(snapshot_.standing().last_open_stage, marks, term.holds);
    case Posted::kLostReason:
      return KeepByColumn(snapshot_.standing().reason, marks, term.holds);
    case Posted::kStatus:
      return KeepByColumn(snapshot_.standing().outcome, marks, term.holds, StatusNumber);
  }
}

void Evaluator::CompareAmount(const Node& node, DealMarks& marks) {
  Currency currency = 0;  // Of the deal before: most deals share one.
  double scale = 1;
  KeepByValue(node, marks, [&](DealIndex deal) {
    const FieldValue amount = table_.Latest(deal, DealField::kAmount, as_of_);
    if (!amount.set()) return Value::Unset();
    if (amount.currency != currency) {
      currency = amount.currency;
      scale = std::pow(10.0, base::CurrencyDecimals(UnpackCurrency(currency)).value_or(2));
    }
    return Value::Number(static_cast<double>(amount.value) / scale);
  });
}

void Evaluator::Compare(const Node& node, DealMarks& marks) {
  const auto instant = [](int64_t at) {
    return at == kNever ? Value::Unset() : Value::Instant(at);
  };
  switch (FieldOf(node)) {
    case DealFieldId::kAmount:
      return CompareAmount(node, marks);
    case DealFieldId::kCurrency:
      return KeepByValue(node, marks, [&, code = std::string()](DealIndex deal) mutable {
        code = UnpackCurrency(table_.Latest(deal, DealField::kAmount, as_of_).currency);
        return Value::Text(code);
      });
    case DealFieldId::kExpectedCloseDate:
      return KeepByValue(node, marks, [&](DealIndex deal) {
        const FieldValue day = table_.Latest(deal, DealField::kExpectedClose, as_of_);
        return day.set() ? Value::Instant(day.value) : Value::Unset();
      });
    case DealFieldId::kCloseTime:
      return KeepByValue(node, marks, [&, &standing = snapshot_.standing()](DealIndex deal) {
        return instant(standing.closed_us[deal]);
      });
    case DealFieldId::kStageEnterTime:
      return KeepByValue(node, marks, [&, &standing = snapshot_.standing()](DealIndex deal) {
        return instant(standing.entered_us[deal]);
      });
    case DealFieldId::kCycle:
      return KeepByValue(node, marks, [&standing = snapshot_.standing()](DealIndex deal) {
        return Value::Number(standing.cycle[deal]);
      });
    case DealFieldId::kDealId:
      return KeepByValue(node, marks,
                         [&](DealIndex deal) { return Value::Text(snapshot_.view().Id(deal)); });
    case DealFieldId::kTitle:
      return KeepByFold(
          node, marks, [&](DealIndex deal) { return table_.Changes(deal, DealField::kTitle); },
          [&](DealIndex deal) { return Value::Text(table_.title[deal]); },
          [](const DealFacts& facts) { return Value::Text(facts.title); });
    case DealFieldId::kExternalKey:
      return KeepByValue(node, marks,
                         [&](DealIndex deal) { return Value::Text(table_.external_key[deal]); });
    case DealFieldId::kCreateTime:
      return KeepByValue(node, marks,
                         [&](DealIndex deal) { return Value::Instant(table_.opened_us[deal]); });
    case DealFieldId::kUpdateTime:
      return KeepByFold(
          node, marks, [&](DealIndex deal) { return table_.last_occurred_us[deal] >= as_of_; },
          [&](DealIndex deal) { return Value::Instant(table_.updated_us[deal]); },
          [](const DealFacts& facts) { return Value::Instant(facts.updated_us); });
    default:
      return CompareText(node, marks);
  }
}

// A text that deals share and that has no postings: its row says which column.
void Evaluator::CompareText(const Node& node, DealMarks& marks) {
  const DealFieldRow* row = FindDealField(FieldOf(node));
  // deals_queries_test asks for every field of the table.
  DEALOG_CHECK(row != nullptr && row->form == FieldForm::kSymbol)
      << "no column answers for field " << states::PlaceOfField(node.field_id);
  KeepByField(row->field, marks, [&](Symbol symbol) {
    return filter::Compares(node, Value::Text(snapshot_.symbols().Text(symbol)));
  });
}

}  // namespace

absl::StatusOr<DealFilter> DealFilter::Compile(std::string_view text, const TenantView& tenant) {
  DealFilter filter;
  ASSIGN_OR_RETURN(filter.filter_,
                   filter::Filter::Compile(text, DealSchema(), {.time_zone = tenant.time_zone()}));
  return filter;
}

void DealFilter::Narrow(const DealsSnapshot& snapshot, DealMarks& marks) const {
  Evaluator(snapshot).Narrow(filter_.root(), marks);
}

void DealFilter::Narrow(const DealsSnapshot& snapshot, std::vector<DealIndex>& deals) const {
  DealMarks marks(deals.size(), 1);
  Evaluator(snapshot, &deals).Narrow(filter_.root(), marks);
  size_t kept = 0;
  for (size_t place = 0; place < deals.size(); ++place) {
    if (marks[place]) deals[kept++] = deals[place];
  }
  deals.resize(kept);
}

absl::StatusOr<MatchedDeals> DealFilter::Match(DealsSnapshot& snapshot,
                                               std::string_view pipeline_id) const {
  const std::optional<Candidates> candidates = CandidatesIn(snapshot, pipeline_id);
  const size_t count = candidates ? candidates->deals.size() : snapshot.deal_count();
  if (count > kDealsUnderLockMax) RETURN_IF_ERROR(snapshot.Detach());
  if (!candidates) {
    DealMarks marks = ExistingDeals(snapshot, pipeline_id);
    Narrow(snapshot, marks);
    return MatchedDeals(std::move(marks));
  }
  std::vector<DealIndex> deals;
  deals.reserve(candidates->deals.size());
  candidates->deals.ForEach([&deals](DealIndex deal) { deals.push_back(deal); });
  if (!candidates->exact) Narrow(snapshot, deals);
  return MatchedDeals(std::move(deals));
}

std::optional<Candidates> DealFilter::CandidatesIn(const DealsSnapshot& snapshot,
                                                   std::string_view pipeline_id) const {
  if (snapshot.indexes() == nullptr) return std::nullopt;
  std::optional<Candidates> candidates = BoundIn(snapshot);
  if (!candidates) return std::nullopt;
  if (!pipeline_id.empty()) {
    const Symbol pipeline = snapshot.symbols().Find(pipeline_id);
    const DealSet* const deals =
        pipeline == kNoSymbol ? nullptr
                              : snapshot.indexes()->postings().Find(Posted::kPipeline, pipeline);
    if (deals == nullptr) return Candidates{.exact = true};  // No deal is in it.
    candidates->deals.IntersectWith(*deals);
  }
  if (candidates->deals.size() > snapshot.deal_count() / kScannedShare) return std::nullopt;
  return candidates;
}

DealMarks ExistingDeals(const DealsSnapshot& snapshot, std::string_view pipeline_id) {
  const FactTable& table = snapshot.table();
  const bool any = pipeline_id.empty();
  const Symbol pipeline = snapshot.symbols().Find(pipeline_id);
  DealMarks marks(table.deal_count());
  if (!any && pipeline == kNoSymbol) return marks;  // No deal was ever in it.
  const int64_t as_of = snapshot.as_of();
  table.opened_us.ForEachChunk([&](size_t first, std::span<const int64_t> opened_us) {
    uint8_t* const mark_of = marks.data() + first;
    for (size_t i = 0; i < opened_us.size(); ++i) {
      mark_of[i] = static_cast<uint8_t>(opened_us[i] < as_of);
    }
  });
  if (any) return marks;
  table.pipeline.ForEachChunk([&](size_t first, std::span<const Symbol> pipeline_of) {
    uint8_t* const mark_of = marks.data() + first;
    for (size_t i = 0; i < pipeline_of.size(); ++i) {
      mark_of[i] &= static_cast<uint8_t>(pipeline_of[i] == pipeline);
    }
  });
  return marks;
}

}  // namespace dealog::projections
