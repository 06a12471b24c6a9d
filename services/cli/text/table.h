#pragma once

// A table of text with aligned columns:
//
//   Table table({{"STAGE"}, {"DEALS", Align::kRight}});
//   table.AddRow({"Won", "4,238"});
//   table.Write(out, /*color=*/false);

#include <cstddef>
#include <ostream>
#include <string>
#include <vector>

namespace dealog::cli {

enum class Align { kLeft, kRight };

struct Column {
  std::string title;
  Align align = Align::kLeft;
  // Columns of the terminal; longer text is cut with "…". 0 = never cut.
  size_t max_width = 0;
};

// Collects rows, then writes them aligned. A column whose cells are all empty is left out, so that
// a listing shows what there is. Thread safety: none.
class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // Missing cells are empty; more cells than columns is a bug. Cells are made Printable().
  void AddRow(const std::vector<std::string>& cells);
  bool empty() const { return rows_.empty(); }
  // Writes the titles and the rows; titles are bold with `color`. Trailing blanks are left out.
  void Write(std::ostream& out, bool color) const;

 private:
  void WriteLine(std::ostream& out, const std::vector<std::string>& cells,
                 const std::vector<size_t>& widths) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace dealog::cli
