#pragma once

// Consume: a consumer's part in a group, over one call.

#include <memory>

#include "services/rpc/dialogue.h"

namespace dealog::rpc {

// `core` must outlive it.
std::unique_ptr<Dialogue> MakeConsumeDialogue(const Core& core);

}  // namespace dealog::rpc
