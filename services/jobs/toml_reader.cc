#define TOML_EXCEPTIONS 0
// The parser asserts what its own next lines check and report: "[!" would end the process, and a
// mapping comes from a client. With NDEBUG it would assume instead, and those checks would go.
#undef NDEBUG
#define TOML_ASSERT(expr) static_cast<void>(0)

#include "services/jobs/toml_reader.h"

#include <toml++/toml.h>

#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"

namespace dealog::jobs {

struct TomlReader::Document {
  toml::table root;
  absl::Status status;

  void Fail(const toml::source_position& at, const std::string& message) {
    if (!status.ok()) return;
    const std::string line = absl::StrCat(at.line);
    const std::string column = absl::StrCat(at.column);
    status = base::Error(absl::StatusCode::kInvalidArgument, "IMPORT_INVALID",
                         absl::StrCat("mapping line ", line, ", column ", column, ": ", message))
                 .With("line", line)
                 .With("column", column);
  }
};

struct TomlTable::Node {
  TomlReader::Document* document = nullptr;
  const toml::table* table = nullptr;
  std::string path;  // "deals.stage"; empty for the root.
  mutable std::set<std::string, std::less<>> asked;

  const toml::node* Get(std::string_view key) const {
    asked.insert(std::string(key));
    return table->get(key);
  }
  std::string PathOf(std::string_view key) const {
    if (key.empty()) return path;
    return path.empty() ? std::string(key) : absl::StrCat(path, ".", std::string(key));
  }
};

void TomlTable::Fail(std::string_view key, std::string_view message) const {
  const toml::node* value = key.empty() ? nullptr : node_->table->get(key);
  toml::source_position at =
      value != nullptr ? value->source().begin : node_->table->source().begin;
  if (at.line == 0) at = {1, 1};  // An implicit table has no place of its own.
  const std::string path = node_->PathOf(key);
  node_->document->Fail(at, absl::StrCat(path, path.empty() ? "" : ": ", std::string(message)));
}

std::string TomlTable::String(std::string_view key, Need need) const {
  const toml::node* value = node_->Get(key);
  if (value == nullptr) {
    if (need == Need::kRequired) Fail(key, "is missing");
    return "";
  }
  if (!value->is_string() || value->as_string()->get().empty()) {
    Fail(key, "expected a text that is not empty");
    return "";
  }
  return value->as_string()->get();
}

bool TomlTable::Bool(std::string_view key, bool fallback) const {
  const toml::node* value = node_->Get(key);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) Fail(key, "expected true or false");
  return value->is_boolean() ? value->as_boolean()->get() : fallback;
}

std::optional<double> TomlTable::Number(std::string_view key) const {
  const toml::node* value = node_->Get(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) Fail(key, "expected a number");
  return value->value<double>();
}

bool TomlTable::Date(std::string_view key, events::v1::Date& date) const {
  const toml::node* value = node_->Get(key);
  if (value == nullptr || !value->is_date()) {
    Fail(key, value == nullptr ? "is missing" : "expected a date without quotes, as 2016-10-01");
    return false;
  }
  const toml::date& read = value->as_date()->get();
  date.set_year(read.year);
  date.set_month(read.month);
  date.set_day(read.day);
  return true;
}

bool TomlTable::IsTable(std::string_view key) const {
  const toml::node* value = node_->table->get(key);
  return value != nullptr && value->is_table();
}

TomlTable TomlTable::Child(std::string_view key, const void* table) const {
  auto node = std::make_shared<Node>();
  node->document = node_->document;
  node->table = static_cast<const toml::table*>(table);
  node->path = node_->PathOf(key);
  return TomlTable(std::move(node));
}

std::optional<TomlTable> TomlTable::Table(std::string_view key, Need need) const {
  const toml::node* value = node_->Get(key);
  if (value == nullptr) {
    if (need == Need::kRequired) Fail(key, "the table is missing");
    return std::nullopt;
  }
  if (!value->is_table()) {
    Fail(key, "expected a table");
    return std::nullopt;
  }
  return Child(key, value->as_table());
}

std::vector<TomlTable> TomlTable::Tables(std::string_view key) const {
  const toml::node* value = node_->Get(key);
  std::vector<TomlTable> tables;
  if (value == nullptr || !value->is_array_of_tables()) {
    Fail(key, value == nullptr ? "is missing" : "expected a list of tables");
    return tables;
  }
  for (const toml::node& element : *value->as_array()) {
    tables.push_back(
        Child(absl::StrCat(std::string(key), "[", tables.size(), "]"), element.as_table()));
  }
  return tables;
}

std::vector<std::string> TomlTable::Strings(std::string_view key) const {
  const toml::node* value = node_->Get(key);
  std::vector<std::string> strings;
  if (value == nullptr) return strings;
  if (!value->is_array() || !value->as_array()->is_homogeneous(toml::node_type::string)) {
    Fail(key, "expected a list of texts");
    return strings;
  }
  for (const toml::node& element : *value->as_array()) {
    strings.push_back(element.as_string()->get());
  }
  return strings;
}

std::vector<std::string> TomlTable::Keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, value] : *node_->table) {
    node_->asked.insert(std::string(key.str()));
    keys.emplace_back(key.str());
  }
  return keys;
}

void TomlTable::RefuseUnknownKeys() const {
  for (const auto& [key, value] : *node_->table) {
    if (!node_->asked.contains(key.str())) {
      node_->document->Fail(key.source().begin,
                            absl::StrCat(node_->PathOf(key.str()), ": unknown key"));
      return;
    }
  }
}

TomlReader::TomlReader(std::string_view text) : document_(std::make_unique<Document>()) {
  toml::parse_result result = toml::parse(text);
  if (result) {
    document_->root = std::move(result).table();
    return;
  }
  const toml::parse_error& error = result.error();
  document_->Fail(error.source().begin,
                  absl::StrCat("no valid TOML: ", std::string(error.description())));
}

TomlReader::~TomlReader() = default;

TomlTable TomlReader::root() const {
  auto node = std::make_shared<TomlTable::Node>();
  node->document = document_.get();
  node->table = &document_->root;
  return TomlTable(std::move(node));
}

const absl::Status& TomlReader::status() const { return document_->status; }

}  // namespace dealog::jobs
