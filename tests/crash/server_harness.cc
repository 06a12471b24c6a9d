#include "tests/crash/server_harness.h"

#include <signal.h>

#include <chrono>
#include <filesystem>
#include <iterator>
#include <memory>
#include <random>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "dealog/storage/v1/commit.pb.h"
#include "dealog/v1/board.grpc.pb.h"
#include "dealog/v1/log.grpc.pb.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/status.h"
#include "eventstore/rocksdb/verify.h"
#include "tests/crash/server_load.h"
#include "tests/e2e/process.h"

namespace dealog::crash {
namespace {

// See kill_point.h; the rest of the kills come from outside.
const char* const kKillPoints[] = {"before_write",   "before_sync", "after_sync",
                                   "before_publish", "table",       "manifest"};
constexpr int kReadySecondsMax = 30;
constexpr int kStopSecondsMax = 30;
constexpr int kPointSecondsMax = 2;
constexpr int64_t kWorkflowsMicrosMax = 20'000'000;
// Answered commands that are repeated after a kill, per client.
constexpr size_t kRepeatedPerClient = 12;

absl::Status Lost(const std::string& what) { return absl::DataLossError(what); }

// A tenant's events as they were seen after the last kill.
struct SeenEvents {
  std::vector<std::string> stored;  // Serialised v1::StoredEvent, by position - 1.
  std::vector<storage::v1::EventHeader> headers;
};

// One data folder through its kills.
class Folder {
 public:
  Folder(const ServerCrashOptions& options, std::string path, uint32_t seed)
      : options_(options), path_(std::move(path)), seed_(seed), load_(options.clients, seed) {}

  // Starts it, lets it work, kills it, starts it again and checks.
  absl::Status KillOnce(std::mt19937& random, ServerCrashReport& report) {
    RETURN_IF_ERROR(EnsureFounded());
    switch (random() % 9) {
      case 0:
        RETURN_IF_ERROR(KillAtStart(random));
        break;
      case 1:
      case 2:
      case 3:
        RETURN_IF_ERROR(KillAtPoint(random, report));
        break;
      default:
        RETURN_IF_ERROR(KillAtAnyTime(random));
    }
    return Check(report);
  }

  // After the last kill: workflows have run once each, views folded anew are the same, and the log
  // verifies.
  absl::Status CheckWhole(ServerCrashReport& report) {
    RETURN_IF_ERROR(Start());
    RETURN_IF_ERROR(CheckWorkflows(report));
    ASSIGN_OR_RETURN(const std::string views, Views());
    RETURN_IF_ERROR(Terminate());
    std::filesystem::remove_all(path_ + "/views");
    RETURN_IF_ERROR(Start());
    ASSIGN_OR_RETURN(const std::string folded, Views());
    if (folded != views) return Lost("views folded anew differ from those that were kept");
    RETURN_IF_ERROR(Terminate());
    ASSIGN_OR_RETURN(const auto verified, eventstore::VerifyRocksDbLog(path_ + "/log"));
    if (!verified.problems.empty()) return Lost(verified.problems.front());
    ++report.folders;
    return absl::OkStatus();
  }

  uint64_t answered() const { return load_.answered(); }

 private:
  absl::Status EnsureFounded() {
    if (founded_) return absl::OkStatus();
    RETURN_IF_ERROR(Start());
    RETURN_IF_ERROR(Found(Channel()));
    founded_ = true;
    return Terminate();
  }

  // Into opening and recovery.
  absl::Status KillAtStart(std::mt19937& random) {
    Launch("", 0);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 150'000));
    return Kill();
  }

  absl::Status KillAtAnyTime(std::mt19937& random) {
    RETURN_IF_ERROR(Start());
    load_.Start(address_);
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 600'000));
    RETURN_IF_ERROR(Kill());
    return load_.Join();
  }

  // By its own hand; from outside where the point does not come in time.
  absl::Status KillAtPoint(std::mt19937& random, ServerCrashReport& report) {
    const std::string point = kKillPoints[random() % std::size(kKillPoints)];
    // Batches are written some hundred times a second; tables and manifests hardly ever.
    const bool rare = point == "table" || point == "manifest";
    Launch(point, 1 + random() % (rare ? 2 : 300));
    const bool ready = AwaitReady().ok();
    if (ready) load_.Start(address_);
    const int exited = process_->Wait(kPointSecondsMax);
    if (exited < 0) {
      RETURN_IF_ERROR(Kill());
    } else if (exited == 128 + SIGKILL) {
      ++report.kills_at_points[point];
    } else {
      return Lost(absl::StrCat("a server ended by itself, with ", exited));
    }
    return ready ? load_.Join() : absl::OkStatus();
  }

  // `point` empty: it does not kill itself.
  void Launch(const std::string& point, uint64_t count) {
    std::vector<std::string> command = {options_.server, path_, std::to_string(++seed_),
                                        options_.sync ? "sync" : "nosync"};
    if (!point.empty()) command.insert(command.end(), {point, std::to_string(count)});
    process_ = std::make_unique<e2e::Process>(command, path_ + ".stderr");
  }

  absl::Status AwaitReady() {
    const std::string line = process_->ReadLine(kReadySecondsMax);
    if (!line.starts_with("ready ")) {
      return Lost(absl::StrCat("a server did not start; see ", path_, ".stderr"));
    }
    address_ = line.substr(6);
    return absl::OkStatus();
  }

  absl::Status Kill() {
    process_->Signal(SIGKILL);
    const int exited = process_->Wait(kStopSecondsMax);
    if (exited == 128 + SIGKILL) return absl::OkStatus();
    return Lost(absl::StrCat("a server ended by itself, with ", exited));
  }

  absl::Status Start() {
    Launch("", 0);
    return AwaitReady();
  }

  absl::Status Terminate() {
    process_->Signal(SIGTERM);
    const int exited = process_->Wait(kStopSecondsMax);
    process_.reset();
    if (exited != 0) return Lost(absl::StrCat("a stopped server ended with ", exited));
    return absl::OkStatus();
  }

  std::shared_ptr<grpc::Channel> Channel() const {
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(64 << 20);
    return grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), arguments);
  }

  absl::Status Check(ServerCrashReport& report) {
    RETURN_IF_ERROR(Start());
    RETURN_IF_ERROR(CheckEvents(report));
    ASSIGN_OR_RETURN(const uint64_t unanswered, load_.RepeatUnanswered(Channel()));
    report.unanswered += unanswered;
    ASSIGN_OR_RETURN(const uint64_t repeated, load_.RepeatAnswered(Channel(), kRepeatedPerClient));
    report.repeated += repeated;
    // What was repeated is in the log once, too.
    RETURN_IF_ERROR(CheckEvents(report));
    return Terminate();
  }

  // Positions dense; what was there before unchanged; every request in one commit; every answered
  // command there.
  absl::Status CheckEvents(ServerCrashReport& report) {
    ASSIGN_OR_RETURN(SeenEvents now, ReadAll());
    if (now.stored.size() < seen_.stored.size()) {
      return Lost(
          absl::StrCat("the log had ", seen_.stored.size(), " events and has ", now.stored.size()));
    }
    std::map<std::string, int64_t> recorded;
    for (size_t i = 0; i < now.headers.size(); ++i) {
      const storage::v1::EventHeader& header = now.headers[i];
      if (header.position() != i + 1) return Lost(absl::StrCat("a gap before position ", i + 1));
      if (i < seen_.stored.size()) {
        ++report.events;
        if (now.stored[i] != seen_.stored[i]) {
          return Lost(absl::StrCat("the event at position ", i + 1, " has changed"));
        }
      }
      if (header.request_id().empty()) continue;
      const auto [at, first] = recorded.emplace(header.request_id(), header.recorded_at_us());
      if (!first && at->second != header.recorded_at_us()) {
        return Lost(absl::StrCat("request ", header.request_id(), " was done twice"));
      }
    }
    for (const Command* command : load_.Commands()) {
      if (!command->answer) continue;
      const auto position = static_cast<size_t>(command->answer->commit().position());
      const std::string request_id =
          std::visit([](const auto& request) { return request.request_id(); }, command->request);
      if (position > now.headers.size() || now.headers[position - 1].request_id() != request_id) {
        return Lost(
            absl::StrCat("answered request ", request_id, " is not at position ", position));
      }
    }
    seen_ = std::move(now);
    return absl::OkStatus();
  }

  absl::StatusOr<SeenEvents> ReadAll() const {
    const auto stub = v1::LogService::NewStub(Channel());
    grpc::ClientContext context;
    Prepare(context);
    v1::ReadLogRequest request;
    request.set_payload_form(v1::PAYLOAD_FORM_STORED);
    const auto reader = stub->ReadLog(&context, request);
    SeenEvents all;
    for (v1::ReadLogResponse page; reader->Read(&page);) {
      for (const v1::StoredEvent& event : page.stored_events()) {
        all.stored.push_back(event.SerializeAsString());
        if (!all.headers.emplace_back().ParseFromString(event.header())) {
          return Lost(absl::StrCat("event ", all.stored.size(), " has no readable header"));
        }
      }
    }
    const grpc::Status read = reader->Finish();
    if (!read.ok()) return Lost(absl::StrCat("reading the log: ", read.error_message()));
    return all;
  }

  // Every move to "Offer" has one instance; every instance scheduled one activity, tagged once and
  // ended.
  absl::Status CheckWorkflows(ServerCrashReport& report) {
    const int64_t end = base::MonotonicMicros() + kWorkflowsMicrosMax;
    for (;;) {
      ASSIGN_OR_RETURN(const SeenEvents all, ReadAll());
      uint64_t moves = 0;
      for (const Command* command : load_.Commands()) {
        const auto* move = std::get_if<v1::MoveDealRequest>(&command->request);
        moves += move != nullptr && move->to_stage() == "Offer";
      }
      std::map<std::string, uint64_t> types;
      std::set<uint64_t> triggers;
      for (const storage::v1::EventHeader& header : all.headers) {
        ++types[header.type()];
        if (header.type() == "InstanceStarted") triggers.insert(header.causation_position());
      }
      const bool done = types["InstanceEnded"] >= moves;
      if (!done && base::MonotonicMicros() < end) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        continue;
      }
      if (types["InstanceStarted"] != moves || triggers.size() != moves ||
          types["ActivityScheduled"] != moves || types["StepCompleted"] != 2 * moves ||
          types["InstanceEnded"] != moves) {
        return Lost(absl::StrCat(moves, " moves to Offer, but ", types["InstanceStarted"],
                                 " instances of ", triggers.size(), " triggers, ",
                                 types["StepCompleted"], " steps, ", types["ActivityScheduled"],
                                 " activities, ", types["InstanceEnded"], " ends"));
      }
      report.instances += moves;
      return absl::OkStatus();
    }
  }

  // The board and every deal, at one instant.
  absl::StatusOr<std::string> Views() {
    std::string all;
    grpc::ClientContext context;
    Prepare(context);
    v1::GetBoardRequest board;
    board.set_cards_per_column(100);
    if (as_of_.seconds() != 0) *board.mutable_as_of()->mutable_time() = as_of_;
    v1::GetBoardResponse shown;
    grpc::Status read = v1::BoardService::NewStub(Channel())->GetBoard(&context, board, &shown);
    if (!read.ok()) return Lost(absl::StrCat("reading the board: ", read.error_message()));
    if (as_of_.seconds() == 0) {
      as_of_ = shown.as_of();
      return Views();
    }
    shown.clear_token();
    for (v1::BoardColumn& column : *shown.mutable_columns()) column.clear_next_page_token();
    all = shown.SerializeAsString();
    v1::ListDealsRequest list;
    list.set_page_size(1000);
    do {
      grpc::ClientContext list_context;
      Prepare(list_context);
      v1::ListDealsResponse page;
      read = v1::DealService::NewStub(Channel())->ListDeals(&list_context, list, &page);
      if (!read.ok()) return Lost(absl::StrCat("listing deals: ", read.error_message()));
      for (const v1::Deal& deal : page.deals()) all += deal.SerializeAsString();
      list.set_page_token(page.next_page_token());
    } while (!list.page_token().empty());
    return all;
  }

  const ServerCrashOptions& options_;
  const std::string path_;
  uint32_t seed_;
  ServerLoad load_;
  bool founded_ = false;
  std::unique_ptr<e2e::Process> process_;
  std::string address_;
  SeenEvents seen_;
  google::protobuf::Timestamp as_of_;
};

}  // namespace

ServerCrashReport KillServersAndCheck(const ServerCrashOptions& options) {
  ServerCrashReport report;
  std::mt19937 random(options.seed);
  while (report.kills < options.kills && report.losses.empty()) {
    const std::string path = absl::StrCat(options.folder, "/data", report.kills);
    Folder folder(options, path, options.seed * 1000 + static_cast<uint32_t>(report.kills));
    absl::Status checked;
    for (int i = 0; i < options.kills_per_folder && report.kills < options.kills && checked.ok();
         ++i) {
      ++report.kills;
      checked = folder.KillOnce(random, report);
    }
    if (checked.ok()) checked = folder.CheckWhole(report);
    report.answered += folder.answered();
    if (!checked.ok()) {
      // The folder stays, for whoever looks.
      report.losses.push_back(absl::StrCat(path, ": ", checked.ToString()));
      continue;
    }
    std::filesystem::remove_all(path);
  }
  return report;
}

}  // namespace dealog::crash
