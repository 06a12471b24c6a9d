#include "tests/support/domain_spec.h"

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <cctype>

#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "projections/states/stream_types.h"

namespace dealog::domain {
namespace {

// Seeds of commands that do not choose one; their ids end in 1000, 1001, …
constexpr int kFirstSeed = 1000;

base::Uuid UuidOf(int number) {
  base::Uuid uuid{};
  uuid[6] = 0x70;
  uuid[8] = 0x80;
  for (int i = 0; i < 4; ++i) uuid[15 - i] = static_cast<uint8_t>(number >> (8 * i));
  return uuid;
}

int NumberOf(const base::Uuid& uuid) { return uuid[15] + 256 * uuid[14]; }

// "deal#1" or "tenant/acme" as a stream.
StreamRef StreamOf(std::string_view text) {
  if (const size_t slash = text.find('/'); slash != std::string_view::npos) {
    return {std::string(text.substr(0, slash)), ExpandIds(text.substr(slash + 1))};
  }
  const std::string id = ExpandIds(text);
  return {std::string(StreamTypeOfId(id)), id};
}

absl::StatusCode CodeOf(const std::string& reason) {
  if (reason == "FIELD_INVALID") return absl::StatusCode::kInvalidArgument;
  if (reason == "EVENT_INVALID" || reason == "STREAM_TYPE_RESERVED") {
    return absl::StatusCode::kInvalidArgument;
  }
  if (reason == "REVISION_CONFLICT" || reason == "CONDITION_FAILED") {
    return absl::StatusCode::kAborted;
  }
  if (reason == "LIMIT_EXCEEDED") return absl::StatusCode::kResourceExhausted;
  if (reason.ends_with("_NOT_FOUND")) return absl::StatusCode::kNotFound;
  if (reason.ends_with("_TAKEN") || reason.ends_with("_EXISTS")) {
    return absl::StatusCode::kAlreadyExists;
  }
  return absl::StatusCode::kFailedPrecondition;
}

template <typename Detail>
Detail DetailOf(const absl::Status& status, const char* name) {
  Detail detail;
  const auto payload = status.GetPayload(std::string("type.googleapis.com/google.rpc.") + name);
  if (payload) detail.ParseFromString(std::string(*payload));
  return detail;
}

std::vector<std::string> KeysOf(const std::vector<UniqueClaim>& claims) {
  std::vector<std::string> keys;
  for (const UniqueClaim& claim : claims) keys.push_back(claim.kind + "=" + claim.value);
  return keys;
}

}  // namespace

std::string ExpandIds(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    size_t end = i + 1;
    while (end < text.size() && std::isdigit(static_cast<unsigned char>(text[end])) != 0) ++end;
    if (text[i] != '#' || end == i + 1) {
      out.push_back(text[i]);
      continue;
    }
    const int number = std::stoi(std::string(text.substr(i + 1, end - i - 1)));
    out += base::FormatId("", UuidOf(number));  // "_" and the text: the prefix stands before it.
    i = end - 1;
  }
  return out;
}

void ParseSpecText(std::string_view text, google::protobuf::Message& message) {
  DEALOG_CHECK(google::protobuf::TextFormat::ParseFromString(ExpandIds(text), &message))
      << "not a " << message.GetTypeName() << ": " << std::string(text);
}

Spec::Spec() {
  meta_.tenant = "acme";
  meta_.principal = "user:ada";
  meta_.now_us = SpecMinute(0);
  meta_.id_seed = UuidOf(kFirstSeed);
}
Spec::~Spec() = default;

Spec& Spec::Now(int minute) {
  meta_.now_us = SpecMinute(minute);
  return *this;
}

Spec& Spec::OccurredAt(int minute) {
  meta_.occurred_at_us = SpecMinute(minute);
  occurred_set_ = true;
  return *this;
}

Spec& Spec::Etag(std::string etag) {
  meta_.etag = std::move(etag);
  return *this;
}

Spec& Spec::Override(std::string reason) {
  meta_.override_reason = std::move(reason);
  return *this;
}

Spec& Spec::Via(storage::v1::Via via) {
  meta_.via = via;
  return *this;
}

Spec& Spec::Seed(int number) {
  meta_.id_seed = UuidOf(number);
  return *this;
}

Spec& Spec::GivenEvent(std::string_view stream, std::string_view text) {
  return GivenEvent(StreamOf(stream), FromText<events::v1::Event>(text));
}

Spec& Spec::GivenEvent(const StreamRef& stream, const events::v1::Event& event) {
  ran_ = meta_;
  if (!occurred_set_) ran_.occurred_at_us = ran_.now_us;
  Apply({stream, event});
  meta_.now_us += SpecMinute(1) - SpecMinute(0);
  occurred_set_ = false;
  return *this;
}

Spec& Spec::WhenDecided(
    const std::function<absl::StatusOr<Decision>(const CommandMeta&, StateReader&)>& decide) {
  if (!occurred_set_) meta_.occurred_at_us = meta_.now_us;
  ran_ = meta_;
  result_ = decide(ran_, *this);
  if (result_.ok()) {
    for (const PendingEvent& pending : result_->events) Apply(pending);
    for (const UniqueClaim& release : result_->releases) {
      keys_.erase({release.kind, release.value});
    }
    for (const UniqueClaim& claim : result_->claims) {
      keys_[{claim.kind, claim.value}] = claim.owner.id;
    }
  }
  CommandMeta next;
  next.tenant = ran_.tenant;
  next.principal = ran_.principal;
  next.now_us = ran_.now_us + SpecMinute(1) - SpecMinute(0);
  next.id_seed = UuidOf(std::max(kFirstSeed, NumberOf(ran_.id_seed) + 1));
  meta_ = next;
  occurred_set_ = false;
  return *this;
}

Spec& Spec::MustSucceed() {
  DEALOG_CHECK_OK(result_);
  return *this;
}

Spec& Spec::Then(const std::vector<Event>& events) {
  EXPECT_TRUE(result_.ok()) << result_.status();
  if (!result_.ok()) return *this;
  EXPECT_EQ(result_->events.size(), events.size());
  for (size_t i = 0; i < std::min(events.size(), result_->events.size()); ++i) {
    const StreamRef stream = StreamOf(events[i].first);
    EXPECT_EQ(result_->events[i].stream.type, stream.type);
    EXPECT_EQ(result_->events[i].stream.id, stream.id);
    google::protobuf::util::MessageDifferencer differencer;
    std::string difference;
    differencer.ReportDifferencesToString(&difference);
    EXPECT_TRUE(differencer.Compare(FromText<events::v1::Event>(events[i].second),
                                    result_->events[i].event))
        << "event " << i << ": " << difference;
  }
  for (size_t i = events.size(); i < result_->events.size(); ++i) {
    ADD_FAILURE() << "unexpected event: " << result_->events[i].event.ShortDebugString();
  }
  return *this;
}

Spec& Spec::ThenNothing() {
  EXPECT_FALSE(result_.ok() && result_->subject.id.empty()) << "the subject answers the command";
  Then(std::vector<Event>{});
  return ThenClaims({}).ThenReleases({});
}

Spec& Spec::ThenRefused(std::string_view reason, std::string_view mention) {
  EXPECT_FALSE(result_.ok()) << "expected " << reason << ", found success";
  if (result_.ok()) return *this;
  const absl::Status& status = result_.status();
  EXPECT_EQ(base::ReasonOf(status), reason) << status;
  EXPECT_EQ(status.code(), CodeOf(std::string(reason))) << status;
  const std::string expected = ExpandIds(mention);
  if (reason == "FIELD_INVALID") {
    const auto bad = DetailOf<google::rpc::BadRequest>(status, "BadRequest");
    EXPECT_EQ(bad.field_violations_size(), 1) << status;
    if (bad.field_violations_size() == 1) {
      EXPECT_EQ(bad.field_violations(0).field(), expected) << status;
    }
    return *this;
  }
  const auto info = DetailOf<google::rpc::ErrorInfo>(status, "ErrorInfo");
  const std::string text = std::string(status.message()) + info.ShortDebugString();
  EXPECT_NE(text.find(expected), std::string::npos) << text;
  return *this;
}

Spec& Spec::ThenClaims(const std::vector<std::string>& claims) {
  EXPECT_EQ(result_.ok() ? KeysOf(result_->claims) : std::vector<std::string>(), claims);
  return *this;
}

Spec& Spec::ThenReleases(const std::vector<std::string>& releases) {
  EXPECT_EQ(result_.ok() ? KeysOf(result_->releases) : std::vector<std::string>(), releases);
  return *this;
}

absl::StatusOr<const AggregateState*> Spec::Find(const StreamRef& stream) {
  auto& state = states_[{stream.type, stream.id}];
  if (state == nullptr) state = MakeState(stream.type, stream.id);
  DEALOG_CHECK(state != nullptr) << "no stream type " << stream.type;
  return state.get();
}

absl::StatusOr<std::optional<std::string>> Spec::FindUnique(std::string_view kind,
                                                            std::string_view value) {
  const auto it = keys_.find({std::string(kind), std::string(value)});
  if (it == keys_.end()) return std::optional<std::string>();
  return std::optional<std::string>(it->second);
}

const AggregateState& Spec::StateOfStream(std::string_view stream) {
  return **Find(StreamOf(stream));
}

void Spec::Apply(const PendingEvent& pending) {
  Find(pending.stream).IgnoreError();
  AggregateState& state = *states_[{pending.stream.type, pending.stream.id}];
  EventMeta meta;
  meta.revision = state.revision + 1;
  meta.recorded_at_us = ran_.now_us;
  meta.occurred_at_us = pending.occurred_at_us != 0 ? pending.occurred_at_us : ran_.occurred_at_us;
  meta.principal = ran_.principal;
  state.Apply(pending.event, meta);
}

}  // namespace dealog::domain
