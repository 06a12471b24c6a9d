// The contract suite on the memory log, which a MemoryDisk outlives.

#include "eventstore/memory/memory_log.h"

#include "tests/contracts/event_log_contract.h"

namespace dealog::eventstore {
namespace {

class MemoryLogUnderTest : public LogUnderTest {
 public:
  explicit MemoryLogUnderTest(uint32_t partition_count)
      : disk_(std::make_shared<MemoryDisk>(partition_count)) {
    Reopen();
  }
  EventLog& log() override { return *log_; }
  void Reopen() override {
    log_.reset();
    log_ = MakeMemoryLog({.disk = disk_});
  }
  void SetWritesFailing(bool failing) override { disk_->SetFailing(failing); }
  void SetDiskLow(bool low) override { disk_->SetLow(low); }

 private:
  std::shared_ptr<MemoryDisk> disk_;
  std::unique_ptr<EventLog> log_;
};

INSTANTIATE_TEST_SUITE_P(Memory, EventLogContract,
                         testing::Values(LogFactory{"Log",
                                                    [](uint32_t partition_count) {
                                                      return std::make_unique<MemoryLogUnderTest>(
                                                          partition_count);
                                                    }}),
                         LogName);

TEST(MemoryLog, ForgetsWithoutADisk) {
  auto log = MakeMemoryLog({.partition_count = 2});
  EXPECT_EQ(log->partition_count(), 2u);
  ASSERT_TRUE(AppendOne(*log, MakeCommit("acme", {MakeEvent("deal/1")})).ok());
  log = MakeMemoryLog({});
  EXPECT_TRUE(log->Tenants().empty());
}

}  // namespace
}  // namespace dealog::eventstore
