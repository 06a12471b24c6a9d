#include "projections/filter/evaluate.h"

#include <algorithm>
#include <compare>

#include "projections/filter/text.h"

namespace dealog::filter {
namespace {

bool OrderHolds(Node::Op op, std::partial_ordering order) {
  switch (op) {
    case Node::Op::kEqual:
    case Node::Op::kHas:
      return order == 0;
    case Node::Op::kNotEqual:
      return order != 0;
    case Node::Op::kLess:
      return order < 0;
    case Node::Op::kLessEqual:
      return order <= 0;
    case Node::Op::kGreater:
      return order > 0;
    case Node::Op::kGreaterEqual:
      return order >= 0;
    case Node::Op::kIsSet:
      return true;
  }
  return false;
}

bool TextHolds(const Node& node, const Value& value) {
  // Only a family's member may be a number where the field's type is text.
  if (value.text.empty()) {
    return OrderHolds(
        node.op, node.is_number ? value.number <=> node.number : std::partial_ordering::unordered);
  }
  const auto holds = [&node](std::string_view text) {
    if (node.op == Node::Op::kHas) return ContainsIgnoringCase(text, node.text);
    return OrderHolds(node.op, text <=> std::string_view(node.text));
  };
  if (value.label.empty()) return holds(value.text);
  switch (node.op) {
    case Node::Op::kEqual:
    case Node::Op::kHas:
      return holds(value.label) || holds(value.text);
    case Node::Op::kNotEqual:
      return holds(value.label) && holds(value.text);
    case Node::Op::kLess:
    case Node::Op::kLessEqual:
    case Node::Op::kGreater:
    case Node::Op::kGreaterEqual:
    case Node::Op::kIsSet:
      return holds(value.label);
  }
  return false;
}

}  // namespace

bool Compares(const Node& node, const Value& value) {
  if (!value.set) return false;
  if (node.op == Node::Op::kIsSet) return true;
  switch (node.type) {
    case FieldType::kText:
      return TextHolds(node, value);
    case FieldType::kTextList:
      return std::find(value.list.begin(), value.list.end(), node.text) != value.list.end();
    case FieldType::kNumber:
    case FieldType::kBool:
      return OrderHolds(node.op, value.number <=> node.number);
    case FieldType::kDate:
    case FieldType::kTime:
      return OrderHolds(node.op, value.instant <=> node.instant);
  }
  return false;
}

// NOLINTNEXTLINE(misc-no-recursion): the parser bounded the depth.
bool Holds(const Node& node, const Row& row) {
  const auto holds = [&row](const Node& child) { return Holds(child, row); };
  switch (node.kind) {
    case Node::Kind::kTrue:
      return true;
    case Node::Kind::kAnd:
      return std::all_of(node.children.begin(), node.children.end(), holds);
    case Node::Kind::kOr:
      return std::any_of(node.children.begin(), node.children.end(), holds);
    case Node::Kind::kNot:
      return !holds(node.children.front());
    case Node::Kind::kCompare:
      return Compares(node, row.Get(node.field_id, node.member));
  }
  return false;
}

}  // namespace dealog::filter
