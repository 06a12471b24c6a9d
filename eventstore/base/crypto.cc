#include "eventstore/base/crypto.h"

#include <isa-l/crc.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "eventstore/base/check.h"

namespace dealog::base {
namespace {

const unsigned char* Bytes(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Key = std::unique_ptr<EVP_PKEY, FreeKey>;

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

Key PrivateKey(std::string_view seed) {
  DEALOG_CHECK(seed.size() == kEd25519KeyBytes) << seed.size();
  Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Bytes(seed), seed.size()));
  DEALOG_CHECK(key != nullptr);
  return key;
}

}  // namespace

Digest Sha256(std::string_view bytes) { return Sha256({bytes}); }

Digest Sha256(std::initializer_list<std::string_view> parts) {
  struct Sha256Context {
    EVP_MD_CTX* md = EVP_MD_CTX_new();
    const EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    ~Sha256Context() { EVP_MD_CTX_free(md); }
  };
  // One context per thread: fetching the algorithm costs more than hashing a commit.
  thread_local Sha256Context context;
  DEALOG_CHECK(EVP_DigestInit_ex(context.md, context.algorithm, nullptr) == 1);
  for (const std::string_view part : parts) {
    DEALOG_CHECK(EVP_DigestUpdate(context.md, part.data(), part.size()) == 1);
  }
  Digest digest;
  DEALOG_CHECK(EVP_DigestFinal_ex(context.md, digest.data(), nullptr) == 1);
  return digest;
}

Digest HmacSha256(std::string_view key, std::string_view bytes) {
  Digest digest;
  unsigned int size = 0;
  DEALOG_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                    reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                    digest.data(), &size) != nullptr);
  DEALOG_CHECK(size == digest.size());
  return digest;
}

bool ConstantTimeEqual(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

void RandomBytes(uint8_t* out, size_t size) {
  DEALOG_CHECK(RAND_bytes(out, static_cast<int>(size)) == 1);
}

std::string Ed25519PublicKey(std::string_view seed) {
  const Key key = PrivateKey(seed);
  std::string bytes(kEd25519KeyBytes, '\0');
  size_t size = bytes.size();
  DEALOG_CHECK(EVP_PKEY_get_raw_public_key(
                   key.get(), reinterpret_cast<unsigned char*>(bytes.data()), &size) == 1);
  return bytes;
}

std::string Ed25519Sign(std::string_view seed, std::string_view message) {
  const Key key = PrivateKey(seed);
  const Context context(EVP_MD_CTX_new());
  DEALOG_CHECK(EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1);
  std::string signature(kEd25519SignatureBytes, '\0');
  size_t size = signature.size();
  DEALOG_CHECK(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()),
                              &size, Bytes(message), message.size()) == 1);
  return signature;
}

bool Ed25519Verify(std::string_view public_key, std::string_view message,
                   std::string_view signature) {
  if (public_key.size() != kEd25519KeyBytes || signature.size() != kEd25519SignatureBytes) {
    return false;
  }
  const Key key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Bytes(public_key), public_key.size()));
  const Context context(EVP_MD_CTX_new());
  return key != nullptr &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
         EVP_DigestVerify(context.get(), Bytes(signature), signature.size(), Bytes(message),
                          message.size()) == 1;
}

uint32_t Crc32c(std::string_view bytes, uint32_t seed) {
  // ISA-L leaves both inversions of the CRC to the caller, takes int lengths and a non-const
  // pointer.
  DEALOG_CHECK(bytes.size() <= INT32_MAX) << bytes.size();
  auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  return ~crc32_iscsi(data, static_cast<int>(bytes.size()), ~seed);
}

}  // namespace dealog::base
