#pragma once

// A runner over the memory log and the real view store in a temporary folder.

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "eventstore/base/check.h"
#include "eventstore/base/clock.h"
#include "eventstore/base/error.h"
#include "eventstore/memory/memory_log.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "projections/rocksdb/view_store.h"
#include "projections/runtime/runner.h"
#include "tests/projections/runtime/toy_views.h"

namespace dealog::projections {

using eventstore::BatchNumber;
using eventstore::PartitionId;
using eventstore::Position;
using eventstore::TenantId;

inline absl::Time In(absl::Duration delay) {
  return absl::FromUnixMicros(base::SystemClock().NowMicros()) + delay;
}

class RunnerTest : public testing::Test {
 protected:
  RunnerTest() {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    root_ = std::filesystem::temp_directory_path() /
            (std::string("dealog_runner_") + info->name() + "_" + std::to_string(getpid()));
    std::filesystem::remove_all(root_);
    std::filesystem::create_directories(root_);
    log_ = eventstore::MakeMemoryLog({});
  }
  ~RunnerTest() override {
    runner_.reset();
    store_.reset();
    std::filesystem::remove_all(root_);
  }

  std::string Views() const { return (root_ / "views").string(); }

  void Start(std::vector<ViewDefinition> views = {SturdyDefinition(), FragileDefinition()},
             RunnerOptions options = {.flush_interval = absl::Milliseconds(5)}) {
    auto store = OpenViewStore(Views());
    DEALOG_CHECK_OK(store);
    store_ = *std::move(store);
    runner_ = StartRunner(*log_, *store_, std::move(views), options);
  }
  void Stop() {
    runner_.reset();
    store_.reset();
  }

  Position Append(const std::string& tenant, const std::string& stream,
                  const std::vector<std::string>& bodies) {
    const eventstore::NewCommit commit = NotesCommit(tenant, stream, bodies);
    const PartitionId partition = log_->PartitionOf(commit.tenant);
    auto outcomes = log_->Append(partition, log_->BatchHead(partition).number, {&commit, 1});
    DEALOG_CHECK_OK(outcomes);
    DEALOG_CHECK_OK(outcomes->front());
    return outcomes->front()->last;
  }

  absl::StatusOr<TenantRead> Read(const std::string& tenant, Freshness freshness = {}) {
    return runner_->Read(TenantId{tenant}, freshness, In(absl::Seconds(20)));
  }

  // Count of a stream in a view, read at the head; -1 if the view has none. Where no view is given,
  // of the sturdy one, and all are read, which loads them.
  int Count(const std::string& tenant, const std::string& stream, std::string_view view = "") {
    Freshness freshness;
    if (view.empty()) {
      view = "sturdy";
    } else {
      freshness.views = {view};
    }
    const auto read = Read(tenant, freshness);
    DEALOG_CHECK_OK(read);
    const auto state = (*read)->Get<CountView>(view);
    DEALOG_CHECK_OK(state);
    const auto found = (*state)->counts().find(stream);
    return found == (*state)->counts().end() ? -1 : found->second;
  }

  // Waits until the view can be read, as every read does.
  void AwaitReadable(const std::string& tenant, std::string_view view) {
    const auto read = Read(tenant, {.views = {view}});
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_TRUE((*read)->Get<CountView>(view).ok()) << (*read)->Get<CountView>(view).status();
  }

  ProjectionStatus StatusOf(std::string_view name) {
    for (const ProjectionStatus& status : runner_->Statuses()) {
      if (status.name == name) return status;
    }
    return {};
  }

  std::vector<std::pair<std::string, std::string>> Dump() {
    auto entries = DumpViewStore(Views());
    DEALOG_CHECK_OK(entries);
    return *std::move(entries);
  }

  std::filesystem::path root_;
  std::unique_ptr<eventstore::EventLog> log_;
  std::unique_ptr<ViewStore> store_;
  std::unique_ptr<Runner> runner_;
};

}  // namespace dealog::projections
