#pragma once

// What a running command is given.

#include <string>

#include "absl/status/statusor.h"
#include "google/protobuf/timestamp.pb.h"
#include "services/cli/client.h"
#include "services/cli/globals.h"
#include "services/cli/printer.h"

namespace dealog::cli {

// Thread safety: none.
class Session {
 public:
  Session(const Globals& globals, std::ostream& out, std::ostream& err)
      : globals_(globals), client_(globals_), printer_(globals_, out, err) {}

  const Globals& globals() const { return globals_; }
  const Client& client() const { return client_; }
  Printer& printer() { return printer_; }

  // The exit code, where a command that did its work has bad news (an import that failed).
  void SetExitCode(int code) { exit_code_ = code; }
  int exit_code() const { return exit_code_; }

  // The instant of an RFC 3339 time, or of 00:00 of a bare date in the tenant's zone (which is
  // asked of the server).
  absl::StatusOr<google::protobuf::Timestamp> ResolveTime(const std::string& text);

 private:
  const Globals globals_;
  const Client client_;
  Printer printer_;
  int exit_code_ = 0;
};

}  // namespace dealog::cli
