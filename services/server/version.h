#pragma once

namespace dealog::server {

// The product's version, as CMakeLists.txt and CHANGELOG.md have it (a test compares).
inline constexpr char kVersion[] = "0.1.0";

}  // namespace dealog::server
