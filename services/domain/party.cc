#include "services/domain/party.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/domain/checks.h"
#include "services/domain/limits.h"

namespace dealog::domain {
namespace {

bool SameAttribute(const events::v1::Attribute& a, const events::v1::Attribute& b) {
  return a.value_case() == b.value_case() && a.text() == b.text() && a.number() == b.number();
}

}  // namespace

absl::StatusOr<std::vector<events::v1::Attribute>> AttributeChanges(const Attributes& asked,
                                                                    bool may_remove,
                                                                    const AttributeMap& now) {
  ASSIGN_OR_RETURN(std::vector<events::v1::Attribute> changes,
                   ToAttributes("attributes", asked, may_remove));
  size_t total = now.Keys().size();
  std::erase_if(changes, [&](const events::v1::Attribute& change) {
    const events::v1::Attribute* current = now.Find(change.key());
    const bool removes = change.value_case() == events::v1::Attribute::VALUE_NOT_SET;
    if (current == nullptr ? removes : !removes && SameAttribute(*current, change)) return true;
    if (current == nullptr) ++total;
    if (removes) --total;
    return false;
  });
  if (!changes.empty() && total > kAttributesMax) {
    return base::Error(absl::StatusCode::kResourceExhausted, "LIMIT_EXCEEDED",
                       absl::StrCat("attributes: expected at most ", kAttributesMax,
                                    " (kAttributesMax), found ", total, "; remove some first"));
  }
  return changes;
}

absl::StatusOr<KeyChange> ChangeKey(std::string_view field, std::string_view expected,
                                    const std::string& before, const std::string& after,
                                    Normalizer normalize) {
  KeyChange change;
  const std::optional<std::string> old_key = before.empty() ? std::nullopt : normalize(before);
  if (!after.empty()) {
    change.claim = normalize(after);
    if (!change.claim) {
      return base::InvalidField(
          field, absl::StrCat("expected ", View(expected), ", found \"", after, "\""));
    }
  }
  if (old_key == change.claim) return KeyChange{};  // Another spelling of the same key.
  change.release = old_key;
  return change;
}

}  // namespace dealog::domain
