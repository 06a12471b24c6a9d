#include "projections/views/deals_terms.h"

#include <array>
#include <string>
#include <utility>
#include <variant>

#include "projections/filter/evaluate.h"

namespace dealog::projections {
namespace {

using filter::Node;
using filter::Value;
using states::DealFieldId;

constexpr std::array<std::string_view, 3> kStatusNames = {"OPEN", "WON", "LOST"};

Value TextOrUnset(const std::string* text) {
  return text == nullptr ? Value::Unset() : Value::Text(*text);
}

// Makes the terms of one node. Copies of it are in the functions that it makes.
class Terms {
 public:
  Terms(const DealsSnapshot& snapshot, const Node& node) : snapshot_(&snapshot), node_(&node) {}

  // Of what is known by a name; without it where the id alone is meant.
  template <typename LabelOf>
  DictionaryTerm Named(Posted field, LabelOf label_of) const {
    const bool id_alone = states::IsIdAlone(node_->field_id);
    DictionaryTerm term{
        .field = field, .holds = [terms = *this, id_alone, label_of](Symbol symbol) {
          return terms.Holds(Value::Reference(terms.Text(symbol),
                                              id_alone ? std::string_view() : label_of(symbol)));
        }};
    if (id_alone) term.only = Only();
    return term;
  }
  DictionaryTerm Plain(Posted field) const {
    return {.field = field,
            .holds = [terms = *this](
                         Symbol symbol) { return terms.Holds(Value::Text(terms.Text(symbol))); },
            .only = Only()};
  }
  DictionaryTerm Tag() const {
    return {.field = Posted::kTags,
            .holds =
                [terms = *this](Symbol symbol) {
                  const std::string_view tag = terms.Text(symbol);
                  return terms.Holds(Value::List({&tag, 1}));
                },
            .only = node_->op == Node::Op::kIsSet ? std::nullopt
                                                  : std::optional<std::string_view>(node_->text)};
  }
  DictionaryTerm Member(Timeline<std::string> MemberRecord::*timeline) const {
    return {.field = Posted::kOwner, .holds = [terms = *this, timeline](Symbol owner) {
              const DealsSnapshot& snapshot = *terms.snapshot_;
              const MemberRecord* member = snapshot.catalog().Member(terms.Text(owner));
              return member != nullptr &&
                     terms.Holds(TextOrUnset((member->*timeline).Latest(snapshot.horizon())));
            }};
  }
  DictionaryTerm OrganizationAttribute() const {
    return {.field = Posted::kOrganization, .holds = [terms = *this](Symbol symbol) {
              const DealsSnapshot& snapshot = *terms.snapshot_;
              const OrganizationRecord* organization =
                  snapshot.organizations().Find(terms.Text(symbol));
              if (organization == nullptr) return false;
              const AttributeValue* value =
                  organization->Attribute(terms.node_->member, kNever, snapshot.horizon());
              if (value == nullptr) return false;
              if (const double* number = std::get_if<double>(value)) {
                return terms.Holds(Value::Number(*number));
              }
              return terms.Holds(Value::Text(std::get<std::string>(*value)));
            }};
  }
  DictionaryTerm Pipeline() const {
    const bool id_alone = states::IsIdAlone(node_->field_id);
    return {.field = Posted::kPipeline, .holds = [terms = *this, id_alone](Symbol symbol) {
              const DealsSnapshot& snapshot = *terms.snapshot_;
              const std::string_view id = terms.Text(symbol);
              const PipelinesView::Shared pipeline =
                  snapshot.pipelines().At(id, snapshot.horizon());
              std::string_view label = pipeline ? pipeline->display_name.value : id;
              if (id_alone) label = {};
              return terms.Holds(Value::Reference(id, label));
            }};
  }
  DictionaryTerm Status() const {
    return {.field = Posted::kStatus, .holds = [terms = *this](uint32_t status) {
              return terms.Holds(Value::Text(kStatusNames[static_cast<size_t>(OutcomeOf(status))]));
            }};
  }
  std::string_view StageLabel(Symbol symbol) const {
    const StageAt* stage = snapshot_->Stage(symbol);
    return stage != nullptr ? std::string_view(stage->label()) : std::string_view();
  }

 private:
  bool Holds(const Value& value) const { return filter::Compares(*node_, value); }
  std::string_view Text(Symbol symbol) const { return snapshot_->symbols().Text(symbol); }
  std::optional<std::string_view> Only() const {
    if (node_->op != Node::Op::kEqual) return std::nullopt;
    return node_->text;
  }

  const DealsSnapshot* snapshot_;
  const Node* node_;
};

}  // namespace

DealFieldId FieldOf(const Node& node) {
  return static_cast<DealFieldId>(states::PlaceOfField(node.field_id));
}

std::optional<DictionaryTerm> TermOf(const DealsSnapshot& snapshot, const Node& node) {
  const Terms terms(snapshot, node);
  const auto stage_label = [terms](Symbol stage) { return terms.StageLabel(stage); };
  switch (FieldOf(node)) {
    case DealFieldId::kOwner:
      return terms.Named(Posted::kOwner,
                         [&snapshot](Symbol owner) { return snapshot.OwnerLabel(owner); });
    case DealFieldId::kTeam:
      return terms.Member(&MemberRecord::team);
    case DealFieldId::kRegion:
      return terms.Member(&MemberRecord::region);
    case DealFieldId::kSource:
      return terms.Plain(Posted::kSource);
    case DealFieldId::kTags:
      return terms.Tag();
    case DealFieldId::kProduct:
      return terms.Named(Posted::kProduct,
                         [&snapshot](Symbol product) { return snapshot.ProductLabel(product); });
    case DealFieldId::kOrganization:
      return terms.Named(Posted::kOrganization, [&snapshot](Symbol organization) {
        return snapshot.OrganizationLabel(organization);
      });
    case DealFieldId::kOrganizationAttribute:
      return terms.OrganizationAttribute();
    case DealFieldId::kPipeline:
      return terms.Pipeline();
    case DealFieldId::kStage:
      return terms.Named(Posted::kStage, stage_label);
    case DealFieldId::kLastOpenStage:
      return terms.Named(Posted::kLastOpenStage, stage_label);
    case DealFieldId::kStatus:
      return terms.Status();
    case DealFieldId::kLostReason:
      return terms.Plain(Posted::kLostReason);
    default:
      return std::nullopt;
  }
}

}  // namespace dealog::projections
