#include "services/cli/workflow_file.h"

#include <google/protobuf/util/json_util.h>
#include <yaml-cpp/yaml.h>

#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"

namespace dealog::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using nlohmann::json;

// A definition nests five deep; the bound keeps a hostile file from filling the stack.
constexpr int kDepthMax = 16;

absl::Status Invalid(const YAML::Node& node, const std::string& message) {
  return base::Error(absl::StatusCode::kInvalidArgument, "WORKFLOW_INVALID",
                     absl::StrCat("line ", node.Mark().line + 1, ": ", message));
}

const FieldDescriptor* FindField(const Descriptor& type, const std::string& name) {
  const FieldDescriptor* field = type.FindFieldByName(name);
  return field != nullptr ? field : type.FindFieldByCamelcaseName(name);
}

std::string FieldNames(const Descriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.field_count(); ++i) names.push_back(type.field(i)->name());
  return absl::StrJoin(names, ", ");
}

// YAML does not say which scalars are text; the field's type does.
absl::StatusOr<json> ScalarToJson(const YAML::Node& node, const FieldDescriptor& field) {
  const std::string text = node.Scalar();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_BOOL:
      if (text == "true" || text == "false") return json(text == "true");
      return Invalid(node,
                     absl::StrCat(field.name(), ": expected true or false, found '", text, "'"));
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64: {
      int64_t number = 0;
      if (absl::SimpleAtoi(text, &number)) return json(number);
      return Invalid(node,
                     absl::StrCat(field.name(), ": expected a whole number, found '", text, "'"));
    }
    default:
      return json(text);
  }
}

absl::StatusOr<json> MessageToJson(const YAML::Node& node, const Descriptor& type, int depth);

absl::StatusOr<json> ValueToJson(const YAML::Node& node, const FieldDescriptor& field, int depth) {
  if (field.message_type() != nullptr) {
    return MessageToJson(node, *field.message_type(), depth + 1);
  }
  if (!node.IsScalar()) {
    return Invalid(node, absl::StrCat(field.name(), ": expected one value, found a list or map"));
  }
  return ScalarToJson(node, field);
}

absl::StatusOr<json> FieldToJson(const YAML::Node& node, const FieldDescriptor& field, int depth) {
  if (!field.is_repeated()) return ValueToJson(node, field, depth);
  if (!node.IsSequence()) return Invalid(node, absl::StrCat(field.name(), ": expected a list"));
  json list = json::array();
  for (const YAML::Node& element : node) {
    ASSIGN_OR_RETURN(json value, ValueToJson(element, field, depth));
    list.push_back(std::move(value));
  }
  return list;
}

absl::StatusOr<json> MessageToJson(const YAML::Node& node, const Descriptor& type, int depth) {
  if (depth > kDepthMax) return Invalid(node, "the definition is nested too deep");
  if (!node.IsMap()) {
    return Invalid(node, absl::StrCat("expected a map with ", FieldNames(type)));
  }
  json object = json::object();
  for (const auto& entry : node) {
    const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "";
    const FieldDescriptor* field = FindField(type, name);
    if (field == nullptr) {
      return Invalid(entry.first, absl::StrCat("unknown field '", name, "', expected one of ",
                                               FieldNames(type)));
    }
    if (object.contains(field->name())) {
      return Invalid(entry.first, absl::StrCat("the field ", field->name(), " is there twice"));
    }
    if (entry.second.IsNull()) continue;
    ASSIGN_OR_RETURN(object[field->name()], FieldToJson(entry.second, *field, depth));
  }
  return object;
}

}  // namespace

absl::StatusOr<events::v1::WorkflowDefinition> ParseWorkflow(const std::string& text) {
  events::v1::WorkflowDefinition definition;
  try {
    const YAML::Node root = YAML::Load(text);
    ASSIGN_OR_RETURN(const json object, MessageToJson(root, *definition.GetDescriptor(), 0));
    const auto status = google::protobuf::util::JsonStringToMessage(
        object.dump(-1, ' ', false, json::error_handler_t::replace), &definition);
    if (!status.ok()) return Invalid(root, status.ToString());
    return definition;
  } catch (const YAML::Exception& error) {
    return base::Error(absl::StatusCode::kInvalidArgument, "WORKFLOW_INVALID", error.what());
  }
}

}  // namespace dealog::cli
