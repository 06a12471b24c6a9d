#pragma once

// Events told to people: one line each, and why it happened.

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dealog/events/v1/event.pb.h"
#include "dealog/storage/v1/commit.pb.h"

namespace dealog::rpc {

// Display names by id: stages, pipelines, members, products, organizations, workflows. An id that
// is not in it stands for itself.
using Names = std::map<std::string, std::string, std::less<>>;
std::string NameOf(const Names& names, const std::string& id);

// For example "Contacted -> Negotiation" or "amount 100.00 EUR -> 250.00 EUR".
std::string Summarize(const events::v1::Event& event, const Names& names);

// The override reason, the reason of a loss, the retired stage or the workflow's name and step;
// empty if nothing is known.
std::string WhyOf(const storage::v1::EventHeader& header, const events::v1::Event& event,
                  const Names& names);

// How long the visit that the event ended lasted, µs; -1 for an event that ends none.
int64_t VisitMicros(const events::v1::Event& event);

// "workflow_01…" of the principal "workflow/workflow_01…/revisions/…"; empty for another.
std::string_view WorkflowOfPrincipal(std::string_view principal);

// "1234.50 EUR"; empty if the amount is unset (no currency).
std::string AmountText(const events::v1::Money& amount);
// "2017-03-01"; empty for an unset date.
std::string DateText(const events::v1::Date& date);

}  // namespace dealog::rpc
