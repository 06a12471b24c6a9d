#pragma once

// An error as the command line shows it, on stderr:
//
//   error: DEAL_CLOSED: deal deal_01… is WON; reopen it before moving it
//     deal_id: deal_01…
//   hint: `dealog deal reopen deal_01…` opens it again

#include <string>

#include "absl/status/status.h"

namespace dealog::cli {

// The lines above, each with a line feed: reason and message, then the fields and conditions that
// failed where they say more than the message, then what to do next where we know it.
std::string ErrorText(const absl::Status& status);

// A value of ErrorInfo.metadata ("" if there is none): the id of the import that runs, for example.
std::string ErrorMetadata(const absl::Status& status, const std::string& key);

}  // namespace dealog::cli
