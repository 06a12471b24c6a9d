#pragma once

// Import jobs over a memory log that survives reopening, with real time: the jobs have threads.

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "eventstore/base/mutex.h"
#include "eventstore/base/secret.h"
#include "eventstore/memory/memory_log.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/commands/state_loader.h"
#include "services/commands/submit.h"
#include "services/domain/deal.h"
#include "services/domain/pipeline.h"
#include "services/domain/tenant.h"
#include "services/jobs/import_job.h"
#include "services/jobs/row_decider.h"
#include "tests/services/jobs/files.h"
#include "tests/services/jobs/sample.h"
#include "tests/support/hooked_log.h"

namespace dealog::jobs::testing {

inline const eventstore::TenantId kClub{"club"};
inline const base::Secret kSecret("0123456789abcdef0123456789abcdef");

// Waits for the one call of an ImportDone.
class Reply {
 public:
  ImportDone done() {
    return [this](absl::StatusOr<v1::Import> import) {
      base::MutexLock lock(mu_);
      import_ = std::move(import);
      ++calls_;
      changed_.NotifyAll();
    };
  }
  absl::StatusOr<v1::Import> Wait() {
    base::MutexLock lock(mu_);
    while (calls_ == 0) changed_.Wait(mu_);
    EXPECT_EQ(calls_, 1);
    return import_;
  }

 private:
  base::Mutex mu_;
  base::CondVar changed_;
  int calls_ = 0;
  absl::StatusOr<v1::Import> import_;
};

class ImportFixture : public ::testing::Test {
 protected:
  ImportFixture() { Open(); }

  void Open() {
    log_ = std::make_unique<dealog::testing::HookedLog>(
        make_log_ ? make_log_() : eventstore::MakeMemoryLog({.disk = disk_}));
    sequencers_ = std::make_unique<commands::Sequencers>(
        *log_, base::SystemClock(), commands::SequencerOptions{.unique_key_secret = kSecret});
    jobs_ = MakeJobs(nullptr);
  }
  std::unique_ptr<ImportJobs> MakeJobs(projections::Runner* runner) {
    return MakeImportJobs(*log_, *sequencers_, runner, base::SystemClock(),
                          {.unique_key_secret = kSecret,
                           .folder = folder_.path() + "/imports",
                           .upload_bytes_max = upload_bytes_max_,
                           .rows_per_commit = rows_per_commit_});
  }
  void Close() {
    jobs_.reset();
    sequencers_.reset();
    log_.reset();
  }
  void Reopen() {
    Close();
    Open();
  }
  void CreateTenant(const std::string& time_zone = "UTC") {
    v1::CreateTenantRequest request;
    request.set_name(kClub.value);
    request.set_time_zone(time_zone);
    request.set_currency_code("EUR");
    const auto created = Run(request, true);
    ASSERT_TRUE(created.ok()) << created.status();
  }
  // Runs an API command as of now.
  template <typename Request>
  absl::StatusOr<commands::CommandResult> Run(const Request& request, bool creates_tenant = false) {
    commands::CommandContext context;
    context.tenant = kClub;
    context.origin.principal = "user:ada";
    context.method = "/test/Command";
    context.creates_tenant = creates_tenant;
    return commands::Execute(*sequencers_, context,
                             [&](const domain::CommandMeta& meta, domain::StateReader& states) {
                               return domain::Decide(request, meta, states);
                             });
  }

  v1::ImportHeader Header(const std::string& mapping = kClubMapping) {
    v1::ImportHeader header;
    header.set_mapping(mapping);
    return header;
  }
  // The reply of Start.
  absl::StatusOr<v1::Import> Start(const v1::ImportHeader& header, const Files& files) {
    auto upload = jobs_->Open(kClub, "user:ada", header);
    if (!upload.ok()) return upload.status();
    for (const auto& [name, bytes] : files) {
      v1::ImportChunk chunk;
      chunk.set_file(name);
      for (size_t at = 0; at < bytes.size() || at == 0; at += kChunk) {
        chunk.set_data(bytes.substr(at, kChunk));
        const absl::Status added = (*upload)->Add(chunk);
        if (!added.ok()) return added;
      }
    }
    Reply reply;
    jobs_->Start(*std::move(upload), reply.done());
    return reply.Wait();
  }
  // Waits until the job has ended.
  v1::Import End(const std::string& import_id) {
    for (;;) {
      auto import = jobs_->Get(kClub, import_id);
      EXPECT_TRUE(import.ok()) << import.status();
      if (!import.ok() || import->state() != v1::Import::RUNNING) return *std::move(import);
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  // A whole import.
  v1::Import Import(const Files& files, const v1::ImportHeader& header) {
    const auto started = Start(header, files);
    EXPECT_TRUE(started.ok()) << started.status();
    return started.ok() ? End(started->import_id()) : v1::Import();
  }
  v1::Import Import(const Files& files) { return Import(files, Header()); }

  domain::DealState Deal(const std::string& key, const std::string& mapping = kClubMapping) {
    const Mapping parsed = *ParseMapping(mapping);
    return State<domain::DealState>("deal", RowDecider(parsed).IdOf(Role::kDeals, key));
  }
  template <typename T>
  T State(const std::string& type, const std::string& id) {
    const auto state = commands::FoldStream(*log_, kClub, {type, id});
    EXPECT_TRUE(state.ok()) << state.status();
    return dynamic_cast<const T&>(**state);
  }
  // Number of events in the log by type, those of the import itself left out.
  std::map<std::string, int> EventCounts() {
    std::map<std::string, int> counts;
    for (const auto& event : Events()) {
      if (event.header.stream().type() != "import") ++counts[event.header.type()];
    }
    return counts;
  }
  std::vector<commands::ParsedEvent> Events() {
    std::vector<commands::ParsedEvent> events;
    for (eventstore::Position after{};;) {
      const auto page = log_->ReadTenant(kClub, {.after = after});
      EXPECT_TRUE(page.ok()) << page.status();
      for (const auto& stored : page->events) {
        events.push_back(*commands::ParseEvent(stored.view()));
      }
      if (page->end) return events;
      after = page->read_to;
    }
  }
  uint64_t Head() { return log_->Head(kClub)->position.value; }

  static constexpr size_t kChunk = 50;  // Odd, so that files come in pieces.
  Folder folder_;
  size_t upload_bytes_max_ = kUploadBytesMax;
  size_t rows_per_commit_ = kRowsPerCommit;
  std::function<std::unique_ptr<eventstore::EventLog>()> make_log_;  // Empty: a memory log.
  std::shared_ptr<eventstore::MemoryDisk> disk_ = std::make_shared<eventstore::MemoryDisk>(1);
  std::unique_ptr<dealog::testing::HookedLog> log_;
  std::unique_ptr<commands::Sequencers> sequencers_;
  std::unique_ptr<ImportJobs> jobs_;
};

}  // namespace dealog::jobs::testing
