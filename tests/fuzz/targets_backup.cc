// The frames of backups and exports.

#include "eventstore/backup/frame.h"
#include "eventstore/base/check.h"
#include "tests/fuzz/targets.h"

namespace dealog::fuzz {
namespace {

void RunFrame(std::string_view input) {
  const auto frame = eventstore::ParseFrame(input);
  if (!frame.ok()) return;
  DEALOG_CHECK(frame->stored_bytes <= input.size());
  const auto again = eventstore::ParseFrame(eventstore::MakeFrame(frame->kind, frame->content));
  DEALOG_CHECK(again.ok() && again->content == frame->content);
}

std::vector<std::string> FrameSeeds() {
  return {eventstore::MakeFrame(eventstore::FrameKind::kManifest, "some content"),
          eventstore::MakeFrame(eventstore::FrameKind::kBatches, std::string(3000, 'x'))};
}

}  // namespace

std::vector<Target> BackupTargets() { return {{"frame", &RunFrame, &FrameSeeds}}; }

}  // namespace dealog::fuzz
