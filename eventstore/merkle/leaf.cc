#include "eventstore/merkle/leaf.h"

#include "eventstore/bytes.h"

namespace dealog::eventstore {

std::string LeafEntry(std::string_view header, std::string_view payload,
                      std::span<const std::string_view> sealed) {
  std::string before;
  AppendBig(before, static_cast<uint32_t>(payload.size()));
  std::string after;
  AppendBig(after, static_cast<uint32_t>(sealed.size()));
  for (const std::string_view part : sealed) {
    AppendBig(after, static_cast<uint32_t>(part.size()));
    after.append(part);
  }
  std::string entry;
  entry.reserve(header.size() + sizeof(Digest));
  entry.append(header);
  entry.append(base::AsView(base::Sha256({before, payload, after})));
  return entry;
}

}  // namespace dealog::eventstore
