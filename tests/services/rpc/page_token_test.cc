// Method: a token opens for the query that it was sealed for, and for no other, whichever of its
// circumstances differs.

#include "services/rpc/page_token.h"

#include <gmock/gmock.h>

#include "dealog/v1/deals.pb.h"
#include "eventstore/base/error.h"
#include "eventstore/base/secret.h"
#include "services/rpc/limits.h"

namespace dealog::rpc {
namespace {

constexpr char kPath[] = "/dealog.v1.DealService/ListDeals";
const base::Secret kKey(std::string(32, 'k'));

class PageTokenTest : public testing::Test {
 protected:
  PageTokenTest() {
    call_.tenant.value = "acme";
    call_.principal = "user:ada";
    query_.set_filter("owner = \"Ada\"");
  }
  std::string Seal() const { return SealCursor(kKey, call_, kPath, query_, "after this"); }

  Call call_;
  v1::ListDealsRequest query_;
};

TEST_F(PageTokenTest, OpensForItsOwnQuery) {
  EXPECT_EQ(*OpenCursor(kKey, call_, kPath, query_, Seal()), "after this");
  EXPECT_EQ(SealCursor(kKey, call_, kPath, query_, ""), "");
  EXPECT_EQ(*OpenCursor(kKey, call_, kPath, query_, ""), "");
}

TEST_F(PageTokenTest, PageSizeAndFreshnessMayChange) {
  const std::string token = Seal();
  query_.set_page_size(7);
  query_.set_page_token(token);
  query_.mutable_consistency()->set_minimize_latency(true);
  EXPECT_EQ(*OpenCursor(kKey, call_, kPath, query_, token), "after this");
}

TEST_F(PageTokenTest, OpensForNoOther) {
  const std::string token = Seal();
  Call other_tenant = call_;
  other_tenant.tenant.value = "acme2";
  Call other_principal = call_;
  other_principal.principal = "user:bob";
  v1::ListDealsRequest other_filter = query_;
  other_filter.set_filter("");
  v1::ListDealsRequest other_order = query_;
  other_order.set_order_by("title");
  std::string damaged = token;
  damaged[damaged.size() / 2] = damaged[damaged.size() / 2] == 'A' ? 'B' : 'A';
  const std::vector<absl::Status> refusals = {
      OpenCursor(kKey, other_tenant, kPath, query_, token).status(),
      OpenCursor(kKey, other_principal, kPath, query_, token).status(),
      OpenCursor(kKey, call_, "/dealog.v1.DealService/Other", query_, token).status(),
      OpenCursor(kKey, call_, kPath, other_filter, token).status(),
      OpenCursor(kKey, call_, kPath, other_order, token).status(),
      OpenCursor(base::Secret(std::string(32, 'x')), call_, kPath, query_, token).status(),
      OpenCursor(kKey, call_, kPath, query_, damaged).status(),
      OpenCursor(kKey, call_, kPath, query_, "not base64 !").status(),
      OpenCursor(kKey, call_, kPath, query_, std::string(kPageTokenBytesMax + 4, 'A')).status(),
  };
  for (const absl::Status& refused : refusals) {
    EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(base::ReasonOf(refused), "PAGE_TOKEN_INVALID");
  }
}

// "a" + "bc" and "ab" + "c" must not seal alike.
TEST_F(PageTokenTest, PartsCannotRunIntoEachOther) {
  Call shifted = call_;
  shifted.tenant.value = "acmeu";
  shifted.principal = "ser:ada";
  EXPECT_FALSE(OpenCursor(kKey, shifted, kPath, query_, Seal()).ok());
}

TEST(CheckPageSize, ZeroIsTheDefaultTooMuchIsCutNegativeIsRefused) {
  EXPECT_EQ(*CheckPageSize(0), 50u);
  EXPECT_EQ(*CheckPageSize(1), 1u);
  EXPECT_EQ(*CheckPageSize(1000), 1000u);
  EXPECT_EQ(*CheckPageSize(1001), 1000u);
  EXPECT_EQ(base::ReasonOf(CheckPageSize(-1).status()), "FIELD_INVALID");
}

}  // namespace
}  // namespace dealog::rpc
