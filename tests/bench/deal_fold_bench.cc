// Fold of one deal with many events: µs per event, commit by commit, over the last tenth of 1,000,
// 10,000 and 100,000 events. Flat numbers mean that a deal's length costs nothing. Not flat, and
// not meant to be: a back-dated owner that holds until today changes the owner of every visit
// since.
//
//   bench_deal_fold

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "projections/views/deals_view.h"

namespace dealog::projections {
namespace {

enum class Order { kInOrder, kReverse, kAlternating, kMoves, kTags };

struct Case {
  Order order;
  std::string_view name;
};
constexpr std::array<Case, 5> kCases = {{
    {Order::kInOrder, "in order, owner"},
    {Order::kReverse, "in reverse date order, owner"},
    {Order::kAlternating, "two fields alternating"},
    {Order::kMoves, "moves, and owners back-dated by half of them"},
    {Order::kTags, "in reverse date order, tags"},
}};
constexpr int64_t kStartUs = 1'483'228'800'000'000;

events::v1::Event EventOf(Order order, uint64_t number) {
  events::v1::Event event;
  events::v1::DealEvent& deal = *event.mutable_deal();
  const std::string value = std::to_string(number % 7);
  if (number == 0) {
    deal.mutable_deal_opened()->set_pipeline_id("p");
    deal.mutable_deal_opened()->set_stage_id("s0");
  } else if (order == Order::kMoves && number % 2 == 0) {
    deal.mutable_deal_stage_moved()->set_to_stage_id("s" + value);
  } else if (order == Order::kAlternating && number % 2 == 0) {
    deal.mutable_deal_amount_changed()->mutable_amount()->set_amount_minor(
        static_cast<int64_t>(number));
  } else if (order == Order::kTags) {
    // Each tag comes and goes.
    if (number / 7 % 2 == 0) {
      deal.mutable_deal_tagged()->add_tags(value);
    } else {
      deal.mutable_deal_untagged()->add_tags(value);
    }
  } else {
    deal.mutable_deal_owner_assigned()->set_owner_id(value);
  }
  return event;
}

int64_t OccurredOf(Order order, uint64_t number, uint64_t count) {
  const auto seconds = [](uint64_t n) { return kStartUs + static_cast<int64_t>(n) * 1'000'000; };
  if (number == 0) return kStartUs;
  if (order == Order::kReverse || order == Order::kTags) return seconds(count - number);
  if (order == Order::kMoves && number % 2 == 1) return seconds(number / 2 + 1);
  return seconds(number);
}

// µs per event over the last tenth.
double Measure(Order order, uint64_t count) {
  std::vector<events::v1::Event> events;
  for (uint64_t i = 0; i < count; ++i) events.push_back(EventOf(order, i));
  DealsView view;
  storage::v1::EventHeader header;
  header.mutable_stream()->set_type("deal");
  header.mutable_stream()->set_id("deal_1");
  header.mutable_actor()->set_principal("user:bench");
  const uint64_t first = count - count / 10;
  std::chrono::steady_clock::time_point begin;
  for (uint64_t i = 0; i < count; ++i) {
    if (i == first) begin = std::chrono::steady_clock::now();
    header.set_position(i + 1);
    header.set_revision(i + 1);
    header.set_recorded_at_us(kStartUs + static_cast<int64_t>(count + i) * 1'000'000);
    header.set_occurred_at_us(OccurredOf(order, i, count));
    if (const absl::Status status = view.Fold({.header = header, .event = events[i]});
        !status.ok()) {
      std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
      std::exit(1);
    }
    view.CommitDone();
  }
  const std::chrono::duration<double, std::micro> spent = std::chrono::steady_clock::now() - begin;
  return spent.count() / static_cast<double>(count - first);
}

int Run() {
  std::printf("%-46s %9s %9s %9s   µs per event\n", "one deal", "1,000", "10,000", "100,000");
  for (const Case& each : kCases) {
    std::printf("%-46s", std::string(each.name).c_str());
    for (const uint64_t count : {1'000, 10'000, 100'000}) {
      std::array<double, 5> runs{};
      for (double& run : runs) run = Measure(each.order, count);
      std::sort(runs.begin(), runs.end());
      std::printf(" %9.2f", runs[runs.size() / 2]);
      std::fflush(stdout);
    }
    std::printf("\n");
  }
  return 0;
}

}  // namespace
}  // namespace dealog::projections

int main() { return dealog::projections::Run(); }
