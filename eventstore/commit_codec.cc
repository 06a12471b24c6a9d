#include "eventstore/commit_codec.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "eventstore/base/string_view.h"
#include "eventstore/bytes.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace dealog::eventstore {
namespace {

void SetStream(const StreamId& stream, storage::v1::StreamName& name) {
  name.set_type(stream.type);
  name.set_id(stream.id);
}

void SetUnique(const UniqueKey& key, storage::v1::UniqueKey& out) {
  out.set_kind(key.kind);
  out.set_hash(key.hash);
  SetStream(key.owner, *out.mutable_owner());
}

// Appends `message` behind its u32 length.
void AppendMessage(const google::protobuf::MessageLite& message, std::string& out) {
  const size_t size = message.ByteSizeLong();
  AppendBig(out, static_cast<uint32_t>(size));
  const size_t at = out.size();
  out.resize(at + size);
  message.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(out.data() + at));
}

void AppendPrefixed(std::string_view bytes, std::string& out) {
  AppendBig(out, static_cast<uint32_t>(bytes.size()));
  out.append(bytes);
}

absl::Status Malformed(std::string_view what) {
  return base::Error(absl::StatusCode::kDataLoss, "CORRUPT_RECORD",
                     absl::StrCat("the bytes of a commit are malformed: ", base::View(what)));
}

// Slices one event; false if its parts do not fill `bytes` exactly.
bool ParseEvent(std::string_view bytes, EventView& event) {
  ByteReader reader(bytes);
  event.header = reader.Prefixed<uint32_t>();
  event.payload = reader.Prefixed<uint32_t>();
  const uint32_t sealed = reader.Big<uint32_t>();
  // Each part has at least its length: a lying count fails here, not in an allocation.
  if (!reader.ok() || sealed > reader.rest().size() / sizeof(uint32_t)) return false;
  event.sealed.reserve(sealed);
  for (uint32_t i = 0; i < sealed; ++i) event.sealed.push_back(reader.Prefixed<uint32_t>());
  return reader.Done();
}

constexpr uint32_t Tag(int number, int wire_type) {
  return static_cast<uint32_t>(number) << 3 | static_cast<uint32_t>(wire_type);
}

// The fields of a serialised CommitHeader that every reader needs, found without building the
// message: a tenth of the cost of parsing it.
struct HeaderScan {
  std::string_view tenant;
  uint64_t first_position = 0;
  uint64_t event_count = 0;
  uint64_t recorded_at_us = 0;
  absl::InlinedVector<std::string_view, 1> types;

  // False if `bytes` are no sequence of fields, or one of those has the wrong type.
  bool Scan(std::string_view bytes) {
    using google::protobuf::internal::WireFormatLite;
    google::protobuf::io::CodedInputStream in(reinterpret_cast<const uint8_t*>(bytes.data()),
                                              static_cast<int>(bytes.size()));
    while (const uint32_t tag = in.ReadTag()) {
      bool read = false;
      switch (tag) {
        case Tag(kTenantNumber, WireFormatLite::WIRETYPE_LENGTH_DELIMITED):
          read = ReadBytes(in, bytes, tenant);
          break;
        case Tag(kFirstPositionNumber, WireFormatLite::WIRETYPE_VARINT):
          read = in.ReadVarint64(&first_position);
          break;
        case Tag(kEventCountNumber, WireFormatLite::WIRETYPE_VARINT):
          read = in.ReadVarint64(&event_count);
          break;
        case Tag(kRecordedAtNumber, WireFormatLite::WIRETYPE_VARINT):
          read = in.ReadVarint64(&recorded_at_us);
          break;
        case Tag(kTypesNumber, WireFormatLite::WIRETYPE_LENGTH_DELIMITED):
          read = ReadBytes(in, bytes, types.emplace_back());
          break;
        default:
          read = WireFormatLite::SkipField(&in, tag);
      }
      if (!read) return false;
    }
    return in.ConsumedEntireMessage();
  }

 private:
  using Header = storage::v1::CommitHeader;
  static constexpr int kTenantNumber = Header::kTenantFieldNumber;
  static constexpr int kFirstPositionNumber = Header::kFirstPositionFieldNumber;
  static constexpr int kEventCountNumber = Header::kEventCountFieldNumber;
  static constexpr int kRecordedAtNumber = Header::kRecordedAtUsFieldNumber;
  static constexpr int kTypesNumber = Header::kTypesFieldNumber;

  static bool ReadBytes(google::protobuf::io::CodedInputStream& in, std::string_view bytes,
                        std::string_view& out) {
    uint32_t size = 0;
    if (!in.ReadVarint32(&size)) return false;
    const size_t at = static_cast<size_t>(in.CurrentPosition());
    if (size > bytes.size() - at) return false;
    out = bytes.substr(at, size);
    return in.Skip(static_cast<int>(size));
  }
};

}  // namespace

void CommitEncoder::FillHeader(const NewCommit& commit, const CommitPlacement& placement) {
  header_.Clear();
  header_.set_tenant(commit.tenant.value);
  header_.set_first_position(placement.first.value);
  header_.set_event_count(static_cast<uint32_t>(commit.events.size()));
  header_.set_recorded_at_us(placement.recorded_at_us);
  if (!commit.request.request_id.empty()) {
    header_.set_caller(commit.request.caller);
    header_.set_request_id(commit.request.request_id);
    header_.set_method(commit.request.method);
    header_.set_fingerprint(commit.request.fingerprint);
    header_.set_request_expires_at_us(commit.request.expires_at_us);
  }
  for (const UniqueKey& key : commit.claims) SetUnique(key, *header_.add_claims());
  for (const UniqueKey& key : commit.releases) SetUnique(key, *header_.add_releases());
  for (const CommitPlacement::Stream& stream : placement.streams) {
    auto* written = header_.add_streams();
    SetStream(*stream.stream, *written->mutable_stream());
    written->set_last_revision(stream.last.value);
  }
  for (const NewEvent& event : commit.events) {
    // Few distinct types: a commit of thousands of events repeats one or two.
    const auto& types = header_.types();
    if (std::find(types.begin(), types.end(), event.type) == types.end()) {
      header_.add_types(event.type);
    }
  }
  if (!commit.subject.type.empty()) {
    SetStream(commit.subject, *header_.mutable_subject());
    header_.set_subject_revision(placement.subject_revision.value);
  }
}

void CommitEncoder::FillOrigin(const NewCommit& commit, const CommitPlacement& placement) {
  const CommitOrigin& origin = commit.origin;
  event_header_.Clear();
  event_header_.set_tenant(commit.tenant.value);
  event_header_.set_recorded_at_us(placement.recorded_at_us);
  event_header_.mutable_actor()->set_principal(origin.principal);
  event_header_.mutable_actor()->set_on_behalf_of(origin.on_behalf_of);
  event_header_.set_via(origin.via);
  event_header_.set_request_id(commit.request.request_id);
  event_header_.set_correlation_id(origin.correlation_id);
  event_header_.set_causation_position(origin.causation_position.value);
  event_header_.set_traceparent(origin.traceparent);
  event_header_.set_causation_depth(origin.causation_depth);
  event_header_.set_override_reason(origin.override_reason);
  event_header_.set_suppress_workflows(origin.suppress_workflows);
}

void CommitEncoder::AppendEvent(const NewEvent& event, std::string& out) {
  event_header_.set_event_id(event.event_id);
  SetStream(event.stream, *event_header_.mutable_stream());
  event_header_.set_type(event.type);
  event_header_.set_schema_version(event.schema_version);
  event_header_.set_occurred_at_us(event.occurred_at_us != 0 ? event.occurred_at_us
                                                             : event_header_.recorded_at_us());
  event_header_.mutable_data_subjects()->Clear();
  for (const std::string& subject : event.data_subjects) event_header_.add_data_subjects(subject);
  AppendMessage(event_header_, out);
  AppendPrefixed(event.payload, out);
  AppendBig(out, static_cast<uint32_t>(event.sealed.size()));
  for (const std::string& part : event.sealed) AppendPrefixed(part, out);
}

std::string CommitEncoder::Encode(const NewCommit& commit, const CommitPlacement& placement) {
  DEALOG_CHECK(placement.revisions.size() == commit.events.size());
  FillHeader(commit, placement);
  FillOrigin(commit, placement);
  constexpr size_t kHeaderGuess = 512;  // Header and lengths of one event; only a reservation.
  size_t reserve = kHeaderGuess;
  for (const NewEvent& event : commit.events) {
    reserve += kHeaderGuess + event.payload.size();
    for (const std::string& part : event.sealed) reserve += part.size() + sizeof(uint32_t);
  }
  std::string out;
  out.reserve(reserve);
  AppendBig(out, kCommitFormat);
  AppendMessage(header_, out);
  AppendBig(out, static_cast<uint32_t>(commit.events.size()));
  const size_t table = out.size();
  out.resize(table + commit.events.size() * sizeof(uint32_t));
  const size_t start = out.size();
  for (size_t i = 0; i < commit.events.size(); ++i) {
    event_header_.set_revision(placement.revisions[i].value);
    event_header_.set_position(placement.first.value + i);
    AppendEvent(commit.events[i], out);
    PutBig32(out.data() + table + i * sizeof(uint32_t), static_cast<uint32_t>(out.size() - start));
  }
  return out;
}

absl::Status StoredCommit::ParseParts() {
  ByteReader reader(bytes_);
  const uint8_t format = reader.Big<uint8_t>();
  if (!reader.ok() || format != kCommitFormat) {
    return Malformed(absl::StrCat("expected format ", kCommitFormat, ", found ", format));
  }
  header_bytes_ = reader.Prefixed<uint32_t>();
  HeaderScan header;
  if (!reader.ok() || !header.Scan(header_bytes_)) return Malformed("the header does not parse");
  tenant_ = header.tenant;
  first_position_ = header.first_position;
  recorded_at_us_ = static_cast<int64_t>(header.recorded_at_us);
  types_ = std::move(header.types);
  const uint32_t count = reader.Big<uint32_t>();
  const std::string_view table = reader.Take(static_cast<size_t>(count) * sizeof(uint32_t));
  if (!reader.ok() || count != header.event_count) {
    return Malformed("the table of events does not match the header");
  }
  if (tenant_.empty() || (count > 0 && first_position_ == 0) ||
      first_position_ > UINT64_MAX - count) {
    return Malformed("the header names no tenant or no position");
  }
  events_.resize(count);
  uint64_t start = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t end = LoadBig<uint32_t>(table.data() + i * sizeof(uint32_t));
    if (end < start || !ParseEvent(reader.Take(end - start), events_[i])) {
      return Malformed(absl::StrCat("event ", i, " of ", count));
    }
    start = end;
  }
  if (!reader.Done()) return Malformed("bytes are left over");
  return absl::OkStatus();
}

bool StoredCommit::ParseHeader(storage::v1::CommitHeader& header) const {
  return header.ParseFromArray(header_bytes_.data(), static_cast<int>(header_bytes_.size()));
}

void StoredCommit::ReadHeader(storage::v1::CommitHeader& header) const {
  DEALOG_CHECK(ParseHeader(header))
      << "a header whose checksum was verified does not parse: tenant " << tenant_ << " position "
      << last_position().value;
}

const storage::v1::CommitHeader& StoredCommit::header() const {
  std::call_once(header_parsed_, [this] {
    if (header_ != nullptr) return;
    header_ = std::make_unique<storage::v1::CommitHeader>();
    ReadHeader(*header_);
  });
  return *header_;
}

absl::StatusOr<CommitPtr> StoredCommit::ParseVerified(std::string bytes) {
  struct Allocated : StoredCommit {};  // Lets make_shared reach the constructor: one allocation.
  auto commit = std::make_shared<Allocated>();
  commit->bytes_ = std::move(bytes);
  RETURN_IF_ERROR(commit->ParseParts());
  return CommitPtr(std::move(commit));
}

absl::StatusOr<CommitPtr> StoredCommit::Parse(std::string bytes) {
  ASSIGN_OR_RETURN(CommitPtr commit, ParseVerified(std::move(bytes)));
  commit->header_ = std::make_unique<storage::v1::CommitHeader>();
  if (!commit->ParseHeader(*commit->header_)) return Malformed("the header does not parse");
  return commit;
}

}  // namespace dealog::eventstore
