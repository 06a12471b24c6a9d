#pragma once

// The language of the deciders' tests: given what happened, when a command comes, then these events
// follow, or it is refused.
//
//   Spec()
//       .Given<v1::CreatePipelineRequest>("display_name: 'Sales' template_name: 'sales-en'")
//       .Given<v1::OpenDealRequest>("deal_id: 'deal#1'")
//       .When<v1::WinDealRequest>("deal_id: 'deal#1'")
//       .Then("deal#1", "deal { deal_won { … } }");
//
// Requests and events are protobuf text. `deal#1` stands for a whole id, the same in every test;
// ids that a command makes itself have the number of its seed: see Seed(). Time runs in minutes
// since kSpecEpoch: each command is recorded one minute after the one before.
//
// Implemented in tests/services/domain/domain_spec.cc, so that only who asks for it links the
// domain.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "google/protobuf/message.h"
#include "services/domain/decider.h"

namespace dealog::domain {

inline constexpr int64_t kSpecEpochMicros = int64_t{1'700'000'000} * 1'000'000;
inline int64_t SpecMinute(int minute) {
  return kSpecEpochMicros + int64_t{minute} * 60 * 1'000'000;
}

// "deal#1" to "deal_0000000000000000000000001", everywhere in `text`.
std::string ExpandIds(std::string_view text);
// Parses text after ExpandIds; a test that can't be parsed fails at once.
void ParseSpecText(std::string_view text, google::protobuf::Message& message);
template <typename Message>
Message FromText(std::string_view text) {
  Message message;
  ParseSpecText(text, message);
  return message;
}

// A tenant in memory, and the command under test.
class Spec : public StateReader {
 public:
  Spec();
  ~Spec() override;
  Spec(const Spec&) = delete;
  Spec& operator=(const Spec&) = delete;

  // How the next command comes; all but the clock hold for that command only.
  Spec& Now(int minute);
  Spec& OccurredAt(int minute);
  Spec& Etag(std::string etag);
  Spec& Override(std::string reason);
  Spec& Via(storage::v1::Via via);
  Spec& Seed(int number);

  // A command that must succeed.
  template <typename Request>
  Spec& Given(std::string_view text) {
    return Run(FromText<Request>(text)).MustSucceed();
  }
  // An event as it stands; `stream` is "deal#1", or "tenant/acme".
  Spec& GivenEvent(std::string_view stream, std::string_view text);
  Spec& GivenEvent(const StreamRef& stream, const events::v1::Event& event);

  template <typename Request>
  Spec& When(std::string_view text) {
    return Run(FromText<Request>(text));
  }
  // Decides anything that is no request.
  Spec& WhenDecided(
      const std::function<absl::StatusOr<Decision>(const CommandMeta&, StateReader&)>& decide);

  using Event = std::pair<std::string_view, std::string_view>;  // Stream, text.
  // Exactly these events follow.
  Spec& Then(const std::vector<Event>& events);
  Spec& Then(std::string_view stream, std::string_view event) { return Then({{stream, event}}); }
  // The command succeeds and changes nothing.
  Spec& ThenNothing();
  // It is refused with that reason and the code that goes with it; `mention` is the field that
  // BadRequest names, else a part of the message or of ErrorInfo's metadata.
  Spec& ThenRefused(std::string_view reason, std::string_view mention = "");
  // The unique keys that it takes or frees, each as "kind=value".
  Spec& ThenClaims(const std::vector<std::string>& claims);
  Spec& ThenReleases(const std::vector<std::string>& releases);

  // The state of a stream, after everything so far.
  template <typename State>
  const State& Of(std::string_view stream) {
    return static_cast<const State&>(StateOfStream(stream));
  }
  const absl::StatusOr<Decision>& result() const { return result_; }
  // How the last command came.
  const CommandMeta& ran() const { return ran_; }
  StateReader& reader() { return *this; }
  absl::StatusOr<const AggregateState*> Find(const StreamRef& stream) override;
  absl::StatusOr<std::optional<std::string>> FindUnique(std::string_view kind,
                                                        std::string_view value) override;

 private:
  template <typename Request>
  Spec& Run(const Request& request) {
    return WhenDecided([&](const CommandMeta& meta, StateReader& reader) {
      return Decide(request, meta, reader);
    });
  }
  Spec& MustSucceed();
  const AggregateState& StateOfStream(std::string_view stream);
  void Apply(const PendingEvent& pending);

  CommandMeta meta_;  // Of the next command.
  bool occurred_set_ = false;
  CommandMeta ran_;  // Of the last command.
  absl::StatusOr<Decision> result_ = Decision{};
  std::map<std::pair<std::string, std::string>, std::unique_ptr<AggregateState>> states_;
  std::map<std::pair<std::string, std::string>, std::string> keys_;
};

}  // namespace dealog::domain
