#pragma once

// Random commands of a CRM: the same ones for the same seed. Two tenants, a pipeline each, a few
// deals that everybody fights over, and workflows that react to them.

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "services/commands/submit.h"

namespace dealog::simulation {

// A request as a client would send it, again and again with the same id if need be.
struct Command {
  eventstore::TenantId tenant;
  std::string text;  // For people.
  std::string method;
  std::string request_id;  // A UUID.
  std::string fingerprint;
  bool creates_tenant = false;
  commands::DecideFunction decide;

  commands::CommandContext Context() const;
};

inline constexpr char kWorkflowPrincipal[] = "workflow/";

class Workload {
 public:
  explicit Workload(uint64_t seed) : random_(seed) {}

  static std::vector<eventstore::TenantId> Tenants();
  // What makes a tenant: to be sent in this order.
  std::vector<Command> Setup(const eventstore::TenantId& tenant);
  // Any command: most are accepted, some refused.
  Command Next();

 private:
  template <typename Request>
  Command Make(const eventstore::TenantId& tenant, const std::string& text);
  size_t Below(size_t n) { return random_() % n; }

  std::mt19937_64 random_;
  uint64_t made_ = 0;
};

}  // namespace dealog::simulation
