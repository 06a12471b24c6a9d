#include "services/cli/sample/plan.h"

#include "absl/strings/str_cat.h"
#include "eventstore/base/check.h"
#include "eventstore/base/error.h"
#include "eventstore/base/ids.h"
#include "services/cli/sample/directory.h"
#include "services/cli/sample/journey.h"

namespace dealog::cli {
namespace {

// Who sets the tenant up, and how long before the first deal.
constexpr char kAdmin[] = "admin";
constexpr int64_t kSetUpDays = 30;

struct PipelineSeed {
  const char* name;
  const char* template_name;
};
constexpr PipelineSeed kPipelineSeeds[] = {{kSalesPipeline, kSalesTemplate},
                                           {kClubPipeline, kClubTemplate}};

int64_t SetUpMicros(const Season& season) { return season.begin_us() - kSetUpDays * kDayMicros; }

// What the directory holds is the same for every seed; its request ids still differ by the time.
template <typename Request>
SampleChain OneStep(const char* kind, int64_t index, int64_t time_us, Request request) {
  ChainBuilder builder(absl::StrCat("sample/", kind, "/", index, "/", time_us));
  builder.Add(kAdmin, time_us, std::move(request));
  return std::move(builder).Take();
}

}  // namespace

absl::Status CheckSampleOptions(const SampleOptions& options, int64_t now_us) {
  if (options.deals < kSampleDealsMin || options.deals > kSampleDealsMax) {
    return base::InvalidField("--deals", absl::StrCat("expected ", kSampleDealsMin, " to ",
                                                      kSampleDealsMax, ", found ", options.deals));
  }
  if (options.until_us > now_us) {
    return base::InvalidField("--until",
                              "expected a day that has begun: nothing can have occurred "
                              "in the future");
  }
  return absl::OkStatus();
}

SamplePlan::SamplePlan(SampleOptions options)
    : options_(std::move(options)), season_(options_.until_us) {}

int64_t SamplePlan::ChainCount(int phase) const {
  const auto organizations = static_cast<int64_t>(OrganizationCount(options_.deals));
  switch (phase) {
    case kPipelines:
      return std::size(kPipelineSeeds);
    case kCatalog:
      return kSalesMembers + kClubMembers + kSalesProducts + kClubProducts;
    case kOrganizations:
      return organizations;
    case kContacts:
      return organizations * static_cast<int64_t>(kContactsPerOrganization);
    case kDeals:
      return options_.deals;
    default:
      return 0;
  }
}

SampleChain SamplePlan::Chain(int phase, int64_t index) const {
  DEALOG_CHECK(index >= 0 && index < ChainCount(phase)) << "phase " << phase << " chain " << index;
  const auto place = static_cast<size_t>(index);
  switch (phase) {
    case kPipelines:
      return PipelineChain(index);
    case kCatalog:
      return CatalogChain(index);
    case kOrganizations:
      return OneStep("org", index, SetUpMicros(season_), OrganizationRequest(place));
    case kContacts:
      return OneStep("contact", index, SetUpMicros(season_), ContactRequest(place));
    default:
      return DealJourney({options_.deals, index, options_.seed, options_.currency_code}, season_);
  }
}

SampleChain SamplePlan::PipelineChain(int64_t index) const {
  const PipelineSeed& seed = kPipelineSeeds[index];
  const int64_t time_us = SetUpMicros(season_);
  ChainBuilder builder(absl::StrCat("sample/pipeline/", seed.name, "/", time_us));
  v1::CreatePipelineRequest create;
  create.set_pipeline_id(
      base::FormatId("pipeline", base::DeriveUuid7(time_us, absl::StrCat("sample/", seed.name))));
  create.set_display_name(seed.name);
  create.set_template_name(seed.template_name);
  builder.Add(kAdmin, time_us, std::move(create));
  return std::move(builder).Take();
}

SampleChain SamplePlan::CatalogChain(int64_t index) const {
  constexpr int64_t kMembers = kSalesMembers + kClubMembers;
  const int64_t time_us = SetUpMicros(season_);
  if (index < kMembers) {
    return OneStep("member", index, time_us, MemberRequest(static_cast<size_t>(index)));
  }
  const auto product = static_cast<size_t>(index - kMembers);
  return OneStep("product", index, time_us, ProductRequest(product, options_.currency_code));
}

}  // namespace dealog::cli
