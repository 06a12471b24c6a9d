#include "services/cli/kpi_show.h"

#include <functional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "services/cli/text/format.h"

namespace dealog::cli {
namespace {

// A column and how a result fills it; a column that stays empty is not shown.
struct KpiColumn {
  Column column;
  std::function<std::string(const v1::KpiResult&)> cell;
};

using Result = v1::KpiResult;

std::string Seconds(bool has, double value) { return has ? FormatSeconds(value) : ""; }
std::string Count(bool has, int64_t value) { return has ? FormatCount(value) : ""; }
std::string Amount(bool has, const v1::Money& value) { return has ? FormatMoney(value) : ""; }

KpiColumn Right(const char* title, std::function<std::string(const Result&)> cell) {
  return {{title, Align::kRight}, std::move(cell)};
}

std::string Totals(const Result& result) {
  return absl::StrJoin(result.totals(), " + ", [](std::string* out, const auto& total) {
    absl::StrAppend(out, FormatMinor(total.amount_minor(), total.currency_code()));
  });
}

std::string Weighted(const Result& result) {
  return absl::StrJoin(result.totals(), " + ", [](std::string* out, const auto& total) {
    absl::StrAppend(out, FormatMinor(total.weighted_minor(), total.currency_code()));
  });
}

std::vector<KpiColumn> GroupColumns() {
  return {{{"GROUP"}, [](const Result& r) { return r.group().empty() ? "(all)" : r.group(); }},
          {{"WITHIN"}, [](const Result& r) { return r.subgroup(); }}};
}

// By value, numerator and denominator are minor units: the amounts beside them say the same.
std::vector<KpiColumn> RatioColumns(bool by_value) {
  const auto unless_by_value = [by_value](std::string text) { return by_value ? "" : text; };
  return {
      Right("RATE", [](const Result& r) { return r.has_value() ? FormatPercent(r.value()) : "-"; }),
      Right("WON",
            [=](const Result& r) {
              return unless_by_value(Count(r.has_numerator(), r.numerator()));
            }),
      Right("OF",
            [=](const Result& r) {
              return unless_by_value(Count(r.has_denominator(), r.denominator()));
            }),
      Right("STILL OPEN", [](const Result& r) { return Count(r.has_open(), r.open()); }),
      Right("WON AMOUNT",
            [](const Result& r) { return Amount(r.has_won_amount(), r.won_amount()); }),
      Right("LOST AMOUNT",
            [](const Result& r) { return Amount(r.has_lost_amount(), r.lost_amount()); }),
      Right("MEAN WON",
            [](const Result& r) { return Amount(r.has_mean_won_amount(), r.mean_won_amount()); })};
}

std::vector<KpiColumn> DurationColumns() {
  return {
      Right("MEAN",
            [](const Result& r) { return Seconds(r.has_mean_seconds(), r.mean_seconds()); }),
      Right("P50", [](const Result& r) { return Seconds(r.has_p50_seconds(), r.p50_seconds()); }),
      Right("P75", [](const Result& r) { return Seconds(r.has_p75_seconds(), r.p75_seconds()); }),
      Right("P90", [](const Result& r) { return Seconds(r.has_p90_seconds(), r.p90_seconds()); }),
      Right("MAX", [](const Result& r) { return Seconds(r.has_max_seconds(), r.max_seconds()); }),
      Right("SAMPLE", [](const Result& r) { return Count(r.has_sample_size(), r.sample_size()); })};
}

// A zero of a rare exit says nothing and would add a column.
std::string Some(int64_t count) { return count == 0 ? "" : FormatCount(count); }

std::vector<KpiColumn> ExitColumns() {
  return {
      Right("VISITS", [](const Result& r) { return FormatCount(r.sample_size()); }),
      Right("ADVANCED", [](const Result& r) { return Count(r.has_advanced(), r.advanced()); }),
      Right("BACK", [](const Result& r) { return Count(r.has_moved_back(), r.moved_back()); }),
      Right("WON", [](const Result& r) { return Count(r.has_won(), r.won()); }),
      Right("LOST", [](const Result& r) { return Count(r.has_lost(), r.lost()); }),
      Right("OTHER PIPELINE", [](const Result& r) { return Some(r.moved_pipeline()); }),
      Right("RETIRED", [](const Result& r) { return Some(r.admin()); }),
      Right("DELETED", [](const Result& r) { return Some(r.deleted()); }),
      Right("MERGED", [](const Result& r) { return Some(r.merged()); }),
      Right("STILL IN", [](const Result& r) { return Count(r.has_still_open(), r.still_open()); })};
}

std::vector<KpiColumn> DecisionColumns() {
  return {
      Right("DEALS", [](const Result& r) { return Count(r.has_sample_size(), r.sample_size()); }),
      Right("AMOUNT", Totals), Right("WEIGHTED", Weighted),
      Right("WON IN MONTH",
            [](const Result& r) { return Count(r.has_won_in_month(), r.won_in_month()); })};
}

std::vector<KpiColumn> ColumnsOf(const v1::QueryKpiResponse& reply) {
  switch (reply.kpi()) {
    case v1::KPI_CYCLE:
    case v1::KPI_STAGES:
      return DurationColumns();
    case v1::KPI_EXITS:
      return ExitColumns();
    case v1::KPI_DECISION_DATE:
      return DecisionColumns();
    default:
      return RatioColumns(reply.policies().variant() == "VALUE");
  }
}

}  // namespace

void ShowKpi(const v1::QueryKpiResponse& reply, Printer& printer) {
  std::vector<KpiColumn> columns = GroupColumns();
  for (KpiColumn& column : ColumnsOf(reply)) columns.push_back(std::move(column));
  std::vector<Column> titles;
  for (const KpiColumn& column : columns) titles.push_back(column.column);
  Table table(std::move(titles));
  for (const v1::KpiResult& result : reply.results()) {
    std::vector<std::string> cells;
    for (const KpiColumn& column : columns) cells.push_back(column.cell(result));
    table.AddRow(cells);
  }
  printer.Show(table);
  const v1::KpiPolicies& policies = reply.policies();
  printer.Note(absl::StrCat(policies.definition(), policies.variant().empty() ? "" : ", ",
                            absl::AsciiStrToLower(policies.variant()), ", as of ",
                            FormatTime(reply.as_of()), " UTC, days of ", policies.time_zone(),
                            ", position ", FormatCount(reply.position()),
                            policies.groups_overlap() ? "; groups overlap" : ""));
  for (const std::string& pair : reply.missing_rates()) {
    printer.Note("no exchange rate is known for " + pair);
  }
}

}  // namespace dealog::cli
