#pragma once

// Progress of long work, on stderr: a bar that is redrawn in place on a terminal, nothing
// elsewhere.

#include <cstdint>
#include <ostream>
#include <string>

namespace dealog::cli {

// "[#####.....]  50 %  4,400 / 8,800 rows  2,200/s  ETA 2 s"; without a total "4,400 rows 2,200/s".
std::string ProgressLine(int64_t done, int64_t total, double elapsed_seconds,
                         const std::string& unit);

// Draws at most ten times a second. Thread safety: none.
class ProgressBar {
 public:
  // `visible`: false draws nothing.
  ProgressBar(std::ostream& out, bool visible, std::string unit);
  // Clears the line.
  ~ProgressBar();

  void Update(int64_t done, int64_t total);
  double elapsed_seconds() const;

 private:
  std::ostream& out_;
  const bool visible_;
  const std::string unit_;
  const int64_t started_us_;
  int64_t drawn_us_ = 0;
};

}  // namespace dealog::cli
