#include "services/cli/attributes_show.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace dealog::cli {

std::string AttributesText(
    const google::protobuf::RepeatedPtrField<events::v1::Attribute>& attributes) {
  return absl::StrJoin(attributes, ", ",
                       [](std::string* out, const events::v1::Attribute& attribute) {
                         absl::StrAppend(out, attribute.key(), "=");
                         if (attribute.value_case() == events::v1::Attribute::kNumber) {
                           absl::StrAppend(out, attribute.number());
                         } else {
                           absl::StrAppend(out, attribute.text());
                         }
                       });
}

}  // namespace dealog::cli
