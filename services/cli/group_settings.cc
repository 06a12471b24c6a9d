#include "services/cli/group_settings.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace dealog::cli {
namespace {

// Adds a path once.
void Name(google::protobuf::FieldMask* mask, const std::string& path) {
  if (mask == nullptr) return;
  const auto& paths = mask->paths();
  if (std::find(paths.begin(), paths.end(), path) == paths.end()) mask->add_paths(path);
}

}  // namespace

void AddFilter(CLI::App* command, std::function<v1::EventFilter*()> filter) {
  AddRepeatedReader(command, "--type", "Event type, such as DealWon; may be repeated",
                    [filter](const std::string& text) {
                      filter()->add_event_types(text);
                      return absl::OkStatus();
                    });
  AddRepeatedReader(command, "--stream-type", "Type of stream, such as deal; may be repeated",
                    [filter](const std::string& text) {
                      filter()->add_stream_types(text);
                      return absl::OkStatus();
                    });
  AddRepeatedReader(command, "--stream", "Stream, as type/id; may be repeated",
                    [filter = std::move(filter)](const std::string& text) {
                      filter()->add_streams(text);
                      return absl::OkStatus();
                    });
}

void AddSettings(CLI::App* command, v1::GroupSettings* settings,
                 google::protobuf::FieldMask* mask) {
  AddFilter(command, [settings, mask] {
    Name(mask, "filter");
    return settings->mutable_filter();
  });
  command->add_option_function<int32_t>(
      "--max-deliveries",
      [settings, mask](int32_t count) {
        Name(mask, "max_deliveries");
        settings->set_max_deliveries(count);
      },
      "Park an event after so many deliveries (default 5, at most 1000)");
  command->add_option_function<double>(
      "--ack-timeout",
      [settings, mask](double seconds) {
        Name(mask, "ack_timeout");
        const double whole = std::floor(seconds);
        settings->mutable_ack_timeout()->set_seconds(static_cast<int64_t>(whole));
        settings->mutable_ack_timeout()->set_nanos(static_cast<int32_t>((seconds - whole) * 1e9));
      },
      "Seconds a consumer has to settle a delivery (default 30; 0.1 to 3600)");
  command->add_option_function<int32_t>(
      "--max-in-flight",
      [settings, mask](int32_t count) {
        Name(mask, "max_in_flight");
        settings->set_max_in_flight(count);
      },
      "Deliveries that are not settled, of all consumers (default 1000, at most 10000)");
}

std::string DescribeFilter(const v1::EventFilter& filter) {
  std::vector<std::string> parts;
  if (filter.event_types_size() > 0) {
    parts.push_back(absl::StrCat("types ", absl::StrJoin(filter.event_types(), ", ")));
  }
  if (filter.stream_types_size() > 0) {
    parts.push_back(absl::StrCat("stream types ", absl::StrJoin(filter.stream_types(), ", ")));
  }
  if (filter.streams_size() > 0) {
    parts.push_back(absl::StrCat("streams ", absl::StrJoin(filter.streams(), ", ")));
  }
  return parts.empty() ? "everything" : absl::StrJoin(parts, "; ");
}

}  // namespace dealog::cli
