// Known answers from the algorithms' own specifications.
#include "eventstore/base/crypto.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"

namespace dealog::base {
namespace {

std::string Hex(const Digest& digest) {
  return absl::BytesToHexString(absl::string_view(AsView(digest).data(), digest.size()));
}

TEST(Crypto, Sha256OfFips180) {
  EXPECT_EQ(Hex(Sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256({"a", "b", "c"}), Sha256("abc"));
}

TEST(Crypto, HmacOfRfc4231Case2) {
  EXPECT_EQ(Hex(HmacSha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Crypto, Crc32cOfRfc3720AndItsContinuation) {
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(Crc32c("56789", Crc32c("1234")), 0xE3069283u);
}

TEST(Crypto, ConstantTimeEqualComparesSizesToo) {
  EXPECT_TRUE(ConstantTimeEqual("abc", "abc"));
  EXPECT_FALSE(ConstantTimeEqual("abc", "abd"));
  EXPECT_FALSE(ConstantTimeEqual("abc", "abcd"));
}

}  // namespace
}  // namespace dealog::base
