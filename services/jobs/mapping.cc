#include "services/jobs/mapping.h"

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "eventstore/base/check.h"
#include "eventstore/base/currency.h"
#include "projections/states/contact_fields.h"
#include "projections/states/deal_fields.h"
#include "projections/states/organization_fields.h"
#include "services/jobs/limits.h"
#include "services/jobs/toml_reader.h"
#include "services/jobs/values.h"

namespace dealog::jobs {
namespace {

constexpr std::string_view kRoleNames[kRoleCount] = {"members", "products", "organizations",
                                                     "contacts", "deals"};

// By Field; empty where it has a table of its own.
constexpr std::array<std::string_view, kFieldCount> kFieldNames = {"display_name",
                                                                   "team",
                                                                   "region",
                                                                   "series",
                                                                   "domain",
                                                                   "owner",
                                                                   "email",
                                                                   "phone",
                                                                   "organization",
                                                                   "title",
                                                                   "product",
                                                                   "source",
                                                                   "expected_close_date",
                                                                   "lost_reason"};

struct FieldName {
  std::string_view name;
  Field field;
  bool required = false;
};

// The fields that a table says can be imported from a column of their own.
template <typename Row>
std::vector<FieldName> Importable(std::span<const Row> fields) {
  std::vector<FieldName> names;
  for (const Row& field : fields) {
    if (IsFromColumn(field)) {
      names.push_back({field.name, FieldNamed(field.name), field.Can(states::kNeeded)});
    }
  }
  return names;
}

// What `[<role>.fields]` may hold.
std::vector<FieldName> FieldsOf(Role role) {
  switch (role) {
    case Role::kMembers:
      return {{"display_name", Field::kDisplayName, true},
              {"team", Field::kTeam},
              {"region", Field::kRegion}};
    case Role::kProducts:
      return {{"display_name", Field::kDisplayName, true}, {"series", Field::kSeries}};
    case Role::kOrganizations:
      return Importable(states::OrganizationFields());
    case Role::kContacts:
      return Importable(states::ContactFields());
    case Role::kDeals:
      return Importable(states::DealFields());
  }
  return {};
}

v1::Stage::Kind KindNamed(std::string_view name) {
  v1::Stage::Kind kind = v1::Stage::KIND_UNSPECIFIED;
  return v1::Stage::Kind_Parse(std::string(name), &kind) ? kind : v1::Stage::KIND_UNSPECIFIED;
}

char ParseCharacter(const TomlTable& table, std::string_view key, char fallback,
                    std::string_view allowed) {
  const std::string text = table.String(key, Need::kOptional);
  if (text.empty()) return fallback;
  if (text.size() != 1 || allowed.find(text[0]) == std::string_view::npos) {
    table.Fail(key, absl::StrCat("expected one character of \"", std::string(allowed),
                                 "\", found \"", text, "\""));
  }
  return text[0];
}

void ParseHead(const TomlTable& root, Mapping& mapping) {
  mapping.name = root.String("name", Need::kRequired);
  const bool name_ok =
      mapping.name.size() <= 64 &&
      mapping.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_") == std::string::npos;
  if (!name_ok) root.Fail("name", "expected 1 to 64 of a-z, 0-9, - and _");
  const std::string zone = root.String("time_zone", Need::kOptional);
  if (!absl::LoadTimeZone(zone.empty() ? "UTC" : zone, &mapping.zone)) {
    root.Fail("time_zone", absl::StrCat("expected an IANA zone, found \"", zone, "\""));
  }
  events::v1::Date date;
  if (root.Date("reference_at", date)) mapping.reference_at_us = StartOfDay(date, mapping.zone);
  mapping.delimiter = ParseCharacter(root, "delimiter", ',', ",;|\t");
  mapping.decimal = ParseCharacter(root, "decimal", '.', ".,");
  mapping.enforce_rules = root.Bool("enforce_rules", false);
  mapping.suppress_workflows = root.Bool("suppress_workflows", true);
}

void ParsePipeline(const TomlTable& table, Mapping& mapping) {
  v1::CreatePipelineRequest& pipeline = mapping.pipeline.emplace();
  pipeline.set_display_name(table.String("name", Need::kRequired));
  std::set<std::string> labels;
  for (const TomlTable& entry : table.Tables("stages")) {
    v1::Stage& stage = *pipeline.add_stages();
    stage.set_label(entry.String("label", Need::kRequired));
    stage.set_kind(KindNamed(entry.String("kind", Need::kRequired)));
    if (stage.kind() == v1::Stage::KIND_UNSPECIFIED) {
      entry.Fail("kind", "expected OPEN, WON or LOST");
    }
    if (!labels.insert(stage.label()).second) {
      entry.Fail("label", absl::StrCat("there is another stage \"", stage.label(), "\""));
    }
    if (const auto probability = entry.Number("probability")) {
      stage.set_probability(*probability);
    }
    entry.RefuseUnknownKeys();
  }
  for (v1::Stage::Kind kind : {v1::Stage::OPEN, v1::Stage::WON, v1::Stage::LOST}) {
    if (std::none_of(pipeline.stages().begin(), pipeline.stages().end(),
                     [kind](const v1::Stage& stage) { return stage.kind() == kind; })) {
      table.Fail("stages",
                 absl::StrCat("expected at least one stage of kind ", v1::Stage::Kind_Name(kind)));
    }
  }
}

void ParseMoneyColumn(const TomlTable& table, FileMapping& file) {
  file.columns[static_cast<size_t>(Field::kMoney)] = table.String("column", Need::kRequired);
  file.currency = table.String("currency", Need::kRequired);
  if (!base::CurrencyDecimals(file.currency)) {
    table.Fail("currency",
               absl::StrCat("expected an ISO 4217 code, found \"", file.currency, "\""));
  }
}

void ParseAttributes(const TomlTable& table, FileMapping& file) {
  for (const std::string& key : table.Keys()) {
    AttributeMapping attribute{.key = key};
    if (key.size() > 64 ||
        key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos) {
      table.Fail(key, "expected an attribute key of 1 to 64 of a-z, 0-9 and _");
    }
    if (table.IsTable(key)) {
      const TomlTable entry = *table.Table(key, Need::kRequired);
      attribute.column = entry.String("column", Need::kRequired);
      const std::string type = entry.String("type", Need::kOptional);
      if (!type.empty() && type != "text" && type != "number") {
        entry.Fail("type", absl::StrCat("expected text or number, found \"", type, "\""));
      }
      attribute.is_number = type == "number";
      entry.RefuseUnknownKeys();
    } else {
      attribute.column = table.String(key, Need::kRequired);
    }
    file.attributes.push_back(std::move(attribute));
  }
}

// Columns that the mapping reads, in no order.
std::set<std::string> MappedColumns(const FileMapping& file) {
  std::set<std::string> columns(file.columns.begin(), file.columns.end());
  columns.erase("");
  columns.insert(file.key_column);
  for (const AttributeMapping& attribute : file.attributes) columns.insert(attribute.column);
  return columns;
}

void ParseReplacements(const TomlTable& table, FileMapping& file) {
  const std::set<std::string> columns = MappedColumns(file);
  for (const std::string& column : table.Keys()) {
    if (!columns.contains(column)) {
      table.Fail(column, absl::StrCat("no field or attribute reads this column; read are: ",
                                      absl::StrJoin(columns, ", ")));
    }
    const auto spellings = table.Table(column, Need::kRequired);
    if (!spellings) continue;
    for (const std::string& from : spellings->Keys()) {
      file.replacements.push_back({column, from, spellings->String(from, Need::kRequired)});
    }
  }
}

std::string StageLabel(const TomlTable& table, std::string_view key, const Mapping& mapping) {
  const std::string label = table.String(key, Need::kOptional);
  if (!label.empty() && mapping.KindOf(label) != v1::Stage::OPEN) {
    table.Fail(key,
               absl::StrCat("expected a stage of kind OPEN of [pipeline], found \"", label, "\""));
  }
  return label;
}

void ParseDealTables(const TomlTable& deals, Mapping& mapping, FileMapping& file) {
  if (!mapping.pipeline) deals.Fail("", "deals need a [pipeline]");
  if (const auto stage = deals.Table("stage", Need::kRequired)) {
    file.columns[static_cast<size_t>(Field::kStage)] = stage->String("column", Need::kRequired);
    mapping.deals.opens_in = StageLabel(*stage, "opens_in", mapping);
    mapping.deals.undated_opens_in = StageLabel(*stage, "undated_opens_in", mapping);
    if (const auto values = stage->Table("values", Need::kOptional)) {
      for (const std::string& value : values->Keys()) {
        std::string label = values->String(value, Need::kRequired);
        if (mapping.KindOf(label) == v1::Stage::KIND_UNSPECIFIED) {
          values->Fail(value, absl::StrCat("[pipeline] has no stage \"", label, "\""));
        }
        mapping.deals.stage_values.emplace_back(value, std::move(label));
      }
    }
    stage->RefuseUnknownKeys();
  }
  if (const auto dates = deals.Table("dates", Need::kRequired)) {
    file.columns[static_cast<size_t>(Field::kOpenedAt)] =
        dates->String("opened_at", Need::kRequired);
    file.columns[static_cast<size_t>(Field::kClosedAt)] =
        dates->String("closed_at", Need::kRequired);
    dates->RefuseUnknownKeys();
  }
  if (const auto amount = deals.Table("amount", Need::kOptional)) {
    ParseMoneyColumn(*amount, file);
    const std::string set_at = amount->String("set_at", Need::kRequired);
    if (set_at != "won" && set_at != "opening") {
      amount->Fail("set_at", absl::StrCat("expected won or opening, found \"", set_at, "\""));
    }
    mapping.deals.amount_at_opening = set_at == "opening";
    amount->RefuseUnknownKeys();
  }
}

void ParseFile(const TomlTable& table, Role role, Mapping& mapping) {
  FileMapping file{.role = role};
  file.file = table.String("file", Need::kRequired);
  if (file.file.find('/') != std::string::npos || file.file.starts_with('.')) {
    table.Fail("file", "expected a file name without folders that does not start with a dot");
  }
  if (mapping.FindFile(file.file) != nullptr) {
    table.Fail("file", absl::StrCat("\"", file.file, "\" is mapped twice"));
  }
  file.key_column = table.String("key", Need::kRequired);
  file.ignored = table.Strings("ignore");
  if (const auto fields = table.Table("fields", Need::kRequired)) {
    for (const FieldName& name : FieldsOf(role)) {
      file.columns[static_cast<size_t>(name.field)] =
          fields->String(name.name, name.required ? Need::kRequired : Need::kOptional);
    }
    fields->RefuseUnknownKeys();
  }
  if (role == Role::kOrganizations || role == Role::kContacts) {
    if (const auto attributes = table.Table("attributes", Need::kOptional)) {
      ParseAttributes(*attributes, file);
    }
  }
  if (role == Role::kProducts) {
    if (const auto price = table.Table("list_price", Need::kOptional)) {
      ParseMoneyColumn(*price, file);
      price->RefuseUnknownKeys();
    }
  }
  if (role == Role::kDeals) ParseDealTables(table, mapping, file);
  if (const auto replace = table.Table("replace", Need::kOptional)) {
    ParseReplacements(*replace, file);
  }
  table.RefuseUnknownKeys();
  mapping.files.push_back(std::move(file));
}

}  // namespace

Field FieldNamed(std::string_view name) {
  const auto found = std::find(kFieldNames.begin(), kFieldNames.end(), name);
  DEALOG_CHECK(!name.empty() && found != kFieldNames.end())
      << name << " can be imported: it needs a Field and its name";
  return static_cast<Field>(found - kFieldNames.begin());
}

std::string_view RoleName(Role role) { return kRoleNames[static_cast<size_t>(role)]; }

const FileMapping* Mapping::FindFile(std::string_view file) const {
  const auto it = std::find_if(files.begin(), files.end(),
                               [file](const FileMapping& one) { return one.file == file; });
  return it == files.end() ? nullptr : &*it;
}

const FileMapping* Mapping::FindRole(Role role) const {
  const auto it = std::find_if(files.begin(), files.end(),
                               [role](const FileMapping& one) { return one.role == role; });
  return it == files.end() ? nullptr : &*it;
}

v1::Stage::Kind Mapping::KindOf(std::string_view label) const {
  if (!pipeline) return v1::Stage::KIND_UNSPECIFIED;
  for (const v1::Stage& stage : pipeline->stages()) {
    if (stage.label() == label) return stage.kind();
  }
  return v1::Stage::KIND_UNSPECIFIED;
}

absl::StatusOr<Mapping> ParseMapping(std::string_view toml) {
  TomlReader reader(toml);
  const TomlTable root = reader.root();
  Mapping mapping;
  ParseHead(root, mapping);
  if (const auto pipeline = root.Table("pipeline", Need::kOptional)) {
    ParsePipeline(*pipeline, mapping);
    pipeline->RefuseUnknownKeys();
  }
  for (size_t i = 0; i < kRoleCount; ++i) {
    const auto role = static_cast<Role>(i);
    if (const auto table = root.Table(RoleName(role), Need::kOptional)) {
      ParseFile(*table, role, mapping);
    }
  }
  if (mapping.files.empty()) {
    root.Fail("",
              "expected at least one of [members], [products], [organizations], [contacts], "
              "[deals]");
  }
  root.RefuseUnknownKeys();
  if (!reader.status().ok()) return reader.status();
  return mapping;
}

}  // namespace dealog::jobs
