#pragma once

// A view store that passes everything on to another one and lets a test fail its writes.

#include <functional>
#include <memory>
#include <utility>

#include "projections/view_store.h"

namespace dealog::testing {

class HookedViewStore final : public projections::ViewStore {
 public:
  // `before_write` is asked before everything that changes the store; a failure is returned
  // instead.
  HookedViewStore(std::unique_ptr<projections::ViewStore> store,
                  std::function<absl::Status()> before_write)
      : store_(std::move(store)), before_write_(std::move(before_write)) {}

  absl::Status Write(const projections::ViewWrite& write) override {
    if (absl::Status status = before_write_(); !status.ok()) return status;
    return store_->Write(write);
  }
  absl::StatusOr<projections::ViewCheckpoint> ReadCheckpoint(
      std::string_view view, eventstore::PartitionId partition) const override {
    return store_->ReadCheckpoint(view, partition);
  }
  absl::StatusOr<projections::SlotPoint> ReadApplied(
      std::string_view view, const eventstore::TenantId& tenant) const override {
    return store_->ReadApplied(view, tenant);
  }
  absl::Status Scan(std::string_view view, const eventstore::TenantId& tenant,
                    const std::function<absl::Status(std::string_view key, std::string_view value)>&
                        row) const override {
    return store_->Scan(view, tenant, row);
  }
  absl::Status Drop(std::string_view view) override {
    if (absl::Status status = before_write_(); !status.ok()) return status;
    return store_->Drop(view);
  }
  absl::Status DropTenant(std::string_view view, const eventstore::TenantId& tenant) override {
    if (absl::Status status = before_write_(); !status.ok()) return status;
    return store_->DropTenant(view, tenant);
  }

 private:
  const std::unique_ptr<projections::ViewStore> store_;
  const std::function<absl::Status()> before_write_;
};

}  // namespace dealog::testing
