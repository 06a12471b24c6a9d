#include "services/cli/text/progress.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "eventstore/base/clock.h"
#include "services/cli/text/format.h"

namespace dealog::cli {
namespace {

constexpr int64_t kBarWidth = 24;
constexpr int64_t kRedrawMicros = 100'000;
constexpr double kMicrosPerSecond = 1e6;
constexpr char kClearLine[] = "\r\x1b[K";

}  // namespace

std::string ProgressLine(int64_t done, int64_t total, double elapsed_seconds,
                         const std::string& unit) {
  const double rate = elapsed_seconds > 0 ? static_cast<double>(done) / elapsed_seconds : 0;
  const std::string speed = absl::StrCat(FormatCount(static_cast<int64_t>(rate)), "/s");
  if (total <= 0) return absl::StrCat(FormatCount(done), " ", unit, "  ", speed);
  const int64_t shown = std::clamp<int64_t>(done, 0, total);
  const int64_t filled = kBarWidth * shown / total;
  std::string eta = "-";
  if (rate > 0) eta = FormatSeconds(static_cast<double>(total - shown) / rate);
  return absl::StrFormat("[%s%s] %3d %%  %s / %s %s  %s  ETA %s", std::string(filled, '#'),
                         std::string(kBarWidth - filled, '.'), 100 * shown / total,
                         FormatCount(done), FormatCount(total), unit, speed, eta);
}

ProgressBar::ProgressBar(std::ostream& out, bool visible, std::string unit)
    : out_(out), visible_(visible), unit_(std::move(unit)), started_us_(base::MonotonicMicros()) {}

ProgressBar::~ProgressBar() {
  if (visible_ && drawn_us_ != 0) out_ << kClearLine << std::flush;
}

void ProgressBar::Update(int64_t done, int64_t total) {
  if (!visible_) return;
  const int64_t now_us = base::MonotonicMicros();
  if (drawn_us_ != 0 && now_us - drawn_us_ < kRedrawMicros) return;
  drawn_us_ = now_us;
  out_ << kClearLine << ProgressLine(done, total, elapsed_seconds(), unit_) << std::flush;
}

double ProgressBar::elapsed_seconds() const {
  return static_cast<double>(base::MonotonicMicros() - started_us_) / kMicrosPerSecond;
}

}  // namespace dealog::cli
