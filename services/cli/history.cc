// `dealog deal history` and `dealog history`: who did what, when, why, and how long it lasted.

#include "absl/strings/str_cat.h"
#include "dealog/v1/history.grpc.pb.h"
#include "services/cli/common_options.h"
#include "services/cli/groups.h"
#include "services/cli/limits.h"
#include "services/cli/text/format.h"

namespace dealog::cli {
namespace {

using Stub = v1::HistoryService::Stub;

constexpr size_t kSummaryWidth = 70;
constexpr size_t kWhyWidth = 40;

void ShowEvents(const v1::ListEventsResponse& reply, Printer& printer) {
  Table table({{"POSITION", Align::kRight},
               {"WHEN (UTC)"},
               {"WHO"},
               {"WHAT", Align::kLeft, kSummaryWidth},
               {"WHY", Align::kLeft, kWhyWidth},
               {"HOW LONG", Align::kRight},
               {"RECORDED"}});
  for (const v1::HistoryEntry& entry : reply.events()) {
    const bool backdated = entry.occurred_at().seconds() != entry.recorded_at().seconds();
    table.AddRow({absl::StrCat(entry.position()), FormatTime(entry.occurred_at()), entry.actor(),
                  entry.summary().empty() ? entry.type() : entry.summary(), entry.why(),
                  entry.has_visit_seconds() ? FormatSeconds(entry.visit_seconds()) : "",
                  backdated ? FormatTime(entry.recorded_at()) : ""});
  }
  printer.Show(table);
}

// All pages as one answer: a resource's history is short, and a script wants it whole.
absl::Status ListAll(v1::ListEventsRequest request, Session& session) {
  v1::ListEventsResponse whole;
  request.set_page_size(kHistoryPage);
  do {
    ASSIGN_OR_RETURN(v1::ListEventsResponse page,
                     session.client().Call(&Stub::ListEvents, request));
    request.set_page_token(page.next_page_token());
    page.clear_next_page_token();
    whole.MergeFrom(page);
  } while (!request.page_token().empty());
  if (session.printer().json()) {
    session.printer().Json(whole);
  } else {
    ShowEvents(whole, session.printer());
  }
  return absl::OkStatus();
}

void AddEventsCommand(const CommandTree& group, const Help& help, const std::string& argument,
                      const std::string& description) {
  auto request = std::make_shared<v1::ListEventsRequest>();
  CLI::App* command =
      group.Leaf(help.name, help.description, help.example,
                 [request](Session& session) { return ListAll(*request, session); });
  AddText(command, argument, description, request->mutable_resource_id());
}

void ShowField(const v1::GetFieldHistoryResponse& reply, Printer& printer) {
  Table table({{"FROM (UTC)"}, {"TO"}, {"VALUE"}, {"WHO"}, {"POSITION", Align::kRight}});
  for (const v1::FieldValue& value : reply.intervals()) {
    table.AddRow({FormatTime(value.start_time()), FormatTime(value.end_time()),
                  value.value().empty() ? "(none)" : value.value(), value.actor(),
                  absl::StrCat(value.position())});
  }
  printer.Show(table);
}

}  // namespace

void AddDealHistoryCommand(const CommandTree& deal) {
  AddEventsCommand(deal,
                   {"history", "Who did what, when, why, and how long it lasted",
                    "dealog deal history deal_01h455vb4pex5vsknk084sn02q"},
                   "deal", "Deal's id");
}

void AddHistoryCommands(const CommandTree& root) {
  const CommandTree group = root.Group("history", "Histories of resources and their fields");
  AddEventsCommand(group,
                   {"events", "All events of a resource of any type",
                    "dealog history events contact_01h455vb4pex5vsknk084sn02q"},
                   "resource", "Id of a deal, contact, pipeline, …, or a stream as type/id");
  auto field = AddCall(group,
                       {"field", "Every value that a field of a deal had",
                        "dealog history field deal_01h455vb4pex5vsknk084sn02q stage"},
                       &Stub::GetFieldHistory, ShowField);
  field.Text("deal", "Deal's id", field->mutable_resource_id());
  field.Text("field",
             "For example stage, owner or amount; another one is refused with the list of all",
             field->mutable_field());
  AddPastOptions(field);
}

}  // namespace dealog::cli
