#include "eventstore/base/crypto.h"

#include <isa-l/crc.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "eventstore/base/check.h"

namespace dealog::base {

Digest Sha256(std::string_view bytes) { return Sha256({bytes}); }

Digest Sha256(std::initializer_list<std::string_view> parts) {
  struct Context {
    EVP_MD_CTX* md = EVP_MD_CTX_new();
    const EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    ~Context() { EVP_MD_CTX_free(md); }
  };
  // One context per thread: fetching the algorithm costs more than hashing a commit.
  thread_local Context context;
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

uint32_t Crc32c(std::string_view bytes, uint32_t seed) {
  // ISA-L leaves both inversions of the CRC to the caller, takes int lengths and a non-const
  // pointer.
  DEALOG_CHECK(bytes.size() <= INT32_MAX) << bytes.size();
  auto* data = reinterpret_cast<unsigned char*>(const_cast<char*>(bytes.data()));
  return ~crc32_iscsi(data, static_cast<int>(bytes.size()), ~seed);
}

}  // namespace dealog::base
