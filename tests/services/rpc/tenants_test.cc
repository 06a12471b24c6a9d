// Method: over the wire; tenants come, are found and are kept apart.

#include "tests/services/rpc/fixture.h"

namespace dealog::rpc {
namespace {

using Tenants = v1::TenantService::Stub;

class TenantsTest : public RpcTest {};

TEST_F(TenantsTest, AreCreatedOnceAndReadBack) {
  v1::CreateTenantRequest request;
  request.set_name(tenant_);
  request.set_time_zone("Europe/Paris");
  request.set_currency_code("EUR");
  const auto created = Must(*tenants_, &Tenants::CreateTenant, request);
  EXPECT_EQ(created.tenant().name(), tenant_);
  EXPECT_EQ(created.commit().position(), 1);
  const Failure twice = Fails(*tenants_, &Tenants::CreateTenant, request);
  EXPECT_EQ(twice.code, grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(twice.reason, "TENANT_EXISTS");
  v1::GetTenantRequest get;
  get.set_name(tenant_);
  const v1::Tenant read = Must(*tenants_, &Tenants::GetTenant, get).tenant();
  EXPECT_EQ(read.time_zone(), "Europe/Paris");
  EXPECT_EQ(read.currency_code(), "EUR");
}

TEST_F(TenantsTest, RefusesWhatCannotBe) {
  v1::CreateTenantRequest request;
  request.set_name("a/b");
  EXPECT_THAT(Fails(*tenants_, &Tenants::CreateTenant, request).fields,
              testing::ElementsAre("name"));
  request.set_name(tenant_);
  request.set_time_zone("Mars/Olympus");
  EXPECT_THAT(Fails(*tenants_, &Tenants::CreateTenant, request).fields,
              testing::ElementsAre("time_zone"));
  v1::GetTenantRequest get;
  get.set_name("nobody");
  EXPECT_EQ(Fails(*tenants_, &Tenants::GetTenant, get).reason, "TENANT_NOT_FOUND");
}

TEST_F(TenantsTest, AreListedByNamePageByPage) {
  std::vector<std::string> made;
  const std::string base = tenant_;
  for (const char* suffix : {"-c", "-a", "-b"}) {
    v1::CreateTenantRequest request;
    request.set_name(base + suffix);
    Must(*tenants_, &Tenants::CreateTenant, request);
  }
  v1::ListTenantsRequest request;
  request.set_page_size(2);
  std::vector<std::string> listed;
  do {
    const auto page = Must(*tenants_, &Tenants::ListTenants, request);
    EXPECT_LE(page.tenants_size(), 2);
    for (const v1::Tenant& tenant : page.tenants()) {
      if (tenant.name().rfind(base + "-", 0) == 0) listed.push_back(tenant.name());
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(listed, testing::ElementsAre(base + "-a", base + "-b", base + "-c"));
}

TEST_F(TenantsTest, SeeNothingOfEachOther) {
  MakeTenant();
  const v1::Deal deal = OpenDeal("Mine");
  tenant_ += "-other";
  MakeTenant();
  v1::GetDealRequest get;
  get.set_deal_id(deal.deal_id());
  EXPECT_EQ(Fails(*deals_, &v1::DealService::Stub::GetDeal, get).reason, "DEAL_NOT_FOUND");
}

}  // namespace
}  // namespace dealog::rpc
