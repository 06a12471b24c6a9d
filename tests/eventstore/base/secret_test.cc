// Method: keys of every length around the right one; a wrong one ends the process.

#include "eventstore/base/secret.h"

#include <gtest/gtest.h>

#include <string>
#include <type_traits>

namespace dealog::base {
namespace {

TEST(Secret, KeepsItsBytes) {
  std::string key(Secret::kBytes, '\0');
  for (size_t i = 0; i < key.size(); ++i) key[i] = static_cast<char>(251 * i);
  EXPECT_EQ(Secret(key).bytes(), key);
}

TEST(SecretDeathTest, IsWholeOrNone) {
  for (const size_t size : {0, 1, 16, 31, 33, 64}) {
    EXPECT_DEATH(Secret(std::string(size, 'k')), "a secret of") << size;
  }
}

// Nobody can forget it, nor keep a second one.
static_assert(!std::is_default_constructible_v<Secret>);
static_assert(!std::is_copy_constructible_v<Secret> && !std::is_move_constructible_v<Secret>);
static_assert(!std::is_convertible_v<std::string, Secret>);

}  // namespace
}  // namespace dealog::base
