#include "services/domain/catalog.h"

#include <optional>
#include <utility>

#include "eventstore/base/ids.h"
#include "projections/states/stream_types.h"
#include "services/domain/checks.h"
#include "services/domain/limits.h"
#include "services/domain/references.h"
#include "services/domain/text.h"
#include "services/domain/values.h"

namespace dealog::domain {
namespace {

// What tells members and products apart in an upsert.
struct Kind {
  const char* prefix;
  const char* stream_type;
  const char* key_kind;
  const char* id_field;
  const char* not_found;
};
constexpr Kind kMembers = {"member", kMemberStream, kMemberName, "member_id", "MEMBER_NOT_FOUND"};
constexpr Kind kProducts = {"product", kProductStream, kProductName, "product_id",
                            "PRODUCT_NOT_FOUND"};

// The stream that an upsert is about: of that id, else of that name, else new.
template <typename State>
struct Target {
  StreamRef stream;
  const State* existing = nullptr;  // Null: it is to be defined.
};

template <typename State>
absl::StatusOr<Target<State>> FindTarget(const Kind& kind, const std::string& id,
                                         const std::string& display_name, const CommandMeta& meta,
                                         StateReader& reader) {
  RETURN_IF_ERROR(CheckCommand(meta));
  RETURN_IF_ERROR(CheckText("display_name", display_name,
                            {.required = true, .chars_max = kDisplayNameCharsMax}));
  std::optional<std::string> known;
  if (id.empty()) {
    ASSIGN_OR_RETURN(known, reader.FindUnique(kind.key_kind, NormalizeName(display_name)));
  } else if (base::IsId(kind.prefix, id)) {
    ASSIGN_OR_RETURN(const State* state, Load<State>(reader, kind.stream_type, id));
    if (state->revision != 0) known = id;
  }
  if (!known) {
    ASSIGN_OR_RETURN(const std::string new_id,
                     NewResourceId(kind.id_field, id, kind.prefix, kind.stream_type, meta, reader));
    return Target<State>{{kind.stream_type, new_id}, nullptr};
  }
  const StreamRef stream{kind.stream_type, *known};
  ASSIGN_OR_RETURN(const State* state,
                   LoadSubject<State>(reader, stream, kind.id_field, kind.not_found, meta));
  RETURN_IF_ERROR(CheckNotBefore(meta, stream, "its definition", state->created_at_us));
  return Target<State>{stream, state};
}

// Takes the key of the new name and frees the one of the old, where they differ.
absl::Status ChangeName(const Kind& kind, const std::string& before, const std::string& after,
                        StateReader& reader, Decision& decision) {
  const std::string key = NormalizeName(after);
  const std::string old_key = NormalizeName(before);
  if (key == old_key) return absl::OkStatus();
  RETURN_IF_ERROR(
      ClaimKey({kind.key_kind, key, decision.subject, "display_name", "NAME_TAKEN", kind.id_field},
               reader, decision));
  if (!old_key.empty()) decision.releases.push_back({kind.key_kind, old_key, decision.subject});
  return absl::OkStatus();
}

absl::Status CheckLabel(const char* field, const std::string& label) {
  return CheckText(field, label, {.chars_max = kCatalogLabelCharsMax});
}

}  // namespace

absl::StatusOr<Decision> Decide(const v1::UpsertMemberRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(
      const Target<MemberState> target,
      FindTarget<MemberState>(kMembers, request.member_id(), request.display_name(), meta, reader));
  RETURN_IF_ERROR(CheckLabel("team", request.team()));
  RETURN_IF_ERROR(CheckLabel("region", request.region()));
  Decision decision{.subject = target.stream};
  const MemberState* member = target.existing;
  RETURN_IF_ERROR(ChangeName(kMembers, member == nullptr ? "" : member->display_name.value,
                             request.display_name(), reader, decision));
  if (member == nullptr) {
    auto& defined = *AddEvent(decision, target.stream).mutable_member()->mutable_member_defined();
    defined.set_display_name(request.display_name());
    defined.set_team(request.team());
    defined.set_region(request.region());
    return decision;
  }
  events::v1::MemberChanged changed;
  if (request.display_name() != member->display_name.value) {
    changed.set_display_name(request.display_name());
  }
  if (request.has_team() && request.team() != member->team.value) changed.set_team(request.team());
  if (request.has_region() && request.region() != member->region.value) {
    changed.set_region(request.region());
  }
  if (changed.ByteSizeLong() == 0) return decision;
  *AddEvent(decision, target.stream).mutable_member()->mutable_member_changed() =
      std::move(changed);
  return decision;
}

absl::StatusOr<Decision> Decide(const v1::UpsertProductRequest& request, const CommandMeta& meta,
                                StateReader& reader) {
  ASSIGN_OR_RETURN(const Target<ProductState> target,
                   FindTarget<ProductState>(kProducts, request.product_id(), request.display_name(),
                                            meta, reader));
  RETURN_IF_ERROR(CheckLabel("series", request.series()));
  std::optional<events::v1::Money> price;
  if (request.has_list_price()) {
    ASSIGN_OR_RETURN(price, ToEventMoney("list_price", request.list_price()));
  }
  Decision decision{.subject = target.stream};
  const ProductState* product = target.existing;
  RETURN_IF_ERROR(ChangeName(kProducts, product == nullptr ? "" : product->display_name.value,
                             request.display_name(), reader, decision));
  if (product == nullptr) {
    auto& defined = *AddEvent(decision, target.stream).mutable_product()->mutable_product_defined();
    defined.set_display_name(request.display_name());
    defined.set_series(request.series());
    if (price) *defined.mutable_list_price() = *price;
    return decision;
  }
  events::v1::ProductChanged changed;
  if (request.display_name() != product->display_name.value) {
    changed.set_display_name(request.display_name());
  }
  if (request.has_series() && request.series() != product->series.value) {
    changed.set_series(request.series());
  }
  if (price && !SameMoney(price, product->list_price.value)) *changed.mutable_list_price() = *price;
  if (changed.ByteSizeLong() == 0) return decision;
  *AddEvent(decision, target.stream).mutable_product()->mutable_product_changed() =
      std::move(changed);
  return decision;
}

}  // namespace dealog::domain
