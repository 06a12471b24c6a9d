#pragma once

// AppendEventStream: appends come without waiting, outcomes go back in order.

#include <memory>

#include "services/rpc/dialogue.h"

namespace dealog::rpc {

// `core` must outlive it and the appends that it has submitted.
std::unique_ptr<Dialogue> MakeAppendDialogue(const Core& core);

}  // namespace dealog::rpc
