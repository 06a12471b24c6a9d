#include "services/cli/sample/pipeline_model.h"

#include "services/cli/sample/directory.h"

namespace dealog::cli {
namespace {

// Together a third of the deals that end are won, after about 45 days.
constexpr StageModel kSalesStages[] = {{"Nouveau contact", 2.0, 0.20},
                                       {"Premier contact", 4.5, 0.18},
                                       {"Appel découverte", 7.5, 0.18},
                                       {"Proposition envoyée", 12.0, 0.22},
                                       {"Négociation", 10.0, 0.22}};
constexpr StageModel kClubStages[] = {{"Nouveau prospect", 4.0, 0.25},
                                      {"Cours d'essai planifié", 8.0, 0.15},
                                      {"Cours d'essai réalisé", 5.0, 0.30}};
constexpr const char* kSalesSources[] = {"site web",       "recommandation", "salon",
                                         "appel entrant",  "partenaire",     "campagne e-mail",
                                         "réseaux sociaux"};
constexpr const char* kClubSources[] = {"site web", "recommandation", "forum des associations",
                                        "réseaux sociaux"};

}  // namespace

const PipelineModel& SalesModel() {
  static constexpr PipelineModel kModel = {
      kSalesPipeline, kSalesStages, kSalesSources, 3, 0, kSalesMembers, 0, kSalesProducts};
  return kModel;
}

const PipelineModel& ClubModel() {
  static constexpr PipelineModel kModel = {
      kClubPipeline, kClubStages,  kClubSources,   1,
      kSalesMembers, kClubMembers, kSalesProducts, kClubProducts};
  return kModel;
}

}  // namespace dealog::cli
