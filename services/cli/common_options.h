#pragma once

// Options that many commands share, declared once per request type that has the fields.

#include <map>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "projections/states/fields.h"
#include "services/cli/command.h"
#include "services/cli/text/parse.h"

namespace dealog::cli {

// --request-id, --etag, --validate-only, --occurred-at, --override-reason of a mutation, as far as
// its request has them.
template <typename Request>
void AddMutationOptions(const CallCommand<Request>& call) {
  auto* request = call.request.get();
  const std::string group = "Options of every change";
  call.Text("--request-id", "UUID that makes a repeated call do nothing twice",
            request->mutable_request_id())
      ->group(group);
  if constexpr (requires { request->mutable_etag(); }) {
    call.Text("--etag", "Refuse if the resource has changed since this etag was read",
              request->mutable_etag())
        ->group(group);
  }
  call.command
      ->add_flag_callback(
          "--validate-only", [request] { request->set_validate_only(true); },
          "Decide and answer, but write nothing")
      ->group(group);
  // The text is checked at once and resolved later: a bare date needs the tenant's zone.
  auto text = std::make_shared<std::string>();
  call.Read("--occurred-at", "When it happened: date (tenant's zone) or RFC 3339 time",
            [text](const std::string& value) {
              *text = value;
              return ParseInstant(value).status();
            })
      ->group(group);
  call.preparations->push_back([request, text](Session& session) -> absl::Status {
    if (text->empty()) return absl::OkStatus();
    ASSIGN_OR_RETURN(*request->mutable_occurred_at(), session.ResolveTime(*text));
    return absl::OkStatus();
  });
  if constexpr (requires { request->mutable_override_reason(); }) {
    call.Text("--override-reason", "Why a rule is overridden; kept in the event",
              request->mutable_override_reason())
        ->group(group);
  }
}

// --page-size and --page-token of a list.
template <typename Request>
void AddPageOptions(const CallCommand<Request>& call) {
  auto* request = call.request.get();
  CLI::App* command = call.command;
  command->add_option_function<int32_t>(
      "--page-size", [request](int32_t size) { request->set_page_size(size); },
      "At most this many, 1 to 1,000 (default 50)");
  call.Text("--page-token", "Token of the next page, as the page before gave it",
            request->mutable_page_token());
}

// `fields`: the table of the records that are filtered or sorted.
template <typename Request, typename Row>
void AddFilterOption(const CallCommand<Request>& call, std::span<const Row> fields) {
  call.Text(
      "--filter",
      absl::StrCat("Filter, for example 'owner = \"Ada\" AND create_time >= 2026-01-01'; fields: ",
                   states::FieldNames(fields, states::kFilterable)),
      call->mutable_filter());
}

template <typename Request, typename Row>
void AddOrderOption(const CallCommand<Request>& call, std::span<const Row> fields) {
  call.Text("--order-by",
            absl::StrCat("Field to sort by, for example 'create_time desc': ",
                         states::FieldNames(fields, states::kSortable)),
            call->mutable_order_by());
}

// --as-of and --known-at of a read.
template <typename Request>
void AddPastOptions(const CallCommand<Request>& call) {
  auto* request = call.request.get();
  call.Read("--as-of", "What was true then: date (tenant's zone) or RFC 3339 time",
            ReadField(request, &Request::mutable_as_of, ParseInstant));
  call.Read("--known-at", "Only what was recorded by then: date, time, or position @123",
            ReadField(request, &Request::mutable_known_at, ParseKnownAt));
}

// An option that sets a field and names it in the update mask.
template <typename Request>
void AddMaskedText(const CallCommand<Request>& call, const std::string& option,
                   const std::string& description, const std::string& field, std::string* target) {
  auto* request = call.request.get();
  call.Read(option, description, [request, field, target](const std::string& text) {
    *target = text;
    request->mutable_update_mask()->add_paths(field);
    return absl::OkStatus();
  });
}

// --attribute KEY=VALUE, repeated.
template <typename Request>
void AddAttributeOption(const CallCommand<Request>& call) {
  auto* request = call.request.get();
  call.ReadEach("--attribute", "KEY=VALUE, may be repeated; a number is kept as one",
                ReadField(request, &Request::add_attributes, ParseAttribute));
}

// The same for an update: the mask names the attributes, which then replace all there were.
template <typename Request>
void AddMaskedAttributes(const CallCommand<Request>& call) {
  auto* request = call.request.get();
  call.ReadEach("--attribute", "KEY=VALUE, may be repeated; together they replace all there were",
                [request](const std::string& text) -> absl::Status {
                  if (request->attributes().empty()) {
                    request->mutable_update_mask()->add_paths("attributes");
                  }
                  ASSIGN_OR_RETURN(*request->add_attributes(), ParseAttribute(text));
                  return absl::OkStatus();
                });
}

// Reads one of the names of `choices`, in any case; a refusal lists them.
template <typename Value, typename Set>
Reader ReadChoice(const std::map<std::string, Value>& choices, Set set) {
  return [choices, set](const std::string& text) -> absl::Status {
    const auto found = choices.find(absl::AsciiStrToLower(text));
    if (found != choices.end()) {
      set(found->second);
      return absl::OkStatus();
    }
    std::string expected;
    for (const auto& [name, value] : choices) expected += (expected.empty() ? "" : ", ") + name;
    return absl::InvalidArgumentError("expected one of " + expected + "; found '" + text + "'");
  };
}

// --tag TAG, repeated, or a list of tags as arguments.
template <typename Request>
void AddTags(const CallCommand<Request>& call, const std::string& name) {
  auto* request = call.request.get();
  call.ReadEach(name, "Tag; may be repeated", [request](const std::string& text) {
    request->add_tags(text);
    return absl::OkStatus();
  });
}

// Says how to get the rest of a list.
inline void NoteNextPage(const std::string& token, Printer& printer) {
  if (!token.empty()) printer.Note("more: --page-token " + token);
}

}  // namespace dealog::cli
