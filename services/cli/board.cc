// `dealog board`: the pipeline's columns, now, as of a past instant, or as it changes.

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "dealog/v1/board.grpc.pb.h"
#include "projections/states/deal_fields.h"
#include "services/cli/common_options.h"
#include "services/cli/deal_show.h"
#include "services/cli/groups.h"
#include "services/cli/pipeline_show.h"
#include "services/cli/text/format.h"

namespace dealog::cli {
namespace {

constexpr size_t kCardsWidth = 60;
constexpr int kCardsShown = 3;

std::string Sums(const v1::BoardColumn& column, bool weighted) {
  return absl::StrJoin(column.totals(), " + ", [&](std::string* out, const auto& total) {
    absl::StrAppend(out, FormatMinor(weighted ? total.weighted_minor() : total.amount_minor(),
                                     total.currency_code()));
  });
}

std::string FirstCards(const v1::BoardColumn& column) {
  std::vector<std::string> titles;
  for (const v1::Deal& card : column.cards()) {
    if (titles.size() == kCardsShown) break;
    titles.push_back(card.title());
  }
  return absl::StrJoin(titles, " · ");
}

Table ColumnTable(const google::protobuf::RepeatedPtrField<v1::BoardColumn>& columns) {
  Table table({{"COLUMN"},
               {"KIND"},
               {"DEALS", Align::kRight},
               {"STALE", Align::kRight},
               {"AMOUNT", Align::kRight},
               {"WEIGHTED", Align::kRight},
               {"FIRST CARDS", Align::kLeft, kCardsWidth}});
  for (const v1::BoardColumn& column : columns) {
    table.AddRow({column.stage(), KindName(column.kind()), FormatCount(column.count()),
                  column.stale_count() > 0 ? FormatCount(column.stale_count()) : "",
                  Sums(column, /*weighted=*/false), Sums(column, /*weighted=*/true),
                  FirstCards(column)});
  }
  return table;
}

void ShowBoard(const v1::GetBoardResponse& board, Printer& printer) {
  printer.Line(absl::StrCat(board.pipeline(), "  as of ", FormatTime(board.as_of()),
                            " UTC, position ", FormatCount(board.position())));
  printer.Show(ColumnTable(board.columns()));
}

absl::Status Watch(const v1::WatchBoardRequest& request, Session& session) {
  grpc::ClientContext context;
  session.client().Prepare(context, /*stream=*/true);
  const auto stub = session.client().Stub<v1::BoardService>();
  const auto reader = stub->WatchBoard(&context, request);
  Printer& printer = session.printer();
  v1::WatchBoardResponse message;
  while (reader->Read(&message)) {
    if (printer.json()) {
      printer.JsonLine(message);
    } else if (message.has_board()) {
      ShowBoard(message.board(), printer);
    } else {
      const v1::BoardChange& change = message.columns();
      printer.Line("");
      printer.Line(absl::StrCat("position ", FormatCount(change.position())));
      printer.Show(ColumnTable(change.columns()));
      if (!change.deals().empty()) printer.Show(DealTable(change.deals()));
    }
    printer.out().flush();
  }
  return FromGrpc(reader->Finish());
}

absl::Status GetOrWatch(const v1::GetBoardRequest& request, bool watch, Session& session) {
  if (watch) {
    if (request.has_as_of() || request.has_known_at() ||
        request.column_by() == v1::BOARD_COLUMN_BY_DECISION_MONTH) {
      return base::InvalidField("--watch",
                                "expected neither --as-of, --known-at nor --column-by "
                                "decision-month: a past board does not change");
    }
    v1::WatchBoardRequest watched;
    watched.set_pipeline(request.pipeline());
    watched.set_filter(request.filter());
    return Watch(watched, session);
  }
  ASSIGN_OR_RETURN(const v1::GetBoardResponse reply,
                   session.client().Call(&v1::BoardService::Stub::GetBoard, request));
  if (session.printer().json()) {
    session.printer().Json(reply);
  } else {
    ShowBoard(reply, session.printer());
  }
  return absl::OkStatus();
}

}  // namespace

void AddBoardCommand(const CommandTree& root) {
  auto request = std::make_shared<v1::GetBoardRequest>();
  auto watch = std::make_shared<bool>(false);
  CLI::App* command = root.Leaf(
      "board", "The pipeline board, now or as of any past instant",
      "dealog board --pipeline Sales --filter 'owner = \"Claire Martin\"' --as-of "
      "2026-06-01",
      [request, watch](Session& session) { return GetOrWatch(*request, *watch, session); });
  const CallCommand<v1::GetBoardRequest> call{command, request, nullptr};
  call.Text("--pipeline", "Pipeline: name or id (default: the tenant's)",
            request->mutable_pipeline());
  const std::map<std::string, v1::BoardColumnBy> columns = {
      {"stage", v1::BOARD_COLUMN_BY_STAGE}, {"decision-month", v1::BOARD_COLUMN_BY_DECISION_MONTH}};
  call.Read("--column-by", "stage (the default) or decision-month",
            ReadChoice(columns, [target = request.get()](v1::BoardColumnBy by) {
              target->set_column_by(by);
            }));
  AddFilterOption(call, states::DealFields());
  command->add_option_function<int32_t>(
      "--cards", [target = request.get()](int32_t cards) { target->set_cards_per_column(cards); },
      "Cards per column, 0 to 100 (default 10)");
  AddPastOptions(call);
  command->add_flag("--watch", *watch, "Stay and show every change");
}

}  // namespace dealog::cli
