#include "eventstore/rocksdb/request_reclaim.h"

#include "dealog/storage/v1/commit.pb.h"
#include "eventstore/rocksdb/database.h"
#include "eventstore/rocksdb/limits.h"

namespace dealog::eventstore {
namespace {

class Reclaim final : public rocksdb::CompactionFilter {
 public:
  explicit Reclaim(int64_t now_us) : now_us_(now_us) {}
  const char* Name() const override { return "dealog.requests"; }
  // True: drop it.
  bool Filter(int /*level*/, const rocksdb::Slice& /*key*/, const rocksdb::Slice& value,
              std::string* /*new_value*/, bool* /*value_changed*/) const override {
    return HasExpired(ToView(value), now_us_ - kRequestGraceMicros);
  }

 private:
  const int64_t now_us_;  // When the compaction began.
};

class ReclaimFactory final : public rocksdb::CompactionFilterFactory {
 public:
  explicit ReclaimFactory(const base::Clock& clock) : clock_(clock) {}
  const char* Name() const override { return "dealog.requests"; }
  std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
      const rocksdb::CompactionFilter::Context& /*context*/) override {
    return std::make_unique<Reclaim>(clock_.NowMicros());
  }

 private:
  const base::Clock& clock_;
};

}  // namespace

bool HasExpired(std::string_view record, int64_t now_us) {
  storage::v1::RequestRecord request;
  return request.ParseFromArray(record.data(), static_cast<int>(record.size())) &&
         request.expires_at_us() > 0 && request.expires_at_us() <= now_us;
}

std::shared_ptr<rocksdb::CompactionFilterFactory> MakeRequestReclaim(const base::Clock& clock) {
  return std::make_shared<ReclaimFactory>(clock);
}

}  // namespace dealog::eventstore
