#pragma once

// Resident messages by id, whose rows are the messages themselves: for resources that are read
// whole and change rarely (contacts, activities, workflows, imports).

#include <google/protobuf/message_lite.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "projections/projection.h"

namespace dealog::projections {

// Thread safety: none of its own; its view's. Messages stay where they are.
template <typename Message>
class MessageTable {
 public:
  using Messages = std::map<std::string, Message, std::less<>>;

  // `prefix` begins the keys of its rows, where a view has several tables.
  explicit MessageTable(std::string prefix = "") : prefix_(std::move(prefix)) {}

  // nullptr if there is none.
  const Message* Find(std::string_view id) const {
    const auto found = messages_.find(id);
    return found == messages_.end() ? nullptr : &found->second;
  }
  // The message, made if there is none, to be changed: its row goes out with the next flush.
  Message& Edit(const std::string& id) {
    changed_.insert(id);
    return messages_[id];
  }
  const Messages& messages() const { return messages_; }
  size_t size() const { return messages_.size(); }

  void FlushRows(RowSink& sink) {
    for (const std::string& id : changed_) {
      sink.Put(prefix_ + id, messages_.find(id)->second.SerializeAsString());
    }
    changed_.clear();
  }
  bool Owns(std::string_view key) const { return key.starts_with(prefix_); }
  // Takes back a row that it owns; returns the message.
  absl::StatusOr<const Message*> LoadRow(std::string_view key, std::string_view value) {
    const std::string id(key.substr(prefix_.size()));
    Message& message = messages_[id];
    if (!message.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
      return base::Error(
          absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
          absl::StrCat("the stored row of ", id, " does not parse; the view must be rebuilt"));
    }
    return &message;
  }

 private:
  const std::string prefix_;
  Messages messages_;
  std::set<std::string> changed_;
};

}  // namespace dealog::projections
