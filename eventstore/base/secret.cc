#include "eventstore/base/secret.h"

#include <algorithm>

#include "eventstore/base/check.h"

namespace dealog::base {

Secret::Secret(std::string_view bytes) {
  // A key that is too short would still hash and sign, only not what anybody else does.
  DEALOG_CHECK(bytes.size() == kBytes) << "a secret of " << bytes.size() << " bytes";
  std::copy(bytes.begin(), bytes.end(), bytes_.begin());
}

}  // namespace dealog::base
