#include "services/cli/text/table.h"

#include <algorithm>

#include "eventstore/base/check.h"
#include "services/cli/text/text_width.h"

namespace dealog::cli {
namespace {

constexpr char kGap[] = "  ";
constexpr char kBold[] = "\x1b[1m";
constexpr char kPlain[] = "\x1b[0m";

}  // namespace

void Table::AddRow(const std::vector<std::string>& cells) {
  DEALOG_CHECK(cells.size() <= columns_.size()) << "a row has more cells than the table columns";
  std::vector<std::string> row;
  row.reserve(columns_.size());
  for (size_t i = 0; i < columns_.size(); ++i) {
    std::string cell = i < cells.size() ? Printable(cells[i]) : "";
    const size_t limit = columns_[i].max_width;
    row.push_back(limit == 0 ? std::move(cell) : Truncate(cell, limit));
  }
  rows_.push_back(std::move(row));
}

void Table::Write(std::ostream& out, bool color) const {
  // Width 0 marks a column without content.
  std::vector<size_t> widths(columns_.size(), 0);
  for (const auto& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], DisplayWidth(row[i]));
  }
  std::vector<std::string> titles;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (widths[i] > 0) widths[i] = std::max(widths[i], DisplayWidth(columns_[i].title));
    titles.push_back(columns_[i].title);
  }
  if (color) out << kBold;
  WriteLine(out, titles, widths);
  if (color) out << kPlain;
  out << '\n';
  for (const auto& row : rows_) {
    WriteLine(out, row, widths);
    out << '\n';
  }
}

void Table::WriteLine(std::ostream& out, const std::vector<std::string>& cells,
                      const std::vector<size_t>& widths) const {
  std::string line;
  for (size_t i = 0; i < cells.size(); ++i) {
    if (widths[i] == 0) continue;
    if (!line.empty()) line += kGap;
    const std::string padding(widths[i] - std::min(widths[i], DisplayWidth(cells[i])), ' ');
    line += columns_[i].align == Align::kRight ? padding + cells[i] : cells[i] + padding;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  out << line;
}

}  // namespace dealog::cli
