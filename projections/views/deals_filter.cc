#include "projections/views/deals_filter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "eventstore/base/check.h"
#include "eventstore/base/currency.h"
#include "eventstore/base/status.h"
#include "projections/filter/evaluate.h"
#include "projections/states/deal_fields.h"

namespace dealog::projections {
namespace {

using filter::Node;
using filter::Value;

using states::DealFieldId;

const filter::Schema& DealSchema() {
  static const auto* const kSchema = [] {
    auto* const schema = new filter::Schema;
    states::AddToSchema(states::DealFields(), "", /*of_state=*/false, *schema);
    return schema;
  }();
  return *kSchema;
}

DealFieldId FieldOf(const Node& node) {
  return static_cast<DealFieldId>(states::PlaceOfField(node.field_id));
}

constexpr std::array<std::string_view, 3> kStatusNames = {"OPEN", "WON", "LOST"};

// Of what is known by a name; without it where the id alone is meant.
bool NameMatches(const Node& node, std::string_view id, std::string_view label) {
  if (states::IsIdAlone(node.field_id)) label = {};
  return filter::Compares(node, Value::Reference(id, label));
}

Value TextOrUnset(const std::string* text) {
  return text == nullptr ? Value::Unset() : Value::Text(*text);
}

// Evaluates a tree over all marked deals at once.
class Evaluator {
 public:
  explicit Evaluator(const DealsSnapshot& snapshot)
      : snapshot_(snapshot), table_(snapshot.table()), as_of_(snapshot.as_of()) {}

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
        return Compare(node, marks);
    }
  }

 private:
  static void TakeOut(const DealMarks& out, DealMarks& marks) {
    for (size_t i = 0; i < marks.size(); ++i) marks[i] &= static_cast<uint8_t>(out[i] ^ 1U);
  }

  template <typename Holds>
  void Keep(DealMarks& marks, Holds holds) {
    for (DealIndex deal = 0; deal < marks.size(); ++deal) {
      if (marks[deal]) marks[deal] = holds(deal) ? 1 : 0;
    }
  }
  // By a column of dense numbers; `holds` is asked once per number. All deals are looked up, marked
  // or not, so that no jump depends on it.
  template <typename Holds>
  void KeepByColumn(const std::vector<uint32_t>& column, DealMarks& marks, Holds holds) {
    enum : uint8_t { kFails, kHolds, kNotAsked };
    std::vector<uint8_t> answers(NumberCount(), kNotAsked);
    const uint32_t* const numbers = column.data();
    uint8_t* const answer_of = answers.data();
    uint8_t* const mark_of = marks.data();
    for (size_t deal = 0, count = marks.size(); deal < count; ++deal) {
      uint8_t& answer = answer_of[numbers[deal]];
      if (answer == kNotAsked) answer = holds(numbers[deal]) ? kHolds : kFails;
      mark_of[deal] &= answer;
    }
  }
  template <typename Holds>
  void KeepByField(DealField field, DealMarks& marks, Holds holds) {
    if (as_of_ == kNever) return KeepByColumn(table_.SymbolColumn(field), marks, holds);
    std::vector<std::optional<bool>> answers(NumberCount());
    Keep(marks, [&](DealIndex deal) {
      const uint32_t number = table_.Latest(deal, field, as_of_).symbol();
      if (!answers[number]) answers[number] = holds(number);
      return *answers[number];
    });
  }
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

  // More than any symbol or code of a tag set.
  size_t NumberCount() const {
    return std::max(snapshot_.symbols().size(), table_.tag_set_count());
  }
  std::string_view Text(Symbol symbol) const { return snapshot_.symbols().Text(symbol); }

  void Compare(const Node& node, DealMarks& marks);
  bool CompareAttributes(const Node& node, DealMarks& marks);
  bool CompareStanding(const Node& node, DealMarks& marks);
  void CompareMember(const Node& node, Timeline<std::string> MemberRecord::*timeline,
                     DealMarks& marks);
  void CompareTags(const Node& node, DealMarks& marks);
  void CompareOrganizationAttribute(const Node& node, DealMarks& marks);
  void CompareAmount(const Node& node, DealMarks& marks);

  const DealsSnapshot& snapshot_;
  const FactTable& table_;
  const int64_t as_of_;
  DealFacts facts_;
};

void Evaluator::CompareMember(const Node& node, Timeline<std::string> MemberRecord::*timeline,
                              DealMarks& marks) {
  KeepByField(DealField::kOwner, marks, [&](Symbol owner) {
    const MemberRecord* member = snapshot_.catalog().Member(Text(owner));
    return member != nullptr &&
           filter::Compares(node, TextOrUnset((member->*timeline).Latest(snapshot_.horizon())));
  });
}

void Evaluator::CompareTags(const Node& node, DealMarks& marks) {
  KeepByField(DealField::kTags, marks, [&](Symbol set) {
    std::vector<std::string_view> tags;
    for (const Symbol tag : table_.TagSet({.value = set})) tags.push_back(Text(tag));
    return filter::Compares(node, Value::List(tags));
  });
}

void Evaluator::CompareOrganizationAttribute(const Node& node, DealMarks& marks) {
  KeepByField(DealField::kOrganization, marks, [&](Symbol symbol) {
    const OrganizationRecord* organization = snapshot_.organizations().Find(Text(symbol));
    if (organization == nullptr) return false;
    const AttributeValue* value = organization->Attribute(node.member, kNever, snapshot_.horizon());
    if (value == nullptr) return false;
    if (const double* number = std::get_if<double>(value)) {
      return filter::Compares(node, Value::Number(*number));
    }
    return filter::Compares(node, Value::Text(std::get<std::string>(*value)));
  });
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

bool Evaluator::CompareAttributes(const Node& node, DealMarks& marks) {
  const auto by_name = [&](DealField field, auto label) {
    KeepByField(field, marks,
                [&](Symbol symbol) { return NameMatches(node, Text(symbol), label(symbol)); });
  };
  switch (FieldOf(node)) {
    case DealFieldId::kOwner:
      by_name(DealField::kOwner, [&](Symbol owner) { return snapshot_.OwnerLabel(owner); });
      return true;
    case DealFieldId::kTeam:
      CompareMember(node, &MemberRecord::team, marks);
      return true;
    case DealFieldId::kRegion:
      CompareMember(node, &MemberRecord::region, marks);
      return true;
    case DealFieldId::kSource:
      by_name(DealField::kSource, [&](Symbol source) { return Text(source); });
      return true;
    case DealFieldId::kTags:
      CompareTags(node, marks);
      return true;
    case DealFieldId::kProduct:
      by_name(DealField::kProduct, [&](Symbol product) { return snapshot_.ProductLabel(product); });
      return true;
    case DealFieldId::kOrganization:
      by_name(DealField::kOrganization,
              [&](Symbol organization) { return snapshot_.OrganizationLabel(organization); });
      return true;
    case DealFieldId::kOrganizationAttribute:
      CompareOrganizationAttribute(node, marks);
      return true;
    case DealFieldId::kAmount:
      CompareAmount(node, marks);
      return true;
    case DealFieldId::kCurrency:
      KeepByValue(node, marks, [&, code = std::string()](DealIndex deal) mutable {
        code = UnpackCurrency(table_.Latest(deal, DealField::kAmount, as_of_).currency);
        return Value::Text(code);
      });
      return true;
    case DealFieldId::kExpectedCloseDate:
      KeepByValue(node, marks, [&](DealIndex deal) {
        const FieldValue day = table_.Latest(deal, DealField::kExpectedClose, as_of_);
        return day.set() ? Value::Instant(day.value) : Value::Unset();
      });
      return true;
    default:
      return false;
  }
}

bool Evaluator::CompareStanding(const Node& node, DealMarks& marks) {
  const auto column = [&](const auto& values, auto value) {
    KeepByValue(node, marks, [&](DealIndex deal) { return value(values[deal]); });
  };
  const auto by_stage = [&](const std::vector<Symbol>& stages) {
    KeepByColumn(stages, marks, [&](Symbol symbol) {
      const StageAt* stage = snapshot_.Stage(symbol);
      return NameMatches(node, Text(symbol),
                         stage != nullptr ? stage->label() : std::string_view());
    });
  };
  const auto instant = [](int64_t at) {
    return at == kNever ? Value::Unset() : Value::Instant(at);
  };
  switch (FieldOf(node)) {
    case DealFieldId::kStage:
      by_stage(snapshot_.standing().stage);
      return true;
    case DealFieldId::kLastOpenStage:
      by_stage(snapshot_.standing().last_open_stage);
      return true;
    case DealFieldId::kStatus:
      column(snapshot_.standing().outcome, [](Outcome outcome) {
        return Value::Text(kStatusNames[static_cast<size_t>(outcome)]);
      });
      return true;
    case DealFieldId::kCloseTime:
      column(snapshot_.standing().closed_us, instant);
      return true;
    case DealFieldId::kStageEnterTime:
      column(snapshot_.standing().entered_us, instant);
      return true;
    case DealFieldId::kLostReason:
      KeepByColumn(snapshot_.standing().reason, marks, [&](Symbol reason) {
        return filter::Compares(node, Value::Text(Text(reason)));
      });
      return true;
    case DealFieldId::kCycle:
      column(snapshot_.standing().cycle, [](uint16_t cycle) { return Value::Number(cycle); });
      return true;
    default:
      return false;
  }
}

void Evaluator::Compare(const Node& node, DealMarks& marks) {
  if (CompareAttributes(node, marks) || CompareStanding(node, marks)) return;
  switch (FieldOf(node)) {
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
    case DealFieldId::kPipeline:
      return KeepByColumn(table_.pipeline, marks, [&](Symbol symbol) {
        const PipelinesView::Shared pipeline =
            snapshot_.pipelines().At(Text(symbol), snapshot_.horizon());
        return NameMatches(node, Text(symbol),
                           pipeline ? pipeline->display_name.value : Text(symbol));
      });
    default:  // deals_queries_test asks for every field of the table.
      DEALOG_CHECK(false) << "no column answers for field " << states::PlaceOfField(node.field_id);
  }
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

DealMarks ExistingDeals(const DealsSnapshot& snapshot, std::string_view pipeline_id) {
  const FactTable& table = snapshot.table();
  const bool any = pipeline_id.empty();
  const Symbol pipeline = snapshot.symbols().Find(pipeline_id);
  DealMarks marks(table.deal_count());
  if (!any && pipeline == kNoSymbol) return marks;  // No deal was ever in it.
  const int64_t as_of = snapshot.as_of();
  const int64_t* const opened_us = table.opened_us.data();
  const Symbol* const pipeline_of = table.pipeline.data();
  uint8_t* const mark_of = marks.data();
  for (size_t deal = 0, count = marks.size(); deal < count; ++deal) {
    mark_of[deal] =
        static_cast<uint8_t>((opened_us[deal] < as_of) & (any | (pipeline_of[deal] == pipeline)));
  }
  return marks;
}

}  // namespace dealog::projections
