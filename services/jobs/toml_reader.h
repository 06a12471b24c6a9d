#pragma once

// Reads TOML and remembers the first fault with its line and column, so that callers read on
// without checking each value.
//
//   TomlReader reader(text);
//   const std::string name = reader.root().String("name", Need::kRequired);
//   if (!reader.status().ok()) return reader.status();

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "dealog/events/v1/values.pb.h"

namespace dealog::jobs {

enum class Need { kRequired, kOptional };

// A table of the document. A missing or mistyped value is a fault, and reads as empty.
// Ownership: the TomlReader must outlive it. Thread safety: none.
class TomlTable {
 public:
  std::string String(std::string_view key, Need need) const;
  bool Bool(std::string_view key, bool fallback) const;
  std::optional<double> Number(std::string_view key) const;
  // Required; a TOML local date. False if it is missing.
  bool Date(std::string_view key, events::v1::Date& date) const;
  std::optional<TomlTable> Table(std::string_view key, Need need) const;
  bool IsTable(std::string_view key) const;
  // An array of tables, required.
  std::vector<TomlTable> Tables(std::string_view key) const;
  // An array of strings, optional.
  std::vector<std::string> Strings(std::string_view key) const;
  // In the order of the alphabet.
  std::vector<std::string> Keys() const;

  // Records a fault of a value; of the table itself where there is none of that key.
  void Fail(std::string_view key, std::string_view message) const;
  // A key that was never asked for is a fault: it is a spelling mistake.
  void RefuseUnknownKeys() const;

 private:
  friend class TomlReader;
  struct Node;
  explicit TomlTable(std::shared_ptr<Node> node) : node_(std::move(node)) {}
  TomlTable Child(std::string_view key, const void* table) const;

  std::shared_ptr<Node> node_;
};

class TomlReader {
 public:
  explicit TomlReader(std::string_view text);
  ~TomlReader();
  TomlTable root() const;
  // The first fault in the order of reading: INVALID_ARGUMENT / IMPORT_INVALID.
  const absl::Status& status() const;

 private:
  friend class TomlTable;
  struct Document;
  std::unique_ptr<Document> document_;
};

}  // namespace dealog::jobs
