#pragma once

// How deals are shown: one as a record, many as a table.

#include <string>

#include "dealog/v1/deals.pb.h"
#include "services/cli/printer.h"

namespace dealog::cli {

void ShowDeal(const v1::Deal& deal, Printer& printer);
void ShowDealChange(const v1::DealMutationResponse& reply, Printer& printer);
Table DealTable(const google::protobuf::RepeatedPtrField<v1::Deal>& deals);

// "open", "won" or "lost".
std::string StatusName(v1::Deal::Status status);

}  // namespace dealog::cli
