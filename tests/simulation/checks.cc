#include "tests/simulation/checks.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "projections/views/registry.h"
#include "services/commands/state_loader.h"
#include "tests/simulation/workload.h"

namespace dealog::simulation {
namespace {

using eventstore::EventLog;
using eventstore::Position;
using eventstore::TenantId;

absl::StatusOr<std::vector<commands::ParsedEvent>> ReadAll(const EventLog& log,
                                                           const TenantId& tenant,
                                                           Position after = {}) {
  std::vector<commands::ParsedEvent> events;
  while (true) {
    ASSIGN_OR_RETURN(const auto page, log.ReadTenant(tenant, {.after = after}));
    for (const eventstore::PageEvent& event : page.events) {
      ASSIGN_OR_RETURN(commands::ParsedEvent parsed, commands::ParseEvent(event.view()));
      events.push_back(std::move(parsed));
    }
    if (page.end) return events;
    after = page.read_to;
  }
}

std::string NameOf(const storage::v1::EventHeader& header) {
  return absl::StrCat(header.type(), " at position ", header.position(), " of ", header.tenant());
}

absl::Status Broken(std::string_view what, const storage::v1::EventHeader& header) {
  return absl::InternalError(absl::StrCat(base::View(what), ": ", NameOf(header)));
}

}  // namespace

absl::Status LogWatch::See(const EventLog& log, const TenantId& tenant) {
  Seen& seen = tenants_[tenant.value];
  ASSIGN_OR_RETURN(const auto events, ReadAll(log, tenant, Position{seen.position}));
  for (const commands::ParsedEvent& event : events) {
    RETURN_IF_ERROR(SeeEvent(event.header, seen));
  }
  return absl::OkStatus();
}

absl::Status LogWatch::SeeEvent(const storage::v1::EventHeader& header, Seen& seen) {
  if (header.position() != seen.position + 1) return Broken("a gap before", header);
  const std::string stream = absl::StrCat(header.stream().type(), "/", header.stream().id());
  if (header.revision() != ++seen.revisions[stream]) return Broken("a wrong revision", header);
  const bool same_commit = header.recorded_at_us() == seen.recorded_at_us;
  if (header.recorded_at_us() < seen.recorded_at_us) return Broken("time ran back", header);
  if (!header.request_id().empty() && !same_commit &&
      !seen.requests.emplace(header.request_id()).second) {
    return Broken("a request was written twice", header);
  }
  seen.position = header.position();
  seen.recorded_at_us = header.recorded_at_us();
  return absl::OkStatus();
}

absl::Status CheckLog(const EventLog& log, const Acknowledged& acknowledged) {
  std::map<std::pair<std::string, uint64_t>, std::string> requests;
  for (const TenantId& tenant : log.Tenants()) {
    RETURN_IF_ERROR(LogWatch().See(log, tenant));
    ASSIGN_OR_RETURN(const auto events, ReadAll(log, tenant));
    for (const commands::ParsedEvent& event : events) {
      requests[{tenant.value, event.header.position()}] = event.header.request_id();
    }
  }
  for (const auto& [request, result] : acknowledged.requests) {
    if (result.event_count == 0) continue;
    const auto found = requests.find({request.first, result.position.value});
    if (found == requests.end() || found->second != request.second) {
      return absl::InternalError(absl::StrCat("acknowledged request ", request.second, " of ",
                                              request.first, " is not at position ",
                                              result.position.value));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckWorkflows(const EventLog& log, bool ended) {
  for (const TenantId& tenant : log.Tenants()) {
    ASSIGN_OR_RETURN(const auto events, ReadAll(log, tenant));
    std::map<std::string, std::vector<std::string>> instances;  // What happened, by instance.
    std::set<uint64_t> triggers;  // DealOpened while workflow 1 was published.
    std::set<uint64_t> triggered;
    std::set<std::pair<std::string, std::string>> effects;
    bool published = false;
    for (const commands::ParsedEvent& event : events) {
      const std::string& type = event.header.type();
      const std::string& principal = event.header.actor().principal();
      published |= type == "WorkflowPublished" && event.header.stream().id().ends_with("1");
      if (published && type == "DealOpened") triggers.insert(event.header.position());
      if (event.header.stream().type() == "workflow_instance") {
        std::vector<std::string>& story = instances[event.header.stream().id()];
        const auto& instance = event.event.workflow_instance();
        std::string step = type;
        if (instance.has_step_completed()) step = instance.step_completed().step_id();
        if (instance.has_step_failed()) step = instance.step_failed().step_id();
        if (!story.empty() && story.back() == "InstanceEnded") {
          return Broken("something after the end of an instance", event.header);
        }
        if (std::count(story.begin(), story.end(), step) > 0) {
          return Broken("a step happened twice", event.header);
        }
        if (story.empty() != (type == "InstanceStarted")) {
          return Broken("an instance that did not begin with its start", event.header);
        }
        story.push_back(step);
        if (instance.has_instance_started()) {
          triggered.insert(instance.instance_started().trigger_position());
        }
      } else if (principal.starts_with(kWorkflowPrincipal) &&
                 !effects.insert({principal, type}).second) {
        return Broken("what a step did was done twice", event.header);
      }
    }
    if (!ended) continue;
    for (const auto& [id, story] : instances) {
      if (story.back() != "InstanceEnded") {
        return absl::InternalError(absl::StrCat("instance ", id, " of ", tenant.value,
                                                " never ended; last: ", story.back()));
      }
    }
    for (const uint64_t trigger : triggers) {
      if (triggered.contains(trigger)) continue;
      return absl::InternalError(absl::StrCat("the event at position ", trigger, " of ",
                                              tenant.value, " triggered nothing"));
    }
  }
  return absl::OkStatus();
}

namespace {

class RowCollector final : public projections::RowSink {
 public:
  explicit RowCollector(std::map<std::string, std::string>& rows) : rows_(rows) {}
  void Put(std::string_view key, std::string_view value) override {
    rows_[std::string(key)] = std::string(value);
  }
  void Delete(std::string_view key) override { rows_.erase(std::string(key)); }

 private:
  std::map<std::string, std::string>& rows_;
};

}  // namespace

absl::StatusOr<ViewRows> FoldNaively(const EventLog& log) {
  ViewRows rows;
  for (const TenantId& tenant : log.Tenants()) {
    ASSIGN_OR_RETURN(const auto events, ReadAll(log, tenant));
    for (const projections::ViewDefinition& definition : projections::AllViews()) {
      const auto state = definition.make_state();
      for (size_t i = 0; i < events.size(); ++i) {
        const storage::v1::EventHeader& header = events[i].header;
        RETURN_IF_ERROR(state->Fold({.header = header, .event = events[i].event}));
        // Commits of a tenant never share a time.
        if (i + 1 == events.size() ||
            events[i + 1].header.recorded_at_us() != header.recorded_at_us()) {
          state->CommitDone();
        }
      }
      std::map<std::string, std::string>& into = rows[{std::string(definition.name), tenant.value}];
      RowCollector collector(into);
      state->FlushRows(collector);
      if (into.empty()) rows.erase({std::string(definition.name), tenant.value});
    }
  }
  return rows;
}

absl::Status CompareRows(const ViewRows& expected, const ViewRows& found) {
  const auto count = [](const ViewRows& rows) {
    size_t sum = 0;
    for (const auto& [view, of_view] : rows) sum += of_view.size();
    return sum;
  };
  for (const auto& [view, rows] : expected) {
    const auto of_view = found.find(view);
    for (const auto& [key, value] : rows) {
      const bool there = of_view != found.end() && of_view->second.contains(key);
      if (there && of_view->second.at(key) == value) continue;
      return absl::InternalError(absl::StrCat("view ", view.first, " of ", view.second, ": a row ",
                                              there ? "differs from" : "is missing beside",
                                              " the plain fold"));
    }
  }
  if (count(expected) != count(found)) {
    return absl::InternalError(
        absl::StrCat("views have ", count(found), " rows, the plain fold ", count(expected)));
  }
  return absl::OkStatus();
}

}  // namespace dealog::simulation
