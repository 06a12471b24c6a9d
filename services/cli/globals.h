#pragma once

// The options that every command takes, before or after its name.

#include <optional>
#include <string>

namespace dealog::cli {

struct Globals {
  // HOST:PORT of dealogd.
  std::string server = "127.0.0.1:7310";
  // Sent as `dealog-tenant`; empty = not sent.
  std::string tenant;
  // Sent as `dealog-actor`; empty = not sent.
  std::string actor;
  // Replies as protobuf JSON instead of tables.
  bool json = false;
  // Deadline of a call, seconds. Unset: kCallTimeoutSeconds, and none for streams.
  std::optional<double> timeout_seconds;
  // Colour and bold are wanted (and stdout is a terminal).
  bool color = false;
  // Progress bars are wanted (stderr is a terminal).
  bool progress = false;
};

}  // namespace dealog::cli
