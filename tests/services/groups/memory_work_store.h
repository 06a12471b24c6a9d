#pragma once

// A work store in memory that can lose what was not synced, and fail.

#include <map>
#include <string>

#include "eventstore/base/mutex.h"
#include "services/groups/work_store.h"

namespace dealog::groups {

// Thread safety: yes.
class MemoryWorkStore final : public WorkStore {
 public:
  absl::Status Write(const WorkWrite& write, bool sync) override {
    base::MutexLock lock(mu_);
    if (!failure_.ok()) return failure_;
    for (const std::string& prefix : write.dropped_prefixes) {
      std::erase_if(rows_, [&](const auto& row) { return row.first.starts_with(prefix); });
    }
    for (const WorkWrite::Row& row : write.rows) {
      if (row.value) {
        rows_[row.key] = *row.value;
      } else {
        rows_.erase(row.key);
      }
    }
    if (sync) synced_ = rows_;
    return absl::OkStatus();
  }
  absl::Status Scan(
      std::string_view prefix,
      const std::function<absl::Status(std::string_view, std::string_view)>& row) const override {
    std::map<std::string, std::string> rows;
    {
      base::MutexLock lock(mu_);
      rows = rows_;
    }
    for (auto it = rows.lower_bound(std::string(prefix));
         it != rows.end() && it->first.starts_with(prefix); ++it) {
      if (absl::Status status = row(it->first, it->second); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  // The rows that a crash of the machine would leave now.
  std::map<std::string, std::string> Synced() const {
    base::MutexLock lock(mu_);
    return synced_;
  }
  void Load(std::map<std::string, std::string> rows) {
    base::MutexLock lock(mu_);
    rows_ = synced_ = std::move(rows);
  }
  void FailWith(absl::Status failure) {
    base::MutexLock lock(mu_);
    failure_ = std::move(failure);
  }
  size_t size() const {
    base::MutexLock lock(mu_);
    return rows_.size();
  }

 private:
  mutable base::Mutex mu_;
  std::map<std::string, std::string> rows_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, std::string> synced_ ABSL_GUARDED_BY(mu_);
  absl::Status failure_ ABSL_GUARDED_BY(mu_);
};

}  // namespace dealog::groups
