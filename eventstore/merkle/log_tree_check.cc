#include "eventstore/merkle/log_tree_check.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "eventstore/merkle/stored_nodes.h"

namespace dealog::eventstore {
namespace {

// What the events of a tenant must come to.
absl::StatusOr<std::vector<Checkpoint>> StoredRoots(const AuditStore& store,
                                                    const TenantId& tenant) {
  std::vector<Checkpoint> roots;
  ASSIGN_OR_RETURN(const TreeHead head, store.Head(tenant));
  const StoredNodes nodes(store, tenant);
  ASSIGN_OR_RETURN(const Digest root, RootOf(head.size, nodes));
  roots.push_back({.size = head.size, .root = root});
  ASSIGN_OR_RETURN(const SignedTree before, store.Signed(tenant));
  if (before.size > 0) roots.push_back({.size = before.size, .root = before.root});
  return roots;
}

}  // namespace

LogTreeCheck::Tenant& LogTreeCheck::Find(std::string_view name) {
  const auto found = tenants_.find(base::View(name));
  if (found != tenants_.end()) return found->second;
  auto roots = StoredRoots(store_, TenantId{std::string(name)});
  Tenant tenant{.check = HistoryCheck(roots.ok() ? *std::move(roots) : std::vector<Checkpoint>()),
                .status = roots.status()};
  return tenants_.emplace(std::string(name), std::move(tenant)).first->second;
}

void LogTreeCheck::Add(const StoredCommit& commit) {
  Tenant& tenant = Find(commit.tenant());
  for (size_t i = 0; i < commit.event_count() && tenant.status.ok(); ++i) {
    tenant.status = tenant.check.Add(commit.event(i));
  }
}

std::vector<std::string> LogTreeCheck::Finish() {
  std::vector<std::string> problems;
  for (auto& [name, tenant] : tenants_) {
    if (tenant.status.ok()) tenant.status = tenant.check.Finish();
    if (tenant.status.ok()) continue;
    problems.push_back(
        absl::StrCat("the tree of tenant ", name, ": ", std::string(tenant.status.message())));
  }
  std::sort(problems.begin(), problems.end());
  return problems;
}

}  // namespace dealog::eventstore
