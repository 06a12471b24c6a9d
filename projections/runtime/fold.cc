#include "projections/runtime/fold.h"

#include <algorithm>
#include <set>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/crypto.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "projections/runtime/limits.h"

namespace dealog::projections {
namespace {

// Begins what stands for all that found no place in a slot's list; the rest names the fields of the
// build that met them: see Fingerprint. No field has the number 0.
constexpr std::string_view kTooMany = "0";

google::protobuf::ArenaOptions OptionsOver(std::vector<char>& block) {
  google::protobuf::ArenaOptions options;
  options.initial_block = block.data();
  options.initial_block_size = block.size();
  return options;
}

void NameFields(const google::protobuf::Descriptor& type, std::set<std::string>& names) {
  for (int i = 0; i < type.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *type.field(i);
    const bool is_new = names.insert(absl::StrCat(type.full_name(), ".", field.number())).second;
    if (is_new && field.message_type() != nullptr) NameFields(*field.message_type(), names);
  }
}

// Of the numbers of all fields of events that this build has: another one of a build that has more.
const std::string& Fingerprint() {
  static const auto* const fingerprint = [] {
    std::set<std::string> names;
    NameFields(*events::v1::Event::descriptor(), names);
    std::string all;
    for (const std::string& name : names) absl::StrAppend(&all, name, "\n");
    constexpr size_t kBytes = 8;
    const base::Digest digest = base::Sha256(all);
    return new std::string(
        absl::BytesToHexString({reinterpret_cast<const char*>(digest.data()), kBytes}));
  }();
  return *fingerprint;
}

void Count(const std::string& path, UnknownKinds& unknown) {
  const bool fits = unknown.size() < kUnknownKindsMax && path.size() <= kUnknownPathMax;
  ++unknown[fits || unknown.contains(path)
                ? path
                : absl::StrCat(base::View(kTooMany), ".", Fingerprint())];
}

}  // namespace

CommitParser::CommitParser() : first_block_(kArenaBlockBytes), arena_(OptionsOver(first_block_)) {}

const ParsedCommit& CommitParser::Parse(const eventstore::StoredCommit& stored) {
  arena_.Reset();
  commit_.stored = &stored;
  commit_.events.clear();
  commit_.unknown.clear();
  commit_.status = ParseEvents(stored);
  return commit_;
}

absl::Status CommitParser::ParseEvents(const eventstore::StoredCommit& stored) {
  for (size_t i = 0; i < stored.event_count(); ++i) {
    const eventstore::EventView& view = stored.event(i);
    auto* header = google::protobuf::Arena::CreateMessage<storage::v1::EventHeader>(&arena_);
    auto* event = google::protobuf::Arena::CreateMessage<events::v1::Event>(&arena_);
    if (!header->ParseFromArray(view.header.data(), static_cast<int>(view.header.size())) ||
        !event->ParseFromArray(view.payload.data(), static_cast<int>(view.payload.size()))) {
      return base::Error(
          absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
          absl::StrCat("the event at position ", stored.first_position().value + i, " of tenant ",
                       std::string(stored.tenant()), " does not parse; see `dealog log verify`"));
    }
    commit_.events.push_back({*header, *event});
    for (std::string& path : EventFields().Find(view.payload)) {
      commit_.unknown.push_back(std::move(path));
    }
  }
  return absl::OkStatus();
}

absl::Status FoldInto(ViewState& state, SlotPoint& point, const ParsedCommit& commit) {
  DEALOG_CHECK(point.position.value + 1 == commit.stored->first_position().value)
      << "folded up to " << point.position.value << ", the commit begins at "
      << commit.stored->first_position().value;
  RETURN_IF_ERROR(commit.status);
  for (const FoldedEvent& event : commit.events) RETURN_IF_ERROR(state.Fold(event));
  state.CommitDone();
  point.position = commit.stored->last_position();
  for (const std::string& path : commit.unknown) Count(path, point.unknown);
  return absl::OkStatus();
}

const base::UnknownFields& EventFields() {
  static const auto* const fields = new base::UnknownFields(*events::v1::Event::descriptor());
  return *fields;
}

bool KnowsOneOf(const UnknownKinds& unknown) {
  return std::any_of(unknown.begin(), unknown.end(), [](const auto& kind) {
    const std::string_view path = kind.first;
    if (!path.starts_with(kTooMany)) return EventFields().Knows(path);
    // They were too many to remember: only another build can know one of them.
    return path != absl::StrCat(base::View(kTooMany), ".", Fingerprint());
  });
}

}  // namespace dealog::projections
