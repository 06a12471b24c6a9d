// Method: every rule of who a caller is taken to be, by its boundary values.

#include "services/access/principal.h"

#include <gmock/gmock.h>

#include "eventstore/base/error.h"

namespace dealog::access {
namespace {

TEST(Authenticate, TakesTheActorsName) {
  EXPECT_EQ(Authenticate("ada")->name, "user:ada");
  EXPECT_EQ(Authenticate("Ada Lovelace")->name, "user:Ada Lovelace");
  EXPECT_EQ(Authenticate("")->name, "user:anonymous");
  EXPECT_EQ(Authenticate(std::string(kActorBytesMax, 'a'))->name.size(), 5 + kActorBytesMax);
}

TEST(Authenticate, RefusesNamesThatCouldPassForTheServersOwn) {
  for (const std::string& actor :
       {std::string("workflow/w/revisions/1"), std::string("a\nb"), std::string("caf\xc3\xa9"),
        std::string(kActorBytesMax + 1, 'a')}) {
    EXPECT_EQ(base::ReasonOf(Authenticate(actor).status()), "FIELD_INVALID") << actor;
  }
}

TEST(Authorize, GrantsEveryDeclaredPermissionAndNothingElse) {
  EXPECT_TRUE(Authorize({"user:ada"}, "deals.write").ok());
  const absl::Status refused = Authorize({"user:ada"}, "");
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(base::ReasonOf(refused), "PERMISSION_DENIED");
}

TEST(CheckTenantName, WantsANameThatTheLogCanHold) {
  EXPECT_TRUE(CheckTenantName("acme").ok());
  EXPECT_TRUE(CheckTenantName(std::string(kTenantBytesMax, 'a')).ok());
  EXPECT_EQ(base::ReasonOf(CheckTenantName("")), "TENANT_REQUIRED");
  EXPECT_EQ(base::ReasonOf(CheckTenantName(std::string(kTenantBytesMax + 1, 'a'))),
            "FIELD_INVALID");
  EXPECT_EQ(base::ReasonOf(CheckTenantName("a b")), "FIELD_INVALID");
}

TEST(IsLoopback, KnowsTheAddressesThatOnlyThisMachineReaches) {
  for (const char* host : {"127.0.0.1", "127.1.2.3", "localhost", "::1", "[::1]"}) {
    EXPECT_TRUE(IsLoopback(host)) << host;
  }
  for (const char* host :
       {"0.0.0.0", "::", "[::]", "10.0.0.1", "127.evil.example", "", "1127.0.0.1"}) {
    EXPECT_FALSE(IsLoopback(host)) << host;
  }
}

}  // namespace
}  // namespace dealog::access
