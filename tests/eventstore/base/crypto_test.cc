// Known answers from the algorithms' own specifications.
#include "eventstore/base/crypto.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "eventstore/base/string_view.h"

namespace dealog::base {
namespace {

std::string Hex(const Digest& digest) { return absl::BytesToHexString(View(AsView(digest))); }

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

// Tests 1 and 2 of RFC 8032, section 7.1.
TEST(Crypto, Ed25519OfRfc8032) {
  struct Vector {
    const char* seed;
    const char* key;
    const char* message;
    const char* signature;
  };
  const Vector vectors[] = {
      {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
       "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
       "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
       "f9b46bd25bf5f0595bbe24655141438e7a100b"},
      {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
       "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
       "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0"
       "f11d8c387b2eaeb4302aeeb00d291612bb0c00"}};
  for (const Vector& vector : vectors) {
    const std::string seed = absl::HexStringToBytes(vector.seed);
    const std::string key = absl::HexStringToBytes(vector.key);
    const std::string message = absl::HexStringToBytes(vector.message);
    const std::string signature = absl::HexStringToBytes(vector.signature);
    EXPECT_EQ(Ed25519PublicKey(seed), key);
    EXPECT_EQ(Ed25519Sign(seed, message), signature);
    EXPECT_TRUE(Ed25519Verify(key, message, signature));
    EXPECT_FALSE(Ed25519Verify(key, message + "x", signature));
    EXPECT_FALSE(Ed25519Verify(key, message, std::string(64, 's')));
    EXPECT_FALSE(Ed25519Verify(key, message, signature.substr(1)));
    EXPECT_FALSE(Ed25519Verify(key.substr(1), message, signature));
  }
}

TEST(Crypto, ConstantTimeEqualComparesSizesToo) {
  EXPECT_TRUE(ConstantTimeEqual("abc", "abc"));
  EXPECT_FALSE(ConstantTimeEqual("abc", "abd"));
  EXPECT_FALSE(ConstantTimeEqual("abc", "abcd"));
}

}  // namespace
}  // namespace dealog::base
