// Method: specs of CreateTenant.

#include "services/domain/tenant.h"

#include <gtest/gtest.h>

#include "tests/support/domain_spec.h"

namespace dealog::domain {
namespace {

TEST(CreateTenant, HasDefaults) {
  Spec()
      .When<v1::CreateTenantRequest>("name: 'acme'")
      .Then("tenant/acme", "tenant { tenant_created { time_zone: 'UTC' currency_code: 'USD' } }");
}

TEST(CreateTenant, TakesZoneAndCurrency) {
  Spec spec;
  spec.OccurredAt(-60)
      .When<v1::CreateTenantRequest>(
          "name: 'A.c-m_e9' time_zone: 'Europe/Paris' currency_code: 'EUR'")
      .Then("tenant/A.c-m_e9",
            "tenant { tenant_created { time_zone: 'Europe/Paris' currency_code: 'EUR' } }");
  EXPECT_EQ(spec.Of<TenantState>("tenant/A.c-m_e9").created_at_us, SpecMinute(-60));
}

TEST(CreateTenant, RefusesASecondOfTheName) {
  Spec()
      .Given<v1::CreateTenantRequest>("name: 'acme'")
      .When<v1::CreateTenantRequest>("name: 'acme'")
      .ThenRefused("TENANT_EXISTS", "acme");
}

TEST(CreateTenant, RefusesBadNames) {
  for (const std::string& name :
       {std::string(), std::string(64, 'x'), std::string("-a"), std::string(".a"),
        std::string("a/b"), std::string("a b"), std::string("é")}) {
    Spec()
        .When<v1::CreateTenantRequest>("name: '" + name + "'")
        .ThenRefused("FIELD_INVALID", "name");
  }
}

TEST(CreateTenant, RefusesBadZonesAndCurrencies) {
  for (const char* zone : {"Mars/Olympus", "localtime", "/usr/share/zoneinfo/Europe/Paris",
                           "../../etc/passwd", "file:/etc/localtime", "Europe/Paris "}) {
    Spec()
        .When<v1::CreateTenantRequest>("name: 'acme' time_zone: '" + std::string(zone) + "'")
        .ThenRefused("FIELD_INVALID", "time_zone");
  }
  for (const char* currency : {"eur", "EURO", "ZZZ", "XXX"}) {
    Spec()
        .When<v1::CreateTenantRequest>("name: 'acme' currency_code: '" + std::string(currency) +
                                       "'")
        .ThenRefused("FIELD_INVALID", "currency_code");
  }
}

TEST(CreateTenant, RefusesTheFuture) {
  Spec()
      .OccurredAt(1)
      .When<v1::CreateTenantRequest>("name: 'acme'")
      .ThenRefused("OCCURRED_IN_FUTURE");
}

}  // namespace
}  // namespace dealog::domain
