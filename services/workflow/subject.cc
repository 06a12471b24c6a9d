#include "services/workflow/subject.h"

#include "eventstore/base/ids.h"
#include "eventstore/base/status.h"
#include "projections/states/stream_types.h"

namespace dealog::workflow {

absl::StatusOr<std::string> Subjects::DealOf(const eventstore::TenantId& tenant,
                                             const commands::ParsedEvent& parsed) {
  const storage::v1::StreamName& stream = parsed.header.stream();
  if (stream.type() == domain::kDealStream) return stream.id();
  if (!parsed.event.has_external()) return std::string();
  ASSIGN_OR_RETURN(const auto* type,
                   types_.At(tenant, stream.type(), parsed.header.schema_version()));
  std::string deal_id = domain::DealIdOf(*type, parsed.event.external());
  if (!base::IsId("deal", deal_id)) return std::string();
  // What the other service wrote was not checked: the deal may not exist, or not yet.
  ASSIGN_OR_RETURN(const auto deal,
                   commands::FoldStreamAt(log_, tenant, {domain::kDealStream, deal_id},
                                          eventstore::Position{parsed.header.position()}));
  if (deal->revision == 0) deal_id.clear();
  return deal_id;
}

}  // namespace dealog::workflow
