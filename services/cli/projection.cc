// `dealog projection` and `dealog server`: the server's own state.

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "dealog/v1/admin.grpc.pb.h"
#include "services/cli/common_options.h"
#include "services/cli/groups.h"
#include "services/cli/text/format.h"

namespace dealog::cli {
namespace {

using Stub = v1::AdminService::Stub;

void ShowProjections(const google::protobuf::RepeatedPtrField<v1::Projection>& projections,
                     Printer& printer) {
  Table table({{"PROJECTION"},
               {"VERSION", Align::kRight},
               {"STATE"},
               {"ROWS", Align::kRight},
               {"EVENTS FOLDED", Align::kRight},
               {"BEHIND", Align::kRight},
               {"LAG", Align::kRight},
               {"FAILED FOR", Align::kRight},
               {"ERROR"}});
  for (const v1::Projection& projection : projections) {
    table.AddRow(
        {projection.name(), absl::StrCat(projection.version()),
         absl::AsciiStrToLower(v1::Projection::State_Name(projection.state())),
         FormatCount(projection.row_count()), FormatCount(projection.events_folded()),
         projection.has_lag_events() ? FormatCount(projection.lag_events()) : "",
         projection.has_lag_seconds() ? FormatSeconds(projection.lag_seconds()) : "",
         projection.failed_tenant_count() > 0 ? FormatCount(projection.failed_tenant_count()) : "",
         projection.error()});
  }
  printer.Show(table);
}

void ShowList(const v1::ListProjectionsResponse& reply, Printer& printer) {
  ShowProjections(reply.projections(), printer);
}

void ShowRebuild(const v1::RebuildProjectionResponse& reply, Printer& printer) {
  ShowProjections(reply.projections(), printer);
  printer.Note("the rebuild has begun; `dealog projection list` shows how far it is");
}

void ShowInfo(const v1::GetServerInfoResponse& reply, Printer& printer) {
  printer.Field("version", reply.version());
  printer.Field("started", FormatTime(reply.start_time()));
  printer.Field("tenants", FormatCount(reply.tenant_count()));
  printer.Field("batches", FormatCount(reply.batch_number()));
  printer.Field("queued bytes", FormatCount(reply.queue_bytes()));
  printer.Field("last full scrub", reply.has_last_full_scrub_time()
                                       ? FormatTime(reply.last_full_scrub_time())
                                       : "never");
  printer.Field("its problems", FormatCount(reply.scrub_problem_count()));
}

}  // namespace

void AddProjectionCommands(const CommandTree& root) {
  const CommandTree group = root.Group("projection", "Read models: state, lag, rebuild");
  AddCall(group, {"list", "Lists projections with their lag", "dealog projection list"},
          &Stub::ListProjections, ShowList);
  auto rebuild = AddCall(
      group, {"rebuild", "Drops rows and folds the log anew", "dealog projection rebuild deals"},
      &Stub::RebuildProjection, ShowRebuild);
  rebuild.Text("name", "Projection (default: all)", rebuild->mutable_name())->required(false);
  // Not --tenant: that is an option of every command, and often set for all of them.
  rebuild.Text("--of", "Rebuild it for this tenant only", rebuild->mutable_tenant())
      ->required(false);
}

void AddServerCommands(const CommandTree& root) {
  const CommandTree group = root.Group("server", "The server");
  AddCall(group, {"info", "Version, uptime and sizes", "dealog server info"}, &Stub::GetServerInfo,
          ShowInfo);
}

}  // namespace dealog::cli
