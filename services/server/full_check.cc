#include "services/server/full_check.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status.h"
#include "eventstore/merkle/log_tree_check.h"

namespace dealog::server {
namespace {

using eventstore::FollowerPoint;
using eventstore::LogVerifyReport;
using eventstore::PartitionId;

class FullCheck final : public eventstore::LogVerifier {
 public:
  FullCheck(eventstore::EventLog& log, eventstore::LogVerifier& verifier,
            const projections::Runner& runner, const projections::ViewStore& views,
            const eventstore::AuditStore& audit)
      : log_(log), verifier_(verifier), runner_(runner), views_(views), audit_(audit) {}

  absl::StatusOr<LogVerifyReport> Verify(const eventstore::LogVerifyOptions& given) override {
    // Both before the log is looked at: what they have by then is in it.
    eventstore::LogVerifyOptions options = given;
    std::vector<std::string> unreadable;
    options.followers = Followers(unreadable);
    eventstore::LogTreeCheck trees(audit_);
    for (const eventstore::TenantId& tenant : log_.Tenants()) trees.Begin(tenant);
    options.on_commit = [&trees](const eventstore::StoredCommit& commit) { trees.Add(commit); };
    ASSIGN_OR_RETURN(LogVerifyReport report, verifier_.Verify(options));
    for (std::string& problem : unreadable) report.Add(std::move(problem));
    for (std::string& problem : trees.Finish()) report.Add(std::move(problem));
    return report;
  }

 private:
  // `unreadable`: those that can't be read, a sentence each.
  std::vector<FollowerPoint> Followers(std::vector<std::string>& unreadable) const {
    std::vector<FollowerPoint> points;
    const auto add = [&](FollowerPoint point, const auto& checkpoint) {
      if (!checkpoint.ok()) {
        unreadable.push_back(absl::StrCat(point.who, ": its checkpoint can't be read: ",
                                          std::string(checkpoint.status().message()), "; ",
                                          point.what_to_do));
        return;
      }
      point.number = checkpoint->number;
      point.digest = checkpoint->digest;
      points.push_back(std::move(point));
    };
    for (uint32_t i = 0; i < log_.partition_count(); ++i) {
      const PartitionId partition{i};
      for (const projections::ProjectionStatus& view : runner_.Statuses()) {
        add({.who = absl::StrCat("the view ", view.name),
             .partition = partition,
             .what_to_do = absl::StrCat("dealog projection rebuild ", view.name)},
            views_.ReadCheckpoint(view.name, partition));
      }
      add({.who = "the audit",
           .partition = partition,
           .what_to_do = "restart the server, which makes the trees anew"},
          audit_.Point(partition));
    }
    return points;
  }

  eventstore::EventLog& log_;
  eventstore::LogVerifier& verifier_;
  const projections::Runner& runner_;
  const projections::ViewStore& views_;
  const eventstore::AuditStore& audit_;
};

}  // namespace

std::unique_ptr<eventstore::LogVerifier> MakeFullCheck(eventstore::EventLog& log,
                                                       eventstore::LogVerifier& verifier,
                                                       const projections::Runner& runner,
                                                       const projections::ViewStore& views,
                                                       const eventstore::AuditStore& audit) {
  return std::make_unique<FullCheck>(log, verifier, runner, views, audit);
}

}  // namespace dealog::server
