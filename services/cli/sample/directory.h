#pragma once

// Who and what the sample is about: members, products, organizations, contacts. A function of the
// index alone and not of the seed, so that samples of several seeds share one directory.

#include <cstddef>
#include <cstdint>
#include <string>

#include "dealog/v1/catalog.pb.h"
#include "dealog/v1/contacts.pb.h"
#include "dealog/v1/organizations.pb.h"
#include "services/cli/sample/random.h"

namespace dealog::cli {

inline constexpr char kSalesPipeline[] = "Ventes";
inline constexpr char kSalesTemplate[] = "sales-fr";
inline constexpr char kClubPipeline[] = "Club de chant";
inline constexpr char kClubTemplate[] = "singing-club-fr";

struct SampleMember {
  const char* name;
  // Sent as `dealog-actor`: metadata is ASCII.
  const char* actor;
  const char* team;
  const char* region;
  // Multiplies the odds of losing a deal at each stage: people differ.
  double loss_factor;
};

struct SampleProduct {
  const char* name;
  const char* series;
  // Whole units of the tenant's currency.
  int64_t list_price;
};

// Sales people first, then the club's teachers.
inline constexpr size_t kSalesMembers = 9;
inline constexpr size_t kClubMembers = 2;
const SampleMember& Member(size_t index);
inline constexpr size_t kSalesProducts = 6;
inline constexpr size_t kClubProducts = 3;
const SampleProduct& Product(size_t index);

v1::UpsertMemberRequest MemberRequest(size_t index);
v1::UpsertProductRequest ProductRequest(size_t index, const std::string& currency_code);

// Organizations of a sample of that many deals.
size_t OrganizationCount(int64_t deals);
inline constexpr size_t kContactsPerOrganization = 2;

std::string OrganizationId(size_t index);
std::string OrganizationName(size_t index);
v1::CreateOrganizationRequest OrganizationRequest(size_t index);
// Contact `index` works for organization index / kContactsPerOrganization.
std::string ContactId(size_t index);
v1::CreateContactRequest ContactRequest(size_t index);
// Somebody who wants to sing; `key` makes the e-mail address unique.
v1::CreateContactRequest SingerRequest(const std::string& contact_id, const std::string& key,
                                       Random& random);

}  // namespace dealog::cli
